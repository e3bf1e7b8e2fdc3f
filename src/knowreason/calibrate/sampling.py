"""Claims planted in a corpus, and the passages that an audit would show for them, with their source and without."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from knowreason.errors import InputError
from knowreason.planting.claims import usable
from knowreason.planting.exchange import Stated, Twins, make_twins
from knowreason.planting.shared_words import content
from knowreason.records import Hit, Passage
from knowreason.retrieve import Index
from knowreason.sentences import split_sentences
from knowreason.stats import MIN_QUESTIONS
from knowreason.verify import PASSAGES
from knowreason.verify.verdicts import premise

SPARE = 20  # statements read for each claim wanted: most offer no term that another one could exchange
MANY = 20  # documents from which on a whole document can be taken out and enough is left
SEARCHED = 40  # hits among which others are looked for once the source is taken out
SAME = 0.7  # share of a sentence's content words from which on a passage is held to state it
ENGLISH = 0.2  # share of statements with two of the commonest English words, below which a corpus is no English one
_COMMON = frozenset("the of is are and to that by with for was which has have been from this these as".split())

Scope = Literal["documents", "passages"]


class Item(NamedTuple):
    """A claim whose truth is known, what it is clustered by, and the passages that an audit would judge it by."""

    claim: str
    true: bool
    kind: str
    cluster: str
    hits: tuple[Hit, ...]


def plant(index: Index, count: int, seed: int) -> list[Twins]:
    """At most `count` true claims of different passages with their false twins.

    Raises InputError with the number of passages that would do where there are under `MIN_QUESTIONS`, and for a corpus
    that is not in English, the language of all rules.
    """
    stated = list(islice(_statements(index, seed), SPARE * count))
    if stated and (share := english_share([one.sentence for one in stated])) < ENGLISH:
        raise InputError(
            f"--knowledge: claims can be planted in English text only, and {share:.0%} of this corpus's sentences look "
            "English; label claims of a run instead (--labels FILE --run RUN)"
        )
    twins = make_twins(stated, count, seed)
    if len(twins) < MIN_QUESTIONS:
        held = index.counts.passages
        needed = math.ceil(held * MIN_QUESTIONS / len(twins)) if twins else max(200, 2 * held)
        raise InputError(
            f"--knowledge: {held:,} passages give {len(twins)} claims that can be planted, and {MIN_QUESTIONS} are "
            f"needed: about {needed:,} passages like these would do; or label claims of a run (--labels FILE --run RUN)"
        )
    return twins


def english_share(sentences: Sequence[str]) -> float:
    """Share of sentences that hold two different ones of the commonest English words."""
    found = [len(_COMMON.intersection(re.findall(r"[a-z]+", sentence.lower()))) >= 2 for sentence in sentences]
    return sum(found) / len(found)


def _statements(index: Index, seed: int) -> Iterator[Stated]:
    """One usable sentence of every passage that has one, passages in random order."""
    rng = random.Random(seed)
    for number in rng.sample(range(index.counts.passages), index.counts.passages):
        passage = index.passage(number)
        sentences = [passage.text[a:b].strip() for a, b in split_sentences(passage.text)]
        fit = [" ".join(sentence.split()) for sentence in sentences if usable(sentence)]
        if fit:
            yield Stated(rng.choice(fit), passage.title, premise(passage), str(number))


def with_source(index: Index, twins: Sequence[Twins]) -> list[Item]:
    """Each claim, the true one of a pair first, with the passages that an audit would judge."""
    return [item for one in twins for item in _both(one, lambda claim: index.search([claim], PASSAGES)[0])]


def without_source(index: Index, twins: Sequence[Twins]) -> tuple[Scope, list[Item]]:
    """The same as if nothing in the corpus stated the claim, and what was taken out for that."""
    scope: Scope = "documents" if index.counts.documents >= MANY else "passages"
    items: list[Item] = []
    for one in twins:
        source = index.passage(int(one.stated.source))
        sentence = one.stated.sentence
        items += _both(one, lambda claim, s=source, t=sentence: _others(index, claim, s, t, scope=scope))
    return scope, items


def _both(one: Twins, find: Callable[[str], list[Hit]]) -> list[Item]:
    return [
        Item(claim, true, one.kind, one.stated.source, tuple(find(claim)))
        for claim, true in ((one.true, True), (one.false, False))
    ]


def _others(index: Index, claim: str, source: Passage, sentence: str, *, scope: Scope) -> list[Hit]:
    """The best passages for the claim that do not state its sentence; as many as an audit shows, if there are."""
    searched = SEARCHED
    while True:
        hits = index.search([claim], searched)[0]
        kept = [hit for hit in hits if not states(hit.passage, source, sentence, scope)]
        if len(kept) >= PASSAGES or len(hits) < searched:
            return kept[:PASSAGES]
        searched *= 10


def states(passage: Passage, source: Passage, sentence: str, scope: Scope) -> bool:
    """Whether a passage is the source, is of its document or title where these are taken out, or repeats the claim."""
    if scope == "documents":
        title = source.title.casefold()
        if passage.doc_id == source.doc_id or (title and title in passage.title.casefold()):
            return True
    said = content(sentence)
    return passage.passage_id == source.passage_id or len(said & content(passage.text)) >= SAME * len(said)
