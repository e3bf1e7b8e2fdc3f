from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile_text import OPTIONS, REPEATED, repeated, texts
from knowreason.answers import (
    Statement,
    answer_type,
    conflicting_statements,
    final_statement,
    find_commitment,
    find_parts,
    find_statements,
    run_on_end,
    stated_answer,
)

METALS = {"A": "iron", "B": "iron oxide", "C": "zinc", "D": "12 g", "E": "All of the above", "I": "tin"}
LABELS = {"yes": "yes", "no": "no", "maybe": "maybe"}


def letters(text: str, options: dict[str, str] = METALS) -> list[str | None]:
    return [s.letter for s in find_statements(text, options)]


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is (C).", "C"),
        ("the answer is C", "C"),
        ("The answer is: C", "C"),
        ("The answer is **C**.", "C"),
        ("**Answer:** C", "C"),
        ("**Answer: (C)**", "C"),
        ("Answer:\n\n(C) zinc", "C"),
        ("ANSWER: C", "C"),
        ("Final Answer: C", "C"),
        ("The correct answer is option C.", "C"),
        ("The answer is the option (C).", "C"),
        ("The answer is \\boxed{C}.", "C"),
        ("The answer is $\\boxed{\\text{C}}$.", "C"),
        ("\\boxed{C}", "C"),
        ("$$\\boxed{\\textbf{(C)}}$$", "C"),
        ("The answer is \\(C\\).", "C"),
        ("The answer is “C”.", "C"),
        ("The answer is (c).", "C"),
        ("The answer is [c]", "C"),
        ("The closest option is (C).", "C"),
        ("The best answer would be C because it shines.", "C"),
        ("The most likely answer is C, not B.", "C"),
        ("The only possible choice is C", "C"),
        ("The answer is therefore C.", "C"),
        ("The answer is C) zinc", "C"),
        ("The answer is C. Zinc shines.", "C"),
        ("The answer is A.", "A"),
        ("The answer is I", "I"),
        ("The answer is zinc.", "C"),
        ("The answer is iron oxide.", "B"),
        ("The answer is 12 grams.", "D"),
        ("The answer is 12.", "D"),
        ("The answer is all of the above.", "E"),
    ],
)
def test_an_explicit_statement_states_its_option(text: str, letter: str) -> None:
    assert letters(text) == [letter]
    assert letters("Some thought first. " + text) == [letter]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No statement at all.",
        "This is option (C).",
        "(C)",
        "(E) is false.",
        "Option C looks right.",
        "The answer is c",  # a bare lower-case letter
        "The answer is not (C).",
        "The answer is not zinc.",
        "The answer is (C) is wrong.",
        "The closest option is (C) 12, but this is not correct.",
        "If the answer is (C), zinc would float.",
        "Suppose the correct answer is C.",
        "Whether the answer is C remains open.",
        "Is it so that the answer is (C)?",
        "The answer is A good question.",
        "The answer is I think open.",
        "The answer is C = 5(F - 32) / 9.",
        "The answer is C(x) for all x.",
        "The answer is (a) a base and (b) an acid.",
        "The answer is Cobalt.",
        "The answer is C's neighbour.",
        "The answer is iron and zinc.",  # two options, none of them alone
        "The answer is hidden in the long history of iron, as people know well.",
        "The answer is (Z).",
        "The answers vary.",
    ],
)
def test_what_states_no_option(text: str) -> None:
    assert letters(text) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The answer is yes.", "yes"),
        ("Answer: No", "no"),
        ("**Answer**: Maybe", "maybe"),
        ("The answer is “no”, since nothing changed.", "no"),
        ("The answer is no longer clear.", None),
        ("Yes, it helps.", None),
        ("The answer is yesterday.", None),
    ],
)
def test_yes_no_maybe_are_options(text: str, label: str | None) -> None:
    assert [s.letter for s in find_statements(text, LABELS)] == ([label] if label else [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The rash fits.\n\n### Answer:\nContact dermatitis due to nickel", "Contact dermatitis due to nickel"),
        ("The rash fits.\n\n## Final Diagnosis\n\nContact dermatitis.\n", "Contact dermatitis"),
        ("**Final Answer:**\n\nFirst: mumps.  \nSecond: **measles**", "First: mumps.  \nSecond: **measles"),
        ("### Answer:\nLet us see.\n\nIt grows at night.\n\nIt fades by day.\n\nThat is all we know.", None),
        ("### Answer:\n", None),
        ("### Answer:\n\n---", None),
        ("### Answer:\n\\boxed{12}", "12"),
        ("Answer the door.\nIt is late", None),
        ("## Answers to expect\nNone at all", None),
    ],
)
def test_the_lines_that_end_a_text_under_a_heading_are_its_answer(text: str, value: str | None) -> None:
    found = final_statement(text, None, None)
    assert (found.value if found else None) == value


