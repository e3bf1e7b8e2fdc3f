from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from read_rows import LOGS, read, row, write

from knowreason.errors import InputError
from knowreason.frame import SCHEMAS
from knowreason.read import ReadOptions, Tally, advice, convert, parse_source, read_traces, source_files, write_traces
from knowreason.records import ReadIssue, Trace
from knowreason.store import Store

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
TAGGED = st.lists(
    TEXT | st.sampled_from(["<think>", "</think>", "think\n", "\nanswer\n", "\nQuestion: ", "."]), max_size=8
)
ROWS = st.fixed_dictionaries(
    {
        "question": TEXT.filter(str.strip),
        "response": TAGGED.map("".join),
        "gold": st.sampled_from(["A", "b", "yes", "MAYBE", "42", "#### 7", "\\frac{1}{2}", "scurvy"]),
    },
    optional={
        "options": st.lists(TEXT, min_size=2, max_size=4),
        "reasoning": st.none() | TEXT,
        "model": TEXT,
        "lineage": TEXT,
        "sample": st.integers(0, 3),
        "meta": st.dictionaries(TEXT, st.none() | st.integers() | st.floats() | TEXT, max_size=3),
        "finish_reason": st.sampled_from(["stop", "length", "stop_sequence"]),
        "extra": st.floats() | TEXT,
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=4), no_gold=st.booleans(), name=st.sampled_from(["out.jsonl", "out.jsonl.gz"]))
def test_traces_written_and_read_back_are_the_same(rows, no_gold, name, tmp_path):
    traces = [t for t in read(write(tmp_path / "in.jsonl", *rows), no_gold=no_gold) if isinstance(t, Trace)]
    assert write_traces(traces, tmp_path / name) == len(traces)
    assert read(tmp_path / name, no_gold=no_gold) == traces


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changed=ROWS)
def test_thinking_and_response_stand_where_the_trace_says(changed, tmp_path):
    for item in read(write(tmp_path / "in.jsonl", changed), no_gold=True):
        if isinstance(item, Trace) and item.thinking_end is not None:
            assert item.reasoning[item.thinking_end] == "\n"
            assert item.response.startswith(item.reasoning[item.thinking_end + 1 :])
        elif isinstance(item, Trace):
            assert item.response.startswith(item.reasoning)


def test_harness_logs_written_and_read_back_are_the_same(tmp_path):
    traces = [t for t in read(f"sft={LOGS}/lm_eval/sft") if isinstance(t, Trace)]
    write_traces(traces, tmp_path / "out.jsonl")
    assert read(f"other={tmp_path}/out.jsonl") == traces


def test_repeated_responses_are_numbered_and_identical_ones_are_duplicates(tmp_path):
    texts = ["The answer is (B).", "So it is (B).", "The answer is (B).", "I say (B)."]
    items = read(write(tmp_path / "a.jsonl", *(row(sample=..., response=text) for text in texts)))
    assert [item.sample if isinstance(item, Trace) else item.reason for item in items] == [0, 1, "duplicate_trace", 2]


def test_an_explicit_sample_number_may_come_once(tmp_path):
    lines = [row(sample=0), row(sample=0, response="(B)."), row(sample=1), row(sample=..., response="I say (B).")]
    items = read(write(tmp_path / "a.jsonl", *lines))
    assert [item.sample if isinstance(item, Trace) else item.reason for item in items] == [0, "duplicate_trace", 1, 2]


def test_the_same_file_given_twice_is_all_duplicates(tmp_path):
    path = write(tmp_path / "a.jsonl", row(), row(question_id="q2"))
    items = read(path, path)
    assert [type(item) for item in items] == [Trace, Trace, ReadIssue, ReadIssue]


def test_trace_ids_tell_models_conditions_and_samples_apart(tmp_path):
    changes = [{}, {"model": "wren"}, {"variant": "sft"}, {"condition": "direct"}, {"sample": 1}, {"benchmark": "b"}]
    items = read(write(tmp_path / "a.jsonl", *(row(**change) for change in changes)))
    assert len({item.trace_id for item in items if isinstance(item, Trace)}) == len(changes)
    assert len({item.question_key for item in items if isinstance(item, Trace)}) == 1


def test_parquet_rows_give_the_traces_that_json_lines_give(tmp_path):
    lines = [row(question_id=f"q{i}", gold="ABC"[i % 3], meta={"level": i}) for i in range(5000)]
    pl.DataFrame(lines).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == read(write(tmp_path / "a.jsonl", *lines))


def test_a_table_with_options_and_meta_as_json_text_is_read(tmp_path):
    line = row(options=json.dumps(row()["options"]), meta='{"level":3}')
    pl.DataFrame([line]).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == read(write(tmp_path / "a.jsonl", row(meta={"level": 3})))


