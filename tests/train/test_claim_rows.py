"""The claims written for this project: frozen, of topics that trained nothing, and telling nothing unread."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from knowreason.errors import InputError
from knowreason.planting.shared_words import content, overlap
from knowreason.train.claims import LABELS, ClaimRow, as_judged, read_claims
from knowreason.train.shortcuts import NEGATION, SIDES, out_of_fold, shortcuts
from knowreason.train.written import WrittenSet, read_sets

FOLDER = ROOT / "examples" / "claims"
SHARED_FIELDS = {"genetics", "nutrition", "obstetrics", "public health"}  # other subjects of these fields did train


@pytest.fixture(scope="module")
def rows() -> list[ClaimRow]:
    return read_claims(FOLDER / "test.jsonl")


@pytest.fixture(scope="module")
def written() -> list[WrittenSet]:
    return read_sets(ROOT / "recipes" / "written_claims.jsonl")


def phrases(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[place : place + 7]) for place in range(len(words) - 6)}


def test_the_test_half_is_the_one_whose_hash_the_card_states() -> None:
    found = hashlib.sha256((FOLDER / "test.jsonl").read_bytes()).hexdigest()
    assert f"`{found}`" in (FOLDER / "README.md").read_text("utf-8")


def test_every_passage_has_claims_of_all_labels_and_none_occurs_twice(rows: list[ClaimRow]) -> None:
    assert len({row.id for row in rows}) == len({row.claim for row in rows}) == len(rows) >= 1100
    counts = Counter((row.title, row.label) for row in rows)
    titles = {row.title for row in rows}
    assert len({(row.topic, row.title, row.passage) for row in rows}) == len(titles) >= 130
    assert {counts[title, label] for title in titles for label in LABELS} <= {2, 3}


def test_both_labellings_agree_on_every_row_that_was_kept(rows: list[ClaimRow]) -> None:
    assert all(row.label_2 == row.label for row in rows)
    assert {row.author for row in rows} == {"model-written"}


def test_shared_words_and_negations_are_alike_for_all_labels(rows: list[ClaimRow]) -> None:
    shares = {label: [overlap(row.claim, row.passage) for row in rows if row.label == label] for label in LABELS}
    assert all(0.2 <= share <= 0.6 for held in shares.values() for share in held)
    found = shortcuts(rows)
    for sides in SIDES:
        assert 0.45 <= found["overlap"][sides].estimate <= 0.55, sides
        assert found["wording"][sides].estimate < 0.7, sides
    negated = {label: np.mean([bool(NEGATION.search(r.claim)) for r in rows if r.label == label]) for label in LABELS}
    assert abs(negated["supported"] - negated["refuted"]) < 0.03


def test_no_topic_of_the_test_half_trained(rows: list[ClaimRow], written: list[WrittenSet]) -> None:
    assert {row.topic for row in rows} & {held.field for held in written} == SHARED_FIELDS
    assert not {row.title.casefold() for row in rows} & {held.title.casefold() for held in written}
    trained = [(held.passage, *held.supported, *held.refuted, *held.open) for held in written]
    known = {phrase for texts in trained for text in texts for phrase in phrases(text)}
    for text in {row.passage for row in rows} | {row.claim for row in rows}:
        assert not phrases(text) & known, text


def test_no_passage_of_the_test_half_is_close_to_one_that_trained(
    rows: list[ClaimRow], written: list[WrittenSet]
) -> None:
    trained = [content(held.passage) for held in written]
    for passage in sorted({row.passage for row in rows}):
        words = content(passage)
        assert max(len(words & held) / min(len(words), len(held)) for held in trained) < 0.45, passage


def test_rows_are_judged_against_their_own_passage_and_vary_with_it(rows: list[ClaimRow]) -> None:
    (item,) = as_judged(rows[:1])
    assert (item.passages, item.claim, item.cluster) == ((rows[0].passage,), rows[0].claim, rows[0].title)
    assert item.label == LABELS[rows[0].label]


GOOD = {
    "id": "a",
    "topic": "gardening",
    "title": "Mulch",
    "passage": "Mulch keeps soil moist.",
    "claim": "Under mulch the ground dries out.",
    "label": "refuted",
    "kind": "direction",
    "span": "keeps soil moist",
    "author": "model-written",
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"span": "dries out"}, "does not stand"),
        ({"span": None}, "decides"),
        ({"kind": "paraphrase"}, "no kind of refuted"),
        ({"label": "wrong"}, "Invalid enum"),
    ],
)
def test_a_row_that_contradicts_itself_is_named(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    (tmp_path / "claims.jsonl").write_text(json.dumps(GOOD) + "\n" + json.dumps(GOOD | change) + "\n")
    with pytest.raises(InputError, match=rf"line 2.*{fault}"):
        read_claims(tmp_path / "claims.jsonl")


def made(count: int, claim: str, label: str) -> list[ClaimRow]:
    span = None if label == "not_enough_info" else "Mulch keeps soil moist."
    kind = {"supported": "paraphrase", "refuted": "value", "not_enough_info": "detail"}[label]
    return [
        ClaimRow(f"{label}{n}", f"topic {n % 7}", f"t{n}", GOOD["passage"], claim, label, kind, span, "made")  # type: ignore[arg-type]
        for n in range(count)
    ]


def test_a_word_that_only_false_claims_use_is_found_out() -> None:
    held = made(30, "mulch always dries soil", "refuted") + made(30, "mulch wets soil", "supported")
    found = shortcuts(held + made(30, "mulch costs money", "not_enough_info"))
    assert found["wording"]["supported_refuted"].estimate == 1.0
    assert found["wording"]["macro_f1"].estimate == 1.0
    assert found["overlap"]["supported_open"].estimate == 1.0


def test_wording_is_never_learned_from_the_topic_it_is_applied_to() -> None:
    groups = [f"g{n % 20}" for n in range(200)]
    own = np.eye(20)[[n % 20 for n in range(200)]]  # a word for every topic, and the topic decides the label
    labels = np.array([(n % 20) % 3 for n in range(200)], np.int64)
    found = out_of_fold(own, labels, groups)
    assert np.allclose(found, 1 / 3, atol=1e-6)
    assert np.allclose(out_of_fold(own, labels, ["one"] * 200), 1 / 3)


@pytest.fixture(scope="module")
def training() -> list[ClaimRow]:
    return read_claims(ROOT / "recipes" / "claims_train.jsonl")


def test_the_training_half_tells_what_the_written_sets_tell(
    training: list[ClaimRow], written: list[WrittenSet]
) -> None:
    told = {
        (held.title, held.passage, claim, label)
        for held in written
        for label, claims in (
            ("supported", held.supported),
            ("refuted", held.refuted),
            ("not_enough_info", held.open),
        )
        for claim in claims
    }
    assert {(row.title, row.passage, row.claim, row.label) for row in training} <= told
    assert len({row.id for row in training}) == len(training) >= 800


def test_shared_words_tell_no_label_of_the_training_half(training: list[ClaimRow]) -> None:
    assert all(0.2 <= overlap(row.claim, row.passage) <= 0.6 for row in training)
    found = shortcuts(training)["overlap"]
    assert all(0.45 <= found[sides].estimate <= 0.55 for sides in SIDES)


def test_the_two_halves_share_no_passage_and_no_claim(rows: list[ClaimRow], training: list[ClaimRow]) -> None:
    for one in ("title", "passage", "claim"):
        assert not {getattr(row, one).casefold() for row in rows} & {getattr(row, one).casefold() for row in training}
