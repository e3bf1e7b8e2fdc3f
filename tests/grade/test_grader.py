from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from hostile_text import texts
from knowreason.grade import Grader, grade_trace
from knowreason.grade.grader import normalise_text
from knowreason.records import AnswerType, Grade, Trace, Unscored
from made_records import make_trace

OPTIONS = {"A": "iron", "B": "zinc", "C": "tin"}


def trace(
    reasoning: str,
    gold: str | None,
    kind: AnswerType,
    options: dict[str, str] | None = None,
    thinking: int | None = None,
) -> Trace:
    return make_trace(
        trace_id="t",
        question="What is it?",
        options=options,
        gold=gold,
        answer_type=kind,
        reasoning=reasoning,
        response=reasoning,
        thinking_end=thinking,
    )


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as one:
        yield one


def outcome(grade: Grade) -> str:
    return grade.outcome.reason if isinstance(grade.outcome, Unscored) else grade.outcome


@pytest.mark.parametrize(
    ("reasoning", "gold", "expected"),
    [
        ("It shines. The answer is (B).", "B", "correct"),
        ("It shines. The answer is (A).", "B", "incorrect"),
        ("The answer is (B). The answer is (A).", "B", "correct"),
        ("It shines.", "B", "no_answer"),
        ("", "B", "no_answer"),
        ("The answer is zinc.", "B", "correct"),
        ("The answer is not zinc.", "B", "no_answer"),
        ("The answer is (B).", None, "no_gold"),
    ],
)
def test_options_are_graded_by_the_stated_letter(
    grader: Grader, reasoning: str, gold: str | None, expected: str
) -> None:
    assert outcome(grader.grade([trace(reasoning, gold, "option", OPTIONS)])[0]) == expected


def test_a_thinking_block_hands_over_to_what_follows_it(grader: Grader) -> None:
    thinking = "The answer is (A). No."
    made = trace(thinking + "\nThe answer is (B).", "B", "option", OPTIONS, len(thinking))
    grade = grader.grade([made])[0]
    assert (grade.outcome, grade.answer, grade.conflicting_statements) == ("correct", "B", 1)


@pytest.mark.parametrize(
    ("stated", "gold", "expected"),
    [
        ("The answer is 42.", "42", "correct"),
        ("The answer is 42.0 apples.", "42", "correct"),
        ("The answer is $1,250.", "1250", "correct"),
        ("The answer is -5.", "5", "incorrect"),
        ("The answer is −5.", "-5", "correct"),
        ("The answer is negative 5.", "-5", "correct"),
        ("The answer is negative 5.", "5", "incorrect"),
        ("The answer is minus 5 degrees.", "5", "incorrect"),
        ("The answer is less than 5.", "5", "incorrect"),
        ("The answer is between 4 and 5.", "5", "incorrect"),
        ("The answer is 41.", "42", "incorrect"),
        ("Then 40 and 42", "42", "correct"),  # the last number, where nothing is stated
        ("\\boxed{41} then \\boxed{42}", "42", "correct"),
        ("The answer is 2.", "2\\pi", "incorrect"),
        ("The answer is $2\\pi$.", "2\\pi", "correct"),
        ("\\boxed{5!}", "120", "correct"),
        ("The answer is 50%.", "0.5", "correct"),
        ("The answer is 50%.", "50", "correct"),
        ("The answer is 0.5.", "50\\%", "correct"),
        ("The answer is 0.5.", "50", "incorrect"),
        ("The answer is 5 × 10^-8.", "3 × 10^{-8}", "incorrect"),
        ("The answer is 3e-8.", "3 × 10^{-8}", "correct"),
        ("The answer is 5 million.", "5000000", "correct"),
        ("\\boxed{\\frac{1}{2}}", "0.5", "correct"),
        ("\\boxed{\\frac{2}{4}}", "\\frac{1}{2}", "correct"),
        ("\\boxed{\\sqrt{8}}", "2\\sqrt{2}", "correct"),
        ("\\boxed{(3,4)}", "(3, 4)", "correct"),
        ("\\boxed{(4,3)}", "(3, 4)", "incorrect"),
        ("\\boxed{1+x^2}", "x^2+1", "correct"),
        ("\\boxed{\\text{north}}", "\\text{north}", "correct"),
        ("The answer is **North**.", "\\text{north}", "correct"),
        ("She turns 90 degrees.", "\\text{north}", "no_answer"),
        ("No number.", "42", "no_answer"),
    ],
)
def test_numbers_and_formulas_are_graded_by_their_value(grader: Grader, stated: str, gold: str, expected: str) -> None:
    assert outcome(grader.grade([trace(stated, gold, "math")])[0]) == expected


