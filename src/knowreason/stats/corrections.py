"""A share measured by an instrument that errs, put right by the rates at which it errs.

Rogan and Gladen 1978, American Journal of Epidemiology 107:71; interval of Lang and Reiczigel 2014, Preventive
Veterinary Medicine 113:13, which carries the uncertainty of all three measured shares.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from knowreason.records import Unscored


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


def _padded(given: Share, added: float) -> Share:
    """The share with `added` units more, half of them positive."""
    return Share((given.share * given.units + added / 2) / (given.units + added), given.units + added)


def _variance(given: Share) -> float:
    return given.share * (1 - given.share) / given.units


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))
