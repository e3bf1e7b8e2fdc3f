"""Contrast sets: every claim with both passages, labels that no half of a pair tells, and files that are refused."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from phrases import phrases

from conftest import ROOT
from knowreason.errors import InputError
from knowreason.train.claims import read_claims
from knowreason.train.contrasts import ContrastClaim, ContrastSet, contrast_pairs, read_contrasts
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.train.written import DEV_FIELDS, title_part

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


@pytest.fixture(scope="module")
def shipped() -> list[ContrastSet]:
    return read_contrasts(ROOT / "recipes" / "contrasts.jsonl")


def texts(held: ContrastSet) -> list[str]:
    return [*held.passages, *(one.claim for one in held.claims)]


def test_the_sets_are_many_and_no_claim_occurs_twice(shipped: list[ContrastSet]) -> None:
    assert len({held.title.casefold() for held in shipped}) > 1_700
    claims = [one.claim for held in shipped for one in held.claims]
    assert len(set(claims)) == len(claims) > 13_000
    assert all(4 <= len(held.claims) <= 8 for held in shipped)


def test_a_claim_alone_tells_little_of_its_label(shipped: list[ContrastSet]) -> None:
    orders = Counter(one.labels for held in shipped for one in held.claims)
    told = ("supported", "refuted", "not_enough_info")
    for first, second in ((told[0], told[1]), (told[0], told[2]), (told[1], told[2])):
        assert 0.9 < orders[first, second] / orders[second, first] < 1.1
    flipped = orders[told[0], told[1]] + orders[told[1], told[0]]
    assert flipped / orders.total() > 0.45  # of these a claim without a passage can tell nothing at all


def test_nothing_that_measures_or_chooses_is_told_in_them(shipped: list[ContrastSet], example_dir: Path) -> None:
    measuring = read_claims(ROOT / "examples" / "claims" / "test.jsonl")
    choosing = read_claims(ROOT / "recipes" / "claims_dev.jsonl")
    example = [
        text
        for name in ("notes.jsonl", "traces.jsonl")
        for line in (example_dir / name).read_text("utf-8").splitlines()
        for text in msgspec.json.decode(line).values()
        if isinstance(text, str)
    ]
    kept = [text for row in (*measuring, *choosing) for text in (row.passage, row.claim)] + example
    known = {phrase for text in kept for phrase in phrases(text)}
    assert len(known) > 10_000
    titles = {row.title.casefold() for row in (*measuring, *choosing)}
    for held in shipped:
        assert held.title.casefold() not in titles
        assert held.topic not in DEV_FIELDS
        assert not any(phrases(text) & known for text in texts(held)), held.title
