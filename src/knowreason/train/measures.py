"""Figures of an instrument, with intervals: areas under curves, macro-F1, calibration error.

Items that share a question, a claim or a document vary together, so every interval resamples such clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from knowreason.records import Interval, Unscored
from knowreason.stats import area_above

DRAWS, LEVEL, LEAST = 400, 0.95, 5
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Measured = Interval | Unscored


def resampled(
    statistic: Callable[[Ints], float | None], clusters: Sequence[str], *, seed: int = 0, draws: int = DRAWS
) -> Measured:
    """`statistic` of all rows, with the percentile interval over draws of whole clusters.

    `statistic` takes row numbers and returns None where it is undefined. Unscored(too_few) with fewer than
    five clusters, Unscored(undefined) where the whole sample has no value.
    """
    names, codes = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < LEAST:
        return Unscored(reason="too_few", detail=f"{len(names)} clusters")
    whole = statistic(np.arange(len(codes)))
    if whole is None:
        return Unscored(reason="undefined")
    members = [np.flatnonzero(codes == code) for code in range(len(names))]
    rng = np.random.default_rng(seed)
    drawn = (np.concatenate([members[c] for c in rng.integers(0, len(names), len(names))]) for _ in range(draws))
    values = [value for rows in drawn if (value := statistic(rows)) is not None]
    lower, upper = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(
        estimate=round(float(whole), 4),
        lower=round(float(lower), 4),
        upper=round(float(upper), 4),
        level=LEVEL,
        n=len(names),
    )


def mean(values: Sequence[float] | npt.NDArray[np.bool_] | Floats, clusters: Sequence[str]) -> Measured:
    """The mean over rows, resampled by cluster."""
    held = np.asarray(values, np.float64)
    return resampled(lambda rows: float(held[rows].mean()), clusters)


def separation(scores: Floats, positive: npt.NDArray[np.bool_], clusters: Sequence[str]) -> Measured:
    """AUROC: the probability that a positive row scores above a negative one, resampled by cluster."""

    def statistic(rows: Ints) -> float | None:
        high, low = scores[rows][positive[rows]], scores[rows][~positive[rows]]
        return area_above(high, low) if len(high) and len(low) else None

    return resampled(statistic, clusters)


def macro_f1(labels: Ints, called: Ints) -> float:
    """Mean F1 over the labels that occur; a call of a label that does not occur is an error like any other."""
    scores: list[float] = []
    for label in np.unique(labels):
        hits = float(((labels == label) & (called == label)).sum())
        total = float((labels == label).sum() + (called == label).sum())
        scores.append(2 * hits / total)
    return float(np.mean(scores))
