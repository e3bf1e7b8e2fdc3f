"""Arrays in, plain named tuples out: resampling by question, and intervals of proportions."""

from knowreason.stats.bootstrap import (
    MIN_CLUSTERS,
    Estimate,
    bootstrap_mean,
    bootstrap_median,
    bootstrap_ratio,
    bootstrap_ratios,
)
from knowreason.stats.proportions import wilson

__all__ = [
    "MIN_CLUSTERS",
    "Estimate",
    "bootstrap_mean",
    "bootstrap_median",
    "bootstrap_ratio",
    "bootstrap_ratios",
    "wilson",
]
