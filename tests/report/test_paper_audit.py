"""The published figures from end to end: asked for on the command line, in the tables, and given as JSON."""

import json
import math
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from knowreason.cli import app


def test_an_audit_with_paper_gives_json_only_and_both_columns(example_dir: Path, tmp_path: Path) -> None:
    command = ["audit", str(example_dir / "traces.jsonl"), "--limit", "18", "--paper", "--json"]
    done = CliRunner().invoke(
        app, [*command, "--knowledge", str(example_dir / "notes.jsonl"), "--out", str(tmp_path / "run")]
    )
    assert done.exit_code == 0, done.output
    assert all(cell["paper"] is not None for cell in json.loads(done.stdout)["cells"])
    scores, gains = (pl.read_parquet(tmp_path / "run" / f"{name}.parquet") for name in ("scores", "gains"))
    assert scores.filter(pl.col("claims") == 0)["paper_ki"].to_list() == [1.0] * scores.filter(claims=0).height
    for row in scores.drop_nulls("paper_infogain").iter_rows(named=True):
        path = gains.filter(trace_id=row["trace_id"]).sort("step")["surprisal"].to_list()
        by_hand = (math.exp(path[0]) - math.exp(path[-1])) / row["steps"]
        assert math.isclose(row["paper_infogain"], by_hand, rel_tol=1e-9)
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "Published formulas" in page
