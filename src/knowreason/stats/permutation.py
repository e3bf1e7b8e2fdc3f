"""Permutation tests: exact where all arrangements can be counted, else Monte Carlo with the observed one among them.

Source: Phipson and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9:39 (a Monte Carlo p is
(1 + as extreme) / (1 + draws), never 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import factorial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]

_EXACT_SIGNS = 16  # 65,536 arrangements
_EXACT_ORDERS = 9  # 362,880 arrangements
_CHUNK = 1_000_000  # numbers held at once
_ROUNDING = 1e-9  # arrangements this close to the observed one count as equally extreme


class Permuted(NamedTuple):
    """The observed statistic, its two-sided p, the arrangements looked at, and whether these are all there are."""

    statistic: float
    p: float
    arrangements: int
    exact: bool


def sign_flip(differences: ArrayLike, *, seed: int, draws: int = 10_000) -> Permuted | Unscored:
    """Paired test of a mean difference of 0: the sides of any question could be swapped.

    `differences` (n,) holds one number a question. Differences of 0 change under no flip; where at most 16 others are
    left, or all others have one size (right or wrong answers: McNemar's exact test), every arrangement is counted.
    Unscored under `MIN_QUESTIONS` questions; all differences 0 is p = 1. Raises ValueError for numbers that are
    not finite.
    """
    values = _finite(differences)
    if refusal := too_few(len(values)):
        return refusal
    moving = values[values != 0]
    if len(moving) and np.ptp(np.abs(moving)) == 0:
        return Permuted(float(values.mean()), _one_size(moving), 2 ** len(moving), True)
    observed = abs(moving.sum())
    exact = len(moving) <= _EXACT_SIGNS
    chunks = _all_signs(len(moving)) if exact else _some_signs(len(moving), seed=seed, draws=draws)
    return _counted(float(values.mean()), observed, (signs @ moving for signs in chunks), exact=exact)


def correlation(x: ArrayLike, y: ArrayLike, *, seed: int = 0, draws: int = 10_000) -> Permuted | Unscored:
    """Pearson's correlation of x and y (n,), with the share of the orders of y that correlate as strongly.

    Exact up to n = 9. Meant for a few models: with four of them no p is below 2 / 24. Unscored with fewer than
    3 pairs, and where a column is constant. Raises ValueError for numbers that are not finite.
    """
    first, second = _finite(x), _finite(y)
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    if len(first) < 3:
        return Unscored(reason="too_few", detail=f"{len(first)} pairs; a correlation needs 3")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return Unscored(reason="constant", detail="a column has no variation")
    a, b = _standard(first), _standard(second)
    observed = float(a @ b)
    exact = len(a) <= _EXACT_ORDERS
    chunks = _all_orders(len(a)) if exact else _some_orders(len(a), seed=seed, draws=draws)
    return _counted(observed, abs(observed), (b[orders] @ a for orders in chunks), exact=exact)


def _counted(statistic: float, observed: float, found: Iterator[Floats], *, exact: bool) -> Permuted:
    extreme = total = 0
    for values in found:
        extreme += int((np.abs(values) >= observed * (1 - _ROUNDING) - 1e-12).sum())
        total += len(values)
    return Permuted(statistic, extreme / total if exact else (1 + extreme) / (1 + total), total, exact)


def _one_size(moving: Floats) -> float:
    """Flips of differences of one size: twice the binomial tail of the rarer sign."""
    from scipy.special import bdtr  # heavy

    rarer = min(int((moving > 0).sum()), int((moving < 0).sum()))
    return min(1.0, 2 * float(bdtr(rarer, len(moving), 0.5)))


def _finite(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ValueError("numbers to permute must be finite, in one row")
    return found


def _standard(values: Floats) -> Floats:
    centred = values - values.mean()
    return centred / np.sqrt((centred**2).sum())


def _all_signs(count: int) -> Iterator[Floats]:
    numbers = np.arange(2**count)
    yield 1.0 - 2.0 * ((numbers[:, None] >> np.arange(count)) & 1)


def _some_signs(count: int, *, seed: int, draws: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    size = max(1, _CHUNK // count)
    for start in range(0, draws, size):
        bits = generator.integers(0, 2, size=(min(size, draws - start), count), dtype=np.int8)
        yield 1.0 - 2.0 * bits.astype(np.float64)


def _all_orders(count: int) -> Iterator[NDArray[np.intp]]:
    yield np.fromiter((i for order in permutations(range(count)) for i in order), np.intp).reshape(
        factorial(count), count
    )


def _some_orders(count: int, *, seed: int, draws: int) -> Iterator[NDArray[np.intp]]:
    generator = np.random.default_rng(seed)
    size = max(1, _CHUNK // count)
    for start in range(0, draws, size):
        rows = np.tile(np.arange(count), (min(size, draws - start), 1))
        yield generator.permuted(rows, axis=1)
