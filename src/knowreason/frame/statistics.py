"""What is estimated for each cell: ratios of sums over traces, resampled by question."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.frame.summary import Measure
from knowreason.records import Interval, Unscored
from knowreason.stats import MIN_CLUSTERS, Estimate, bootstrap_median, bootstrap_ratios, wilson

Floats = NDArray[np.float64]

_NO_WIDTH = 1e-9  # less is rounding


class Statistic(NamedTuple):
    """sum(numerator) / sum(denominator) over the traces of a cell; null and 0 in the denominator do not count.

    `proportion` says that it cannot leave [0, 1]; `unscored` names the column that says why a trace is missing.
    """

    numerator: pl.Expr
    denominator: pl.Expr
    proportion: bool = False
    unscored: str | None = None


def _share(numerator: pl.Expr, denominator: pl.Expr, unscored: str | None = None) -> Statistic:
    return Statistic(numerator, denominator, True, unscored)


def _mean(column: str, unscored: str | None = None, *, where: pl.Expr | None = None) -> Statistic:
    counted = pl.col(column).is_not_null()
    if where is not None:
        counted = counted & where.fill_null(value=False)
    return Statistic(pl.when(counted).then(pl.col(column)).otherwise(0.0), counted, False, unscored)


def _index(suffix: str) -> Statistic:
    supported, refuted = pl.col(f"supported{suffix}"), pl.col(f"refuted{suffix}")
    return _share(supported, supported + refuted, "subset_unscored" if suffix else "ki_unscored")


def _density() -> tuple[pl.Expr, pl.Expr]:
    """Pooled, for a mean of ratios would be ruled by the traces that have next to no tokens."""
    counted = pl.col("gain_density").is_not_null()
    hundreds = pl.when(counted).then(pl.col("reasoning_tokens") / 100).otherwise(0.0)
    return pl.when(counted).then(pl.col("gain_informative")).otherwise(0.0), hundreds


_GRADED = pl.col("grade").is_not_null()
_NO_ANSWER = pl.col("grade") == "no_answer"
_VAGUE = pl.col("statement_at").is_null() | (pl.col("conflicting_statements") > 0)
_PLACED = pl.col("place_unscored").is_null()

STATISTICS: dict[str, Statistic] = {
    "accuracy": _share(pl.col("grade") == "correct", _GRADED, "grade_unscored"),
    "no_answer": _share(_NO_ANSWER, _GRADED, "grade_unscored"),
    "no_answer_strict": _share(_GRADED & (_NO_ANSWER | _VAGUE), _GRADED, "grade_unscored"),
    "ki": _index(""),
    "before_commitment": _index("_before"),
    "on_topic": _index("_on_topic"),
    "mean_over_traces": Statistic(pl.col("ki").fill_null(0.0), pl.col("ki").is_not_null(), True, "ki_unscored"),
    "coverage": _share(pl.col("supported") + pl.col("refuted"), pl.col("claims"), "ki_unscored"),
    "claims_per_trace": _mean("claims"),
    "surprisal_before": _mean("surprisal_before", "gain_unscored"),
    "total": _mean("gain_total", "gain_unscored"),
    "informative": _mean("gain_informative", "parts_unscored"),
    "mention": _mean("gain_mention", "parts_unscored"),
    "commitment": _mean("gain_commitment", "parts_unscored"),
    "statement": _mean("gain_statement", "parts_unscored"),
    "informative_where_read": _mean("gain_informative", "parts_unscored", where=pl.col("content_rule") != "none"),
    "density": Statistic(*_density(), unscored="parts_unscored"),
    "misled_mass": _mean("misled_mass", "gain_unscored"),
    "confident_wrong": _mean("confident_wrong", "gain_unscored"),
    "early": _share(_PLACED & (pl.col("content_at") < pl.col("statement_at")), _PLACED, "place_unscored"),
    "steps": _mean("steps"),
    "tokens": _mean("tokens"),
    "reasoning_tokens": _mean("reasoning_tokens"),
    "paper_ki": _share(pl.col("paper_ki"), pl.col("paper_ki").is_not_null(), "ki_unscored"),
    "paper_infogain": _mean("paper_infogain", "gain_unscored"),
}
"""Every estimate of a cell except the median of `content_at`; the names are those of the summary's fields."""


