"""Whether two claims state one fact in other words, by an entailer or by an embedder.

An entailer is asked both ways: each claim must support the other. An embedder says how alike two texts are, and is
blind to what turns a fact round: a number, a denial, an opposite. Claims that differ in numbers or in denial, or of
which the corpus supports one and refutes the other, are therefore never one fact to an embedder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knowreason.answers.wording import NEGATION
from knowreason.errors import ModelError
from knowreason.models.load import load
from knowreason.models.protocols import Embedder, Entailer, Judge
from knowreason.records import Unscored

Meaning = Entailer | Embedder

_SAME_FACT = 0.5  # probability of support both ways from which two claims state one fact
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+")


class Said(NamedTuple):
    """One claim of a trace: its text and its verdict, "undecided" where there is none; whether it is on topic."""

    text: str
    verdict: str
    on_topic: bool = True


def matcher(uri: str) -> Meaning:
    """The model of `uri`, to match claims by meaning. Raises ModelError where it has neither entailment nor vectors."""
    model = load(uri)
    if not isinstance(model, Entailer | Embedder):
        raise ModelError(f"--match {uri} cannot match claims: it neither entails nor embeds")
    return model


def sameness(pairs: Sequence[tuple[Said, Said]], model: Meaning) -> list[float | Unscored | None]:
    """For each pair: how sure it is that both state one fact, None where they do not, or why it was not read."""
    return _by_entailment(pairs, model) if isinstance(model, Entailer) else _by_likeness(pairs, model)


def _by_entailment(pairs: Sequence[tuple[Said, Said]], model: Entailer) -> list[float | Unscored | None]:
    ways = [(one.text, other.text) for one, other in pairs]
    asked = [*ways, *((second, first) for first, second in ways)]
    if isinstance(model, Judge):
        said = [j if isinstance(j, Unscored) else j.probabilities[0] for j in model.judge(asked)]
    else:
        said = [probabilities[0] for probabilities in model.entail(asked)]
    return [_least(there, back) for there, back in zip(said[: len(pairs)], said[len(pairs) :], strict=True)]


def _least(there: float | Unscored, back: float | Unscored) -> float | Unscored | None:
    if isinstance(there, Unscored):
        return there
    if isinstance(back, Unscored):
        return back
    return min(there, back) if min(there, back) >= _SAME_FACT else None


def _by_likeness(pairs: Sequence[tuple[Said, Said]], model: Embedder) -> list[float | Unscored | None]:
    open_ = [not _set_apart(*pair) for pair in pairs]
    texts = list(dict.fromkeys(s.text for pair, asked in zip(pairs, open_, strict=True) if asked for s in pair))
    vectors = dict(zip(texts, model.embed(texts), strict=True))
    return [
        _alike(vectors[one.text], vectors[other.text], model.same_from) if asked else None
        for (one, other), asked in zip(pairs, open_, strict=True)
    ]


def _alike(
    one: Sequence[float] | Unscored, other: Sequence[float] | Unscored, same_from: float
) -> float | Unscored | None:
    if isinstance(one, Unscored):
        return one
    if isinstance(other, Unscored):
        return other
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    cosine = float(np.dot(one, other)) / lengths if lengths else 0.0
    return cosine if cosine >= same_from else None


def _set_apart(one: Said, other: Said) -> bool:
    """What an embedder does not see: other numbers, a denial on one side, verdicts that exclude each other."""
    if {one.verdict, other.verdict} == {"supported", "refuted"}:
        return True
    numbers, denials = ((find(one.text), find(other.text)) for find in (_numbers, _denials))
    return numbers[0] != numbers[1] or denials[0] != denials[1]


def _numbers(text: str) -> list[str]:
    return sorted(_NUMBER.findall(text))


def _denials(text: str) -> int:
    return sum(word in NEGATION for word in _WORD.findall(text.casefold())) % 2
