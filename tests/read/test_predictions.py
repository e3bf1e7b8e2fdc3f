from __future__ import annotations

import csv
import json
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from read_rows import write

from knowreason.errors import InputError
from knowreason.read.predictions import COLUMNS, read_predictions

ROW = {"question_id": "q1", "benchmark": "organs", "model": "finch", "correct": True}
FULL = ROW | {"domain": "medicine", "variant": "sft", "condition": "direct", "sample": 2, "tokens": 40, "answer": "B"}


def changed(**fields):
    """A complete row with some fields changed; `...` leaves one out."""
    return {name: value for name, value in {**ROW, **fields}.items() if value is not ...}


def test_a_row_may_leave_out_all_but_who_answered_what_and_how_well(tmp_path):
    (row,) = read_predictions(write(tmp_path / "p.jsonl", ROW)).to_dicts()
    assert row == {
        **ROW,
        "domain": "unknown",
        "variant": "unknown",
        "condition": "cot",
        "sample": 0,
        "tokens": None,
        "answer": None,
        "line": 1,
    }


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet"])
def test_every_format_gives_the_same_table(ending, tmp_path):
    rows = [FULL, FULL | {"sample": 3, "correct": False, "tokens": None}, FULL | {"sample": 4, "correct": None}]
    path = tmp_path / f"p{ending}"
    if ending == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif ending == ".csv":
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(FULL))
            writer.writeheader()
            writer.writerows(rows)
    elif ending == ".json":
        path.write_text(json.dumps(rows))
    else:
        write(path, *rows)
    table = read_predictions(path)
    assert table.columns == list(COLUMNS)
    kept = table.drop("line").to_dicts()
    assert kept == [{name: row[name] for name in COLUMNS[:-1]} for row in rows]


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (False, False), (1, True), (0, False), (1.0, True), (None, None)]
)
def test_right_is_true_or_one_and_null_is_not_graded(value, read, tmp_path):
    table = read_predictions(write(tmp_path / "p.jsonl", changed(correct=value)))
    assert table["correct"].to_list() == [read]


def test_not_a_number_is_not_known(tmp_path):
    table = read_predictions(write(tmp_path / "p.jsonl", changed(correct=float("nan"), tokens=float("nan"))))
    assert table.select("correct", "tokens").row(0) == (None, None)


def test_fields_are_found_under_the_names_of_others(tmp_path):
    theirs = {"bench": "organs", "realidx": 7, "method": "direct", "llm": "finch", "ok": 0, "usage": {"out": 12}}
    named = {
        **{"benchmark": "bench", "question_id": "realidx", "condition": "method", "model": "llm", "correct": "ok"},
        "tokens": "usage.out",
    }
    (row,) = read_predictions(write(tmp_path / "p.jsonl", theirs), named).to_dicts()
    assert (row["question_id"], row["condition"], row["correct"], row["tokens"]) == ("7", "direct", False, 12)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (changed(question_id=...), "'question_id' is missing; add it, or say where it stands with --field"),
        (changed(benchmark=None), "'benchmark' is missing"),
        (changed(model=...), "'model' is missing"),
        (changed(model=""), "'model' is ''"),
        (changed(model="  "), "'model' is"),
        (changed(model=True), "'model' is True"),
        (changed(question_id=1.5), "'question_id' is 1.5"),
        (changed(question_id=["q"]), "'question_id' is"),
        (changed(variant={}), "'variant' is {}"),
        (changed(correct=...), "'correct' is missing; write true, false, or null"),
        (changed(correct="yes"), "'correct' is 'yes'; write true or false"),
        (changed(correct=0.5), "'correct' is 0.5"),
        (changed(correct=2), "'correct' is 2"),
        (changed(correct=[1]), "'correct' is [1]"),
        (changed(correct={}), "'correct' is {}"),
        (changed(tokens=-1), "'tokens' is -1; write a whole number"),
        (changed(tokens=1.5), "'tokens' is 1.5"),
        (changed(tokens="many"), "'tokens' is 'many'"),
        (changed(tokens="²"), "'tokens' is"),
        (changed(tokens=float("inf")), "'tokens' is inf"),
        (changed(tokens=10**30), "'tokens' is 1000"),
        (changed(sample=True), "'sample' is True"),
        (changed(sample="x" * 10_000), "'sample' is"),
        (b"{", "malformed json"),
        (b"[1, 2]", "not an object"),
        (b'{"model": "\xff"}', "invalid utf8"),
        (b"[" * 3000, "malformed json"),
    ],
)
def test_a_bad_row_is_refused_with_its_file_its_line_and_the_next_act(line, told, tmp_path):
    path = write(tmp_path / "p.jsonl", changed(question_id="q0"), line)
    with pytest.raises(InputError) as refused:
        read_predictions(path)
    message = str(refused.value)
    assert message.startswith(f"{path}, line 2: ")
    assert told in message
    assert "\n" not in message
    assert len(message) < 400