def test_a_letter_under_a_heading_is_stated() -> None:
    assert letters("Warm.\n\n## Final Answer\n\n**B**") == ["B"]


def test_the_first_statement_counts_without_a_thinking_block() -> None:
    text = "The answer is (A). Next one. The answer is (C)."
    statement = final_statement(text, None, METALS)
    assert statement is not None
    assert statement.letter == "A"


@pytest.mark.parametrize(
    ("thinking", "response", "letter"),
    [
        ("So the answer is (A). No: the answer is (B).", "The answer is (C).", "C"),
        ("So the answer is (A). No: the answer is (B).", "Nothing more.", "B"),
        ("Hm.", "The answer is (A). Or rather, the answer is (C).", "C"),
        ("Hm.", "Nothing.", None),
    ],
)
def test_the_last_statement_counts_with_a_thinking_block(thinking: str, response: str, letter: str | None) -> None:
    statement = final_statement(thinking + "\n" + response, len(thinking), METALS)
    assert (statement.letter if statement else None) == letter


def test_different_statements_are_counted_as_conflicts() -> None:
    assert conflicting_statements("The answer is (A). The answer is A. Answer: C. The answer is zinc.", METALS) == 1
    assert conflicting_statements("The answer is (A). Answer: B. Answer: C.", METALS) == 2
    assert conflicting_statements("None.", METALS) == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("So it is \\boxed{42}.", "42"),
        ("\\boxed{41} no: \\boxed{42}", "42"),
        ("First \\boxed{41}. Therefore the answer is \\boxed{42}.", "42"),
        ("The answer is \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("The answer is 41. But we box \\boxed{42}. The answer is 43.", "42"),
        ("The answer is 42.", "42"),
        ("The answer is $42.50.", "$42.50"),
        ("The answer is 42, not 41.", "42"),
        ("The answer is 42 because 6 * 7 = 42.", "42"),
        ("**Answer:**\n42", "42"),
        ("Answer:\n\nFirst we count the hens.", None),
        ("#### 42", "42"),
        ("#### Summary\nWe are done.", None),
        ("A: 42", "42"),
        ("a: 42 is the first part", None),
        ("The answer is not 42.", None),
        ("If the answer is 42, then we stop.", None),
        ("\\boxed{", None),
        ("\\boxed{{}", None),
        ("Forty-two.", None),
    ],
)
def test_the_value_that_a_free_answer_states(text: str, value: str | None) -> None:
    statement = final_statement(text, None, None)
    assert (statement.answer if statement else None) == value


