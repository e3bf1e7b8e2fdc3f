"""Right answers under two or three conditions, on the same questions: differences, and differences of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.records import Interval, Unscored
from knowreason.stats import (
    Limits,
    bootstrap_mean,
    bounded_difference,
    difference_p,
    equivalence_p,
    limits,
    mean_difference,
    wilson,
)
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]

_WIDE, _NARROW = 0.95, 0.90  # the 90 % interval is the equivalence test at .05


class Answers(NamedTuple):
    """The share of right samples of every question under every condition, null where it was not asked or graded.

    `shares` has a column `question` and one a condition; `single` says that no question has two samples.
    """

    shares: pl.DataFrame
    single: bool


class Measured(NamedTuple):
    """A mean over questions with what decides about it; `spread` is the standard deviation of one question."""

    interval: Interval
    equivalence: Interval
    p: float
    equivalence_p: float
    spread: float


def answers_of(rows: pl.DataFrame) -> Answers:
    """From one row an answer (`question`, `condition`, `right`) of one model on one benchmark."""
    graded = rows.filter(pl.col("right").is_not_null())
    means = graded.group_by("question", "condition").agg(
        share=pl.col("right").cast(pl.Float64).mean(), samples=pl.len()
    )
    shares = means.pivot("condition", index="question", values="share").sort("question")
    return Answers(shares, bool((means["samples"] == 1).all()))


def conditions_of(answers: Answers) -> set[str]:
    """The conditions under which a question was answered and graded."""
    return set(answers.shares.columns) - {"question"}


def level(answers: Answers, condition: str, *, seed: int, draws: int) -> Interval | Unscored:
    """The share of right answers under one condition, over all questions asked under it."""
    shares = answers.shares[condition].drop_nulls().to_numpy()
    if refusal := too_few(len(shares)):
        return refusal
    if answers.single:
        found = wilson(int(shares.sum()), len(shares))
    else:
        found = bootstrap_mean(shares, np.arange(len(shares)), seed=seed, draws=draws)
    assert found is not None  # there are more questions than either asks for
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=found.level, n=found.clusters)


def together(answers: Answers, conditions: Sequence[str]) -> Answers:
    """The questions that were answered under every one of these conditions."""
    return answers._replace(shares=answers.shares.drop_nulls(list(conditions)))


def contrast(
    answers: Answers, weights: Mapping[str, float], *, margin: float, seed: int, draws: int
) -> Measured | Unscored:
    """The mean over questions of a weighted sum of conditions, on the questions answered under all of them.

    With {"facts_given": 1, "cot": -1} a difference, with {"facts_given": 1, "direct": 1, "cot": -2} one of two.
    """
    kept = together(answers, list(weights)).shares
    values = np.sum([weight * kept[name].to_numpy() for name, weight in weights.items()], axis=0)
    reach = sum(weight for weight in weights.values() if weight > 0)
    return measured(np.asarray(values, dtype=np.float64), reach, answers.single, margin=margin, seed=seed, draws=draws)


def measured(
    values: Floats, reach: float, single: bool, *, margin: float, seed: int, draws: int
) -> Measured | Unscored:
    """The mean of `values` (n,) in [-reach, reach], one a question.

    Differences of one right or wrong answer each have the adjusted interval of paired proportions, all others a
    bootstrap; where all questions are equal, the former too, for the latter has no width there.
    """
    count = len(values)
    if refusal := too_few(count):
        return refusal
    drawn = None if single and reach == 1 else mean_difference(values, np.arange(count), seed=seed, draws=draws)
    if drawn is None or isinstance(drawn, Unscored):
        return _bounded(values, reach, margin)
    return Measured(
        interval=_interval(drawn.estimate, limits(drawn, level=_WIDE), count),
        equivalence=_interval(drawn.estimate, limits(drawn, level=_NARROW), count),
        p=difference_p(drawn.estimate, drawn.error, count),
        equivalence_p=equivalence_p(drawn.estimate, drawn.error, count, margin),
        spread=drawn.error * float(np.sqrt(count)),
    )


def _bounded(values: Floats, reach: float, margin: float) -> Measured | Unscored:
    count = len(values)
    wide, narrow = (bounded_difference(values / reach, level=each) for each in (_WIDE, _NARROW))
    if isinstance(wide, Unscored) or isinstance(narrow, Unscored):
        return Unscored(reason="too_few")
    centre, error = reach * float(values.sum() / reach) / (count + 2), reach * wide[1]
    outer, inner = (Limits(reach * ends.lower, reach * ends.upper, ends.level) for ends, _ in (wide, narrow))
    return Measured(
        interval=_interval(float(values.mean()), outer, count),
        equivalence=_interval(float(values.mean()), inner, count),
        p=difference_p(centre, error, count),
        equivalence_p=equivalence_p(centre, error, count, margin),
        spread=error * float(np.sqrt(count + 2)),
    )


def _interval(estimate: float, ends: Limits, questions: int) -> Interval:
    return Interval(estimate=estimate, lower=ends.lower, upper=ends.upper, level=ends.level, n=questions)
