"""Rank correlations whose intervals resample questions: do two instruments order the same things alike?

Kendall's tau-b within each trace, averaged; Spearman's rho over traces, its ranks made anew in every draw.
Sources: Kendall, The treatment of ties in ranking problems, Biometrika 33, 1945; Spearman, American Journal of
Psychology 15, 1904.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import (
    Estimate,
    bootstrap_mean,
    cluster_codes,
    drawn_weights,
    enough_draws,
    tail_share,
)
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]


def tau_b(x: ArrayLike, y: ArrayLike) -> float | None:
    """Kendall's tau-b of x and y (n,): (concordant - discordant) / sqrt(pairs untied in x * pairs untied in y).

    None where one of them has no two different values. Raises ValueError for numbers that are not finite.
    """
    first, second = _finite(x), _finite(y)
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    rows, columns = np.triu_indices(len(first), 1)
    one, other = np.sign(first[rows] - first[columns]), np.sign(second[rows] - second[columns])
    untied = math.sqrt(float(np.abs(one).sum()) * float(np.abs(other).sum()))
    return float((one * other).sum()) / untied if untied else None


def mean_tau(
    pairs: Sequence[tuple[ArrayLike, ArrayLike]],
    clusters: ArrayLike,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate | Unscored:
    """The mean of tau-b over traces, each a pair of arrays, with an interval over their questions.

    A trace in which one side has no two different values has no order and is left out. Unscored under
    `MIN_QUESTIONS` questions with an order.
    """
    found = [
        (tau, name)
        for (x, y), name in zip(pairs, np.asarray(clusters), strict=True)
        if (tau := tau_b(x, y)) is not None
    ]
    if refusal := too_few(len({name for _, name in found})):
        return refusal
    values, names = [tau for tau, _ in found], np.array([name for _, name in found])
    return bootstrap_mean(values, names, seed=seed, draws=draws, level=level) or Unscored(reason="too_few")


def spearman(
    x: ArrayLike, y: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.95
) -> Estimate | Unscored:
    """Spearman's rho of x and y (n,) over traces: Pearson's correlation of midranks, with an interval over questions.

    In a draw a trace counts as often as its question was drawn, in its ranks too. A draw in which a side has no two
    different values says nothing and is left out. Unscored under `MIN_QUESTIONS` questions, and where a side is
    constant. Raises ValueError for numbers that are not finite.
    """
    first, second, labels = _finite(x), _finite(y), np.asarray(clusters)
    if not first.shape == second.shape == labels.shape:
        raise ValueError(f"shapes differ: {first.shape}, {second.shape} and clusters {labels.shape}")
    codes, count = cluster_codes(labels)
    if refusal := too_few(count):
        return refusal
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return Unscored(reason="constant", detail="all traces have the same figure")
    drawn = np.concatenate(
        [
            _rho(first, second, weights[:, codes])
            for weights in drawn_weights(count, seed=seed, draws=enough_draws(draws, level, count), width=len(first))
        ]
    )
    whole = float(_rho(first, second, np.ones((1, len(first))))[0])
    tail = tail_share(level, count)
    lower, upper = np.quantile(drawn[np.isfinite(drawn)], [tail, 1 - tail])
    return Estimate(whole, max(-1.0, float(lower)), min(1.0, float(upper)), level, count)


def _rho(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Weighted correlation of weighted midranks, one for each row of whole weights (draws, n); NaN without spread."""
    ranks = _midranks(x, weights), _midranks(y, weights)
    total = weights.sum(axis=1, keepdims=True)
    one, other = (r - (weights * r).sum(axis=1, keepdims=True) / total for r in ranks)
    products = [(weights * a * b).sum(axis=1) for a, b in ((one, other), (one, one), (other, other))]
    spread = np.sqrt(products[1] * products[2])
    return np.divide(products[0], spread, out=np.full(len(weights), np.nan), where=spread > 0)


def _midranks(values: Floats, weights: Floats) -> Floats:
    """Midranks of `values` (n,) where value i stands `weights[d, i]` times: (draws, n)."""
    _, places = np.unique(values, return_inverse=True)
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order], prepend=-1))
    tied = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(tied, axis=1) - tied / 2
    return middle[:, places]


def _finite(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ValueError("correlations need finite numbers in one row")
    return found
