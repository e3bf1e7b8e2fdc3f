"""The run directory: parts are there as a whole or not at all, and tables do not remember how they were made."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from knowreason.errors import StoreError
from knowreason.store import Store, hash_files

SCHEMAS = {
    "traces": {"trace_id": pl.String, "model": pl.String},
    "steps": {"trace_id": pl.String, "step": pl.Int64, "text": pl.String},
}


def rows(part: int) -> dict[str, list[dict[str, object]]]:
    names = [f"{(part * 7 + i * 13) % 50:02d}-{part}" for i in range(3)]
    steps = [{"trace_id": n, "step": s, "text": f"step {s}"} for n in names for s in (2, 1)]
    return {"traces": [{"trace_id": n, "model": "m"} for n in names], "steps": steps}


def filled(folder: Path, order: list[int]) -> Store:
    store = Store(folder, SCHEMAS)
    store.open({"version": "1"}, "print")
    for part in order:
        store.write_part(part, rows(part))
    store.finish(len(order), {"version": "1"})
    return store


def test_tables_are_the_same_bytes_whatever_the_order_of_work(tmp_path: Path) -> None:
    order = list(range(6))
    filled(tmp_path / "a", order)
    random.Random(1).shuffle(order)
    filled(tmp_path / "b", order)
    for table in SCHEMAS:
        assert (tmp_path / "a" / f"{table}.parquet").read_bytes() == (tmp_path / "b" / f"{table}.parquet").read_bytes()


def test_tables_are_sorted_by_key_and_parts_are_removed(tmp_path: Path) -> None:
    store = filled(tmp_path / "run", [0, 1, 2])
    keys = store.table("steps").select("trace_id", "step").rows()
    assert keys == sorted(keys)
    assert not (tmp_path / "run" / "parts").exists()
    assert (store.manifest() or {})["finished"] is True


def test_empty_tables_keep_their_columns(tmp_path: Path) -> None:
    store = Store(tmp_path / "run", SCHEMAS)
    store.open({}, "print")
    store.write_part(0, {"traces": [], "steps": []})
    store.finish(1, {})
    assert store.table("steps").columns == ["trace_id", "step", "text"]


def test_a_half_written_part_does_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path / "run", SCHEMAS)
    store.open({}, "print")
    half = tmp_path / "run" / "parts" / ".000000"
    half.mkdir()
    (half / "traces.parquet").write_bytes(b"PAR1 cut short")
    assert not store.has_part(0)
    store.write_part(0, rows(0))
    assert store.has_part(0)


def test_a_run_of_other_inputs_is_refused_with_the_next_act(tmp_path: Path) -> None:
    filled(tmp_path / "run", [0])
    with pytest.raises(StoreError, match=r"another audit.*choose another --out"):
        Store(tmp_path / "run", SCHEMAS).open({}, "different")


def test_a_folder_of_something_else_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="not empty"):
        Store(tmp_path, SCHEMAS).open({}, "print")


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        Store(tmp_path / "file" / "run", SCHEMAS).open({}, "print")


def test_a_broken_manifest_says_what_to_do(tmp_path: Path) -> None:
    store = filled(tmp_path / "run", [0])
    (tmp_path / "run" / "manifest.json").write_text('{"half')
    with pytest.raises(StoreError, match="run again"):
        store.manifest()


def test_an_unfinished_run_has_no_tables(tmp_path: Path) -> None:
    store = Store(tmp_path / "run", SCHEMAS)
    store.open({}, "print")
    with pytest.raises(StoreError, match="no finished audit"):
        store.table("traces")


FULL = """
import os, resource, sys
from pathlib import Path
import polars as pl
from knowreason.errors import StoreError
from knowreason.store import Store

resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # as good as a full disk
store = Store(Path(sys.argv[1]), {"steps": {"trace_id": pl.String, "text": pl.String}})
store.open({}, "print")
try:
    store.write_part(0, {"steps": [{"trace_id": "a", "text": os.urandom(100_000).hex()}]})
except StoreError as error:
    print(error, "|", store.has_part(0))
"""


def test_a_full_disk_is_one_clear_line_and_leaves_no_part(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("cannot write"), done.stderr
    assert done.stdout.strip().endswith("| False")


def test_the_hash_of_files_sees_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * (3 << 20))
    before = hash_files([path])
    path.write_bytes(b"x" * ((3 << 20) - 1) + b"y")
    assert hash_files([path]) != before


def test_an_audit_that_did_no_work_gives_its_folder_to_a_corrected_one(tmp_path):
    store = Store(tmp_path / "run", SCHEMAS)
    store.open({}, "with a slip")
    store.open({}, "corrected")
    store.write_part(0, rows(0))
    with pytest.raises(StoreError, match="another audit"):
        store.open({}, "something else")


def test_a_second_audit_in_a_folder_at_work_is_refused(tmp_path):
    first, second = Store(tmp_path / "run", SCHEMAS), Store(tmp_path / "run", SCHEMAS)
    with first.alone(), pytest.raises(StoreError, match="another audit is at work"), second.alone():
        pass
    with second.alone():
        second.open({}, "f")


def test_a_manifest_that_is_none_is_said_so(tmp_path):
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(StoreError, match="is no manifest"):
        Store(tmp_path, SCHEMAS).open({}, "f")
