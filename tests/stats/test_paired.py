"""Differences on the same questions, held against SciPy's bootstrap, statsmodels and hand calculation."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from knowreason.records import Unscored
from knowreason.stats import Resampled, bounded_difference, limits, mean_difference, ratio_difference


def expanded(clusters: int) -> float:
    """The level of plain percentiles that makes 95 % of Student's width."""
    student = scipy_stats.t.ppf(0.975, clusters - 1) * np.sqrt(clusters / (clusters - 1))
    return 1 - 2 * scipy_stats.norm.sf(student)


def resampled(found: Resampled | Unscored) -> Resampled:
    assert isinstance(found, Resampled), found
    return found


def claims(rng: np.random.Generator, questions: int) -> tuple[np.ndarray, np.ndarray]:
    """Supported and decided claims of two sides, (2, questions) each."""
    decided = rng.integers(0, 7, (2, questions))
    hard = rng.beta(4, 2, questions)
    return rng.binomial(decided, np.clip(hard + np.array([[0.0], [0.1]]), 0, 1)), decided


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_a_difference_of_shares_has_the_interval_that_scipy_gives(method: str) -> None:
    supported, decided = claims(np.random.default_rng(4), 80)
    ours = resampled(ratio_difference(supported, decided, np.arange(80), seed=0, draws=20_000))
    kept = decided.sum(axis=0) > 0

    def statistic(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, axis: int) -> np.ndarray:
        return b.sum(axis=axis) / d.sum(axis=axis) - a.sum(axis=axis) / c.sum(axis=axis)

    theirs = scipy_stats.bootstrap(
        (*supported[:, kept], *decided[:, kept]),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method=method,
        confidence_level=expanded(int(kept.sum())),
        rng=np.random.default_rng(5),
    )
    found = limits(ours, method=method)  # type: ignore[arg-type]
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.estimate == pytest.approx(supported[1].sum() / decided[1].sum() - supported[0].sum() / decided[0].sum())
    assert found.lower == pytest.approx(theirs.confidence_interval.low, abs=0.03 * width)
    assert found.upper == pytest.approx(theirs.confidence_interval.high, abs=0.03 * width)
    assert ours.error == pytest.approx(theirs.standard_error, rel=0.03)


def test_bca_of_a_skewed_mean_has_the_interval_that_scipy_gives() -> None:
    values = np.random.default_rng(3).lognormal(size=90)
    ours = limits(resampled(mean_difference(values, np.arange(90), seed=0, draws=30_000)), method="bca")
    theirs = scipy_stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=30_000,
        method="BCa",
        confidence_level=expanded(90),
        rng=np.random.default_rng(5),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.lower == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.upper == pytest.approx(theirs.high, abs=0.03 * width)


def test_the_interval_of_a_mean_is_as_wide_as_students() -> None:
    values = np.random.default_rng(6).normal(0.1, 1, 40)
    found = limits(resampled(mean_difference(values, np.arange(40), seed=0, draws=20_000)), level=0.9)
    theirs = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert found.upper - found.lower == pytest.approx(theirs.high - theirs.low, rel=0.04)


def test_copies_of_a_row_within_its_question_change_no_difference() -> None:
    values = np.random.default_rng(2).normal(size=50)
    once = limits(resampled(mean_difference(values, np.arange(50), seed=4)))
    tenfold = limits(resampled(mean_difference(np.repeat(values, 10), np.repeat(np.arange(50), 10), seed=4)))
    assert once == pytest.approx(tenfold)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_swapping_the_sides_turns_the_sign(seed: int) -> None:
    supported, decided = claims(np.random.default_rng(seed), 60)
    one = resampled(ratio_difference(supported, decided, np.arange(60), seed=1, draws=200))
    other = resampled(ratio_difference(supported[::-1], decided[::-1], np.arange(60), seed=1, draws=200))
    assert other.estimate == pytest.approx(-one.estimate)
    assert limits(other).upper == pytest.approx(-limits(one).lower)


def test_questions_without_a_decided_claim_on_either_side_change_nothing() -> None:
    supported, decided = claims(np.random.default_rng(5), 60)
    kept = decided.sum(axis=0) > 0
    whole = ratio_difference(supported, decided, np.arange(60), seed=1)
    part = ratio_difference(supported[:, kept], decided[:, kept], np.arange(60)[kept], seed=1)
    assert limits(resampled(whole)) == limits(resampled(part))


@pytest.mark.parametrize(("questions", "reason"), [(0, "nothing_scored"), (1, "too_few"), (19, "too_few"), (20, None)])
def test_fewer_than_twenty_questions_are_refused(questions: int, reason: str | None) -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(-1, 1, questions)
    ones = np.ones((2, questions))
    found = (
        mean_difference(values, np.arange(questions), seed=0),
        bounded_difference(values),
        ratio_difference(rng.random((2, questions)), ones, np.arange(questions), seed=0),
    )
    assert [f.reason if isinstance(f, Unscored) else None for f in found] == [reason] * 3


def test_a_side_with_too_few_questions_is_refused_however_many_the_other_has() -> None:
    decided = np.array([[3] * 100, [3] * 19 + [0] * 81])
    found = ratio_difference(decided // 2, decided, np.arange(100), seed=0)
    assert isinstance(found, Unscored)
    assert found.reason == "too_few"


def test_differences_without_variation_are_refused() -> None:
    found = mean_difference(np.full(200, 0.3), np.arange(200), seed=0)
    assert isinstance(found, Unscored)
    assert found.reason == "constant"
    ones = np.ones((2, 50))
    assert isinstance(ratio_difference(ones, ones, np.arange(50), seed=0), Unscored)


def test_right_and_wrong_answers_have_the_adjusted_interval_of_paired_proportions() -> None:
    won, lost, same = 31, 12, 157
    found = bounded_difference(np.array([1.0] * won + [-1.0] * lost + [0.0] * same))
    assert not isinstance(found, Unscored)
    n = won + lost + same + 2
    p, q = (won + 1) / n, (lost + 1) / n
    error = np.sqrt((p + q - (p - q) ** 2) / n)
    reach = scipy_stats.norm.ppf(0.975) * error
    assert found[0] == pytest.approx((p - q - reach, p - q + reach, 0.95))
    assert found[1] == pytest.approx(error)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_models_that_agree_everywhere_keep_an_interval_with_a_width(value: float) -> None:
    found = bounded_difference(np.full(100, value))
    assert not isinstance(found, Unscored)
    assert found[0].upper - found[0].lower > 0.02
    assert -1 <= found[0].lower <= value <= found[0].upper <= 1


def test_what_is_no_difference_raises() -> None:
    with pytest.raises(ValueError, match="finite"):
        mean_difference([float("nan")] * 30, np.arange(30), seed=0)
    with pytest.raises(ValueError, match="shapes"):
        mean_difference([1.0, 2.0], np.arange(3), seed=0)
    with pytest.raises(ValueError, match="not negative"):
        ratio_difference(np.ones((2, 30)), -np.ones((2, 30)), np.arange(30), seed=0)
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        bounded_difference([2.0] * 30)


@pytest.mark.parametrize("questions", [1300, 20_000])
def test_two_thousand_draws_over_twenty_thousand_rows_take_under_two_seconds(questions: int) -> None:
    rng = np.random.default_rng(0)
    decided = rng.integers(0, 5, (2, 20_000))
    supported = rng.binomial(decided, 0.7)
    started = time.process_time()
    found = resampled(ratio_difference(supported, decided, np.arange(20_000) % questions, seed=0))
    limits(found, method="bca")
    assert time.process_time() - started < 2.0
