"""How well one figure tells right answers from wrong ones, whatever its scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import Estimate, cluster_codes, drawn_weights, enough_draws, tail_share
from knowreason.stats.preconditions import too_few
from knowreason.stats.regression import check_rows

Floats = NDArray[np.float64]


def area_above(high: ArrayLike, low: ArrayLike) -> float:
    """P(a value of `high` (n,) is above one of `low` (m,)) + P(they are equal) / 2; NaN where either is empty."""
    first, second = np.asarray(high, np.float64), np.asarray(low, np.float64)
    if not len(first) or not len(second):
        return float("nan")
    ordered = np.sort(second)
    below, at_most = (np.searchsorted(ordered, first, side) for side in ("left", "right"))
    return float((below + at_most).sum() / (2 * len(first) * len(second)))


def auroc(
    correct: ArrayLike, figure: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.95
) -> Estimate | Unscored:
    """The chance that a right answer has a higher `figure` than a wrong one, ties counting half, with its interval.

    All arrays are (n,); the interval resamples `clusters`. Unscored for too few clusters, one class and a constant
    figure. Raises ValueError for numbers that are not finite.
    """
    y, column, labels = check_rows(correct, np.asarray(figure, dtype=np.float64)[:, None], clusters)
    codes, count = cluster_codes(labels)
    if refusal := _refused(y, column[:, 0], count):
        return refusal
    order = np.argsort(column[:, 0], kind="stable")
    ranked, y, codes = column[order, 0], y[order], codes[order]
    last = np.searchsorted(ranked, ranked, side="right") - 1
    first = np.searchsorted(ranked, ranked, side="left")
    enough = enough_draws(draws, level, count)
    drawn = np.concatenate(
        [
            _areas(y, weights[:, codes], first, last)
            for weights in drawn_weights(count, seed=seed, draws=enough, width=len(y))
        ]
    )
    whole = float(_areas(y, np.ones((1, len(y))), first, last)[0])
    tail = tail_share(level, count)
    lower, upper = np.quantile(drawn[np.isfinite(drawn)], [tail, 1 - tail])
    return Estimate(whole, min(float(lower), whole), max(float(upper), whole), level, count)


def _refused(y: Floats, figure: Floats, questions: int) -> Unscored | None:
    if refusal := too_few(questions):
        return refusal
    if len(np.unique(y)) < 2:
        return Unscored(reason="one_class", detail="all answers are right" if y[0] else "all answers are wrong")
    return Unscored(reason="constant", detail="the figure has no variation") if np.ptp(figure) == 0 else None


def _areas(y: Floats, weights: Floats, first: NDArray[Any], last: NDArray[Any]) -> Floats:
    """Areas under the curve for each row of weights (draws, n), figures ascending; NaN where a draw has one class."""
    wrong = np.cumsum(weights * (1 - y), axis=1)
    below = np.concatenate([np.zeros((len(weights), 1)), wrong], axis=1)
    beaten = (below[:, first] + wrong[:, last]) / 2
    right = weights * y
    with np.errstate(invalid="ignore", divide="ignore"):
        return (right * beaten).sum(axis=1) / (right.sum(axis=1) * wrong[:, -1])
