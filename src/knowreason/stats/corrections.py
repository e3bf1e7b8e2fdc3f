"""A share measured by an instrument that errs, put right by the rates at which it errs.

Rogan and Gladen 1978, American Journal of Epidemiology 107:71; interval of Lang and Reiczigel 2014, Preventive
Veterinary Medicine 113:13, which carries the uncertainty of all three measured shares. A difference of two shares under
one instrument is only stretched, by 1 / (sensitivity + specificity - 1): a ratio of two measured figures, with the
interval of Fieller 1954, Journal of the Royal Statistical Society B 16:175.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from knowreason.records import Unscored
from knowreason.stats.bootstrap import bootstrap_ratio


class Share(NamedTuple):
    """A measured share in [0, 1] and the number of independent units behind it (an effective one may be broken)."""

    share: float
    units: float


class Corrected(NamedTuple):
    """The corrected share with its interval, all within [0, 1]; `clipped` says that the formula left that range."""

    estimate: float
    lower: float
    upper: float
    level: float
    clipped: bool


def rogan_gladen(
    apparent: Share, sensitivity: Share, specificity: Share, *, level: float = 0.95
) -> Corrected | Unscored:
    """The true share (apparent + specificity - 1) / (sensitivity + specificity - 1).

    `apparent` is the share called positive; `sensitivity` the share of true positives called so, `specificity`
    that of true negatives called negative, both from labelled units. Unscored where the two together are no better
    than chance, even at their own lower limits. Raises ValueError for shares outside [0, 1] and units not above 0.
    """
    for name, given in (("apparent", apparent), ("sensitivity", sensitivity), ("specificity", specificity)):
        if not (0 <= given.share <= 1 and given.units > 0):
            raise ValueError(f"{name} {given.share} of {given.units} units is no share")
    z = NormalDist().inv_cdf((1 + level) / 2)
    se, sp = _padded(sensitivity, 2.0), _padded(specificity, 2.0)
    youden = se.share + sp.share - 1
    slack = z * sqrt(_variance(se) + _variance(sp))
    plain = sensitivity.share + specificity.share - 1
    if min(youden - slack, plain) <= 0:
        return Unscored(reason="uninformative_instrument", detail=f"sensitivity + specificity - 1 = {plain:.2f}")
    called = _padded(apparent, z * z)
    middle = (called.share + sp.share - 1) / youden
    shift = 2 * z * z * (middle * _variance(se) - (1 - middle) * _variance(sp))
    variance = _variance(called) + middle**2 * _variance(se) + (1 - middle) ** 2 * _variance(sp)
    reach = z * sqrt(variance) / youden
    raw = (apparent.share + specificity.share - 1) / plain
    lower, upper = _within(middle + shift - reach), _within(middle + shift + reach)
    estimate = _within(raw)
    return Corrected(estimate, min(lower, estimate), max(upper, estimate), level, raw != estimate)


class Stretch(NamedTuple):
    """How far an instrument tells true from false: sensitivity + specificity - 1, and its standard error."""

    youden: float
    error: float


def youden(sensitivity: Share, specificity: Share, *, level: float = 0.95) -> Corrected:
    """Sensitivity + specificity - 1 in [-1, 1], 0 for chance; its interval has a unit more each way."""
    se, sp = _padded(sensitivity, 2.0), _padded(specificity, 2.0)
    reach = NormalDist().inv_cdf((1 + level) / 2) * sqrt(_variance(se) + _variance(sp))
    plain, middle = sensitivity.share + specificity.share - 1, se.share + sp.share - 1
    return Corrected(plain, max(-1.0, min(middle - reach, plain)), min(1.0, max(middle + reach, plain)), level, False)


def stretch(sensitivity: Share, specificity: Share, *, level: float = 0.95) -> Stretch | Unscored:
    """What a difference of shares is divided by; Unscored where it is not clearly above 0 at `level`."""
    found = youden(sensitivity, specificity, level=level)
    if found.lower <= 0:
        detail = f"sensitivity + specificity - 1 = {found.estimate:.2f}"
        return Unscored(reason="uninformative_instrument", detail=detail)
    se, sp = _padded(sensitivity, 2.0), _padded(specificity, 2.0)
    return Stretch(found.estimate, sqrt(_variance(se) + _variance(sp)))


def clustered_share(right: ArrayLike, clusters: ArrayLike) -> Share:
    """The share of rows that are right, and the independent rows that they are worth where rows share a cluster."""
    rows, labels = np.asarray(right, np.float64), np.asarray(clusters)
    share, count, groups = float(rows.mean()), len(rows), len(np.unique(labels))
    drawn = bootstrap_ratio(rows, np.ones(count), labels, seed=0)
    alone = share * (1 - share) / count
    if drawn is None or not alone:
        return Share(share, groups)  # all alike: what rows share cannot be seen, so that clusters are counted
    variance = ((drawn.upper - drawn.lower) / (2 * 1.96)) ** 2
    return Share(share, count * min(1.0, alone / variance) if variance else count)


def stretched(difference: float, error: float, by: Stretch, *, level: float = 0.95) -> Corrected:
    """`difference` / `by.youden` in [-1, 1], with Fieller's interval; the two are measured on different questions.

    `error` is the standard error of the difference. Where Fieller's interval is not finite it is all of [-1, 1].
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    ratio = difference / by.youden
    g = (z * by.error / by.youden) ** 2
    estimate = max(-1.0, min(1.0, ratio))
    if g >= 1:
        return Corrected(estimate, -1.0, 1.0, level, ratio != estimate)
    reach = z / by.youden * sqrt(error**2 * (1 - g) + ratio**2 * by.error**2)
    lower, upper = (ratio - reach) / (1 - g), (ratio + reach) / (1 - g)
    return Corrected(
        estimate, min(max(-1.0, lower), estimate), max(min(1.0, upper), estimate), level, ratio != estimate
    )


def _padded(given: Share, added: float) -> Share:
    """The share with `added` units more, half of them positive."""
    return Share((given.share * given.units + added / 2) / (given.units + added), given.units + added)


def _variance(given: Share) -> float:
    return given.share * (1 - given.share) / given.units


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))
