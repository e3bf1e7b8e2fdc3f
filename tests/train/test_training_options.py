"""What trains the answer head: which questions, which traces, and where they are cut."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import islice
from pathlib import Path

from knowreason.read import question_key
from knowreason.train.options import held_out, read_items, share_of


def test_the_split_is_fixed_by_the_key_of_the_question() -> None:
    keys = [sha256(str(index).encode()).hexdigest() for index in range(4000)]
    parts = Counter(share_of(key) for key in keys)
    assert 0.42 < parts["train"] / 4000 < 0.48
    assert 0.03 < parts["calibrate"] / 4000 < 0.07
    assert share_of(question_key("How many legs has a crab?", None)) == share_of(
        question_key("  HOW many legs has a crab?", None)
    )


def test_models_of_the_transfer_question_are_held_out() -> None:
    assert held_out("mathstral-7B-v0.1")
    assert held_out("Mistral-7B-v0.1")
    assert held_out("gemini-1.5-flash-002")
    assert not held_out("Phi-3-mini-4k-instruct")


def test_items_are_of_their_part_and_cut_where_nothing_is_stated_yet(data_dir: Path) -> None:
    for item in islice(read_items(data_dir, ("train",)), 200):
        assert share_of(item.question_key) == item.part == "train"
        assert 0 <= item.content <= item.statement <= len(item.text)
        assert item.content in item.cuts
        assert len(item.labels) == len(item.options) > max(item.own, item.gold)
