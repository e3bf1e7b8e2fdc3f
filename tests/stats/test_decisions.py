"""Decisions and sample sizes against statsmodels, SciPy and closed forms."""

from math import inf

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from knowreason.stats import (
    benjamini_hochberg,
    detectable_effect,
    difference_p,
    equivalence_p,
    questions_for_equivalence,
    questions_to_detect,
)


def sample(seed: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, 60)


@pytest.mark.parametrize("seed", range(5))
def test_the_two_tests_are_those_of_scipy_and_statsmodels(seed: int) -> None:
    values = sample(seed, 0.1)
    mean, error = values.mean(), values.std(ddof=1) / np.sqrt(60)
    assert difference_p(mean, error, 60) == pytest.approx(scipy_stats.ttest_1samp(values, 0).pvalue)
    theirs = ttost_paired(values, np.zeros(60), -0.3, 0.3)[0]
    assert equivalence_p(mean, error, 60, 0.3) == pytest.approx(theirs)


@pytest.mark.parametrize("seed", range(5))
def test_equivalence_at_5_percent_is_a_90_percent_interval_within_the_margin(seed: int) -> None:
    values = sample(seed)
    low, high = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.9)
    mean, error = values.mean(), values.std(ddof=1) / np.sqrt(60)
    for margin in (0.1, 0.2, 0.25, 0.3, 0.4):
        assert (equivalence_p(mean, error, 60, margin) <= 0.05) == (-margin <= low and high <= margin)


def test_an_error_of_zero_decides_for_certain() -> None:
    assert difference_p(0.0, 0.0, 30) == 1.0
    assert difference_p(0.1, 0.0, 30) == 0.0
    assert equivalence_p(0.1, 0.0, 30, 0.2) == 0.0
    assert equivalence_p(0.3, 0.0, 30, 0.2) == 1.0


def test_adjusted_p_are_those_of_statsmodels() -> None:
    p = np.random.default_rng(0).random(12) ** 3
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert len(benjamini_hochberg([])) == 0


@pytest.mark.parametrize(("effect", "spread"), [(0.03, 0.45), (0.1, 0.6), (0.5, 1.0)])
def test_the_questions_needed_are_those_of_statsmodels(effect: float, spread: float) -> None:
    ours = questions_to_detect(spread, effect)
    theirs = TTestPower().solve_power(effect / spread, alpha=0.05, power=0.8)
    assert ours == pytest.approx(theirs, abs=1.0, rel=0.001)
    assert detectable_effect(spread, ours) == pytest.approx(effect, rel=0.02)
    assert detectable_effect(spread, ours) <= effect


def test_a_handful_of_questions_detects_nothing() -> None:
    assert detectable_effect(1.0, 1) == inf


def test_equivalence_is_shown_as_often_as_promised() -> None:
    needed = questions_for_equivalence(1.0, 0.25)
    rng = np.random.default_rng(1)
    shown = 0
    for _ in range(1000):
        values = rng.normal(0, 1, needed)
        shown += equivalence_p(values.mean(), values.std(ddof=1) / np.sqrt(needed), needed, 0.25) <= 0.05
    assert shown / 1000 == pytest.approx(0.8, abs=0.04)


def test_what_cannot_be_planned_raises() -> None:
    with pytest.raises(ValueError, match="effect of 0"):
        questions_to_detect(1.0, 0.0)
    with pytest.raises(ValueError, match="margin"):
        equivalence_p(0.1, 0.1, 30, 0.0)
    with pytest.raises(ValueError, match="below 0"):
        difference_p(0.1, -0.1, 30)