def measures(rows: pl.DataFrame, *, seed: int, draws: int, level: float) -> dict[str, Measure]:
    """Every statistic of a cell, from its rows (one a trace) with the columns that `STATISTICS` names."""
    up = _matrix(rows, [s.numerator for s in STATISTICS.values()])
    down = _matrix(rows, [s.denominator for s in STATISTICS.values()])
    questions = rows["question_key"].to_numpy()
    found = bootstrap_ratios(up, down, questions, seed=seed, draws=draws, level=level)
    known: dict[str, Measure] = {}
    for row, (name, statistic) in enumerate(STATISTICS.items()):
        estimate = found[row]
        if estimate is not None and statistic.proportion:
            estimate = _proportion(up[row], down[row], questions, estimate)
        known[name] = _measure(estimate, down[row] > 0, rows, statistic.unscored)
    known["content_at"] = _content_at(rows, seed=seed, draws=draws, level=level)
    return known


def cell_seed(seed: int, name: tuple[str, ...]) -> int:
    """The seed of one cell: it depends on the cell's own name, so that other cells never change its interval."""
    return int.from_bytes(hashlib.sha256("\0".join((str(seed), *name)).encode()).digest()[:8], "big")


def _matrix(rows: pl.DataFrame, expressions: list[pl.Expr]) -> Floats:
    filled = [e.cast(pl.Float64).fill_null(0.0).alias(str(i)) for i, e in enumerate(expressions)]
    return rows.select(filled).to_numpy().T


def _proportion(up: Floats, down: Floats, questions: NDArray[Any], estimate: Estimate) -> Estimate:
    """Wilson's interval where every question has one unit, or where all questions agree: a bootstrap has no width
    there, and a difference from it would pass for certain.

    Where all agree, be it on one half, every question counts once, the cautious reading of clustered units.
    """
    counted = down > 0
    single = down[counted].max() == 1 and len(np.unique(questions[counted])) == counted.sum()
    if single and np.isin(up[counted], (0, 1)).all():
        return wilson(int(up.sum()), int(down.sum()), level=estimate.level) or estimate
    if estimate.upper - estimate.lower > _NO_WIDTH:
        return estimate
    share, clusters = estimate.estimate, estimate.clusters
    agreed = wilson(round(share * clusters), clusters, level=estimate.level) or estimate
    return agreed._replace(estimate=share, lower=min(agreed.lower, share), upper=max(agreed.upper, share))


def _content_at(rows: pl.DataFrame, *, seed: int, draws: int, level: float) -> Measure:
    """The median over traces of content_at / length of the text."""
    known = rows.filter(_PLACED)
    places = (known["content_at"] / known["characters"]).to_numpy()
    questions = known["question_key"].to_numpy()
    estimate = bootstrap_median(places, questions, seed=seed, draws=draws, level=level)
    return _measure(estimate, rows["place_unscored"].is_null().to_numpy(), rows, "place_unscored")


def _measure(
    estimate: Estimate | None, counted: NDArray[np.bool_], rows: pl.DataFrame, unscored: str | None
) -> Measure:
    if estimate is not None:
        return Interval(
            estimate=estimate.estimate,
            lower=estimate.lower,
            upper=estimate.upper,
            level=estimate.level,
            n=estimate.clusters,
        )
    if not counted.any() and unscored is not None and (reasons := reason_counts(rows[unscored])):
        # a trace without claims never had a Knowledge Index to lose: the other reasons say why there is none
        telling = {reason: count for reason, count in reasons.items() if reason != "no_claims"} or reasons
        return Unscored(reason=max(telling, key=lambda reason: (telling[reason], reason)))
    questions = rows.filter(pl.Series(counted, dtype=pl.Boolean))["question_key"].n_unique()
    return Unscored(reason="too_few", detail=f"{questions} questions; an interval needs {MIN_CLUSTERS}")


def reason_counts(column: pl.Series) -> Mapping[str, int]:
    """How often each text stands in a column, nulls left out, in alphabetical order."""
    counted = column.drop_nulls().value_counts(sort=False)
    return dict(sorted(zip(counted[column.name].to_list(), counted["count"].to_list(), strict=True)))
