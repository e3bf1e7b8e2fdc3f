"""The interval of a proportion of independent units."""

from __future__ import annotations

from knowreason.stats.bootstrap import MIN_CLUSTERS, Estimate


def wilson(successes: int, units: int, *, level: float = 0.95) -> Estimate | None:
    """`successes / units` with Wilson's score interval; None under `MIN_CLUSTERS` units.

    Units are independent (one row a question). The interval never leaves [0, 1] and keeps a width where all
    units agree, which a bootstrap does not. Source: Wilson 1927; computed by SciPy. Raises ValueError if
    successes are not in [0, units].
    """
    from scipy.stats import binomtest  # heavy: a third of a second to import

    if not 0 <= successes <= units:
        raise ValueError(f"{successes} successes among {units} units")
    if units < MIN_CLUSTERS:
        return None
    limits = binomtest(successes, units).proportion_ci(level, method="wilson")
    share = successes / units
    # rounding may put the limit of a share of 0 or 1 a hair beyond the share itself
    return Estimate(share, min(float(limits.low), share), max(float(limits.high), share), level, units)
