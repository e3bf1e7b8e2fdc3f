"""Contrast sets: two passages that differ, and claims of which each passage makes something else.

A claim that the first passage supports and the second refutes tells its label by no word of its own, nor does a
passage: only the two together do. One of the passages may be false of the world; none of them is knowledge.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from knowreason.train.claims import LABELS, ClaimRow, Label
from knowreason.train.lines import read_lines
from knowreason.train.pair import OPEN, Pair
from knowreason.train.written import WrittenSet, near_misses, premise, title_part


class ContrastClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A claim, what each of the two passages makes of it, and on what kind of point they differ."""

    claim: str
    labels: tuple[Label, Label]
    kind: Literal["value", "direction", "entity", "relation", "condition", "quantifier", "role"]


class ContrastSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two passages on one subject with their claims."""

    topic: str
    title: str
    passages: tuple[str, str]
    claims: tuple[ContrastClaim, ...]


def read_contrasts(path: Path) -> list[ContrastSet]:
    """All sets of a JSONL file.

    Raises `InputError` naming the line: no such set, or a claim of which both passages make the same.
    """
    return list(read_lines(path, ContrastSet, _same))


def contrast_pairs(sets: Sequence[ContrastSet], rng: random.Random) -> Iterator[Pair]:
    """Each claim with both passages, and with one passage of another set that retrieval finds for it.

    One in three of the retrieved ones is kept: eight claims make six supported, six refuted, six to seven open pairs.
    A retrieved passage may settle the claim all the same: of sixty that were read two did.
    """
    halves = [_half(held, side) for held in sets for side in (0, 1)]
    claims = [(halves[2 * place], one.claim) for place, held in enumerate(sets) for one in held.claims]
    near = iter(near_misses(halves, claims))
    for place, held in enumerate(sets):
        part = title_part(held.title)
        for one in held.claims:
            for side in (0, 1):
                yield Pair(
                    premise(halves[2 * place + side], rng),
                    one.claim,
                    LABELS[one.labels[side]],
                    "contrasts",
                    f"contrast_{one.kind}",
                    part,
                )
            found = next(near)
            if found and rng.random() < 1 / 3:
                yield Pair(premise(found[0], rng), one.claim, OPEN, "contrasts", "contrast_near", part)


def as_rows(sets: Sequence[ContrastSet]) -> list[ClaimRow]:
    """Each claim with each of its passages as a row of its own; no span is known."""
    return [
        ClaimRow(
            id=f"{number}-{place}-{side}",
            topic=held.topic,
            title=held.title,
            passage=held.passages[side],
            claim=one.claim,
            label=one.labels[side],
            kind=one.kind,
            span=None,
            author="model-written",
        )
        for number, held in enumerate(sets)
        for place, one in enumerate(held.claims)
        for side in (0, 1)
    ]


def _half(held: ContrastSet, side: int) -> WrittenSet:
    """One passage as a set without claims, among which near misses are searched."""
    return WrittenSet(held.topic, held.title, held.passages[side], (), (), ())


def _same(held: ContrastSet) -> str | None:
    """The claim of which both passages make the same, if there is one."""
    same = next((one.claim for one in held.claims if one.labels[0] == one.labels[1]), None)
    return None if same is None else f"both passages make the same of {same!r}"
