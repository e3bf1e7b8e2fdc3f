"""A statement that names several options states several answers, whichever of them is graded."""

import pytest

from knowreason.answers import conflicting_statements

OPTIONS = {
    letter: f"the {word} one" for letter, word in zip("ABCDE", "red green blue black white".split(), strict=True)
}


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("The answer is (A) and (C).", 1),
        ("The answer is (B, C, D).", 2),
        ("The answer is (A), (B), and (E).\n\n", 2),
        ("The answer is A; B; and C", 2),
        ("The answer is option (A) or option (B).", 1),
        ("The answer is **A** and **B**", 1),
        (r"The answer is \(A\) and \(B\).", 1),
        ("The answer is B & C", 1),
        ("The answer is C and D, because both are dark.", 1),
        ("The answer is A or B. The answer is C.", 2),
    ],
)
def test_letters_listed_beside_a_stated_one_are_stated_too(text: str, beyond: int) -> None:
    assert conflicting_statements(text, OPTIONS) == beyond


@pytest.mark.parametrize(
    "text",
    [
        "The answer is (B), not (A).",
        "The answer is B, and (A) is wrong.",
        "The answer is B, A is wrong.",
        "The answer is A, I think.",
        "The answer is (A), (A).",
        "The answer is B and E. coli grows.",
        "Answer: B\nC is wrong.",
        "The answer is D, as A and B are false.",
        "The answer is D and F",
    ],
)
def test_a_letter_of_another_clause_is_not(text: str) -> None:
    assert conflicting_statements(text, OPTIONS) == 0
