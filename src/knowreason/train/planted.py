"""Planted errors, of kinds that training never saw, checked as an audit would: retrieval first, then the verifier.

Every true claim has its false twin, so that the sentence a claim was made from tells nothing. Each is checked
twice: with its source in the corpus, and with everything that states it taken out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from knowreason.planting.contradict import HELD
from knowreason.planting.shared_words import content
from knowreason.records import Hit
from knowreason.retrieve import Index
from knowreason.train.grids import GridMaker, Seed, choose
from knowreason.train.judging import Judged
from knowreason.train.pair import REFUTED, SUPPORTED
from knowreason.train.pairs import Sources
from knowreason.train.passages import Passage
from knowreason.train.written import WrittenSet
from knowreason.verify import PASSAGES
from knowreason.verify.verdicts import premise

SEARCHED = 40  # hits among which the source is looked for, so that others can take its place
SAME = 0.7  # share of a sentence's content words from which on a passage is held to state it
LIMITS = {"openstax": 4_000, "medquad": 4_000, "ontology": 600}


class Twin(NamedTuple):
    """A claim that its sentence supports or refutes, and where the sentence stands."""

    claim: str
    label: int
    kind: str
    source: Passage
    sentence: str


def plant(sources: Sources, count: int, *, part: str, seed: int) -> list[Twin]:
    """At most `count` true claims of documents of `part`, each followed by its false twin."""
    rng = random.Random(seed)
    maker = GridMaker(sources.contradictor, rng, planted=True)
    passages = [passage for passage in sources.passages if passage.part == part]
    out: list[Twin] = []
    for passage, sentence in choose(passages, LIMITS, rng):
        out.extend(_twins(maker, passage, sentence))
        if len(out) >= 2 * count:
            break
    return out


def _twins(maker: GridMaker, passage: Passage, sentence: str) -> Iterator[Twin]:
    pairs = list(maker.pairs(Seed(passage, sentence, ())))
    true = next((pair for pair in pairs if pair.kind == "same"), None)
    false = next((pair for pair in pairs if pair.kind in HELD and pair.label == REFUTED), None)
    if true is not None and false is not None:
        yield Twin(true.claim, SUPPORTED, "same", passage, sentence)
        yield Twin(false.claim, REFUTED, false.kind, passage, sentence)


def with_source(index: Index, twins: Sequence[Twin]) -> list[Judged]:
    """Each claim with the passages an audit would judge."""
    found = index.search([twin.claim for twin in twins], PASSAGES)
    return [_judged(twin, hits) for twin, hits in zip(twins, found, strict=True)]


def without_source(index: Index, twins: Sequence[Twin]) -> list[Judged]:
    """Each claim with the passages an audit would judge if nothing in the corpus stated it."""
    found = index.search([twin.claim for twin in twins], SEARCHED)
    kept = [[hit for hit in hits if not states(hit, twin)] for twin, hits in zip(twins, found, strict=True)]
    return [_judged(twin, hits) for twin, hits in zip(twins, kept, strict=True)]


def search_written(index: Index, sets: Sequence[WrittenSet]) -> list[Judged]:
    """The decidable claims of written sets with the passages an audit of notes would judge."""
    told = [
        (held, label, claim)
        for held in sets
        for label, claims in ((SUPPORTED, held.supported), (REFUTED, held.refuted))
        for claim in claims
    ]
    found = index.search([claim for _, _, claim in told], PASSAGES)
    return [
        Judged(tuple(premise(hit.passage) for hit in hits if hit.above_floor), claim, label, held.field, held.title)
        for (held, label, claim), hits in zip(told, found, strict=True)
    ]


def states(hit: Hit, twin: Twin) -> bool:
    """Whether a passage is of the claim's source, or repeats most of its sentence."""
    title = twin.source.title.casefold()
    said = content(twin.sentence)
    same_title = bool(title) and title in hit.passage.title.casefold()
    return same_title or len(said & content(hit.passage.text)) >= SAME * len(said)


def _judged(twin: Twin, hits: Sequence[Hit]) -> Judged:
    shown = tuple(premise(hit.passage) for hit in hits[:PASSAGES] if hit.above_floor)
    return Judged(shown, twin.claim, twin.label, twin.kind, f"{twin.source.document}/{twin.sentence[:40]}")
