"""Intervals of proportions: of independent units, and of units in clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from knowreason.stats.bootstrap import MIN_CLUSTERS, Estimate, bootstrap_mean, cluster_codes


def wilson(successes: int, units: int, *, level: float = 0.95) -> Estimate | None:
    """`successes / units` with Wilson's score interval; None under `MIN_CLUSTERS` units.

    Units are independent (one row a question). The interval never leaves [0, 1] and keeps a width where all
    units agree, which a bootstrap does not. Source: Wilson 1927; computed by SciPy. Raises ValueError if
    successes are not in [0, units].
    """
    from scipy.stats import binomtest  # heavy: a third of a second to import

    if not 0 <= successes <= units:
        raise ValueError(f"{successes} successes among {units} units")
    if units < MIN_CLUSTERS:
        return None
    limits = binomtest(successes, units).proportion_ci(level, method="wilson")
    share = successes / units
    # rounding may put the limit of a share of 0 or 1 a hair beyond the share itself
    return Estimate(share, min(float(limits.low), share), max(float(limits.high), share), level, units)


def clustered_proportion(
    positive: ArrayLike, clusters: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.95
) -> Estimate | None:
    """The share of rows that are positive; None under `MIN_CLUSTERS` clusters.

    Wilson's interval where each cluster has one row; else the bootstrap of whole clusters, and where that has no width
    because all rows agree, Wilson's over clusters, the cautious reading: what rows share is unseen there.
    """
    rows, labels = np.asarray(positive, np.float64), np.asarray(clusters)
    _, count = cluster_codes(labels)
    if count == len(rows):
        return wilson(int(rows.sum()), count, level=level)
    if len(rows) and (rows == rows[0]).all():
        return wilson(int(rows[0]) * count, count, level=level)
    return bootstrap_mean(rows, labels, seed=seed, draws=draws, level=level)
