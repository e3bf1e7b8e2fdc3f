"""How well measured gains agree with true ones: order within a trace, separation of kinds, and distance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.records import Interval, Unscored
from knowreason.stats import MIN_CLUSTERS, Estimate, area_above, bootstrap_mean, tau_b

RESOLUTION = 0.1
"""Nats: gains are compared on this grid, so that less than half of it (the declared margin of .05) is nothing."""

MARGIN = RESOLUTION / 2
"""Nats: a gain below it is none."""

_DRAWS = 1000


class Judged(NamedTuple):
    """One sentence: the trace it stands in, its class, and its gain in nats, as measured and in truth."""

    trace: str
    kind: str
    measured: float
    true: float


def order_agreement(sentences: Sequence[Judged], *, seed: int) -> Interval | Unscored:
    """Mean over traces of Kendall's tau-b between measured and true gains, both on the grid of `RESOLUTION`.

    A trace whose gains are all alike on either side has no order and does not count. Unscored reason: too_few.
    """
    found: dict[str, float] = {}
    for trace, rows in _by_trace(sentences).items():
        tau = tau_b(gridded([r.measured for r in rows]), gridded([r.true for r in rows]))
        if tau is not None:
            found[trace] = tau
    return _interval(bootstrap_mean(list(found.values()), list(found), seed=seed) if found else None)


def separation(
    sentences: Sequence[Judged], above: str, below: str, *, seed: int, true: bool = False
) -> Interval | Unscored:
    """AUROC: how likely a sentence of the class `above` gains more than one of the class `below`, ties one half.

    `true` takes the true gains: what a perfect measurement would reach. The interval resamples traces.
    Unscored reason: too_few.
    """
    by_trace = _by_trace(s for s in sentences if s.kind in (above, below))
    groups = [(_gains(rows, above, true), _gains(rows, below, true)) for rows in by_trace.values()]
    if any(sum(len(group[side]) > 0 for group in groups) < MIN_CLUSTERS for side in (0, 1)):
        return Unscored(reason="too_few")
    high, low = (np.concatenate([group[side] for group in groups]) for side in (0, 1))
    draw = np.random.default_rng(seed)
    drawn: list[float] = []
    for _ in range(_DRAWS):
        some = draw.integers(0, len(groups), len(groups))
        drawn.append(
            area_above(np.concatenate([groups[i][0] for i in some]), np.concatenate([groups[i][1] for i in some]))
        )
    lower, upper = np.nanquantile(drawn, [0.025, 0.975])
    return Interval(estimate=area_above(high, low), lower=float(lower), upper=float(upper), level=0.95, n=len(groups))


def mean_gain(sentences: Sequence[Judged], kind: str, *, seed: int, true: bool = False) -> Interval | Unscored:
    """Mean gain of a class of sentences, in nats, resampled by trace. Unscored reason: too_few."""
    rows = [s for s in sentences if s.kind == kind]
    values = [s.true if true else s.measured for s in rows]
    return _interval(bootstrap_mean(values, [s.trace for s in rows], seed=seed) if rows else None)


def root_mean_square(sentences: Sequence[Judged]) -> float:
    """The root of the mean squared difference of measured and true gains, in nats; 0 for no sentence."""
    apart = [s.measured - s.true for s in sentences]
    return float(np.sqrt(np.mean(np.square(apart)))) if apart else 0.0


def gridded(gains: Sequence[float]) -> list[float]:
    """Gains on the grid of `RESOLUTION`; adding zero makes -0.0 a 0.0, which would be another value to a set."""
    return [round(g / RESOLUTION) * RESOLUTION + 0.0 for g in gains]


def _by_trace(sentences: Iterable[Judged]) -> Mapping[str, list[Judged]]:
    out: dict[str, list[Judged]] = {}
    for sentence in sentences:
        out.setdefault(sentence.trace, []).append(sentence)
    return out


def _gains(rows: Sequence[Judged], kind: str, true: bool) -> npt.NDArray[np.float64]:
    return np.array([r.true if true else r.measured for r in rows if r.kind == kind], np.float64)


def _interval(found: Estimate | None) -> Interval | Unscored:
    if found is None:
        return Unscored(reason="too_few")
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=found.level, n=found.clusters)
