"""Logistic regression of right answers, with errors clustered by question, and what each column explains."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import cluster_codes
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]

_MOST_COLUMNS = 10  # 1,024 fits for a Shapley split
_MOST_STEPS = 50


class Logistic(NamedTuple):
    """A fitted model: the intercept first, then the columns in their order.

    `errors` are clustered by question, `lower` and `upper` the ends of the 95 % intervals, `log_loss` the mean
    over rows in nats, `null_log_loss` that of the intercept alone.
    """

    coefficients: Floats
    errors: Floats
    lower: Floats
    upper: Floats
    p: Floats
    log_loss: float
    null_log_loss: float
    rows: int
    clusters: int


class Split(NamedTuple):
    """What each column explains of the log-loss, in nats a row; `parts` sum to `total` exactly."""

    parts: Floats
    total: float


def logistic(correct: ArrayLike, columns: ArrayLike, clusters: ArrayLike) -> Logistic | Unscored:
    """log(p / (1 - p)) = b_0 + columns @ b, by maximum likelihood (statsmodels).

    `correct` is (n,) of 0 and 1, `columns` (n, c), `clusters` (n,) labels of questions. Errors are the sandwich over
    questions with the factor k / (k - 1) (n - 1) / (n - c - 1). Unscored for too few questions, one class, a
    constant column, columns that are sums of others, and separated data. Raises ValueError for numbers that are
    not finite.
    """
    y, x, labels = check_rows(correct, columns, clusters)
    codes, count = cluster_codes(labels)
    if refusal := refused(y, x, count):
        return refusal
    from statsmodels.api import Logit  # heavy

    fitted: Any = Logit(y, _with_intercept(x)).fit(disp=0, cov_type="cluster", cov_kwds={"groups": codes})
    interval = np.asarray(fitted.conf_int(0.05), dtype=np.float64)
    return Logistic(
        coefficients=np.asarray(fitted.params, dtype=np.float64),
        errors=np.asarray(fitted.bse, dtype=np.float64),
        lower=interval[:, 0],
        upper=interval[:, 1],
        p=np.asarray(fitted.pvalues, dtype=np.float64),
        log_loss=-float(fitted.llf) / len(y),
        null_log_loss=_null(y, np.ones(len(y))),
        rows=len(y),
        clusters=count,
    )


def shapley(
    correct: ArrayLike, columns: ArrayLike, clusters: ArrayLike, *, weights: ArrayLike | None = None
) -> Split | Unscored:
    """Splits the fall of the mean log-loss from the intercept alone to all columns among the columns.

    A column's part is its mean contribution over all orders in which columns can enter (Shapley 1953; Lipovetsky and
    Conklin 2001, Applied Stochastic Models in Business and Industry 17:319). `weights` (n,) counts rows, for a
    bootstrap. Unscored as `logistic` is. Raises ValueError for more than 10 columns.
    """
    y, x, labels = check_rows(correct, columns, clusters)
    if x.shape[1] > _MOST_COLUMNS:
        raise ValueError(f"{x.shape[1]} columns: a split needs 2^columns fits, at most {_MOST_COLUMNS} are taken")
    counts = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    if counts.shape != y.shape or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("weights must be as many as rows, finite and not negative")
    kept = counts > 0
    y, x, counts = y[kept], x[kept], counts[kept]
    if refusal := refused(y, x, cluster_codes(labels[kept])[1]):
        return refusal
    null = _null(y, counts)
    members = range(x.shape[1])
    gain = {
        chosen: null - _log_loss(y, x[:, list(chosen)], counts) if chosen else 0.0
        for size in range(x.shape[1] + 1)
        for chosen in combinations(members, size)
    }
    parts = np.array([_part(column, gain, x.shape[1]) for column in members])
    return Split(parts, gain[tuple(members)])


def _part(column: int, gain: dict[tuple[int, ...], float], count: int) -> float:
    """sum over sets without the column of |S|! (c - |S| - 1)! / c! times what the column adds to S."""
    return sum(
        factorial(len(chosen))
        * factorial(count - len(chosen) - 1)
        / factorial(count)
        * (gain[tuple(sorted((*chosen, column)))] - alone)
        for chosen, alone in gain.items()
        if column not in chosen
    )


def check_rows(correct: ArrayLike, columns: ArrayLike, clusters: ArrayLike) -> tuple[Floats, Floats, NDArray[Any]]:
    """Right answers (n,), columns (n, c) and questions (n,) as arrays. Raises ValueError where they do not fit."""
    y, x, labels = np.asarray(correct, dtype=np.float64), np.asarray(columns, dtype=np.float64), np.asarray(clusters)
    if y.ndim != 1 or x.ndim != 2 or len(x) != len(y) or labels.shape != y.shape:
        raise ValueError(f"shapes differ: {y.shape}, {x.shape} and clusters {labels.shape}")
    if not np.isfinite(x).all() or not np.isin(y, (0, 1)).all():
        raise ValueError("columns must be finite, and correct 0 or 1")
    return y, x, labels


def refused(y: Floats, x: Floats, questions: int) -> Unscored | None:
    """Why no regression of y (n,) on x (n, c) over this number of questions would mean anything, or None."""
    if refusal := too_few(questions):
        return refusal
    if len(np.unique(y)) < 2:
        return Unscored(reason="one_class", detail="all answers are right" if y[0] else "all answers are wrong")
    flat = np.flatnonzero(np.ptp(x, axis=0) == 0)
    if len(flat):
        return Unscored(reason="constant", detail=f"column {flat[0]} has no variation")
    if np.linalg.matrix_rank(_with_intercept(scaled(x))) <= x.shape[1]:
        return Unscored(reason="collinear", detail="a column is a sum of others")
    if _separated(y, x):
        return Unscored(reason="separated", detail="the columns tell right from wrong without error")
    return None


def _separated(y: Floats, x: Floats) -> bool:
    """Whether some direction puts no right answer below a wrong one (Albert and Anderson 1984): a linear programme."""
    from scipy.optimize import linprog  # heavy

    signed = _with_intercept(scaled(x)) * (2 * y - 1)[:, None]
    found: Any = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1))
    return bool(found.success and -found.fun > 1e-6)


def scaled(x: Floats) -> Floats:
    """Columns (n, c) less their mean, in standard deviations."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _with_intercept(x: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x])


