"""Recall of the deciding passage: what counts as found, and how an index is asked."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from knowreason.retrieve.build import build_index
from knowreason.train.asking import WAYS
from knowreason.train.recall import Shelf, Sought, example, measure, table

TEXTS = {
    "insulin": "Insulin lowers blood glucose after a meal.",
    "glucagon": "Glucagon raises blood glucose between meals.",
    "aldosterone": "Aldosterone keeps sodium in the distal tubule.",
    "scurvy": "Scurvy follows a lack of ascorbic acid.",
    "thyroid": "Thyroxine is released by the thyroid gland.",
    "kidney": "The kidney filters plasma in the glomerulus.",
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    rows = [msgspec.json.encode({"id": key, "text": text}) for key, text in TEXTS.items()]
    (tmp_path / "notes.jsonl").write_bytes(b"\n".join(rows))
    index = build_index([tmp_path / "notes.jsonl"], tmp_path / "index")
    numbers = {index.passage(number).doc_id: number for number in range(index.counts.passages)}
    sought = [Sought(text, frozenset([numbers[key]]), key, "told") for key, text in TEXTS.items()]
    never = Sought("Bile is stored in the gallbladder.", frozenset(), "bile", "told")
    return Shelf("notes", index, [*sought, never])


def test_a_claim_in_the_words_of_its_passage_is_found_first(shelf: Shelf) -> None:
    asked = [(one.claim, "") for one in shelf.sought[:-1]]
    for way in (WAYS[name] for name in ("as it stands", "without filler", "with the question", "stemmed")):
        assert [ranked[0] for ranked in way(shelf.library, asked)] == [min(one.wanted) for one in shelf.sought[:-1]]


def test_a_claim_whose_passage_is_not_indexed_counts_as_missed(shelf: Shelf) -> None:
    report = msgspec.to_builtins(measure(shelf))
    assert report["never"] == 1
    assert report["told"]["as it stands"]["1"]["estimate"] == pytest.approx(6 / 7, abs=1e-4)
    assert "| notes | told | as it stands | 0.86 [" in table({"notes": report})


def test_the_way_with_the_question_is_left_out_where_there_is_none(shelf: Shelf) -> None:
    assert "with the question" not in measure(shelf)["told"]


def test_nearly_all_claims_of_the_example_find_their_note_among_five(example_dir: Path, tmp_path: Path) -> None:
    held = example(example_dir, tmp_path)
    asked = [(one.claim, one.question) for one in held.sought]
    found = WAYS["as it stands"](held.library, asked)
    hits = [not one.wanted.isdisjoint(ranked[:5]) for one, ranked in zip(held.sought, found, strict=True)]
    assert sum(hits) / len(hits) >= 0.92
