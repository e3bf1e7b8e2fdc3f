"""The transferability index: what a benchmark gains for each point gained where the model was trained.

After Huan et al. 2025, arXiv 2507.00432, section 3, with differences in points in place of relative ones. A ratio
of two measured differences has no interval where its denominator may be 0; where it may not, Fieller's (1954, Journal
of the Royal Statistical Society B 16:175) is finite. The two differences rest on different questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from knowreason.compare.comparison import Effect
from knowreason.records import Interval, Unscored

_LEVEL = 0.95


def transferability(here: Effect | Unscored, trained: Sequence[Effect | Unscored]) -> Interval | Unscored:
    """The gain in accuracy `here` / its mean gain over the benchmarks `trained` on, `n` the questions here.

    Unscored where a gain was not measured, and where the mean gain in training is compatible with 0.
    """
    if isinstance(here, Unscored):
        return here
    known = [effect for effect in trained if isinstance(effect, Effect)]
    if not known:
        return Unscored(reason="training_domain_not_measured")
    count = len(known)
    below = sum(effect.difference.estimate for effect in known) / count
    error = sqrt(sum(effect.error**2 for effect in known)) / count
    z = NormalDist().inv_cdf((1 + _LEVEL) / 2)
    g = (z * error / below) ** 2 if below else 1.0
    if below <= 0 or g >= 1:
        return Unscored(reason="no_gain_to_transfer", detail="the gain in the domain trained on is compatible with 0")
    ratio = here.difference.estimate / below
    reach = z / below * sqrt(here.error**2 * (1 - g) + ratio**2 * error**2)
    return Interval(
        estimate=ratio,
        lower=(ratio - reach) / (1 - g),
        upper=(ratio + reach) / (1 - g),
        level=_LEVEL,
        n=here.difference.n,
    )