def test_a_free_number_falls_back_on_the_last_number() -> None:
    statement = stated_answer("We get 3 and then -1,250.5 at last.", None, None)
    assert statement is not None
    assert statement.value == "-1,250.5"
    assert stated_answer("nothing", None, None) is None
    assert stated_answer("The number is 3", None, METALS) is None


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        ("Zinc.\nQuestion: next one", "Zinc."),
        ("Zinc.\n\n**Question 2:** next", "Zinc.\n"),
        ("Zinc.\n### Question\nnext", "Zinc."),
        ("Zinc.<|im_end|>more", "Zinc."),
        ("Zinc.\nThe following are multiple choice questions", "Zinc."),
        ("Zinc.\nOptions:\nA. iron", "Zinc."),
        ("Question: what rusts?\nIron does.", "Question: what rusts?\nIron does."),
        ("\nQuestion: what rusts?\nIron.\nQuestion: more", "\nQuestion: what rusts?\nIron."),
        ("The question: is it zinc?", "The question: is it zinc?"),
        ("No run-on here.", "No run-on here."),
    ],
)
def test_a_response_is_cut_where_it_runs_on(response: str, kept: str) -> None:
    assert response[: run_on_end(response)] == kept


@pytest.mark.parametrize(
    ("gold", "kind"),
    [
        ("42", "math"),
        ("-3.5", "math"),
        ("\\frac{1}{2}", "math"),
        ("2x", "math"),
        ("x^2+1", "math"),
        ("(3, 4)", "math"),
        ("1, 2, 3", "math"),
        ("2\\pi", "math"),
        ("12 apples", "math"),
        ("viral pneumonia", "free_text"),
        ("Crohn's disease", "free_text"),
        (None, "free_text"),
    ],
)
def test_the_kind_of_answer_follows_from_the_gold(gold: str | None, kind: str) -> None:
    assert answer_type(gold, None) == kind
    assert answer_type(gold, METALS) == "option"


# --- where a trace commits -------------------------------------------------------------------------------------


def committed(
    text: str, options: dict[str, str] | None = METALS, question: str = "What is it?"
) -> tuple[str, str, str]:
    """The texts before the content offset, between the two offsets, and the rule."""
    statement = final_statement(text, None, options)
    assert statement is not None
    at = find_commitment(text, question, options, statement)
    return text[: at.content_at], text[at.content_at : at.statement_at], at.rule


@pytest.mark.parametrize(
    ("before", "between", "rule"),
    [
        ("It shines. ", "So it is zinc. ", "verbatim"),
        ("It shines. ", "So it is zinc. Zinc is light. ", "verbatim"),
        ("It may be zinc. But then it is iron. ", "No, it is zinc. ", "verbatim"),  # the run was broken
        ("It is zinc. It is not zinc. ", "Yet zinc it is. ", "verbatim"),  # a denial breaks it too
        ("It shines. It is iron. ", "", "unstated"),
        ("It is not zinc. ", "", "unstated"),
        ("It shines. ", "", "unstated"),
        ("We compare iron and zinc. ", "", "unstated"),
        ("We compare iron and zinc. ", "So the metal is zinc. Iron would rust. ", None),
    ],
)
def test_the_content_offset_opens_the_last_unbroken_run(before: str, between: str, rule: str | None) -> None:
    found = committed(before + between + "The answer is (C).")
    if rule is None:  # another option told after it ends the run
        assert found[1] == ""
    else:
        assert found == (before, between, rule)


@pytest.mark.parametrize("letter", ["E"])
def test_all_of_the_above_has_no_content_offset(letter: str) -> None:
    assert committed(f"All of the above hold. The answer is ({letter}).")[2] == "none"


def test_an_option_that_the_question_holds_has_no_content_offset() -> None:
    assert committed("Zinc, then. The answer is (C).", question="Which is lighter, zinc or what?")[2] == "none"


def test_numbers_commit_as_results_only() -> None:
    options = {"A": "12", "B": "16", "C": "20"}
    text = "There are 12 hens. Each lays 4. So 12 + 4 = 16. The answer is (B)."
    assert committed(text, options) == ("There are 12 hens. Each lays 4. ", "So 12 + 4 = 16. ", "number")


