"""Where a row of points, each dearer than the one before, first comes within a margin of a target.

Only points that were measured are looked at: nothing is drawn between them and nothing beyond the last. "Meets" is
shown where the best of all points is within the margin, by the largest of their correlated tests (max-t: Hothorn, Bretz
and Westfall 2008, Biometrical Journal 50:346, section 2); "stays below" where each single one is beyond it, which needs
no correction (an intersection-union test: Berger 1982, Technometrics 24:295). Errors are those of
`bounded_difference`, which keep a width where both sides agree on every question.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import drawn_weights, enough_draws, tail_share
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]

MIN_POINTS = 3
"""With fewer points nothing is said of a curve: any two lie on a line."""

_NORMAL = 5  # normal draws for each bootstrap draw
_LEVEL = 0.95


class Meeting(NamedTuple):
    """The first point within the margin, counted from 0, and its interval; the number of points stands for "none seen".

    `never` is the share of bootstrap draws in which no point is within the margin. `p_meets` tests that all points are
    beyond the margin, `p_below` that one of them is within it; both are one-sided.
    """

    first: int
    lower: int
    upper: int
    never: float
    p_meets: float
    p_below: float


def meeting(gaps: ArrayLike, margin: float, *, seed: int, draws: int = 2000) -> Meeting | Unscored:
    """Where the mean of `gaps` (questions, points) first reaches -margin.

    A gap is the share right at a point minus that of the target, in [-1, 1], on one question. Questions are resampled
    as wholes, all points together. Unscored under `MIN_QUESTIONS` questions and under `MIN_POINTS` points. Raises
    ValueError for gaps outside [-1, 1] and a negative margin.
    """
    table = np.asarray(gaps, dtype=np.float64)
    if table.ndim != 2 or not (np.abs(table) <= 1).all() or margin < 0:
        raise ValueError("gaps are (questions, points) in [-1, 1], and a margin is not negative")
    count, points = table.shape
    if refusal := too_few(count):
        return refusal
    if points < MIN_POINTS:
        return Unscored(reason="too_few_points", detail=f"seen {points} of the {MIN_POINTS} points of a curve")
    firsts = _drawn_firsts(table, margin, seed=seed, draws=enough_draws(draws, _LEVEL, count))
    tail = tail_share(_LEVEL, count)
    lower, upper = int(np.quantile(firsts, tail, method="lower")), int(np.quantile(firsts, 1 - tail, method="higher"))
    whole = int(_first(table.mean(axis=0)[None, :], margin)[0])
    distances = _distances(table, margin)
    return Meeting(
        first=whole,
        lower=min(lower, whole),
        upper=max(upper, whole),
        never=float((firsts == points).mean()),
        p_meets=_largest_p(table, distances, seed=seed, draws=_NORMAL * draws),
        p_below=_cdf(distances.max()),
    )


def _drawn_firsts(table: Floats, margin: float, *, seed: int, draws: int) -> NDArray[np.intp]:
    count = len(table)
    means = [weights @ table / count for weights in drawn_weights(count, seed=seed, draws=draws, width=count)]
    return _first(np.concatenate(means), margin)


def _first(means: Floats, margin: float) -> NDArray[np.intp]:
    """Of each row (…, points) the first point at -margin or above; the number of points where there is none."""
    within = means >= -margin - 1e-12
    return np.where(within.any(axis=1), within.argmax(axis=1), means.shape[1])


def _padded(table: Floats) -> Floats:
    """One question more won by each side, as `bounded_difference` adds them."""
    ones = np.ones((1, table.shape[1]))
    return np.concatenate([table, ones, -ones])


def _distances(table: Floats, margin: float) -> Floats:
    """How many standard errors each mean lies above -margin."""
    padded = _padded(table)
    return (padded.mean(axis=0) + margin) / (padded.std(axis=0) / np.sqrt(len(padded)))


def _largest_p(table: Floats, distances: Floats, *, seed: int, draws: int) -> float:
    """The chance that the largest of as many normal deviates, correlated as the gaps are, lies as far out."""
    correlations = np.corrcoef(_padded(table), rowvar=False)
    values, vectors = np.linalg.eigh(correlations)
    normal = np.random.default_rng(seed).standard_normal((draws, len(distances)))
    largest = (normal * np.sqrt(np.clip(values, 0, None)) @ vectors.T).max(axis=1)
    counted = (1 + int((largest >= distances.max()).sum())) / (1 + draws)
    # no more than all points together, no less than the nearest alone: bounds that the draws would only blur
    one = 1 - _cdf(distances.max())
    return float(min(max(counted, one), len(distances) * one))


def _cdf(value: float) -> float:
    from scipy.special import ndtr  # heavy

    return float(ndtr(value))
