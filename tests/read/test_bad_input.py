from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from read_rows import read, reason_of, row, trace_of, write

from knowreason.errors import KnowreasonError
from knowreason.read import parse_source, read_traces
from knowreason.read.jsonl import decode_row
from knowreason.read.lines import read_lines
from knowreason.records import ReadIssue, Trace

FAST = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"question": "Which', "malformed_json"),
        (b"not json", "malformed_json"),
        (b"[" * 3000, "malformed_json"),
        (b'{"a": ' * 3000 + b"1" + b"}" * 3000, "malformed_json"),
        (b"[1, 2]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"NaN", "not_an_object"),
        (b'{"question": "\xff\xfe"}', "invalid_utf8"),
        (b'{"question": "\\ud800"}', "invalid_utf8"),
        (b"{}", "missing_question"),
        (row(question=...), "missing_question"),
        (row(question="  "), "missing_question"),
        (row(response=...), "missing_response"),
        (row(gold=...), "missing_gold"),
        (row(gold=None), "missing_gold"),
        (row(gold="F"), "gold_not_an_option"),
        (row(options={"A": "glucagon", "C": "cortisol"}), "gold_not_an_option"),
        (row(options=["insulin"]), "bad_options"),
        (row(options=7), "bad_options"),
        (row(question=["Which?"]), "wrong_type"),
        (row(model=3), "wrong_type"),
        (row(question_id=1.5), "wrong_type"),
        (row(sample="first"), "wrong_type"),
        (row(sample=True), "wrong_type"),
        (row(sample=-1), "wrong_type"),
        (row(response="x" * 5_000_000), "too_large"),
        (row(reasoning="x" * 5_000_000), "too_large"),
        (row(question="x" * 5_000_000), "too_large"),
        (row(meta={"page": "x" * 5_000_000}), "too_large"),
        (row(notes="x" * 5_000_000), "too_large"),
    ],
)
def test_each_rejected_line_names_its_reason(line, reason, tmp_path):
    assert reason_of(tmp_path, line) == reason


def test_a_rejected_line_does_not_stop_the_lines_around_it(tmp_path):
    lines = (row(question_id="a"), b"{", row(question_id="b"), b"\xff", b"", row(question_id="c"))
    items = read(write(tmp_path / "mixed.jsonl", *lines))
    assert [item.question_id if isinstance(item, Trace) else item.line for item in items] == ["a", 2, "b", 4, "c"]


def test_numbers_that_only_python_writes_are_read_and_become_null(tmp_path):
    line = json.dumps(row(perplexity=float("nan"), best=float("inf"))).encode()
    assert json.loads(trace_of(tmp_path, line).meta) == {"perplexity": None, "best": None}


def test_unknown_columns_are_carried_in_meta(tmp_path):
    trace = trace_of(tmp_path, row(meta={"source": "quiz"}, level=3, tags=["a"]))
    assert json.loads(trace.meta) == {"source": "quiz", "level": 3, "tags": ["a"]}


def test_missing_names_are_unknown_and_the_condition_is_chain_of_thought(tmp_path):
    bare = row(benchmark=..., domain=..., model=..., variant=..., condition=..., question_id=..., lineage="")
    trace = trace_of(tmp_path, bare)
    assert {trace.benchmark, trace.domain, trace.model, trace.variant} == {"unknown"}
    assert (trace.condition, trace.lineage, trace.question_id) == ("cot", None, trace.question_key)


def test_an_empty_response_is_a_trace_with_a_reason(tmp_path):
    assert trace_of(tmp_path, row(response="")).integrity == "empty"
    assert trace_of(tmp_path, row(response=None)).integrity == "empty"


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path):
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(row()).encode() + b"\r\n\r\n")
    assert [type(item) for item in read(path)] == [Trace]


def test_a_line_over_the_limit_is_skipped_without_being_held(tmp_path):
    path = write(tmp_path / "long.jsonl", b"x" * 3_000_000, b"{}", b"y" * 1001, b"z")
    found = [(place.line, getattr(line, "reason", line)) for place, line in read_lines(path, limit=1000)]
    assert found == [(1, "too_large"), (2, b"{}"), (3, "too_large"), (4, b"z")]


def test_a_gzip_that_breaks_off_keeps_the_lines_before_and_says_where(tmp_path):
    path = write(tmp_path / "cut.jsonl.gz", *(row(question_id=f"q{i}", note="n" * (i % 97)) for i in range(3000)))
    path.write_bytes(path.read_bytes()[:-2000])
    items = read(path)
    assert all(isinstance(item, Trace) for item in items[:-1])
    assert isinstance(items[-1], ReadIssue)
    assert (items[-1].reason, items[-1].line) == ("broken_file", len(items))


