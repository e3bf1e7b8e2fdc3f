"""Differences between two sides measured on the same questions, resampled by question.

Both sides of a question are drawn together, so that what makes a question hard for both cancels. The percentile
limits are those of `bootstrap` (taken further out where questions are few); BCa also corrects for a statistic that
is biased or whose spread depends on its value (Efron 1987, Journal of the American Statistical Association 82:171;
acceleration from the jackknife over questions).
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import cluster_codes, cluster_sums, drawn_weights, enough_draws, tail_share
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]
Method = Literal["percentile", "bca"]

_LEVEL = 0.95  # the level that the number of draws is made for


class Resampled(NamedTuple):
    """A statistic and its bootstrap distribution over questions.

    `draws` are sorted; `error` is their standard deviation; `bias` and `acceleration` are the constants of BCa.
    """

    estimate: float
    draws: Floats
    error: float
    clusters: int
    bias: float
    acceleration: float


class Limits(NamedTuple):
    """The two ends of an interval at `level`."""

    lower: float
    upper: float
    level: float


def ratio_difference(
    numerators: ArrayLike, denominators: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000
) -> Resampled | Unscored:
    """sum(up_1) / sum(down_1) - sum(up_0) / sum(down_0): side 1 minus side 0, pooled over rows.

    `numerators` and `denominators` are (2, n), `clusters` (n,) labels of questions; a row that belongs to one side
    only has 0 in both arrays of the other. Questions with nothing in either denominator are left out. Unscored under
    `MIN_QUESTIONS` questions on either side, and where no draw differs. Raises ValueError for numbers that
    are not finite and negative denominators.
    """
    up, down = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    labels = np.asarray(clusters)
    _check(np.concatenate([up, down]), labels)
    if up.shape != down.shape or len(up) != 2 or (down < 0).any():
        raise ValueError("two rows a side are needed, and denominators that are not negative")
    codes, count = cluster_codes(labels)
    columns = cluster_sums(np.concatenate([up, down]), codes, count)
    counted = columns[:, (columns[2:] > 0).any(axis=0)]
    fewest = int((counted[2:] > 0).sum(axis=1).min(initial=counted.shape[1]))
    refusal = too_few(fewest)
    return refusal or _resample(counted, _difference_of_ratios, seed=seed, draws=draws)


def mean_difference(
    differences: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000
) -> Resampled | Unscored:
    """The mean over rows of `differences` (n,), resampled by the questions that `clusters` (n,) names.

    Unscored under `MIN_QUESTIONS` questions and where all differences are equal. Raises ValueError for
    numbers that are not finite.
    """
    rows, labels = np.atleast_2d(np.asarray(differences, dtype=np.float64)), np.asarray(clusters)
    _check(rows, labels)
    codes, count = cluster_codes(labels)
    columns = cluster_sums(np.concatenate([rows, np.ones_like(rows)]), codes, count)
    return too_few(count) or _resample(columns, _mean, seed=seed, draws=draws)


def limits(resampled: Resampled, *, level: float = 0.95, method: Method = "percentile") -> Limits:
    """The ends of the interval at `level`; the draws are made for levels up to .95."""
    tail = tail_share(level, resampled.clusters)
    at = np.array([tail, 1 - tail])
    if method == "bca":
        at = _corrected(at, resampled.bias, resampled.acceleration)
    lower, upper = np.quantile(resampled.draws, at)
    return Limits(float(lower), float(upper), level)


def bounded_difference(differences: ArrayLike, *, level: float = 0.95) -> tuple[Limits, float] | Unscored:
    """Limits and standard error of the mean of differences (n,) in [-1, 1], one a question.

    Two questions are added, one won by each side; then the normal interval of the mean of n + 2, around their mean.
    For right or wrong answers this is the adjusted Wald interval of paired proportions (Bonett and Price 2012, Journal
    of Educational and Behavioral Statistics 37:479). It keeps a width where both sides agree on every question, which
    a bootstrap does not; of shares over several samples it is wider than needed. Unscored under `MIN_QUESTIONS`
    questions.
    """
    values = np.asarray(differences, dtype=np.float64)
    _check(values[None, :], values)
    if (np.abs(values) > 1).any():
        raise ValueError("differences must lie in [-1, 1]")
    if refusal := too_few(len(values)):
        return refusal
    padded = np.concatenate([values, [1.0, -1.0]])
    mean, error = float(padded.mean()), float(padded.std() / np.sqrt(len(padded)))
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    whole = float(values.mean())
    # at the edge of [-1, 1] the smoothed interval may leave out the estimate itself
    return Limits(max(-1.0, min(mean - reach, whole)), min(1.0, max(mean + reach, whole)), level), error


def _check(rows: Floats, labels: NDArray[Any]) -> None:
    if labels.ndim != 1 or rows.ndim != 2 or rows.shape[1] != len(labels):
        raise ValueError(f"shapes differ: {rows.shape} and clusters {labels.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("numbers to compare must be finite")


def _difference_of_ratios(sums: Floats) -> Floats:
    """From sums of shape (..., 4): up_0, up_1, down_0, down_1."""
    return sums[..., 1] / sums[..., 3] - sums[..., 0] / sums[..., 2]


def _mean(sums: Floats) -> Floats:
    return sums[..., 0] / sums[..., 1]


def _resample(columns: Floats, statistic: Callable[[Floats], Floats], *, seed: int, draws: int) -> Resampled | Unscored:
    """The distribution of `statistic` of the column sums, from cluster sums of shape (c, k)."""
    from scipy.special import ndtri  # heavy

    count = columns.shape[1]
    enough = enough_draws(draws, _LEVEL, count)
    table = np.ascontiguousarray(columns.T)
    totals = np.concatenate([w @ table for w in drawn_weights(count, seed=seed, draws=enough, width=count)])
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = statistic(totals)
    drawn = np.sort(drawn[np.isfinite(drawn)])  # a draw without any denominator says nothing; one in 10^9 at worst
    whole = float(statistic(table.sum(axis=0)))
    scale = max(abs(whole), float(np.abs(columns).max(initial=0.0)), 1e-300)
    if not len(drawn) or drawn[-1] - drawn[0] <= 1e-12 * scale:
        return Unscored(reason="constant", detail="no question differs from another")
    below = ((drawn < whole).sum() + 0.5 * (drawn == whole).sum()) / len(drawn)
    bias = float(ndtri(np.clip(below, 1 / len(drawn), 1 - 1 / len(drawn))))
    return Resampled(whole, drawn, float(drawn.std(ddof=1)), count, bias, _acceleration(table, statistic))


def _acceleration(table: Floats, statistic: Callable[[Floats], Floats]) -> float:
    """sum(u^3) / (6 sum(u^2)^1.5) with u the mean minus the value without one cluster."""
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = statistic(table.sum(axis=0) - table)
    kept = left_out[np.isfinite(left_out)]
    influence = kept.mean() - kept
    spread = float((influence**2).sum())
    return float((influence**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


def _corrected(at: Floats, bias: float, acceleration: float) -> Floats:
    """The levels of BCa: Phi(z0 + (z0 + z) / (1 - a (z0 + z)))."""
    from scipy.special import ndtr, ndtri

    moved = bias + ndtri(at)
    return np.asarray(ndtr(bias + moved / (1 - acceleration * moved)), dtype=np.float64)
