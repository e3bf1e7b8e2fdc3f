"""The facts of a question: its own, or passages of a corpus; and whether one of them gives the answer away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from knowreason.answers import LABELS
from knowreason.answers.wording import occurrences, words_of
from knowreason.read.gold import normalise
from knowreason.read.questions import Asked
from knowreason.retrieve import Index


class Fact(NamedTuple):
    """One fact: where it is from (empty: the question's own), whether it states the right answer word for word
    (`leaks`), and whether any option (`names`)."""

    text: str
    source: str
    leaks: bool
    names: bool


def facts_of(asked: Sequence[Asked], index: Index | None, passages: int) -> list[tuple[Fact, ...]]:
    """The facts of each question: its own where it brings some, else the `passages` best ones of a corpus.

    The query is the question with all of its options alike, so that it does not depend on which one is right.
    """
    found: list[tuple[Fact, ...]] = []
    for one in asked:
        if one.facts or index is None:
            told = [(text, "") for text in one.facts]
        else:
            hits = index.search([" ".join([one.question, *(one.options or {}).values()])], passages)[0]
            told = [(" ".join(hit.passage.text.split()), hit.passage.doc_id) for hit in hits if hit.above_floor]
        found.append(tuple(_fact(text, source, one) for text, source in told))
    return found


def gives_away(text: str, asked: Asked) -> bool:
    """Whether a text states the right answer word for word, without case, articles and punctuation."""
    return states(text, asked.options.get(asked.gold, "") if asked.options else asked.gold)


def states(text: str, answer: str) -> bool:
    """Whether a text states an answer word for word; a yes, no or maybe is in any text and is never counted."""
    if answer.lower() in LABELS:
        return False
    wanted = words_of(normalise(answer)).words
    return bool(wanted and occurrences(words_of(normalise(text)).words, wanted))


def _fact(text: str, source: str, asked: Asked) -> Fact:
    leaks = gives_away(text, asked)
    return Fact(text, source, leaks, leaks or any(states(text, option) for option in (asked.options or {}).values()))
