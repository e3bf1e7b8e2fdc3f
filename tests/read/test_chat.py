from __future__ import annotations

import pytest
from read_rows import read, reason_of, trace_of, write

from knowreason.records import Trace

ASKED = [{"role": "system", "content": "Think."}, {"role": "user", "content": "Which organ makes bile?"}]
BESIDE = {"gold": "A", "options": ["liver", "spleen"]}


def completion(message, finish="stop", **body):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"object": "chat.completion", "model": "finch", "choices": [choice], **body}


LOGGED = [
    {"request": {"model": "finch", "messages": ASKED}, "response": completion({"content": "The answer is (A)."})},
    {
        "custom_id": "q1",
        "request": {"body": {"model": "finch", "messages": ASKED}},
        "response": {"status_code": 200, "body": completion({"content": "The answer is (A)."})},
        "error": None,
    },
    {"messages": ASKED, **completion({"content": "The answer is (A)."})},
    {"model": "finch", "messages": [*ASKED, {"role": "assistant", "content": "The answer is (A)."}]},
    {"model": "finch", "messages": ASKED, "response": "The answer is (A)."},
    {"question": "Which organ makes bile?", **completion({"content": "The answer is (A)."})},
    {
        "question": "Which organ makes bile?",
        "model": "finch",
        "role": "assistant",
        "content": [{"type": "text", "text": "The answer is (A)."}],
    },
    {
        "request": {"model": "finch", "input": ASKED},
        "response": {
            "status": "completed",
            "output": [
                {"type": "reasoning", "summary": []},
                {"type": "message", "content": [{"type": "output_text", "text": "The answer is (A)."}]},
            ],
        },
    },
]


@pytest.mark.parametrize("logged", LOGGED)
def test_the_shapes_of_chat_logs_give_the_same_trace(logged, tmp_path):
    trace = trace_of(tmp_path, {**logged, **BESIDE})
    assert (trace.question, trace.response) == ("Which organ makes bile?", "The answer is (A).")
    assert (trace.model, trace.gold, trace.integrity) == ("finch", "A", "complete")
    assert trace.meta.startswith('{"harness":"chat"')


def test_what_the_conversation_does_not_tell_may_stand_in_its_metadata(tmp_path):
    metadata = {**BESIDE, "benchmark": "organs", "condition": "direct", "level": 3}
    trace = trace_of(tmp_path, {**LOGGED[0], "metadata": metadata})
    assert (trace.gold, trace.benchmark, trace.condition) == ("A", "organs", "direct")
    assert '"level":3' in trace.meta


def test_reasoning_fields_and_finish_reasons_are_read(tmp_path):
    message = {"content": None, "reasoning_content": "Bile helps with fat, so"}
    trace = trace_of(tmp_path, {"messages": ASKED, **completion(message, "length"), **BESIDE})
    assert (trace.integrity, trace.integrity_basis) == ("unclosed_thought", "declared")
    assert trace.reasoning == "Bile helps with fat, so\n"


def test_counted_reasoning_that_no_field_holds_was_stripped(tmp_path):
    usage = {"completion_tokens_details": {"reasoning_tokens": 120}}
    bare = {"messages": ASKED, **completion({"content": "The answer is (A)."}, usage=usage), **BESIDE}
    told = {"messages": ASKED, **completion({"content": "(A)", "reasoning": "It is the liver."}, usage=usage), **BESIDE}
    assert trace_of(tmp_path, bare).integrity == "stripped"
    assert trace_of(tmp_path, told).integrity != "stripped"


def test_a_stop_string_that_a_server_names_is_a_cut(tmp_path):
    body = completion({"content": "The answer is (A)."})
    body["choices"][0]["stop_reason"] = "\n\n"
    assert trace_of(tmp_path, {"messages": ASKED, **body, **BESIDE}).integrity == "stop_cut"


def test_several_choices_are_samples(tmp_path):
    body = completion({"content": "The answer is (A)."})
    body["choices"] *= 3
    items = read(write(tmp_path / "n.jsonl", {"messages": ASKED, **body, **BESIDE}))
    assert [item.sample for item in items if isinstance(item, Trace)] == [0, 1, 2]


def test_rows_without_a_reply_a_question_or_a_gold_say_so(tmp_path):
    reply = completion({"content": "The answer is (A)."})
    assert reason_of(tmp_path, {"messages": ASKED, **BESIDE}) == "missing_response"
    assert reason_of(tmp_path, {"request": {"messages": ASKED}, "response": None, **BESIDE}) == "missing_response"
    failed = {"messages": ASKED, "response": {"body": {}}, "error": {"code": 500}}
    assert reason_of(tmp_path, failed) == "missing_response"
    assert reason_of(tmp_path, {"custom_id": "q1", "response": {"body": reply}, **BESIDE}) == "missing_question"
    assert reason_of(tmp_path, {"messages": ASKED, **reply}) == "missing_gold"


def test_the_models_own_answer_field_is_not_taken_for_gold(tmp_path):
    line = {
        "messages": ASKED,
        **completion({"content": "The answer is (A)."}),
        "answer": "A",
        "options": ["liver", "gut"],
    }
    assert reason_of(tmp_path, line) == "missing_gold"
    assert trace_of(tmp_path, line, fields={"gold": "answer"}).gold == "A"
