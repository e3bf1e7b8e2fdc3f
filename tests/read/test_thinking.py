from __future__ import annotations

import pytest
from read_rows import reason_of, row, trace_of

from knowreason.read.thinking import Thought, find_thought, split_tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No tags here.", Thought(None, "No tags here.")),
        ("<think>\nIt is B.\n</think>\n\nB it is.", Thought("It is B.", "B it is.")),
        ("It is B.\n</think>\nB it is.", Thought("It is B.", "B it is.")),
        ("  <thinking>It is B.</thinking>B.", Thought("It is B.", "B.")),
        ("[THINK]It is B.[/THINK]B.", Thought("It is B.", "B.")),
        ("<think>It is B, or", Thought("It is B, or", "", closed=False)),
        ("think\nIt is B, or", Thought("It is B, or", "", closed=False)),
        ("think\nIt is B.\nanswer\nB.", Thought("It is B.", "B.")),
        ("<think>\n\n</think>\n\nB.", Thought(None, "B.")),
        ("<think>a</think>b<think>c</think>d", Thought("a</think>b<think>c", "d")),
        ("I think\nit is B.", Thought(None, "I think\nit is B.")),
        ("The tag <think> opens a thought.", Thought(None, "The tag <think> opens a thought.")),
        ("", Thought(None, "")),
    ],
)
def test_tags_take_a_text_apart(text, expected):
    assert split_tags(text) == expected


@pytest.mark.parametrize(
    ("message", "thinking", "response", "mark"),
    [
        ({"content": "B.", "reasoning": "Why B"}, "Why B", "B.", None),
        ({"content": "B.", "reasoning_content": "Why B"}, "Why B", "B.", None),
        ({"content": "B.", "reasoning": "first", "reasoning_content": "second"}, "first", "B.", None),
        ({"content": "<think>Why B</think>B.", "reasoning": "Why B"}, "Why B", "B.", None),
        ({"content": "B.", "reasoning_details": [{"type": "reasoning.text", "text": "Why B"}]}, "Why B", "B.", None),
        ({"content": [{"type": "thinking", "thinking": "Why B"}, {"type": "text", "text": "B."}]}, "Why B", "B.", None),
        (
            {"content": [{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "B."}]},
            None,
            "B.",
            "redacted",
        ),
        (
            {"content": "B.", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]},
            None,
            "B.",
            "redacted",
        ),
        (
            {
                "content": "B.",
                "reasoning": "In short",
                "reasoning_details": [{"type": "reasoning.summary", "summary": "In short"}],
            },
            "In short",
            "B.",
            "summary_only",
        ),
        (
            {"content": [{"type": "reasoning", "reasoning": "x", "summary": "In short", "redacted": True}, "B."]},
            "In short",
            "B.",
            "summary_only",
        ),
        (
            {
                "content": "B.",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Why B"},
                    {"type": "reasoning.encrypted", "data": "signature"},
                ],
            },
            "Why B",
            "B.",
            None,
        ),
        ({"content": None, "reasoning_content": "Why B"}, "Why B", "", None),
        ({"content": "B.", "reasoning": None, "reasoning_content": ""}, None, "B.", None),
    ],
)
def test_reasoning_is_found_wherever_servers_put_it(message, thinking, response, mark):
    thought = find_thought(message)
    assert (thought.thinking, thought.response, thought.mark) == (thinking, response, mark)


def test_the_text_is_the_thinking_a_newline_and_the_response_up_to_a_run_on(tmp_path):
    response = "So insulin. The answer is (B).\nQuestion: Which organ makes bile?\nThe liver."
    trace = trace_of(tmp_path, row(reasoning="Cells take up sugar.", response=response))
    assert trace.reasoning == "Cells take up sugar.\nSo insulin. The answer is (B)."
    assert trace.reasoning[: trace.thinking_end] == "Cells take up sugar."
    assert trace.response == response


def test_offsets_count_code_points_beyond_the_basic_plane(tmp_path):
    trace = trace_of(tmp_path, row(response="<think>𝛼 and 🫀 agree</think>The answer is (B)."))
    assert trace.reasoning[: trace.thinking_end] == "𝛼 and 🫀 agree"
    assert trace.reasoning[trace.thinking_end :] == "\nThe answer is (B)."


def test_a_response_that_is_no_text_is_refused(tmp_path):
    assert reason_of(tmp_path, row(response=7)) == "wrong_type"
    assert reason_of(tmp_path, row(response=[3])) == "wrong_type"
    assert reason_of(tmp_path, row(reasoning={"effort": "high"})) == "wrong_type"
