"""The audit of the example against its truth: grades, claims, verdicts and weak points, within stated limits.

The example was written before the weights were trained and never trained on. The limits are below what the shipped
instrument reached when they were set (LOG.md holds the figures), so that a worse instrument fails here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from conftest import Session


class Judged(NamedTuple):
    """One claim of the truth and what the audit made of it (None: not found)."""

    domain: str
    model: str
    true: str
    found: str | None


@pytest.fixture(scope="session")
def run(sessions: list[Session]) -> Path:
    """The run directory of the README's first session: all of the example."""
    return sessions[0].run


@pytest.fixture(scope="session")
def truth(example_dir: Path) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [json.loads(line) for line in (example_dir / "truth.jsonl").read_text("utf-8").splitlines()]
    return {(row["question_id"], row["model"]): row for row in rows}


@pytest.fixture(scope="session")
def traces(run: Path) -> pl.DataFrame:
    return pl.read_parquet(run / "traces.parquet").join(pl.read_parquet(run / "scores.parquet"), on="trace_id")


@pytest.fixture(scope="session")
def judged(run: Path, traces: pl.DataFrame, truth: dict[tuple[str, str], dict[str, Any]]) -> list[Judged]:
    claims = pl.read_parquet(run / "claims.parquet")
    by_trace = {name: group for (name,), group in claims.group_by("trace_id")}
    found: list[Judged] = []
    for row in traces.iter_rows(named=True):
        own = by_trace.get(row["trace_id"])
        for claim in truth[row["question_id"], row["model"]]["claims"]:
            verdict = None if own is None else _verdict(own, row["reasoning"], claim["quote"])
            found.append(Judged(row["domain"], row["model"], claim["verdict"], verdict))
    return found


def _verdict(claims: pl.DataFrame, reasoning: str, quote: str) -> str | None:
    """The verdict on the found claim that shares at least half of the shorter span with the quote."""
    start = reasoning.find(quote)
    end = start + len(quote)
    for claim in claims.iter_rows(named=True):
        shared = min(end, claim["end"]) - max(start, claim["start"])
        if start >= 0 and shared >= 0.5 * min(end - start, claim["end"] - claim["start"]):
            return claim["verdict"]
    return None


def share(rows: list[Judged], found: str) -> float:
    return sum(row.found == found for row in rows) / len(rows)


def test_grades_agree_with_the_truth_and_never_swap_right_and_wrong(traces, truth) -> None:
    pairs = [(row["grade"], truth[row["question_id"], row["model"]]["grade"]) for row in traces.iter_rows(named=True)]
    assert len(pairs) == 240
    assert sum(found == true for found, true in pairs) >= 0.95 * len(pairs)
    assert not any({found, true} == {"correct", "incorrect"} for found, true in pairs)


def test_most_claims_of_the_truth_are_found(judged: list[Judged]) -> None:
    medicine = [row for row in judged if row.domain == "medicine"]
    assert share(medicine, "supported") > 0
    assert sum(row.found is not None for row in medicine) >= 0.85 * len(medicine)


def test_true_claims_are_seldom_called_refuted(judged: list[Judged]) -> None:
    supported = [row for row in judged if row.true == "supported" and row.found is not None]
    assert share(supported, "refuted") <= 0.10


def test_verdicts_tell_supported_from_refuted(judged: list[Judged]) -> None:
    """By little: a claim told in other words than the note is where so small a verifier is weakest."""
    supported = [row for row in judged if row.true == "supported" and row.found is not None]
    refuted = [row for row in judged if row.true == "refuted" and row.found is not None]
    assert share(supported, "supported") > share(refuted, "supported") + 0.05
    decided = {"supported", "refuted"}
    wrong = share([row for row in supported if row.found in decided], "refuted")
    right = share([row for row in refuted if row.found in decided], "refuted")
    assert right > wrong + 0.05


def test_knowledge_of_the_models_is_ordered_as_written(traces: pl.DataFrame) -> None:
    """Tuned on medicine, a model states fewer wrong facts there than its sibling that was tuned on mathematics."""
    medicine = traces.filter(pl.col("domain") == "medicine").group_by("model").agg(pl.col("supported", "refuted").sum())
    ki = {r["model"]: r["supported"] / (r["supported"] + r["refuted"]) for r in medicine.iter_rows(named=True)}
    assert ki["finch-med"] > ki["finch-math"]


def test_hollow_traces_state_fewer_facts(traces: pl.DataFrame, truth) -> None:
    weak = [truth[q, m]["weak_point"] for q, m in traces.select("question_id", "model").iter_rows()]
    counted = traces.with_columns(pl.Series("weak", weak)).group_by("weak").agg(pl.col("claims").mean())
    means = dict(counted.iter_rows())
    assert means["hollow"] < 0.5 * means["none"]


def test_texts_settle_on_the_answer_they_give(traces: pl.DataFrame) -> None:
    gain = dict(traces.group_by("grade").agg(pl.col("gain_total").mean()).iter_rows())
    assert gain["correct"] > 0.3
    assert gain["incorrect"] < gain["correct"] - 0.5


def test_an_answer_stated_first_commits_first(traces: pl.DataFrame, truth) -> None:
    """Where the first sentence states it formally; one told first and stated last commits by its last run."""
    weak = [truth[q, m]["weak_point"] for q, m in traces.select("question_id", "model").iter_rows()]
    early = pl.col("content_at") < 0.2 * pl.col("reasoning").str.len_chars()
    told = traces.with_columns(pl.Series("weak", weak)).filter(pl.col("content_at").is_not_null())
    shares = dict(told.group_by("weak").agg(early.mean()).iter_rows())
    assert shares["early_commitment"] >= 0.35
    assert shares["none"] <= 0.05
