"""Passages and claims that were written for the training: worded as people and models word them, in our own words.

A set is a passage with claims that it supports, refutes and leaves open. What retrieval finds for a claim among the
passages of the other sets leaves it open, too: most passages that an audit reads are such near misses.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from knowreason.planting.shared_words import overlap
from knowreason.train.lines import read_lines
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED, Pair
from knowreason.train.passages import part_of

# fields whose claims choose (`recipes/claims_dev.jsonl`): none of their sets trains
DEV_FIELDS = frozenset({"ecology", "epidemiology", "ophthalmology", "paediatrics", "rheumatology"})
APART = "apart"  # the part of what neither trains nor measures
NEAR, TOO_CLOSE = 2, 0.6  # near misses of a claim; share of its words from which a passage might settle it


class WrittenSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One passage with its claims; `field` is the subject it was written for."""

    field: str
    title: str
    passage: str
    supported: tuple[str, ...]
    refuted: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def part(self) -> str:
        """Train, dev or test, by the hash of the title; apart where its field would train and must not."""
        part = title_part(self.title)
        return APART if part == "train" and self.field in DEV_FIELDS else part


def title_part(title: str) -> str:
    """Train, dev or test: the part of everything that is told of the passage of this title."""
    return part_of(f"written/{title.casefold()}")


def read_sets(path: Path) -> list[WrittenSet]:
    """All sets of a JSONL file. Raises `InputError` naming the line that is none."""
    return list(read_lines(path, WrittenSet))


def written_pairs(sets: Sequence[WrittenSet], rng: random.Random) -> Iterator[Pair]:
    """Each claim with its own passage, titled or not, and with what retrieval finds for it in other sets."""
    claims = [(held, claim) for held in sets for claim in (*held.supported, *held.refuted)]
    for held in sets:
        for label, kind, told in (
            (SUPPORTED, "supported", held.supported),
            (REFUTED, "refuted", held.refuted),
            (OPEN, "open", held.open),
        ):
            for claim in told:
                yield Pair(premise(held, rng), claim, label, "written", f"written_{kind}", held.part)
    for (held, claim), near in zip(claims, near_misses(sets, claims), strict=True):
        for other in near:
            yield Pair(premise(other, rng), claim, OPEN, "written", "written_near", held.part)


def premise(held: WrittenSet, rng: random.Random) -> str:
    """The passage as an audit shows it: three times in four with its title."""
    return held.passage if rng.random() < 0.25 else f"{held.title}. {held.passage}"


def near_misses(sets: Sequence[WrittenSet], claims: Sequence[tuple[WrittenSet, str]]) -> list[list[WrittenSet]]:
    """The best passages of other sets of the same part that do not say most of the claim."""
    import bm25s

    def tokens(texts: Sequence[str]) -> Any:
        return bm25s.tokenize(list(texts), stopwords="en", show_progress=False)

    index = bm25s.BM25()
    index.index(tokens([f"{held.title} {held.passage}" for held in sets]), show_progress=False)
    places, _ = index.retrieve(tokens([claim for _, claim in claims]), k=min(12, len(sets)), show_progress=False)
    out: list[list[WrittenSet]] = []
    for (own, claim), row in zip(claims, places, strict=True):
        found = [sets[int(place)] for place in row]
        apart = [
            other
            for other in found
            if other is not own
            and other.part == own.part
            and other.title.casefold() != own.title.casefold()
            and overlap(claim, f"{other.title} {other.passage}") < TOO_CLOSE
        ]
        out.append(apart[:NEAR])
    return out
