from __future__ import annotations

import pytest
from read_rows import row, trace_of

from knowreason.read.integrity import finish_kind, judge
from knowreason.read.thinking import Thought

OPTIONS = {"A": "glucagon", "B": "insulin"}
LOOP = "and then the liver stores the sugar as glycogen again "


def judged(response, thinking=None, *, closed=True, mark=None, finish=None, label=None):
    found = judge(Thought(thinking, response, closed, mark), OPTIONS, finish_kind(finish), label)
    return found.integrity, found.basis


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("Cells take up sugar. The answer is (B).", "complete"),
        ("The answer is (B)", "complete"),
        ("B", "length_cut"),
        ("Cells take up sugar.\n\n### Answer:\ninsulin", "complete"),
        ("Cells take up sugar.\n\n### Answer:\n", "length_cut"),
        ("", "empty"),
        (" \n ", "empty"),
        ("Insulin binds to its receptor, whereupon the", "length_cut"),
        ("Insulin binds to its receptor.\n\n2.", "length_cut"),
        ("Insulin binds to its receptor.", "ends_without_answer"),
        ("Insulin binds to its **receptor.**", "ends_without_answer"),
        ("胰岛素降低血糖。", "ends_without_answer"),
        ("The dose follows from \\[ x = 3 \\]", "ends_without_answer"),
        (LOOP * 6, "looping"),
        (LOOP * 6 + ".", "ends_without_answer"),
        ((LOOP.strip() + ". ") * 6, "looping"),
        ((LOOP.strip() + ". ") * 6 + "The answer is (B).", "complete"),
        ("Insulin lowers it, so I would say insulin\nQuestion: Which organ makes bile?", "ends_without_answer"),
    ],
)
def test_integrity_is_inferred_from_the_text_alone(response, expected):
    assert judged(response) == (expected, "inferred")


@pytest.mark.parametrize(
    ("finish", "response", "expected"),
    [
        ("length", "Cells take up sugar. The answer is (B).", ("length_cut", "declared")),
        ("max_tokens", "Cells take up", ("length_cut", "declared")),
        ("stop", "Cells take up sugar. The answer is (B).", ("complete", "declared")),
        ("stop", "Cells take up sugar", ("ends_without_answer", "inferred")),
        ("stop_sequence", "Cells take up sugar. The answer is (B).", ("stop_cut", "declared")),
        ("content_filter", "Cells take up sugar", ("ends_without_answer", "inferred")),
        ("length", "The answer is (B).\nQuestion: Which organ makes", ("complete", "inferred")),
        ("tool_calls", "Cells take up", ("length_cut", "inferred")),
        ("length", "", ("empty", "declared")),
    ],
)
def test_a_finish_reason_declares_what_the_text_cannot_tell(finish, response, expected):
    assert judged(response, finish=finish) == expected


def test_what_a_source_hides_comes_before_what_a_text_shows():
    assert judged("The answer is (B).", mark="redacted") == ("redacted", "declared")
    assert judged("The answer is (B).", "In short, B.", mark="summary_only") == ("summary_only", "declared")
    assert judged("The answer is (B).", label="stripped") == ("stripped", "declared")
    assert judged("", mark="redacted")[0] == "empty"


def test_a_thought_without_a_response_never_closed():
    assert judged("", "The answer is (B).", closed=False) == ("unclosed_thought", "inferred")
    assert judged("", "Cells take up", finish="length") == ("unclosed_thought", "declared")
    assert judged("The answer is (B).", "Cells take up sugar.") == ("complete", "inferred")


def test_finish_reasons_of_a_row_are_read(tmp_path):
    assert trace_of(tmp_path, row(finish_reason="length")).integrity == "length_cut"
    assert trace_of(tmp_path, row(stop_reason="end_turn")).integrity_basis == "declared"


def test_a_label_in_a_row_declares_and_another_value_is_carried_as_meta(tmp_path):
    trace = trace_of(tmp_path, row(integrity="redacted"))
    assert (trace.integrity, trace.integrity_basis) == ("redacted", "declared")
    trace = trace_of(tmp_path, row(integrity=0.7))
    assert (trace.integrity, trace.meta) == ("complete", '{"integrity":0.7}')
