"""From an estimate and its error to decisions: differs, is the same for all that matters, and how much data would do.

Equivalence is two one-sided tests (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657): at
level alpha it is shown exactly where the 1 - 2 alpha interval lies inside the margin.
Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57:289, holds the share of false findings.
Sample sizes are the normal ones plus z^2 / 2, which makes up for Student's tails (Guenther 1981, The American
Statistician 35:243).
"""

from __future__ import annotations

from math import ceil, inf, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

_z = NormalDist().inv_cdf


def difference_p(estimate: float, error: float, units: int) -> float:
    """Two-sided p of Student's test that the truth is 0, with units - 1 degrees of freedom."""
    from scipy.special import stdtr  # heavy

    return float(2 * stdtr(units - 1, -abs(_in_errors(estimate, error))))


def equivalence_p(estimate: float, error: float, units: int, margin: float) -> float:
    """p of two one-sided tests that the truth lies in (-margin, margin): the larger one of both."""
    from scipy.special import stdtr  # heavy

    if margin <= 0:
        raise ValueError(f"margin {margin} is not above 0")
    return float(stdtr(units - 1, _in_errors(abs(estimate) - margin, error)))


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p (n,) in the same order: findings with adjusted p <= q hold at most a share q of false ones."""
    values = np.asarray(p, dtype=np.float64)
    if not len(values):
        return values
    from scipy.stats import false_discovery_control  # heavy

    return np.asarray(false_discovery_control(values), dtype=np.float64)


def detectable_effect(spread: float, units: int, *, power: float = 0.8, level: float = 0.95) -> float:
    """The least true mean difference that a paired test over `units` questions finds with `power`.

    `spread` is the standard deviation of one question's difference, in the same unit. Infinite where the units are
    so few that none would do.
    """
    z = _z((1 + level) / 2)
    left = units - z * z / 2
    return (z + _z(power)) * spread / sqrt(left) if left > 0 else inf


def questions_to_detect(spread: float, effect: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """Questions with which a paired test finds a true mean difference of `effect` with `power`."""
    z = _z((1 + level) / 2)
    return ceil(((z + _z(power)) * spread / _positive(effect)) ** 2 + z * z / 2)


def questions_for_equivalence(spread: float, margin: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """Questions with which two one-sided tests show equivalence with `power`, if the truth is no difference."""
    z = _z(level)
    return ceil(((z + _z((1 + power) / 2)) * spread / _positive(margin)) ** 2 + z * z / 2)


def _in_errors(distance: float, error: float) -> float:
    if error < 0:
        raise ValueError(f"a standard error of {error} is below 0")
    return distance / error if error else (0.0 if distance == 0 else inf if distance > 0 else -inf)


def _positive(effect: float) -> float:
    if not abs(effect) > 0:
        raise ValueError("no number of questions detects an effect of 0")
    return abs(effect)
