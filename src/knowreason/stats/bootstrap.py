"""Percentile bootstrap that resamples whole clusters (questions), never single rows.

Rows of one question share its difficulty: resampling them apart would make intervals too narrow. A draw
takes as many clusters as there are, with replacement; a cluster drawn twice counts twice. Only clusters with
something in the denominator are resampled: the others carry no information about the ratio.

With few clusters the plain percentiles are too narrow: of means of five, 81 % of their "95 %" intervals hold the
truth. They are therefore taken further out, at the level Phi(-t * sqrt(k / (k - 1))) with the t quantile of k - 1
degrees of freedom, which makes the interval of a mean as wide as Student's; for many clusters nothing changes.
So far out 2,000 draws hold two or three, so that under a dozen clusters more are made.
Skewed figures are covered less: "95 %" intervals of the mean of 20 draws hold the truth in 94 % of cases for a normal
law, 92 % for an exponential and 87 % for a lognormal one (sigma 1); of 200 draws in 96, 94 and 93 % (1,000 sets each).
Sources: Davison and Hinkley, Bootstrap Methods and their Application, 1997, sections 2.4 and 3.8; Hesterberg, What
Teachers Should Know About the Bootstrap, 2015, section 5 (the expanded percentile interval).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MIN_CLUSTERS = 5
"""With fewer informative clusters no interval is given: a handful of questions says nothing of others."""

_BEYOND = 20  # draws beyond each limit, at least

# Weights of a chunk of draws fit into a processor's cache: twice as fast as a few megabytes at a time.
_CHUNK = 100_000


class Estimate(NamedTuple):
    """An estimate, its interval at `level`, and the number of clusters it rests on."""

    estimate: float
    lower: float
    upper: float
    level: float
    clusters: int


def bootstrap_ratios(
    numerators: ArrayLike,
    denominators: ArrayLike,
    clusters: ArrayLike,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> list[Estimate | None]:
    """For each of m statistics: sum(numerator) / sum(denominator), with its clustered percentile interval.

    `numerators` and `denominators` are (m, n), `clusters` is (n,) labels of any sortable kind; denominators
    are not negative, and a row that does not count has 0 in both. None stands for a statistic with fewer than
    `MIN_CLUSTERS` clusters whose denominator is positive. The result depends on the seed and on the values,
    not on which other statistics are asked for. Raises ValueError for numbers that are not finite.
    """
    up, down, labels = _checked(numerators, denominators, clusters)
    codes, count = cluster_codes(labels)
    sums = np.stack([cluster_sums(up, codes, count), cluster_sums(down, codes, count)])
    informative = sums[1] > 0
    found: list[Estimate | None] = [None] * len(up)
    for mask in np.unique(informative, axis=0):
        members = np.flatnonzero((informative == mask).all(axis=1))
        k = int(mask.sum())
        if k < MIN_CLUSTERS:
            continue
        kept = sums[:, members][:, :, mask]
        ratios = _draw_ratios(kept, seed=seed, draws=enough_draws(draws, level, k))
        for column, member in enumerate(members):
            whole = kept[0, column].sum() / kept[1, column].sum()
            found[member] = _estimate(float(whole), ratios[:, column], level, k)
    return found


def bootstrap_ratio(
    numerator: ArrayLike,
    denominator: ArrayLike,
    clusters: ArrayLike,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate | None:
    """One statistic of `bootstrap_ratios`: arrays of shape (n,)."""
    up, down = np.atleast_2d(np.asarray(numerator)), np.atleast_2d(np.asarray(denominator))
    return bootstrap_ratios(up, down, clusters, seed=seed, draws=draws, level=level)[0]


def bootstrap_mean(
    values: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.95
) -> Estimate | None:
    """The mean over rows: a ratio whose denominator is 1 in every row."""
    rows = np.asarray(values, dtype=np.float64)
    return bootstrap_ratio(rows, np.ones_like(rows), clusters, seed=seed, draws=draws, level=level)


def bootstrap_median(
    values: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.95
) -> Estimate | None:
    """The median over rows (the midpoint of the two middle ones), with its clustered percentile interval."""
    rows, _, labels = _checked(np.atleast_2d(np.asarray(values)), None, clusters)
    codes, count = cluster_codes(labels)
    if count < MIN_CLUSTERS:
        return None
    order = np.argsort(rows[0], kind="stable")
    ordered, codes = rows[0][order], codes[order]
    medians = [
        _weighted_medians(ordered, weights[:, codes])
        for weights in drawn_weights(count, seed=seed, draws=enough_draws(draws, level, count), width=len(ordered))
    ]
    return _estimate(float(np.median(ordered)), np.concatenate(medians), level, count)


def _checked(
    numerators: ArrayLike, denominators: ArrayLike | None, clusters: ArrayLike
) -> tuple[Floats, Floats, NDArray[Any]]:
    up = np.asarray(numerators, dtype=np.float64)
    down = np.ones_like(up) if denominators is None else np.asarray(denominators, dtype=np.float64)
    labels = np.asarray(clusters)
    if up.shape != down.shape or up.ndim != 2 or labels.shape != up.shape[1:]:
        raise ValueError(f"shapes differ: {up.shape}, {down.shape} and clusters {labels.shape}")
    if not (np.isfinite(up).all() and np.isfinite(down).all() and (down >= 0).all()):
        raise ValueError("numbers to resample must be finite, and denominators not negative")
    return up, down, labels


def cluster_codes(labels: NDArray[Any]) -> tuple[NDArray[np.intp], int]:
    """Labels as whole numbers from 0, and how many different ones there are."""
    names, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.intp), len(names)


def cluster_sums(rows: Floats, codes: NDArray[np.intp], count: int) -> Floats:
    """Sums of each row of `rows` (m, n) over the columns of each cluster: (m, count)."""
    sums = np.zeros((len(rows), count))
    for row, values in enumerate(rows):
        sums[row] = np.bincount(codes, weights=values, minlength=count)
    return sums


def _draw_ratios(sums: Floats, *, seed: int, draws: int) -> Floats:
    """Ratios of shape (draws, m) from cluster sums of shape (2, m, k)."""
    _, statistics, count = sums.shape
    columns = sums.reshape(2 * statistics, count).T
    totals = np.concatenate([w @ columns for w in drawn_weights(count, seed=seed, draws=draws, width=count)])
    return totals[:, :statistics] / totals[:, statistics:]


def drawn_weights(count: int, *, seed: int, draws: int, width: int) -> Iterator[Floats]:
    """How often each of `count` clusters is drawn, (chunk, count) at a time: multinomial, summing to count.

    Counted from drawn indices, which is twice as fast as NumPy's multinomial at thousands of clusters.
    """
    generator = np.random.default_rng(seed)
    size = max(1, _CHUNK // max(count, width))
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        drawn = generator.integers(0, count, size=(rows, count), dtype=np.int64)
        drawn += np.arange(rows)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(np.float64)


def _weighted_medians(ordered: Floats, weights: Floats) -> Floats:
    """Medians of `ordered` (n,) under each row of integer `weights` (chunk, n)."""
    passed = np.cumsum(weights, axis=1)
    half = passed[:, -1:] / 2
    return (ordered[(passed >= half).argmax(axis=1)] + ordered[(passed > half).argmax(axis=1)]) / 2


def _estimate(whole: float, drawn: Floats, level: float, clusters: int) -> Estimate:
    tail = tail_share(level, clusters)
    lower, upper = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(whole, float(lower), float(upper), level, clusters)


def enough_draws(draws: int, level: float, clusters: int) -> int:
    """More draws where clusters are few: a limit that rests on two of them would be a matter of the seed."""
    return max(draws, math.ceil(_BEYOND / tail_share(level, clusters)))


def tail_share(level: float, clusters: int) -> float:
    """The share of draws beyond each limit."""
    from scipy.special import ndtr, stdtrit  # heavy

    student = float(stdtrit(clusters - 1, (1 - level) / 2))
    return float(ndtr(student * math.sqrt(clusters / (clusters - 1))))
