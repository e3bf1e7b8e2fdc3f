"""Arrays in, plain named tuples out: resampling by question, tests, decisions, corrections and regressions."""

from knowreason.stats.bootstrap import (
    MIN_CLUSTERS,
    Estimate,
    bootstrap_mean,
    bootstrap_median,
    bootstrap_ratio,
    bootstrap_ratios,
)
from knowreason.stats.corrections import Corrected, Share, rogan_gladen
from knowreason.stats.decisions import (
    benjamini_hochberg,
    detectable_effect,
    difference_p,
    equivalence_p,
    questions_for_equivalence,
    questions_to_detect,
)
from knowreason.stats.paired import (
    Limits,
    Resampled,
    bounded_difference,
    limits,
    mean_difference,
    ratio_difference,
)
from knowreason.stats.permutation import Permuted, correlation, sign_flip
from knowreason.stats.preconditions import MIN_QUESTIONS, too_few
from knowreason.stats.proportions import wilson
from knowreason.stats.ranks import mean_tau, spearman, tau_b
from knowreason.stats.regression import Logistic, Split, logistic, shapley
from knowreason.stats.samples import majority_curve, majority_votes, pass_at_k, pass_curve

__all__ = [
    "MIN_CLUSTERS",
    "MIN_QUESTIONS",
    "Corrected",
    "Estimate",
    "Limits",
    "Logistic",
    "Permuted",
    "Resampled",
    "Share",
    "Split",
    "benjamini_hochberg",
    "bootstrap_mean",
    "bootstrap_median",
    "bootstrap_ratio",
    "bootstrap_ratios",
    "bounded_difference",
    "correlation",
    "detectable_effect",
    "difference_p",
    "equivalence_p",
    "limits",
    "logistic",
    "majority_curve",
    "majority_votes",
    "mean_difference",
    "mean_tau",
    "pass_at_k",
    "pass_curve",
    "questions_for_equivalence",
    "questions_to_detect",
    "ratio_difference",
    "rogan_gladen",
    "shapley",
    "sign_flip",
    "spearman",
    "tau_b",
    "too_few",
    "wilson",
]
