"""Intervals clustered by question, held against hand calculation and SciPy's own bootstrap."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from knowreason.stats import bootstrap_mean, bootstrap_median, bootstrap_ratio, bootstrap_ratios


def clusters_of(rng: np.random.Generator, questions: int, rows: int) -> np.ndarray:
    return np.concatenate([np.arange(questions), rng.integers(0, questions, rows - questions)])


def expanded(clusters: int) -> float:
    """The level of plain percentiles that makes 95 % of Student's width."""
    student = scipy_stats.t.ppf(0.975, clusters - 1) * np.sqrt(clusters / (clusters - 1))
    return 1 - 2 * scipy_stats.norm.sf(student)


def test_a_mean_of_single_rows_has_the_interval_that_scipy_gives() -> None:
    rng = np.random.default_rng(3)
    values = rng.gamma(2.0, size=120)
    ours = bootstrap_mean(values, np.arange(120), seed=0, draws=20_000)
    theirs = scipy_stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        method="percentile",
        confidence_level=expanded(120),
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert ours is not None
    assert ours.estimate == pytest.approx(values.mean())
    width = theirs.high - theirs.low
    assert ours.lower == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.upper == pytest.approx(theirs.high, abs=0.03 * width)


def test_a_ratio_of_sums_has_the_interval_that_scipy_gives_for_paired_cluster_sums() -> None:
    rng = np.random.default_rng(8)
    clusters = clusters_of(rng, 60, 200)
    decided = rng.integers(0, 6, 200)
    supported = rng.binomial(decided, 0.6)
    ours = bootstrap_ratio(supported, decided, clusters, seed=0, draws=20_000)
    up, down = np.bincount(clusters, supported), np.bincount(clusters, decided)
    up, down = up[down > 0], down[down > 0]
    theirs = scipy_stats.bootstrap(
        (up, down),
        lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="percentile",
        confidence_level=expanded(len(down)),
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert ours is not None
    assert ours.estimate == supported.sum() / decided.sum()
    assert ours.clusters == len(down)
    width = theirs.high - theirs.low
    assert ours.lower == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.upper == pytest.approx(theirs.high, abs=0.03 * width)


def test_the_interval_has_the_width_that_the_variance_between_questions_gives() -> None:
    rng = np.random.default_rng(1)
    means = rng.normal(size=400)
    rows = np.repeat(means, 5)
    ours = bootstrap_mean(rows, np.repeat(np.arange(400), 5), seed=0, draws=8000)
    assert ours is not None
    by_hand = 1.96 * means.std() / np.sqrt(400)
    assert (ours.upper - ours.lower) / 2 == pytest.approx(by_hand, rel=0.05)


def test_copies_of_a_row_within_its_question_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(2).normal(size=50)
    once = bootstrap_mean(values, np.arange(50), seed=4)
    tenfold = bootstrap_mean(np.repeat(values, 10), np.repeat(np.arange(50), 10), seed=4)
    assert once is not None
    assert tenfold is not None
    assert tenfold == pytest.approx(once)


def test_questions_without_a_decided_claim_change_nothing() -> None:
    rng = np.random.default_rng(6)
    decided = rng.integers(1, 5, 30)
    supported = rng.binomial(decided, 0.5)
    names = np.array([f"q{i:02d}" for i in range(30)])
    alone = bootstrap_ratio(supported, decided, names, seed=9)
    zeros = np.zeros(70, dtype=int)
    padded = bootstrap_ratio(
        np.concatenate([supported, zeros]),
        np.concatenate([decided, zeros]),
        np.concatenate([names, [f"z{i}" for i in range(70)]]),
        seed=9,
    )
    assert padded == alone


@pytest.mark.parametrize("questions", [0, 1, 4])
def test_fewer_than_five_questions_give_no_interval(questions: int) -> None:
    values = np.arange(questions, dtype=float)
    assert bootstrap_mean(values, np.arange(questions), seed=0) is None
    assert bootstrap_median(values, np.arange(questions), seed=0) is None


def test_many_rows_of_four_questions_give_no_interval_either() -> None:
    assert bootstrap_mean(np.arange(400.0), np.arange(400) % 4, seed=0) is None


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(0).normal(size=40)
    first = bootstrap_mean(values, np.arange(40), seed=1)
    assert first == bootstrap_mean(values, np.arange(40), seed=1)
    assert first != bootstrap_mean(values, np.arange(40), seed=2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.permutations(list(range(24))))
def test_the_order_of_rows_does_not_matter(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    values, clusters = rng.normal(size=24), np.arange(24) % 8
    straight = bootstrap_mean(values, clusters, seed=0, draws=100)
    shuffled = bootstrap_mean(values[order], clusters[order], seed=0, draws=100)
    assert straight is not None
    assert shuffled == pytest.approx(straight)


def test_a_statistic_has_the_same_interval_whatever_else_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    up, down = rng.random((3, 60)), rng.integers(0, 2, (3, 60))
    clusters = np.arange(60) % 20
    together = bootstrap_ratios(up * down, down, clusters, seed=5)
    alone = [bootstrap_ratio(u * d, d, clusters, seed=5) for u, d in zip(up, down, strict=True)]
    assert together == [pytest.approx(a) for a in alone]


def test_an_interval_at_95_percent_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for trial in range(200):
        questions = np.repeat(rng.normal(size=60), 3) + rng.normal(size=180)
        found = bootstrap_mean(questions, np.repeat(np.arange(60), 3), seed=trial, draws=600)
        assert found is not None
        hits += found.lower <= 0 <= found.upper
    assert 0.89 <= hits / 200 <= 0.985


@pytest.mark.parametrize("questions", [6, 8, 12])
def test_an_interval_over_few_questions_is_not_too_narrow(questions: int) -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for trial in range(300):
        found = bootstrap_mean(rng.normal(size=questions), np.arange(questions), seed=trial, draws=600)
        assert found is not None
        hits += found.lower <= 0 <= found.upper
    assert hits / 300 >= 0.89  # plain percentiles: 0.85 to 0.89


def test_the_median_of_single_rows_agrees_with_scipy() -> None:
    values = np.random.default_rng(7).random(81)
    ours = bootstrap_median(values, np.arange(81), seed=0, draws=8000)
    theirs = scipy_stats.bootstrap(
        (values,),
        np.median,
        n_resamples=8000,
        method="percentile",
        confidence_level=expanded(81),
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert ours is not None
    assert ours.estimate == np.median(values)
    width = theirs.high - theirs.low
    assert ours.lower == pytest.approx(theirs.low, abs=0.1 * width)
    assert ours.upper == pytest.approx(theirs.high, abs=0.1 * width)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean([1.0, float("nan"), 2.0, 3.0, 4.0], range(5), seed=0)
    with pytest.raises(ValueError, match="shapes"):
        bootstrap_mean([1.0, 2.0], range(5), seed=0)


@pytest.mark.parametrize("questions", [1300, 20_000])
def test_two_thousand_draws_over_twenty_thousand_rows_take_seconds_at_most(questions: int) -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    started = time.process_time()
    assert bootstrap_mean(values, np.arange(20_000) % questions, seed=0) is not None
    assert time.process_time() - started < 2.5


@pytest.mark.parametrize("questions", [5, 6, 8])
def test_the_limits_over_few_questions_are_no_matter_of_the_seed(questions: int) -> None:
    values = np.random.default_rng(1).lognormal(size=questions)
    found = [bootstrap_mean(values, np.arange(questions), seed=seed) for seed in range(12)]
    lower, upper = ([getattr(one, end) for one in found] for end in ("lower", "upper"))
    width = np.mean(upper) - np.mean(lower)
    assert np.ptp(lower) < 0.1 * width
    assert np.ptp(upper) < 0.1 * width
