"""The recipe for a public set of graded answers makes a table that is read whole, with the figures of its rows."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from knowreason.read.predictions import read_predictions

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "medagents.py"


def test_public_predictions_keep_their_accuracy_and_tokens(data_dir: Path, tmp_path: Path) -> None:
    source, target = data_dir / "predictions" / "medagents.jsonl.gz", tmp_path / "predictions.jsonl"
    done = subprocess.run(
        [sys.executable, str(RECIPE), str(source), str(target)], capture_output=True, text=True, check=True
    )
    table = read_predictions(target)
    assert f"{table.height:,} predictions" in done.stdout
    own = table.filter(
        (pl.col("benchmark") == "medqa") & (pl.col("model") == "o3-mini") & (pl.col("condition") == "direct")
    )
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if (row["bench"], row["model"]) == ("medqa", "o3-mini")]
    asked = [row for row in rows if (row["split"], row["method"]) == ("test", "zero_shot")]
    assert own.height == len(asked) == 1273
    assert own["correct"].mean() == pytest.approx(sum(row["pred"] == row["gold"] for row in asked) / len(asked))
    assert own["tokens"].sum() == sum(row["tokens"]["completion_tokens"] for row in asked)
