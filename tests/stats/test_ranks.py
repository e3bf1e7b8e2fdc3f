"""Rank correlations against scipy, by hand, and with planted agreement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from knowreason.records import Unscored
from knowreason.stats import Estimate, mean_tau, spearman, tau_b

WHOLE = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=25)


@given(WHOLE)
def test_tau_b_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = zip(*pairs, strict=True)
    found = tau_b(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(kendalltau(x, y).statistic, abs=1e-12)


def test_tau_b_by_hand() -> None:
    assert tau_b([1, 2, 3], [1, 3, 2]) == pytest.approx(1 / 3)
    assert tau_b([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / np.sqrt(2 * 3))
    assert tau_b([], []) is None


@given(WHOLE.filter(lambda p: len(p) > 20 and all(len(set(side)) > 1 for side in zip(*p, strict=True))))
def test_spearman_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = (np.array(side) for side in zip(*pairs, strict=True))
    found = spearman(x, y, np.arange(len(x)), seed=0, draws=50)
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    assert -1 <= found.lower <= found.upper <= 1


def test_a_question_drawn_twice_counts_twice_in_the_ranks_too() -> None:
    from knowreason.stats.ranks import _rho  # pyright: ignore[reportPrivateUsage]

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=12).round(1), rng.normal(size=12).round(1)
    weights = rng.integers(0, 4, size=(6, 12)).astype(float)
    for row, found in zip(weights, _rho(x, y, weights), strict=True):
        times = row.astype(int)
        assert found == pytest.approx(spearmanr(np.repeat(x, times), np.repeat(y, times)).statistic, abs=1e-12)


def test_intervals_hold_the_truth_and_narrow_with_questions() -> None:
    rng = np.random.default_rng(1)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # of a normal law with correlation .6
    held, widths = 0, []
    for number in range(60):
        x = rng.normal(size=60)
        y = 0.6 * x + 0.8 * rng.normal(size=60)
        found = spearman(x, y, np.arange(60), seed=number, draws=400)
        assert isinstance(found, Estimate)
        held += found.lower <= truth <= found.upper
        widths.append(found.upper - found.lower)
    assert held >= 51
    x = rng.normal(size=600)
    wide = spearman(x, 0.6 * x + 0.8 * rng.normal(size=600), np.arange(600), seed=0, draws=400)
    assert isinstance(wide, Estimate)
    assert wide.upper - wide.lower < 0.5 * float(np.mean(widths))


def test_samples_of_one_question_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    x = np.repeat(rng.normal(size=25), 8)
    y = np.repeat(rng.normal(size=25), 8) + 0.5 * x
    apart, together = (
        spearman(x, y, names, seed=0, draws=500) for names in (np.arange(200), np.repeat(np.arange(25), 8))
    )
    assert isinstance(apart, Estimate)
    assert isinstance(together, Estimate)
    assert together.upper - together.lower > 2 * (apart.upper - apart.lower)
    assert (together.estimate, together.clusters) == (pytest.approx(apart.estimate), 25)


def test_too_few_questions_and_figures_without_spread_are_refused() -> None:
    x = np.arange(19.0)
    assert spearman(x, x, x, seed=0) == Unscored(reason="too_few", detail="19 questions; a comparison needs 20")
    constant = spearman(np.zeros(30), np.arange(30.0), np.arange(30), seed=0)
    assert isinstance(constant, Unscored)
    assert constant.reason == "constant"
    assert mean_tau([([1, 2], [1, 2])] * 19, np.arange(19), seed=0) == Unscored(
        reason="too_few", detail="19 questions; a comparison needs 20"
    )
    with pytest.raises(ValueError, match="finite"):
        spearman([np.nan, 1.0], [0.0, 1.0], [0, 1], seed=0)


def test_the_mean_of_tau_leaves_out_traces_without_an_order() -> None:
    pairs = [([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]), ([0.0, 0.0], [1.0, 2.0])] * 20
    found = mean_tau(pairs, np.arange(40), seed=0)
    assert isinstance(found, Estimate)
    assert (found.estimate, found.clusters) == (pytest.approx(1 / 3), 20)
