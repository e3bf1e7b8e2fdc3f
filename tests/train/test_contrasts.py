"""Contrast sets: every claim with both passages, labels that no half of a pair tells, and files that are refused."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from knowreason.errors import InputError
from knowreason.train.contrasts import ContrastClaim, ContrastSet, contrast_pairs, read_contrasts
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.train.written import title_part

FLIPPED = ContrastClaim(claim="Zinc melts sooner than copper.", labels=("supported", "refuted"), kind="direction")
HALF = ContrastClaim(claim="Zinc is bluish.", labels=("not_enough_info", "supported"), kind="value")


def made(title: str, *claims: ContrastClaim) -> ContrastSet:
    passages = (f"{title} melts at 420 degrees, far below copper.", f"Copper melts before {title}, which is bluish.")
    return ContrastSet(topic="metals", title=title, passages=passages, claims=claims)


def test_every_claim_is_judged_by_both_passages() -> None:
    pairs = list(contrast_pairs([made("Zinc", FLIPPED, HALF)], random.Random(0)))
    assert [pair.label for pair in pairs] == [SUPPORTED, REFUTED, OPEN, SUPPORTED]
    assert {pair.source for pair in pairs} == {"contrasts"}
    assert {pair.part for pair in pairs} == {title_part("Zinc")}
    assert all(first.premise.endswith("copper.") for first in pairs[::2])


def test_retrieved_passages_of_other_sets_leave_a_claim_open() -> None:
    names = [name for name in (f"Zinc {n}" for n in range(80)) if title_part(name) == "train"]
    sets = [made(name, ContrastClaim(f"{name} melts sooner.", ("supported", "refuted"), "direction")) for name in names]
    near = [pair for pair in contrast_pairs(sets, random.Random(0)) if pair.kind == "contrast_near"]
    assert len(names) / 6 < len(near) < len(names) / 1.9
    assert all(pair.label == OPEN for pair in near)
    for pair in near:
        own = pair.claim.removesuffix(" melts sooner.")
        assert not any(pair.premise.endswith(text) for text in made(own).passages)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 1"),
        (msgspec.json.encode(made("Zinc", ContrastClaim("It is.", ("refuted", "refuted"), "value"))).decode(), "same"),
        ('{"topic": "a", "title": "b", "passages": ["one"], "claims": []}', "line 1"),
    ],
)
def test_a_line_that_is_no_set_is_named(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "sets.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=reason):
        read_contrasts(tmp_path / "sets.jsonl")
