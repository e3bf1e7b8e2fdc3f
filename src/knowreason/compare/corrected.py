"""The difference in KI as it would be without the verifier's errors, where labelled claims say how often it errs.

Error rates are those among decided claims of the compared traces, labelled by somebody who can know; both models are
taken to be judged with the same ones. Planted claims are of no use here: a verifier errs otherwise on claims that
were made to be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from knowreason.compare.comparison import Effect
from knowreason.compare.effects import interval
from knowreason.frame import labelled_claims
from knowreason.read.labels import read_labels
from knowreason.records import Unscored
from knowreason.stats import (
    MIN_QUESTIONS,
    Limits,
    Share,
    clustered_share,
    equivalence_p,
    questions_for_equivalence,
    questions_to_detect,
    stretch,
    stretched,
)

MEASURE = "corrected_ki"


class Rates(NamedTuple):
    """Shares of true claims supported and of false ones refuted, among decided ones."""

    sensitivity: Share
    specificity: Share


def error_rates(labels: Sequence[Path], runs: Sequence[Path]) -> Rates | Unscored:
    """How often the runs' verifier is right on labelled claims; units are made fewer where claims share a question.

    Unscored without labels, and where decided true or false claims come from under `MIN_QUESTIONS` questions. Raises
    InputError for labels that cannot be read or fit no claim of the runs.
    """
    if not labels:
        return Unscored(reason="no_labelled_calibration", detail="no labelled claims of these traces (--labels FILE)")
    joined = labelled_claims(pl.concat([read_labels(path) for path in labels]), labels, runs)
    decided = joined.filter(pl.col("verdict").is_in(["supported", "refuted"]))
    rates = [_rate(decided, truth=True, verdict="supported"), _rate(decided, truth=False, verdict="refuted")]
    for rate in rates:
        if isinstance(rate, Unscored):
            return rate
    return Rates(*(rate for rate in rates if isinstance(rate, Share)))


def corrected_effect(ki: Effect | Unscored, rates: Rates | Unscored) -> Effect | Unscored:
    """The difference in KI over sensitivity + specificity - 1, with the interval that carries the error of both."""
    if isinstance(rates, Unscored):
        return rates
    if isinstance(ki, Unscored):
        return ki
    by = stretch(*rates)
    if isinstance(by, Unscored):
        return by
    wide, narrow = (stretched(ki.difference.estimate, ki.error, by, level=level) for level in (0.95, 0.90))
    n = ki.difference.n
    error = float(np.hypot(ki.error, wide.estimate * by.error) / by.youden)
    same = equivalence_p(wide.estimate, error, n, ki.margin)
    spread = error * float(np.sqrt(n))
    levels = [(level + rates.specificity.share - 1) / by.youden for level in (ki.baseline, ki.candidate)]
    if not all(0 <= level <= 1 for level in levels):
        return Unscored(reason="outside_range", detail="the error rates of the labelled claims do not fit these traces")
    return msgspec.structs.replace(
        ki,
        measure=MEASURE,
        baseline=levels[0],
        candidate=levels[1],
        difference=interval(wide.estimate, Limits(wide.lower, wide.upper, 0.95), n),
        equivalence=interval(narrow.estimate, Limits(narrow.lower, narrow.upper, 0.90), n),
        error=error,
        equivalence_p=same,
        adjusted_equivalence_p=same,
        questions_needed=max(questions_to_detect(spread, ki.margin), questions_for_equivalence(spread, ki.margin)),
    )


def _rate(decided: pl.DataFrame, *, truth: bool, verdict: str) -> Share | Unscored:
    """The share of claims with this truth that got this verdict, and the independent claims they are worth."""
    of = decided.filter(pl.col("truth") == truth)
    questions = of["question_key"].n_unique()
    if questions < MIN_QUESTIONS:
        kind = "true" if truth else "false"
        detail = f"labelled {kind} claims that were decided come from {questions} questions; {MIN_QUESTIONS} are needed"
        return Unscored(reason="no_labelled_calibration", detail=detail)
    return clustered_share((of["verdict"] == verdict).to_numpy(), of["question_key"].to_numpy())
