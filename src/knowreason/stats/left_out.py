"""What a line through all other models says of one: its figure in a domain, predicted from its figure elsewhere.

The line is least squares over the other models, so that no model predicts itself. Its error has two sources: the
questions, which are resampled, and the scatter of the few models around any line, which the interval of one model does
not hold and which is given beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import drawn_weights, enough_draws, tail_share
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]

MIN_MODELS = 6
"""Five others carry the line. Over normal x the expected squared error of a line through m points at a new one is
(m + 1)(m - 2) / (m (m - 3)) times the scatter: infinite for three, 2.5 for four, 1.8 for five."""

_LEVEL = 0.95


class LeftOut(NamedTuple):
    """One model: predicted minus measured with its interval, the bootstrap error, and whether the line was extended.

    `beyond` says that its general figure lies outside those of all other models: the prediction is an extrapolation.
    """

    predicted: float
    measured: float
    excess: float
    lower: float
    upper: float
    error: float
    questions: int
    beyond: bool


class Fit(NamedTuple):
    """All models in their order, and the standard deviation of their excesses: how well the line predicts at all."""

    models: tuple[LeftOut, ...]
    scatter: float


def left_out(general: ArrayLike, domain: ArrayLike, *, seed: int, draws: int = 2000) -> Fit | Unscored:
    """The domain accuracy of each model minus what the others' line from general to domain accuracy says.

    `general` (questions, models) and `domain` (other questions, the same models) hold shares of right answers, none
    missing. Each set of questions is resampled by itself, all models together. Unscored under `MIN_QUESTIONS` in
    either, under `MIN_MODELS` models, and where a line has no slope to find because the others' general figures
    agree. Raises ValueError for shapes that differ and numbers outside [0, 1].
    """
    x, y = np.asarray(general, dtype=np.float64), np.asarray(domain, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"shares of the same models are needed: {x.shape} and {y.shape}")
    if not all(((table >= 0) & (table <= 1)).all() for table in (x, y)):
        raise ValueError("shares of right answers lie in [0, 1]")
    fewest = min(len(x), len(y))
    if refusal := too_few(fewest):
        return refusal
    if x.shape[1] < MIN_MODELS:
        return Unscored(reason="too_few_models", detail=f"{x.shape[1]} models; {MIN_MODELS} are needed")
    if _excess(x.mean(axis=0), y.mean(axis=0)) is None:
        return Unscored(reason="constant", detail="the other models do not differ in general accuracy")
    return _fit(x, y, seed=seed, draws=enough_draws(draws, _LEVEL, fewest))


def _fit(x: Floats, y: Floats, *, seed: int, draws: int) -> Fit | Unscored:
    means = x.mean(axis=0), y.mean(axis=0)
    whole = _excess(*means)
    drawn = _excess(_drawn(x, seed, draws), _drawn(y, seed + 1, draws))
    assert whole is not None
    if drawn is None:
        return Unscored(reason="constant", detail="too few questions tell the other models' general accuracy apart")
    tail = tail_share(_LEVEL, min(len(x), len(y)))
    lower, upper = np.quantile(drawn, [tail, 1 - tail], axis=0)
    models = tuple(
        LeftOut(
            predicted=float(means[1][m] + whole[m]),
            measured=float(means[1][m]),
            excess=float(whole[m]),
            lower=float(lower[m]),
            upper=float(upper[m]),
            error=float(drawn[:, m].std(ddof=1)),
            questions=len(y),
            beyond=_outside(means[0], m),
        )
        for m in range(x.shape[1])
    )
    return Fit(models, float(whole.std(ddof=1)))


def _drawn(table: Floats, seed: int, draws: int) -> Floats:
    """Means of each model over resampled questions: (draws, models)."""
    count = len(table)
    return np.concatenate([w @ table for w in drawn_weights(count, seed=seed, draws=draws, width=count)]) / count


def _excess(general: Floats, domain: Floats) -> Floats | None:
    """Predicted minus measured, (…, models): the residual of the whole line over 1 minus the model's leverage, negated.

    None where, without some model, the others' general figures are the same.
    """
    count = general.shape[-1]
    x = general - general.mean(axis=-1, keepdims=True)
    y = domain - domain.mean(axis=-1, keepdims=True)
    spread = (x * x).sum(axis=-1, keepdims=True)
    # what is left of the spread without each model
    if (spread - x * x * count / (count - 1) <= 1e-12).any():
        return None
    residual = y - x * ((x * y).sum(axis=-1, keepdims=True) / spread)
    return -residual / (1 - 1 / count - x * x / spread)


def _outside(general: Floats, model: int) -> bool:
    others = np.delete(general, model)
    return bool(general[model] < others.min() or general[model] > others.max())