def test_a_free_number_commits_where_it_first_stands_as_the_result() -> None:
    text = "Six times six is 36. So 36 + 6 = 42. The answer is 42."
    assert committed(text, None) == ("Six times six is 36. ", "So 36 + 6 = 42. ", "number")


def test_a_free_text_commits_with_its_statement() -> None:
    text = "It must be the wind. The answer is the wind."
    assert committed(text, None) == ("It must be the wind. ", "", "none")


def test_with_a_thinking_block_the_first_statement_after_the_content_is_the_statement_offset() -> None:
    thinking = "It may be iron. The answer is (A). Wait. It is zinc. So the answer is (C). Let us check."
    text = thinking + "\nThe answer is (C)."
    statement = final_statement(text, len(thinking), METALS)
    assert statement is not None
    at = find_commitment(text, "What is it?", METALS, statement)
    assert text[at.content_at :].startswith("It is zinc.")
    assert text[at.statement_at :].startswith("So the answer is (C). Let us")


def test_sentences_that_name_options_are_mentions_and_others_are_informative() -> None:
    text = "It shines. It is not iron. It is light. So zinc. The answer is (C). Done."
    statement = final_statement(text, None, METALS)
    assert statement is not None
    parts = find_parts(text, "What is it?", METALS, statement)[1]
    assert [(text[a:b].strip(), part) for a, b, part in parts] == [
        ("It shines.", "informative"),
        ("It is not iron.", "mention"),
        ("It is light.", "informative"),
        ("So zinc.", "commitment"),
        ("The answer is (C). Done.", "statement"),
    ]


# --- any text ---------------------------------------------------------------------------------------------------


@given(texts, st.sampled_from([OPTIONS, LABELS, None]))
def test_statements_are_ordered_and_lie_inside_the_text(text: str, options: dict[str, str] | None) -> None:
    found = find_statements(text, options)
    assert all(0 <= s.start < s.end <= len(text) for s in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all((s.letter is None) != (s.value is None) for s in found)
    assert final_statement(text, None, options) in [*found, None]


@given(texts, texts, st.sampled_from([OPTIONS, None]), st.integers(0, 400))
def test_parts_cover_any_text_and_offsets_are_ordered(
    text: str, question: str, options: dict[str, str] | None, at: int
) -> None:
    for statement in find_statements(text, options)[:2] or [made_statement(text, options, at)]:
        commitment, parts = find_parts(text, question, options, statement)
        assert 0 <= commitment.content_at <= commitment.statement_at <= len(text)
        assert commitment == find_commitment(text, question, options, statement)
        assert "".join(text[a:b] for a, b, _ in parts) == text
        assert all(left[1] == right[0] for left, right in pairwise(parts))
        assert all(a < b for a, b, _ in parts)


def made_statement(text: str, options: dict[str, str] | None, at: int) -> Statement:
    at = min(at, len(text))
    return Statement(at, len(text), "C" if options else None, None if options else "12")


@given(texts)
def test_other_readers_never_raise(text: str) -> None:
    assert 0 <= run_on_end(text) <= len(text)
    assert answer_type(text, None) in ("math", "free_text")
    assert conflicting_statements(text, OPTIONS) >= 0
    stated_answer(text, len(text) // 2, None)


@given(
    st.sampled_from("ABCDI"), st.sampled_from(["The answer is ({}).", "Answer: {}", "\\boxed{{{}}}", "**Answer: {}**"])
)
def test_what_is_written_is_what_is_read(letter: str, form: str) -> None:
    assert letters("We think. " + form.format(letter)) == [letter]


@pytest.mark.parametrize("fragment", REPEATED)
def test_long_runs_of_one_fragment_end(fragment: str) -> None:
    text = repeated(fragment, 200_000)
    statement = Statement(len(text) - 1, len(text), "C", None)
    find_statements(text, OPTIONS)
    find_statements(text, None)
    run_on_end(text)
    assert find_commitment(text, "What?", OPTIONS, statement).statement_at <= len(text)
