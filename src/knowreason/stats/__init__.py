"""Arrays in, plain named tuples out: resampling by question, tests, decisions, corrections and regressions."""

from knowreason.stats.bootstrap import (
    MIN_CLUSTERS,
    Estimate,
    bootstrap_mean,
    bootstrap_median,
    bootstrap_ratio,
    bootstrap_ratios,
)
from knowreason.stats.corrections import (
    Corrected,
    Share,
    Stretch,
    clustered_share,
    rogan_gladen,
    stretch,
    stretched,
    youden,
)
from knowreason.stats.decisions import (
    benjamini_hochberg,
    detectable_effect,
    difference_p,
    equivalence_p,
    questions_for_equivalence,
    questions_to_detect,
)
from knowreason.stats.explained import Explained, combination, explained, explained_without_error, share
from knowreason.stats.left_out import MIN_MODELS, Fit, LeftOut, left_out
from knowreason.stats.meeting import MIN_POINTS, Meeting, meeting
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
from knowreason.stats.proportions import clustered_proportion, wilson
from knowreason.stats.ranking import area_above, auroc
from knowreason.stats.ranks import mean_tau, spearman, tau_b
from knowreason.stats.regression import Logistic, Split, logistic, shapley
from knowreason.stats.reliability import Bin, calibration_error, calibration_interval, reliability_curve
from knowreason.stats.samples import majority_curve, majority_votes, pass_at_k, pass_curve

__all__ = [
    "MIN_CLUSTERS",
    "MIN_MODELS",
    "MIN_POINTS",
    "MIN_QUESTIONS",
    "Bin",
    "Corrected",
    "Estimate",
    "Explained",
    "Fit",
    "LeftOut",
    "Limits",
    "Logistic",
    "Meeting",
    "Permuted",
    "Resampled",
    "Share",
    "Split",
    "Stretch",
    "area_above",
    "auroc",
    "benjamini_hochberg",
    "bootstrap_mean",
    "bootstrap_median",
    "bootstrap_ratio",
    "bootstrap_ratios",
    "bounded_difference",
    "calibration_error",
    "calibration_interval",
    "clustered_proportion",
    "clustered_share",
    "combination",
    "correlation",
    "detectable_effect",
    "difference_p",
    "equivalence_p",
    "explained",
    "explained_without_error",
    "left_out",
    "limits",
    "logistic",
    "majority_curve",
    "majority_votes",
    "mean_difference",
    "mean_tau",
    "meeting",
    "pass_at_k",
    "pass_curve",
    "questions_for_equivalence",
    "questions_to_detect",
    "ratio_difference",
    "reliability_curve",
    "rogan_gladen",
    "shapley",
    "share",
    "sign_flip",
    "spearman",
    "stretch",
    "stretched",
    "tau_b",
    "too_few",
    "wilson",
    "youden",
]
