"""The audit from end to end: resumed equals uninterrupted, byte for byte; every trace is accounted for."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.errors import InputError, StoreError
from knowreason.frame import SCHEMAS
from knowreason.pipeline import audit
from knowreason.read import ReadOptions, Source
from knowreason.task import Audit

TRACES = 48


@pytest.fixture(scope="session")
def whole(example_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One uninterrupted audit of part of the example, with one worker."""
    return audit(task(example_dir, tmp_path_factory.mktemp("whole") / "run", workers=1))


def task(example_dir: Path, out: Path, **changes: object) -> Audit:
    values: dict[str, object] = {
        "sources": (Source(str(example_dir / "traces.jsonl")),),
        "knowledge": (example_dir / "notes.jsonl",),
        "out": out,
        "limit": TRACES,
    }
    return Audit(**{**values, **changes})  # type: ignore[arg-type]


def tables(run: Path) -> dict[str, bytes]:
    return {name: (run / f"{name}.parquet").read_bytes() for name in SCHEMAS}


def command(example_dir: Path, out: Path, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "knowreason.cli", "audit", str(example_dir / "traces.jsonl")),
        *("--knowledge", str(example_dir / "notes.jsonl"), "--out", str(out)),
        *("--limit", str(TRACES), "--workers", str(workers)),
    ]