def test_a_damaged_table_is_one_issue(tmp_path):
    pl.DataFrame([row(meta=None)]).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-40])
    assert [item.reason for item in read(tmp_path / "a.parquet") if isinstance(item, ReadIssue)] == ["broken_file"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_memory_does_not_grow_with_the_file(tmp_path):
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from knowreason.read import parse_source, read_traces\n"
        "print(sum(1 for _ in read_traces([parse_source(sys.argv[1])])),"
        " re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    used = []
    for count in (500, 10_000):
        rows = (row(question_id=i, response=f"{i} " * 400 + "The answer is (B).") for i in range(count))
        path = write(tmp_path / f"{count}.jsonl", *rows)
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        read_count, kilobytes = map(int, done.stdout.split())
        assert read_count == count
        used.append(kilobytes)
    assert used[1] - used[0] < 8_000, "20 times the file, 20 MB more text"


def test_a_file_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_traces([], tmp_path / "nowhere" / "out.jsonl")
    with pytest.raises(InputError, match="cannot be written"):
        write_traces([], tmp_path)


def test_the_same_traces_give_the_same_bytes(tmp_path):
    traces = [t for t in read(LOGS / "lm_eval/sft") if isinstance(t, Trace)]
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_traces(traces, tmp_path / name)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_a_conversion_counts_all_and_leaves_the_issues_beside(tmp_path):
    path = write(tmp_path / "a.jsonl", row(), b"{", row(question_id="q2", response="I am not"), b"[]", b"{")
    found = convert([parse_source(str(path))], ReadOptions(), tmp_path / "out.jsonl", lambda *_: None)
    counted = found.as_dict()
    assert (counted["traces"], counted["rejected"]) == (2, {"malformed_json": 2, "not_an_object": 1})
    assert "rejected 2 x malformed_json, first at" in "\n".join(found.lines())
    issues = (tmp_path / "out.jsonl.read_issues.jsonl").read_text().splitlines()
    assert [json.loads(line)["line"] for line in issues] == [2, 4, 5]
    convert([parse_source(f"{tmp_path}/out.jsonl")], ReadOptions(), tmp_path / "again.jsonl", lambda *_: None)
    assert not (tmp_path / "again.jsonl.read_issues.jsonl").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        ["a.jsonl", "again.jsonl", "out.jsonl", "out.jsonl.read_issues.jsonl"]
    )


def test_source_files_are_what_is_read_and_what_names_the_models():
    files = source_files([parse_source(f"base={LOGS}/lm_eval/base")])
    assert [path.name.split("_2")[0] for path in files] == ["samples_organs_cot", "samples_organs_rank", "results"]


def test_a_log_is_never_written_over_nor_read_with_what_came_of_it(tmp_path):
    (tmp_path / "logs").mkdir()
    log = write(tmp_path / "logs" / "a.jsonl", row())
    before = log.read_bytes()
    for source, out in ((log, log), (log.parent, log.parent / "out.jsonl")):
        with pytest.raises(InputError, match="choose another --out"):
            convert([parse_source(str(source))], ReadOptions(), out, lambda *_: None)
    assert (log.read_bytes(), [path.name for path in log.parent.iterdir()]) == (before, ["a.jsonl"])


def test_what_this_package_left_in_a_folder_is_no_input(tmp_path):
    log = write(tmp_path / "a.jsonl", row(), b"{")
    (tmp_path / "old.jsonl.read_issues.jsonl").write_text("{}\n")
    store = Store(tmp_path / "run", SCHEMAS)
    store.open({}, "its fingerprint")
    store.write_part(0, {})
    assert read(tmp_path) == read(log)
    assert source_files([parse_source(str(tmp_path))]) == [log]
    with pytest.raises(InputError, match=r"traces\.parquet"):
        read(tmp_path / "run")


def test_the_traces_of_a_run_are_read_back_as_they_were(tmp_path):
    lines = [row(), row(question_id="q2", reasoning="Insulin binds first.", meta={"level": 3}), row(question_id="q3")]
    traces = [t for t in read(write(tmp_path / "a.jsonl", *lines)) if isinstance(t, Trace)]
    rows = [{name: getattr(trace, name) for name in SCHEMAS["traces"]} for trace in traces]
    told = [{**line, "options": json.dumps(line["options"])} for line in rows]
    pl.DataFrame(told, schema=dict(SCHEMAS["traces"])).write_parquet(tmp_path / "traces.parquet")
    assert read(tmp_path / "traces.parquet") == traces


@pytest.mark.parametrize(
    ("changed", "advised"),
    [
        ({"response": "Cells take up"}, "a larger limit for generated tokens"),
        ({"integrity": "stripped"}, "keep the model's thinking in `reasoning`"),
        ({"integrity": "stripped", "meta": {"harness": "lm-eval"}}, "leave think_end_token and enable_thinking out"),
        ({"integrity": "length_cut", "meta": {"harness": "lm-eval"}}, "--gen_kwargs max_gen_toks=16384"),
        ({"integrity": "redacted", "meta": {"harness": "inspect"}}, "--reasoning-summary auto"),
        ({"integrity": "unclosed_thought", "meta": {"harness": "inspect"}}, "--max-tokens 16384"),
        ({"integrity": "stripped", "meta": {"harness": "chat"}}, "--reasoning-parser"),
    ],
)
def test_advice_names_the_option_of_the_harness_that_lost_reasoning(changed, advised, tmp_path):
    def advised_for(lost: int) -> list[str]:
        rows = [row(question_id=i, **(changed if i < lost else {"meta": changed.get("meta", {})})) for i in range(10)]
        tally = Tally()
        for item in read_traces([parse_source(str(write(tmp_path / "a.jsonl", *rows)))]):
            assert isinstance(item, Trace)
            tally.add(item)
        return advice(tally)

    (line,) = advised_for(10)
    assert advised in line
    assert line.startswith("finch (base): 10 of 10 traces")
    assert advised_for(2) == [], "a fifth is not over a fifth"