@pytest.mark.parametrize("gold", ["42", "-0.5", "\\frac14", "\\sqrt{5}", "\\{1\\pm\\sqrt{5},-2\\}", "6 - 5i", "x=3"])
def test_the_gold_graded_against_itself_is_correct(grader: Grader, gold: str) -> None:
    assert outcome(grader.grade([trace(f"\\boxed{{{gold}}}", gold, "math")])[0]) == "correct"


@pytest.mark.parametrize(
    "stated",
    [
        "\\boxed{9^{9^{9^9}}}",
        "\\boxed{(10^8)!}",
        "\\boxed{" + "{" * 90 + "}" * 90 + "}",
        "\\boxed{" + "\\frac{" * 60,
        "\\boxed{\\sum_{i=1}^{10^{12}} \\sin(i)}",
        "The answer is " + "x" * 1_000_000,
        "The answer is 9**9**9**9",
        "\\boxed{\\int\\int\\int}",
        "The answer is \x00\ud800",
    ],
)
def test_hostile_expressions_are_never_correct_and_never_hang(grader: Grader, stated: str) -> None:
    assert outcome(grader.grade([trace(stated, "7", "math")])[0]) != "correct"


def test_a_tower_of_powers_is_unscored_and_the_next_trace_is_graded(grader: Grader) -> None:
    hostile = trace("\\boxed{9^{9^{9^9}}}", "7", "math")
    plain = trace("\\boxed{\\frac{14}{2}}", "\\frac{21}{3}", "math")
    assert [outcome(g) for g in grader.grade([hostile, plain])] == ["grader_timeout", "correct"]


@pytest.mark.parametrize(
    ("stated", "gold", "expected"),
    [
        ("The answer is The Danube.", "danube", "correct"),
        ("The answer is beta-blocker.", "Beta blocker", "correct"),
        ("The answer is C.", "C++", "incorrect"),
        ("The answer is 5.", "-5", "incorrect"),
        ("The answer is 1,000.", "1000", "correct"),
        ("The answer is ﬁsh.", "fish", "correct"),
        ("The answer is the Rhine.", "danube", "incorrect"),
        ("Nothing is stated.", "danube", "no_answer"),
    ],
)
def test_short_text_is_matched_after_normalising(grader: Grader, stated: str, gold: str, expected: str) -> None:
    assert outcome(grader.grade([trace(stated, gold, "short_text")])[0]) == expected


def test_free_text_needs_a_judge(grader: Grader) -> None:
    grade = grader.grade([trace("The answer is a cold.", "influenza", "free_text")])[0]
    assert (outcome(grade), grade.answer) == ("needs_judge", "a cold")


@given(texts)
def test_normalising_text_twice_changes_nothing(text: str) -> None:
    assert normalise_text(normalise_text(text)) == normalise_text(text)


@given(texts)
def test_case_and_spacing_never_matter(text: str) -> None:
    assert normalise_text(f"  {text}\n") == normalise_text(text)
    assert normalise_text(text.casefold()) == normalise_text(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(texts)
def test_any_reasoning_gets_one_grade(grader: Grader, text: str) -> None:
    made = [trace(text, "B", "option", OPTIONS), trace(text, "danube", "short_text"), trace(text, "x", "free_text")]
    grades = grader.grade(made)
    assert [g.trace_id for g in grades] == ["t"] * 3
    assert all(isinstance(g.outcome, Unscored) or g.outcome in ("correct", "incorrect", "no_answer") for g in grades)


def test_a_single_trace_is_graded_like_one_of_many() -> None:
    assert grade_trace(trace("The answer is (B).", "B", "option", OPTIONS)).outcome == "correct"