def _null(y: Floats, weights: Floats) -> float:
    share = float(np.average(y, weights=weights))
    return -(share * np.log(share) + (1 - share) * np.log1p(-share))


def _log_loss(y: Floats, x: Floats, weights: Floats) -> float:
    """The least weighted mean log-loss."""
    design = _with_intercept(scaled(x))
    return _loss_at(fit(y, design, weights), y, design, weights)


def fit(y: Floats, design: Floats, weights: Floats) -> Floats:
    """The coefficients (c,) of the least weighted log-loss on `design` (n, c), its intercept included.

    By Newton's method; the least loss exists where the data are not separated.
    """
    from scipy.special import expit  # heavy

    b = np.zeros(design.shape[1])
    loss = _loss_at(b, y, design, weights)
    for _ in range(_MOST_STEPS):
        p = expit(design @ b)
        curve = (design * (weights * p * (1 - p))[:, None]).T @ design
        step = np.linalg.lstsq(curve, design.T @ (weights * (y - p)), rcond=None)[0]
        after = _loss_at(b + step, y, design, weights)
        while after > loss + 1e-12 and np.abs(step).max() > 1e-12:  # a full step went too far
            step = step / 2
            after = _loss_at(b + step, y, design, weights)
        b, moved, loss = b + step, np.abs(step).max(), after
        if moved < 1e-9:
            break
    return b


def _loss_at(b: Floats, y: Floats, design: Floats, weights: Floats) -> float:
    return float(np.average(np.logaddexp(0.0, (1 - 2 * y) * (design @ b)), weights=weights))
