"""What each column explains of right answers, with intervals: a Shapley split of log-loss, resampled by question.

Refitting every subset of columns in every draw would take minutes. Near its optimum b a mean log-loss is quadratic:
under weights w its least value is loss_w(b) - g_w' H^-1 g_w / 2, with g_w the weighted mean of the scores and H the
mean curvature, so that each subset is fitted once and a draw costs a product of matrices. A fall in log-loss
measured where it was fitted is too large by about one column's degree of freedom over 2 n, and a bootstrap adds as
much again: the mean of the draws tells how much, and it is taken off, once from the estimate and twice from the draws
(Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 10.6).

Error in the columns is put right by simulation and extrapolation (Cook and Stefanski 1994, Journal of the American
Statistical Association 89:1314): more and more of the same error is added, and what it does is followed back to
none. What a column explains falls with error of variance (1 + z) u around a truth of variance v as 1 / (v + (1 + z) u),
exactly so in a linear model; therefore the curve through the levels z is a + b / (v / u + 1 + z), with v / u known. A
parabola, the usual curve, stops half-way where half of the variance is error.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import cluster_codes, cluster_sums, drawn_weights, enough_draws
from knowreason.stats.paired import Resampled
from knowreason.stats.regression import check_rows, fit, refused, scaled

Floats = NDArray[np.float64]

_MOST_COLUMNS = 6  # 64 fits
_LEVEL = 0.95
_ADDED = (0.0, 0.5, 1.0, 1.5, 2.0)  # error added, as a share of the variance that is there


class Explained(NamedTuple):
    """What each column explains, in nats a row: `parts` (c,) and their draws (draws, c), both without their bias."""

    parts: Floats
    draws: Floats
    rows: int
    clusters: int


def explained(
    correct: ArrayLike,
    columns: ArrayLike,
    clusters: ArrayLike,
    *,
    base: ArrayLike | None = None,
    seed: int,
    draws: int = 2000,
) -> Explained | Unscored:
    """The fall of the mean log-loss split among `columns` (n, c) as `shapley` does, resampled by `clusters` (n,).

    `base` (n, b) is in every fit and gets no part. Unscored as `logistic` is, over base and columns. Raises ValueError
    for numbers that are not finite and more than 6 columns.
    """
    found = _prepared(correct, columns, clusters, base)
    return found if isinstance(found, Unscored) else _split(found, seed, draws)


def explained_without_error(
    correct: ArrayLike,
    columns: ArrayLike,
    clusters: ArrayLike,
    errors: ArrayLike,
    *,
    base: ArrayLike | None = None,
    seed: int,
    draws: int = 2000,
    repeats: int = 8,
) -> Explained | Unscored:
    """`explained` of the columns as they would be without error: SIMEX over `repeats` additions of noise at each level.

    `errors` (n, c) are the standard deviations of the errors, 0 where there is none, in the units of the columns.
    Raises ValueError where there is none at all, or a column is nothing else.
    """
    found = _prepared(correct, columns, clusters, base)
    if isinstance(found, Unscored):
        return found
    noise = np.asarray(errors, dtype=np.float64)
    if noise.shape != found.columns.shape or not np.isfinite(noise).all() or (noise < 0).any():
        raise ValueError("errors must be as many as columns, finite and not negative")
    if ((noise**2).mean(axis=0) >= found.columns.var(axis=0)).any() or not noise.any():
        raise ValueError("there must be some error, and less of it than of the column")
    generator = np.random.default_rng(seed)
    levels: list[Explained] = []
    for added in _ADDED:
        made: list[Explained] = []
        for _ in range(repeats if added else 1):
            more = np.sqrt(added) * noise * generator.standard_normal(noise.shape)
            made.append(_split(found._replace(columns=found.columns + more), seed, draws))
        parts = np.mean([one.parts for one in made], axis=0)
        levels.append(made[0]._replace(parts=parts, draws=np.mean([one.draws for one in made], axis=0)))
    back = _extrapolation(found.columns, noise)
    parts = np.tensordot(back, np.stack([level.parts for level in levels]), axes=1)
    drawn = np.tensordot(back, np.stack([level.draws for level in levels]), axes=1)
    return levels[0]._replace(parts=parts, draws=drawn)


def combination(found: Explained, weights: ArrayLike) -> Resampled:
    """A weighted sum of the parts, as a resampled statistic: (1, -1, 0) is the first part minus the second."""
    chosen = np.asarray(weights, dtype=np.float64)
    drawn = np.sort(found.draws @ chosen)
    return Resampled(float(found.parts @ chosen), drawn, float(drawn.std(ddof=1)), found.clusters, 0.0, 0.0)


def share(found: Explained, column: int) -> Resampled:
    """The part of one column over the sum of all parts; meant for sums that are clearly above 0."""
    drawn = np.sort(found.draws[:, column] / found.draws.sum(axis=1))
    whole = float(found.parts[column] / found.parts.sum())
    return Resampled(whole, drawn, float(drawn.std(ddof=1)), found.clusters, 0.0, 0.0)


class _Prepared(NamedTuple):
    correct: Floats
    columns: Floats
    base: Floats
    codes: NDArray[np.intp]
    questions: int


def _prepared(
    correct: ArrayLike, columns: ArrayLike, clusters: ArrayLike, base: ArrayLike | None
) -> _Prepared | Unscored:
    y, x, labels = check_rows(correct, columns, clusters)
    if x.shape[1] > _MOST_COLUMNS:
        raise ValueError(f"{x.shape[1]} columns: a split needs 2^columns fits, at most {_MOST_COLUMNS} are taken")
    always = np.empty((len(y), 0)) if base is None else np.asarray(base, dtype=np.float64)
    if len(always) != len(y) or not np.isfinite(always).all():
        raise ValueError("base must be as many rows as correct, and finite")
    codes, count = cluster_codes(labels)
    refusal = refused(y, np.column_stack([always, x]), count)
    return refusal or _Prepared(y, x, always, codes, count)


class _Fitted(NamedTuple):
    """One subset of columns: per question the sums of its losses and its scores, and the inverse curvature."""

    losses: Floats
    scores: Floats
    inverse: Floats


def _split(found: _Prepared, seed: int, draws: int) -> Explained:
    count = found.columns.shape[1]
    subsets = [chosen for size in range(count + 1) for chosen in combinations(range(count), size)]
    fitted = [_fitted(found, chosen) for chosen in subsets]
    table = np.column_stack([np.bincount(found.codes, minlength=found.questions), *(_columns(one) for one in fitted)])
    enough = enough_draws(draws, _LEVEL, found.questions)
    weighted = drawn_weights(found.questions, seed=seed, draws=enough, width=found.questions)
    totals = np.concatenate([weights @ table for weights in weighted])
    given = _parts(_least(table.sum(axis=0)[None, :], fitted), subsets, count)[0]
    drawn = _parts(_least(totals, fitted), subsets, count)
    bias = drawn.mean(axis=0) - given
    return Explained(given - bias, drawn - 2 * bias, len(found.correct), found.questions)


def _fitted(found: _Prepared, chosen: tuple[int, ...]) -> _Fitted:
    columns = np.column_stack([found.base, found.columns[:, list(chosen)]])
    design = np.column_stack([np.ones(len(found.correct)), scaled(columns)])
    best = fit(found.correct, design, np.ones(len(design)))
    margin = design @ best
    from scipy.special import expit  # heavy

    p: Any = expit(margin)
    losses = np.logaddexp(0.0, (1 - 2 * found.correct) * margin)
    scores = design * (found.correct - p)[:, None]
    curve = (design * (p * (1 - p))[:, None]).T @ design
    sums = cluster_sums(np.stack([losses, *scores.T]), found.codes, found.questions)
    return _Fitted(sums[0], sums[1:].T, np.linalg.inv(curve))


def _columns(fitted: _Fitted) -> Floats:
    return np.column_stack([fitted.losses, fitted.scores])


def _least(totals: Floats, fitted: list[_Fitted]) -> Floats:
    """The least mean log-loss of each subset (columns) under each weighting (rows) whose sums `totals` holds."""
    rows, at = totals[:, 0], 1
    found: list[Floats] = []
    for one in fitted:
        width = one.scores.shape[1]
        loss, score = totals[:, at], totals[:, at + 1 : at + 1 + width]
        found.append((loss - np.einsum("di,ij,dj->d", score, one.inverse, score) / 2) / rows)
        at += 1 + width
    return np.stack(found, axis=1)


def _parts(least: Floats, subsets: list[tuple[int, ...]], count: int) -> Floats:
    """Each column's mean contribution over all orders, from the least losses (draws, subsets): (draws, columns)."""
    place = {chosen: number for number, chosen in enumerate(subsets)}
    parts = np.zeros((len(least), count))
    for chosen in subsets[:-1]:
        weight = factorial(len(chosen)) * factorial(count - len(chosen) - 1) / factorial(count)
        for column in set(range(count)) - set(chosen):
            more = tuple(sorted((*chosen, column)))
            parts[:, column] += weight * (least[:, place[chosen]] - least[:, place[more]])
    return parts


def _extrapolation(columns: Floats, noise: Floats) -> Floats:
    """The weights of the levels in the value at -1 of the curve through them by least squares.

    The curve is a constant and, for each column with error, one over its variance in units of its error's.
    """
    levels = np.array(_ADDED)
    ratios = [float(x.var() / (u**2).mean()) for x, u in zip(columns.T, noise.T, strict=True) if u.any()]
    curve = np.stack([np.ones_like(levels), *(1 / (ratio + levels) for ratio in ratios)], axis=1)
    end = np.array([1.0, *(1 / (ratio - 1) for ratio in ratios)])
    return np.asarray(end @ np.linalg.pinv(curve), dtype=np.float64)
