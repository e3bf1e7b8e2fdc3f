"""Letters as answers: the text after which a letter is awaited, and the odds of letters among the likeliest tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from knowreason.errors import Unanswered
from knowreason.records import Observation

CUE = "\nThe answer is:"
TOLERANCE = 1e-3  # nats by which letters that are not among the likeliest tokens may change the others at most


def letter_context(observation: Observation) -> str:
    """The question with its lettered options, the reasoning so far, and the cue."""
    listed = zip(observation.labels, observation.candidates, strict=True)
    asked = "\n".join([observation.question, *(f"{label}. {text}" for label, text in listed)])
    return f"{asked}\n{observation.prefix}{CUE}"


def letter_odds(top: Mapping[str, float], labels: Sequence[str]) -> list[float | None]:
    """Natural-log probabilities over the letters, from those of the likeliest tokens of one place.

    log p(letter) - log of the sum over the letters found. A letter that is not among the tokens is None: it is less
    likely than the least likely of them. Raises `Unanswered` (letter_not_in_top) where none is found, or where those
    that are missing could change the others by more than `TOLERANCE`.
    """
    found = _found(top, labels)
    known = [value for value in found if value is not None]
    if not known:
        raise Unanswered("letter_not_in_top", f"no letter is among the {len(top)} likeliest tokens")
    total = math.fsum(math.exp(value) for value in known)
    missing = (len(labels) - len(known)) * math.exp(min(top.values()))
    if total == 0.0 or math.log1p(missing / total) > TOLERANCE:
        raise Unanswered(
            "letter_not_in_top",
            f"{len(labels) - len(known)} of {len(labels)} letters are not among the {len(top)} likeliest tokens, and "
            "may matter",
        )
    return [None if value is None else value - math.log(total) for value in found]


def letter_share(top: Mapping[str, float], labels: Sequence[str]) -> float:
    """The probability that the letters found have together."""
    return math.fsum(math.exp(value) for value in _found(top, labels) if value is not None)


def _found(top: Mapping[str, float], labels: Sequence[str]) -> list[float | None]:
    """With the blank before them if any letter is found so, else without: two spellings are never mixed."""
    form = " {}" if any(f" {label}" in top for label in labels) else "{}"
    return [top.get(form.format(label)) for label in labels]
