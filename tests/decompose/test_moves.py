"""Moves: one cue rule a move, the first that fits."""

from __future__ import annotations

import pytest
from taken_apart import CASE

from knowreason.decompose.moves import content_words, move_of


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("The man has thirst, and his glucose is 312 mg/dL.", "case"),
        ("Wait, let me check that again.", "check"),
        ("As a sanity check, plug it back.", "check"),
        ("Let's look at the hormones one by one.", "plan"),
        ("First, I need to find the gland that fails.", "plan"),
        ("Step 2: Compare the remaining candidates.", "plan"),
        ("So the islets must be at fault.", "inference"),
        ("Low peptide C suggests that the islets failed.", "inference"),
        ("Cortisol is made by the adrenal cortex.", "knowledge"),
        ("Insulin, most of all.", "other"),
    ],
)
def test_each_cue_gives_its_move(text, move):
    assert move_of(text, CASE, "informative") == move


def test_a_step_of_the_statement_part_is_an_answer_whatever_it_says():
    assert move_of("Let's check insulin.", CASE, "statement") == "answer"


def test_a_move_does_not_depend_on_the_part_otherwise():
    text = "Cortisol is made by the adrenal cortex."
    assert {move_of(text, CASE, part) for part in (None, "informative", "mention", "commitment")} == {"knowledge"}


def test_content_words_meet_across_endings():
    assert content_words("It raises the levels") == content_words("raised level")
