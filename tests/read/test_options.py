from __future__ import annotations

import contextlib
import os

import pytest
from read_rows import read, row, trace_of, write

from knowreason.errors import InputError
from knowreason.read import Source, parse_field, parse_setting, parse_source, read_traces
from knowreason.records import Trace


def test_a_name_before_a_path_is_split_off_but_an_equals_sign_inside_a_path_is_not(tmp_path):
    assert parse_source("base=runs/a") == Source("runs/a", "base")
    assert parse_source("runs/lr=3/a") == Source("runs/lr=3/a", None)
    assert parse_source("runs/a") == Source("runs/a", None)
    (tmp_path / "lr=3").mkdir()
    with contextlib.chdir(tmp_path):
        assert parse_source("lr=3") == Source("lr=3", None)


@pytest.mark.parametrize("text", ["", "base="])
def test_a_source_without_a_path_is_refused(text):
    with pytest.raises(InputError, match="names no file"):
        parse_source(text)


def test_a_setting_is_for_one_name_or_for_all():
    assert parse_setting("sft.lineage=base") == ("sft", "lineage", "base")
    assert parse_setting("domain=medicine") == (None, "domain", "medicine")
    assert parse_setting("v1.5.domain=a=b.c") == ("v1.5", "domain", "a=b.c")


@pytest.mark.parametrize("text", ["domain", "=medicine", "domain=", ".domain=x", "sft.gold=A", "sample=3"])
def test_a_setting_that_cannot_be_is_refused_with_what_to_write(text):
    with pytest.raises(InputError, match="--set"):
        parse_setting(text)


def test_a_field_mapping_may_lead_into_objects():
    assert parse_field("gold=doc.answer") == ("gold", "doc.answer")
    for text in ("gold", "gold=", "golden=answer", "=answer"):
        with pytest.raises(InputError, match="--field"):
            parse_field(text)


def test_mapped_fields_are_found_at_their_path(tmp_path):
    line = {
        "doc": {"q": "Which organ makes bile?", "keys": ["spleen", "liver"]},
        "out": "The answer is (B).",
        "right": 1,
    }
    fields = {"question": "doc.q", "options": "doc.keys", "response": "out", "gold": "right"}
    trace = trace_of(tmp_path, line, fields=fields)
    assert (trace.question, trace.gold) == ("Which organ makes bile?", "B")


def test_settings_win_over_logs_and_those_for_a_name_over_those_for_all(tmp_path):
    base, sft = (write(tmp_path / f"{n}.jsonl", row(model=n, domain=...)) for n in ("base", "sft"))
    settings = {None: {"domain": "medicine", "model": "m"}, "sft": {"lineage": "base", "model": "n"}}
    first, second = read(f"base={base}", f"sft={sft}", settings=settings)
    assert isinstance(first, Trace)
    assert isinstance(second, Trace)
    assert (first.domain, first.model, first.lineage) == ("medicine", "m", None)
    assert (second.domain, second.model, second.lineage) == ("medicine", "n", "base")


def test_a_source_name_gives_variant_and_model_only_where_the_log_has_none(tmp_path):
    bare = write(tmp_path / "bare.jsonl", row(model=..., variant=...))
    full = write(tmp_path / "full.jsonl", row())
    first, second = read(f"sft={bare}", f"other={full}")
    assert isinstance(first, Trace)
    assert isinstance(second, Trace)
    assert (first.model, first.variant) == ("sft", "sft")
    assert (second.model, second.variant) == ("finch", "base")


def test_wrong_arguments_are_refused_before_anything_is_read(tmp_path):
    file = write(tmp_path / "a.jsonl", row())
    with pytest.raises(InputError, match="does not exist"):
        read(file, tmp_path / "nowhere")
    with pytest.raises(InputError, match="no input is called 'sft'"):
        read(f"base={file}", settings={"sft": {"lineage": "base"}})
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no traces"):
        read(tmp_path / "empty")
    with pytest.raises(InputError, match="no input given"):
        read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_traces([Source(str(tmp_path / "pipe.jsonl"))])