def test_a_file_of_no_known_kind_is_said_and_the_rest_of_the_folder_is_read(tmp_path):
    write(tmp_path / "a.jsonl", row())
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".hidden.jsonl").write_text("hello")
    kinds = [(type(item), getattr(item, "reason", "")) for item in read(tmp_path)]
    assert kinds == [(Trace, ""), (ReadIssue, "unknown_format")]


def test_one_file_may_mix_formats(tmp_path):
    chat = {"messages": [{"role": "user", "content": "Bile?"}, {"role": "assistant", "content": "Liver."}], "gold": "x"}
    harness = {"doc": {"question": "Q?"}, "target": "4", "resps": [["The answer is 4."]], "doc_hash": "h"}
    items = read(write(tmp_path / "mixed.jsonl", row(), chat, harness))
    assert [item.question for item in items if isinstance(item, Trace)] == [row()["question"], "Bile?", "Q?"]


def test_a_json_document_may_hold_a_list_of_rows(tmp_path):
    path = tmp_path / "list.json"
    path.write_text(json.dumps([row(), 3, row(question_id="q2")], indent=1))
    assert [(type(item), getattr(item, "line", 0)) for item in read(path)] == [(Trace, 0), (ReadIssue, 2), (Trace, 0)]
    path.write_text("[1, ")
    assert [item.reason for item in read(path) if isinstance(item, ReadIssue)] == ["malformed_json"]
    path.write_text(json.dumps(row()) + "\n" + json.dumps(row(question_id="q2")))
    assert [type(item) for item in read(path)] == [Trace, Trace]


@FAST
@given(
    lines=st.lists(st.binary(max_size=60), max_size=5),
    suffix=st.sampled_from([".jsonl", ".json", ".jsonl.gz", ".parquet"]),
)
def test_any_bytes_give_issues_and_no_error(lines, suffix, tmp_path):
    path = tmp_path / f"fuzz{suffix}"
    path.write_bytes(b"\n".join(lines))
    assert all(isinstance(item, ReadIssue) for item in read(path))


@FAST
@given(lines=st.lists(st.binary(max_size=60).filter(lambda b: b"\n" not in b), max_size=6))
def test_every_line_of_any_bytes_is_accounted_for(lines, tmp_path):
    items = read(write(tmp_path / "fuzz.jsonl.gz", *lines))
    blank = [not line.strip(b" \t\r\n") for line in lines]
    if lines and lines[0].startswith(b"\xef\xbb\xbf"):
        return
    assert [item.line for item in items if isinstance(item, ReadIssue)] == [i for i, b in enumerate(blank, 1) if not b]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
OURS = "question options gold response reasoning meta sample model question_id integrity finish_reason".split()
THEIRS = "doc resps filter target messages choices output content role request error usage metadata input body".split()
INNER = ["text", "type", "message", "content", "role", "question", "choices", "label", "summary", "redacted"]
ODD = JSON | st.dictionaries(st.sampled_from(INNER), JSON, max_size=4)
ODD = ODD | st.lists(ODD, max_size=2) | st.sampled_from(["thinking", "text", "assistant", "user"])


@settings(FAST, max_examples=1500)
@given(changed=st.dictionaries(st.sampled_from(OURS + THEIRS), ODD, max_size=7))
def test_any_object_is_one_trace_or_one_issue(changed, tmp_path):
    line = json.dumps({**row(), **changed}).encode()
    items = read(write(tmp_path / "fuzz.jsonl", line))
    resps = changed.get("resps")
    several = isinstance(changed.get("choices"), list) or isinstance(resps, list)
    assert len(items) == 1 or several


@settings(FAST, max_examples=1000)
@given(line=st.dictionaries(st.sampled_from(OURS + THEIRS), ODD, min_size=1, max_size=9))
def test_an_object_without_our_fields_never_raises(line, tmp_path):
    read(write(tmp_path / "fuzz.jsonl", json.dumps(line).encode()))


@FAST
@given(at=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_damaged_gzip_never_raises(at, byte, tmp_path):
    data = bytearray(gzip.compress(b"\n".join(json.dumps(row(question_id=i)).encode() for i in range(40))))
    data[min(at, len(data) - 1)] = byte
    path = tmp_path / "damaged.jsonl.gz"
    path.write_bytes(bytes(data))
    try:
        assert list(read_traces([parse_source(str(path))]))
    except KnowreasonError:
        pytest.fail("a damaged file is an issue, not an error")


@FAST
@given(st.text(max_size=30))
def test_a_decoded_row_can_always_be_written_as_utf8(text):
    found = decode_row(json.dumps({"a": text}).encode())
    assert isinstance(found, dict)
    assert found["a"] == text


def test_long_hostile_texts_are_read_in_seconds(tmp_path):
    texts = (
        "<think>" * 590_000,
        "a" * 4_100_000,
        "\n \t" * 1_390_000 + ".",
        "((((" * 1_000_000,
        "the answer is " * 9_000,
    )
    for text in texts:
        assert trace_of(tmp_path, row(response=text + "The answer is (B).")).gold == "B"
