"""Names that begin like an option's key, and the marks that people put around a key."""

import pytest

from knowreason.answers import final_statement

CELLS = {"A": "T cells", "B": "mast cells", "C": "B cells", "D": "B and C only", "E": "D-loops", "F": "C. elegans"}
METALS = {"A": "iron", "B": "zinc", "C": "tin", "I": "lead"}


def letter(text: str, options: dict[str, str]) -> str | None:
    found = final_statement(text, None, options)
    return found.letter if found else None


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("The answer is B cells.", "C"),
        ("The answer is (B cells).", "C"),
        ("The answer is B and C only.", "D"),
        ("The answer is D-loops.", "E"),
        ("The answer is C. elegans.", "F"),
        ("The answer is B.", "B"),
        ("The answer is B. Mast cells", "B"),
        ("The answer is (C) B cells.", "C"),
        ("The answer is B because B cells do not.", "B"),
        ("The answer is C. B cells", "C"),
        ("The answer is A-type flares.", None),
    ],
)
def test_an_option_that_begins_like_a_key_is_read_as_a_whole(text: str, stated: str | None) -> None:
    assert letter(text, CELLS) == stated


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("The answer is `B`", "B"),
        ("The answer is __B__", "B"),
        ("The answer is <b>B</b>.", "B"),
        ("<answer>B</answer>", "B"),
        ("<answer>\nB. zinc\n</answer>", "B"),
        ("<answer>zinc</answer>", "B"),
        ("<answer>The answer is C</answer>", "C"),
        ("I shall put it in <answer> tags. The answer is C.", "C"),
        ("The answer is B-zinc.", "B"),
        ("The answer is (I and III).", None),
        ("The answer is I, III and IV.", None),
        ("The answer is I.", "I"),
    ],
)
def test_marks_around_a_key_change_nothing(text: str, stated: str | None) -> None:
    assert letter(text, METALS) == stated


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("<answer>7</answer>", "7"),
        ("<answer>\\boxed{7}</answer>", "7"),
        ("<answer>The answer is 7</answer>", "7"),
        ("Answer: 18 (since 9 * 2 = 18)", "18"),
        ("Answer: 18 (not 20)", "18"),
        ("Answer: 3 (mod 7)", "3 (mod 7)"),
    ],
)
def test_a_value_ends_where_its_reason_or_its_tag_does(text: str, stated: str) -> None:
    found = final_statement(text, None, None)
    assert found is not None
    assert found.value == stated
