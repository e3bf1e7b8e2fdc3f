"""Whether probabilities mean what they say: right as often as they are sure."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.stats.bootstrap import (
    MIN_CLUSTERS,
    Estimate,
    cluster_codes,
    cluster_sums,
    drawn_weights,
    enough_draws,
    tail_share,
)

Floats = NDArray[np.float64]

BINS = 10


class Bin(NamedTuple):
    """Answers whose confidence lies in [lower, upper): how many, their mean confidence, and the share that is right."""

    lower: float
    upper: float
    held: int
    confidence: float
    right: float


def reliability_curve(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> list[Bin]:
    """The bins of equal width over [0, 1] that hold an answer; a confidence of 1 belongs to the last one.

    `confidence` (n,) and `right` (n,) are of the same answers. Raises ValueError for a confidence outside [0, 1].
    """
    sure, correct, places = _binned(confidence, right, bins)
    return [
        Bin(
            float(place / bins),
            float((place + 1) / bins),
            int((places == place).sum()),
            float(sure[places == place].mean()),
            float(correct[places == place].mean()),
        )
        for place in np.unique(places)
    ]


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: sum over bins of n_b / n * |mean confidence - share right|, in [0, 1].

    Raises ValueError for no answers and for a confidence outside [0, 1].
    """
    found = reliability_curve(confidence, right, bins)
    total = sum(one.held for one in found)
    if not total:
        raise ValueError("no answers, no error")
    return sum(one.held * abs(one.confidence - one.right) for one in found) / total


def calibration_interval(
    confidence: ArrayLike,
    right: ArrayLike,
    clusters: ArrayLike,
    *,
    seed: int,
    bins: int = BINS,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate | None:
    """The expected calibration error with its percentile interval over whole clusters; None under `MIN_CLUSTERS`.

    An absolute gap has no sign for noise to cancel, so that the error of a perfect instrument is above 0 as well, and
    draws of it lie higher still: the interval is widened to hold the estimate.
    Raises ValueError as `calibration_error` does.
    """
    sure, correct, places = _binned(confidence, right, bins)
    codes, count = cluster_codes(np.asarray(clusters))
    if count < MIN_CLUSTERS:
        return None
    whole = calibration_error(sure, correct, bins)
    gaps = cluster_sums((sure - correct) * (places == np.arange(bins)[:, None]), codes, count)
    sizes = cluster_sums(np.ones((1, len(sure))), codes, count)
    enough = enough_draws(draws, level, count)
    drawn = np.concatenate(
        [
            np.abs(weights @ gaps.T).sum(axis=1) / (weights @ sizes.T)[:, 0]
            for weights in drawn_weights(count, seed=seed, draws=enough, width=count)
        ]
    )
    tail = tail_share(level, count)
    lower, upper = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(whole, min(float(lower), whole), max(float(upper), whole), level, count)


def _binned(confidence: ArrayLike, right: ArrayLike, bins: int) -> tuple[Floats, Floats, NDArray[Any]]:
    sure, correct = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if sure.shape != correct.shape or sure.ndim != 1:
        raise ValueError(f"shapes differ: {sure.shape} and {correct.shape}")
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("a confidence lies in [0, 1]")
    return sure, correct, np.minimum((sure * bins).astype(np.intp), bins - 1)