def test_an_audit_killed_at_random_points_ends_with_the_same_bytes(
    example_dir: Path, whole: Path, tmp_path: Path
) -> None:
    draw = random.Random(7)
    out = tmp_path / "run"
    for _ in range(3):
        process = subprocess.Popen(command(example_dir, out, 2), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(draw.uniform(1.5, 5.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command(example_dir, out, 2), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert tables(out) == tables(whole)


def test_more_workers_give_the_same_bytes(example_dir: Path, whole: Path, tmp_path: Path) -> None:
    assert tables(audit(task(example_dir, tmp_path / "run", workers=3))) == tables(whole)


def test_figures_of_a_trace_do_not_depend_on_the_traces_beside_it(
    example_dir: Path, whole: Path, tmp_path: Path
) -> None:
    alone = audit(task(example_dir, tmp_path / "run", where={"model": ("finch-med",)}, limit=TRACES // 3))
    together = pl.read_parquet(whole / "gains.parquet")
    few = pl.read_parquet(alone / "gains.parquet")
    assert few.height > 0
    assert together.join(few, on=["trace_id", "step"], how="semi").sort("trace_id", "step").equals(few)


def test_a_finished_run_is_never_redone(example_dir: Path, whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.glob("*.parquet")}
    audit(task(example_dir, whole, workers=2))
    assert {path: path.stat().st_mtime_ns for path in whole.glob("*.parquet")} == before


def test_another_seed_in_the_same_folder_is_refused(example_dir: Path, whole: Path) -> None:
    with pytest.raises(StoreError, match="another audit"):
        audit(task(example_dir, whole, seed=1))


def test_limit_keeps_whole_questions_the_same_for_every_model(whole: Path) -> None:
    traces = pl.read_parquet(whole / "traces.parquet")
    per_question = traces.group_by("benchmark", "question_key").agg(pl.col("model").n_unique(), pl.len())
    assert traces.height == TRACES
    assert per_question["model"].unique().to_list() == [3]


def test_limit_does_not_depend_on_the_order_of_the_file(example_dir: Path, whole: Path, tmp_path: Path) -> None:
    lines = (example_dir / "traces.jsonl").read_text("utf-8").splitlines()
    random.Random(3).shuffle(lines)
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("\n".join(lines) + "\n", "utf-8")
    run = audit(task(example_dir, tmp_path / "run", sources=(Source(str(shuffled)),), knowledge=()))
    kept = pl.read_parquet(run / "traces.parquet")["trace_id"].to_list()
    assert kept == pl.read_parquet(whole / "traces.parquet")["trace_id"].to_list()


def test_every_kept_trace_has_one_row_of_scores_and_gains_that_sum(whole: Path) -> None:
    traces, scores, gains = (pl.read_parquet(whole / f"{t}.parquet") for t in ("traces", "scores", "gains"))
    assert scores["trace_id"].to_list() == traces["trace_id"].to_list()
    sums = gains.filter(pl.col("unscored").is_null()).group_by("trace_id").agg(pl.col("gain").sum())
    both = scores.join(sums, on="trace_id")
    assert both.height > 0
    assert (both["gain_total"] - both["gain"]).abs().max() < 1e-9


def test_every_verdict_has_evidence_or_a_reason(whole: Path) -> None:
    claims, evidence = (pl.read_parquet(whole / f"{t}.parquet") for t in ("claims", "evidence"))
    decided = claims.filter(pl.col("verdict").is_in(["supported", "refuted"]))
    cited = evidence.select("trace_id", "step", "claim").unique()
    assert decided.height > 0
    assert decided.join(cited, on=["trace_id", "step", "claim"], how="anti").height == 0
    assert claims.filter(pl.col("verdict").is_null() & pl.col("unscored").is_null()).height == 0


def test_spans_of_tables_are_slices_of_the_reasoning(whole: Path) -> None:
    traces = pl.read_parquet(whole / "traces.parquet").select("trace_id", "reasoning")
    for table in ("steps", "claims"):
        rows = pl.read_parquet(whole / f"{table}.parquet").join(traces, on="trace_id")
        for row in rows.iter_rows(named=True):
            assert row["reasoning"][row["start"] : row["end"]] == row["text"]


def test_without_knowledge_every_claim_says_no_corpus(example_dir: Path, tmp_path: Path) -> None:
    run = audit(task(example_dir, tmp_path / "run", knowledge=(), limit=12))
    claims = pl.read_parquet(run / "claims.parquet")
    assert claims["unscored"].unique().to_list() == ["no_corpus"]
    assert pl.read_parquet(run / "scores.parquet")["ki"].null_count() == 12


def test_rejected_lines_are_written_down_with_their_place(example_dir: Path, tmp_path: Path) -> None:
    source = tmp_path / "mixed.jsonl"
    good = (example_dir / "traces.jsonl").read_text("utf-8").splitlines()[:3]
    source.write_text("\n".join([good[0], "{broken", good[1], "[]", good[2]]) + "\n", "utf-8")
    run = audit(task(example_dir, tmp_path / "run", sources=(Source(str(source)),), knowledge=(), limit=None))
    issues = [json.loads(line) for line in (run / "read_issues.jsonl").read_text("utf-8").splitlines()]
    assert [(i["line"], i["reason"]) for i in issues] == [(2, "malformed_json"), (4, "not_an_object")]
    assert pl.read_parquet(run / "traces.parquet").height == 3


def test_nothing_to_audit_is_one_clear_line(tmp_path: Path, example_dir: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"no trace to audit: 1 lines rejected \(missing_question 1"):
        audit(task(example_dir, tmp_path / "run", sources=(Source(str(tmp_path / "bad.jsonl")),)))


def test_a_selection_that_matches_nothing_names_what_there_is(tmp_path: Path, example_dir: Path) -> None:
    with pytest.raises(InputError, match="domain=health: no trace has it; the inputs hold math, medicine"):
        audit(task(example_dir, tmp_path / "run", where={"domain": ("math", "health")}))


def test_a_summary_lost_to_a_kill_is_written_again(example_dir: Path, tmp_path: Path) -> None:
    run = audit(task(example_dir, tmp_path / "run", knowledge=(), limit=6))
    before = (run / "summary.json").read_bytes()
    (run / "summary.json").unlink()
    audit(task(example_dir, run, knowledge=(), limit=6))
    assert (run / "summary.json").read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 0}, {"workers": -1}, {"where": {"colour": ("red",)}}, {"sources": (Source("/nowhere/at/all"),)}],
)
def test_a_wrong_argument_stops_before_anything_is_written(
    example_dir: Path, tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(InputError):
        audit(task(example_dir, tmp_path / "run", **wrong))
    assert not (tmp_path / "run").exists()


def test_read_options_reach_the_traces(example_dir: Path, tmp_path: Path) -> None:
    options = ReadOptions(settings={None: {"domain": "anything"}})
    run = audit(task(example_dir, tmp_path / "run", knowledge=(), limit=6, read=options))
    assert pl.read_parquet(run / "traces.parquet")["domain"].unique().to_list() == ["anything"]


def test_the_command_prints_the_summary_as_json(example_dir: Path, whole: Path) -> None:
    shown = CliRunner().invoke(app, ["report", str(whole), "--json"])
    assert shown.exit_code == 0
    assert json.loads(shown.output)
