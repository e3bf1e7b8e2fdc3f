"""All traces of a run in columns, small enough to be filtered in the browser at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from knowreason.report.contents import Content
from knowreason.report.readings import benchmark_title, variant_name
from knowreason.report.text import clip, visible
from knowreason.report.traces import MISLED_FROM, SURER_BY

FLAGS = {
    "right_but_refuted": "right answer, refuted claim",
    "only_by_stating": "gain only from naming, settling or stating the answer",
    "confident_wrong": "confident and wrong",
    "misled": "a step that misleads",
}
_EXCERPT = 160
_SURE_FROM = 0.5  # nats by which a text got surer of some answer than of the right one
_REASONS = {"grade": "grade_unscored", "knowledge": "ki_unscored", "gain": "gain_unscored", "parts": "parts_unscored"}
_ROUNDED = ("gain_total", "gain_informative", "gain_mention", "gain_commitment", "gain_statement", "confident_wrong")

Row = Mapping[str, Any]


class Index(Content, frozen=True):
    """The columns; codes point into the lists of names. `block` says in which block of traces a trace stands, -1 where
    it is not in this file."""

    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    grades: tuple[str, ...]
    integrities: tuple[str, ...]
    reasons: tuple[str, ...]
    questions: tuple[str, ...]
    total: int
    id: tuple[str, ...]
    model: tuple[int, ...]
    benchmark: tuple[int, ...]
    question: tuple[int, ...]
    grade: tuple[int, ...]
    integrity: tuple[int, ...]
    supported: tuple[int, ...]
    refuted: tuple[int, ...]
    claims: tuple[int, ...]
    steps: tuple[int, ...]
    tokens: tuple[int, ...]
    gain: tuple[float | None, ...]
    informative: tuple[float | None, ...]
    stating: tuple[float | None, ...]
    flags: tuple[int, ...]
    why: tuple[tuple[int, ...], ...]
    block: tuple[int, ...]


def index_rows(run: Path) -> pl.DataFrame:
    """A row a trace with all that the index needs, in the order of benchmarks, questions and models."""
    traces = pl.scan_parquet(run / "traces.parquet").select(
        "trace_id",
        "question_key",
        "benchmark",
        "condition",
        "model",
        "variant",
        "integrity",
        "sample",
        pl.col("question").str.slice(0, 2 * _EXCERPT),
        characters=pl.col("reasoning").str.len_bytes() + pl.col("question").str.len_bytes(),
    )
    scores = pl.scan_parquet(run / "scores.parquet").select(
        "trace_id", "grade", "supported", "refuted", "claims", "steps", "tokens", *_ROUNDED, *_REASONS.values()
    )
    gains = pl.scan_parquet(run / "gains.parquet").group_by("trace_id").agg(worst=pl.col("gain").min())
    why = pl.scan_parquet(run / "claims.parquet").select("trace_id", why=claim_reason())
    reasons = why.drop_nulls("why").group_by("trace_id").agg(pl.col("why").unique().sort())
    joined = traces.join(scores, on="trace_id").join(gains, on="trace_id", how="left")
    order = ("benchmark", "condition", "question_key", "model", "variant", "sample", "trace_id")
    return joined.join(reasons, on="trace_id", how="left").sort(order).collect()


def claim_reason() -> pl.Expr:
    """Why a claim has no decision, as the summary counts it; null where it has one."""
    undecided = pl.when(pl.col("verdict") == "not_enough_info").then(pl.lit("undecided"))
    return pl.coalesce("unscored", "reason", undecided)


def make_index(rows: pl.DataFrame, blocks: Sequence[int]) -> Index:
    """The columns of `rows`; `blocks` gives each its block."""
    found = rows.to_dicts()
    models = _names(variant_name(r["model"], r["variant"]) for r in found)
    benchmarks = _names(benchmark_title(r["benchmark"], r["condition"]) for r in found)
    grades = _names(r["grade"] or "ungraded" for r in found)
    integrities = _names(r["integrity"] for r in found)
    reasons = _names(reason for r in found for reason in _reasons(r))
    keys = _names(r["question_key"] for r in found)
    asked = {r["question_key"]: r["question"] for r in found}
    return Index(
        models=tuple(map(visible, models)),
        benchmarks=tuple(map(visible, benchmarks)),
        grades=tuple(grades),
        integrities=tuple(integrities),
        reasons=tuple(reasons),
        questions=tuple(_excerpt(asked[key]) for key in keys),
        total=len(found),
        id=_column(found, "trace_id"),
        model=tuple(models[variant_name(r["model"], r["variant"])] for r in found),
        benchmark=tuple(benchmarks[benchmark_title(r["benchmark"], r["condition"])] for r in found),
        question=tuple(keys[r["question_key"]] for r in found),
        grade=tuple(grades[r["grade"] or "ungraded"] for r in found),
        integrity=tuple(integrities[r["integrity"]] for r in found),
        supported=_column(found, "supported"),
        refuted=_column(found, "refuted"),
        claims=_column(found, "claims"),
        steps=_column(found, "steps"),
        tokens=_column(found, "tokens"),
        gain=tuple(_round(r["gain_total"]) for r in found),
        informative=tuple(_round(r["gain_informative"]) for r in found),
        stating=tuple(_round(_stating(r)) for r in found),
        flags=tuple(_flags(r) for r in found),
        why=tuple(tuple(reasons[reason] for reason in _reasons(r)) for r in found),
        block=tuple(blocks),
    )


def flag_terms() -> list[tuple[str, str]]:
    """What each flag of the index means, with its thresholds."""
    said = {
        "right_but_refuted": "The answer is right, and at least one claim is refuted.",
        "only_by_stating": "The right answer gets less surprising over the whole text, but not before an answer's "
        "content is named: the part before that is zero or negative.",
        "confident_wrong": f"The answer is wrong, and the text got surer of some answer by {_SURE_FROM:g} nats more "
        "than of the right one.",
        "misled": f"At least one step makes the right answer more surprising by {MISLED_FROM:g} nats or more. A step "
        f"is marked as a confident wrong turn where the entropy over the answers also falls by {SURER_BY:g} nats or "
        "more.",
    }
    return [(FLAGS[name].capitalize(), said[name]) for name in FLAGS]


def _flags(row: Row) -> int:
    total, informative = row["gain_total"], row["gain_informative"]
    sure = row["confident_wrong"]
    held = (
        row["grade"] == "correct" and row["refuted"] > 0,
        total is not None and informative is not None and total > 0 and informative <= 0,
        row["grade"] == "incorrect" and sure is not None and sure >= _SURE_FROM,
        row["worst"] is not None and row["worst"] <= -MISLED_FROM,
    )
    return sum(1 << place for place, true in enumerate(held) if true)


def _stating(row: Row) -> float | None:
    parts = [row["gain_commitment"], row["gain_statement"]]
    return None if None in parts else sum(parts)


def _reasons(row: Row) -> Iterable[str]:
    for measure, column in _REASONS.items():
        if row[column]:
            yield f"{measure}:{row[column]}"
    yield from (f"claims:{reason}" for reason in row["why"] or [])


def _names(values: Iterable[str]) -> dict[str, int]:
    """Each different value with its place, in the order of their text."""
    return {name: place for place, name in enumerate(sorted(set(values)))}


def _column(rows: Sequence[Row], name: str) -> tuple[Any, ...]:
    return tuple(row[name] for row in rows)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _excerpt(text: str) -> str:
    said = " ".join(visible(text).split())
    return said if len(said) <= _EXCERPT else clip(said, _EXCERPT).partition(" … (")[0] + "…"
