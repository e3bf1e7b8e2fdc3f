from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_rows import reason_of, row, trace_of

from knowreason.read import question_key
from knowreason.read.fields import options_of
from knowreason.read.gold import read_gold, read_options
from knowreason.read.rows import Rejected

HORMONES = {"A": "glucagon", "B": "insulin", "C": "cortisol"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (HORMONES, HORMONES),
        ({"B": "insulin", "A": "glucagon"}, {"A": "glucagon", "B": "insulin"}),
        ({"a": "glucagon", "b": "insulin"}, {"A": "glucagon", "B": "insulin"}),
        ({"(A)": "glucagon", "(B)": "insulin"}, {"A": "glucagon", "B": "insulin"}),
        (["glucagon", "insulin"], {"A": "glucagon", "B": "insulin"}),
        ({"text": ["glucagon", "insulin"], "label": ["1", "2"]}, {"A": "glucagon", "B": "insulin"}),
        ({"first": "glucagon", "second": "insulin"}, {"A": "glucagon", "B": "insulin"}),
        ('["glucagon", "insulin"]', {"A": "glucagon", "B": "insulin"}),
        ([3, 4.5], {"A": "3", "B": "4.5"}),
        ({"A": "glucagon", "B": "insulin", "C": None}, {"A": "glucagon", "B": "insulin"}),
        (["glucagon", None, "insulin", ""], {"A": "glucagon", "C": "insulin"}),
        ({"A": "glucagon", "B": " ", "C": "insulin", "D": float("nan")}, {"A": "glucagon", "C": "insulin"}),
        ({"Yes": "yes", "No": "no"}, {"no": "no", "yes": "yes"}),
    ],
)
def test_options_come_in_many_shapes_and_leave_as_letters(given, expected):
    options = read_options(given)
    assert options is not None
    assert options.texts == expected
    assert list(options.texts) == sorted(options.texts)


@pytest.mark.parametrize("gold", [2, "2", "C", "c text"])
def test_an_option_left_out_moves_no_other(gold):
    given = options_of([{"opa": "a text", "opb": None, "opc": "c text", "opd": "d text"}])
    options = read_options(given)
    assert options is not None
    assert options.texts[read_gold([gold], options)] == "c text"


@pytest.mark.parametrize("given", [None, [], {}, ""])
def test_no_options_are_none(given):
    assert read_options(given) is None


@pytest.mark.parametrize("given", [["one"], 7, "not json", [["a"], ["b"]], [True, False], [str(i) for i in range(27)]])
def test_options_that_cannot_be_are_refused(given):
    with pytest.raises(Rejected, match="bad_options"):
        read_options(given)


@pytest.mark.parametrize(
    ("options", "gold", "letter"),
    [
        (HORMONES, "B", "B"),
        (HORMONES, "b", "B"),
        (HORMONES, "(B)", "B"),
        (HORMONES, "B.", "B"),
        (HORMONES, 1, "B"),
        (HORMONES, 1.0, "B"),
        (HORMONES, "1", "B"),
        (HORMONES, "Insulin ", "B"),
        (HORMONES, "B. insulin", "B"),
        (HORMONES, ["insulin"], "B"),
        (["3", "7", "9"], "7", "B"),
        (["3", "7", "9"], 1, "B"),
        ({"text": ["glucagon", "insulin"], "label": ["1", "2"]}, "2", "B"),
        (["true", "false"], True, "A"),
        (["yes", "no"], False, "B"),
    ],
)
def test_gold_may_be_a_letter_a_place_or_a_text(options, gold, letter):
    assert read_gold([gold], read_options(options)) == letter


@pytest.mark.parametrize(
    ("options", "gold", "reason"),
    [
        (HORMONES, None, "missing_gold"),
        (HORMONES, "  ", "missing_gold"),
        (HORMONES, float("nan"), "missing_gold"),
        (HORMONES, "D", "gold_not_an_option"),
        (HORMONES, 3, "gold_not_an_option"),
        (HORMONES, "C. insulin", "gold_not_an_option"),
        (HORMONES, ["A", "B"], "several_golds"),
        (["1", "2", "3"], "2", "ambiguous_gold"),
        ([1, 2, 3], 2, "ambiguous_gold"),
        (HORMONES, {"letter": "A"}, "wrong_type"),
    ],
)
def test_a_gold_that_cannot_be_told_is_refused_not_guessed(options, gold, reason):
    with pytest.raises(Rejected, match=reason):
        read_gold([gold], read_options(options))


def test_the_first_candidate_that_names_an_option_counts():
    assert read_gold(["see text", 2], read_options(HORMONES)) == "C"


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        ("18", "18"),
        (18, "18"),
        (0.25, "0.25"),
        (18.0, "18"),
        ("9 eggs at 2 dollars are 18.\n#### 18", "18"),
        ("#### 1,080", "1,080"),
        ("\\frac{1}{2}", "\\frac{1}{2}"),
        ("Yes", "yes"),
        (True, "yes"),
        ("appendicitis", "appendicitis"),
    ],
)
def test_a_free_gold_is_its_final_answer(gold, expected):
    assert read_gold([gold], None) == expected


def test_yes_no_questions_get_their_labels_as_options(tmp_path):
    trace = trace_of(tmp_path, row(options=None, gold="Maybe"))
    assert trace.gold == "maybe"
    assert trace.options == {"maybe": "maybe", "no": "no", "yes": "yes"}
    assert trace.answer_type == "option"


def test_without_a_gold_the_trace_is_kept_only_where_asked(tmp_path):
    for gold, reason in ((..., "missing_gold"), ("E", "gold_not_an_option")):
        assert reason_of(tmp_path, row(gold=gold)) == reason
        assert trace_of(tmp_path, row(gold=gold), no_gold=True).gold is None


def test_the_key_of_a_question_ignores_case_white_space_and_unicode_form():
    key = question_key("Which  hormone\nlowers ﬁbre?", {"B": "Insulin", "A": "glucagon"})
    assert key == question_key("which hormone lowers fibre? ", {"A": "Glucagon", "B": " insulin"})
    assert key != question_key("which hormone lowers fibre?", {"A": "insulin", "B": "glucagon"})
    assert key != question_key("which hormone lowers fibre?", None)
    assert len(bytes.fromhex(key)) == 16


@given(st.text(min_size=1), st.lists(st.text(), min_size=2, max_size=5))
def test_the_key_moves_no_text_between_question_and_options(question, texts):
    options = dict(zip("ABCDE", texts, strict=False))
    merged = {"A": texts[0] + texts[1], **{k: v for k, v in options.items() if k > "B"}}
    if texts[1].strip():
        assert question_key(question, options) != question_key(question, merged)