def test_a_date_where_a_number_should_stand_is_refused(tmp_path):
    path = tmp_path / "p.parquet"
    pl.DataFrame([changed(tokens=date(2026, 1, 1))]).write_parquet(path)
    with pytest.raises(InputError, match="'tokens' is datetime"):
        read_predictions(path)


def test_two_answers_for_one_question_model_condition_and_sample_are_refused(tmp_path):
    path = write(tmp_path / "p.jsonl", ROW, changed(question_id="q2"), ROW | {"correct": False})
    with pytest.raises(InputError, match=r"line 3: question 'q1' of 'organs'.*stands in line 1 already"):
        read_predictions(path)


@pytest.mark.parametrize("apart", ["question_id", "benchmark", "model", "variant", "condition", "sample"])
def test_answers_that_differ_in_any_part_of_their_key_stand_together(apart, tmp_path):
    other = changed(**{apart: 5 if apart == "sample" else "other"})
    assert read_predictions(write(tmp_path / "p.jsonl", ROW, other)).height == 2


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.jsonl", b"", "holds no rows"),
        ("p.csv", b"question_id,benchmark,model,correct\n", "holds no rows"),
        ("p.csv", b"question_id,benchmark,model,correct\nq1,b,m\n", "line 2: ragged row"),
        ("p.csv", b'question_id,benchmark,model,correct\n"q1,b,m,1\n', "line 2: malformed csv"),
        ("p.csv", b"question_id,benchmark,model\nq1,b,m\n", "line 2: 'correct' is missing"),
        ("p.csv", b"question_id,benchmark,model,correct\nq1,b,m,maybe\n", "'correct' is 'maybe'"),
        ("p.csv", b"question_id,benchmark,model,correct\nq1,\xff,m,1\n", "line 2: invalid utf8"),
        ("p.csv.gz", b"\x1f\x8b\x08broken", "broken file"),
        ("p.parquet", b"PAR1 and nothing else", "broken file"),
        ("p.xlsx", b"", "ends in .jsonl"),
        ("p.json", b"3", "not an object"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name, content, told, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_predictions(tmp_path / name)
    assert told in str(refused.value)


def test_a_path_that_leads_nowhere_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no file"):
        read_predictions(tmp_path / "absent.jsonl")
    with pytest.raises(InputError, match="is no file"):
        read_predictions(tmp_path)


def test_a_mapping_of_a_field_that_is_not_ours_is_refused(tmp_path):
    with pytest.raises(InputError, match="'gold' is not a field of a prediction"):
        read_predictions(write(tmp_path / "p.jsonl", ROW), {"gold": "key"})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(COLUMNS), anything))
def test_any_row_is_read_or_refused_in_one_line(tmp_path, fields):
    path = write(tmp_path / "p.jsonl", {**ROW, **fields})
    refused = ""
    try:
        table = read_predictions(path)
        assert table.height == 1
        assert table["correct"][0] in (True, False, None)
    except InputError as error:
        refused = str(error)
    assert "\n" not in refused
