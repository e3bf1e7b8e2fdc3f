"""Permutation tests against SciPy's own and against counting by hand."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats as scipy_stats

from knowreason.records import Unscored
from knowreason.stats import Permuted, correlation, sign_flip


def done(found: Permuted | Unscored) -> Permuted:
    assert isinstance(found, Permuted), found
    return found


def test_few_moving_questions_are_counted_exactly() -> None:
    values = np.concatenate([np.zeros(30), np.random.default_rng(1).normal(0.4, 1, 9)])
    found = done(sign_flip(values, seed=0))
    sums = [abs(np.dot(signs, values[30:])) for signs in product((1, -1), repeat=9)]
    assert found.exact
    assert found.arrangements == 2**9
    assert found.p == pytest.approx(np.mean(np.array(sums) >= abs(values.sum()) - 1e-9))


def test_won_and_lost_questions_have_the_p_of_the_exact_binomial_test() -> None:
    for won, lost in ((11, 4), (6, 6), (120, 88), (0, 300)):
        found = done(sign_flip([1.0] * won + [-1.0] * lost + [0.0] * 60, seed=0))
        assert found.exact
        assert found.p == pytest.approx(scipy_stats.binomtest(won, won + lost).pvalue)


def test_many_questions_have_the_p_that_scipy_gives() -> None:
    values = np.random.default_rng(2).normal(0.15, 1, 120)
    theirs = scipy_stats.permutation_test(
        (values,),
        lambda x, axis: np.abs(x.mean(axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=20_000,
        rng=np.random.default_rng(3),
    )
    found = done(sign_flip(values, seed=0, draws=20_000))
    assert not found.exact
    assert found.p == pytest.approx(theirs.pvalue, abs=0.01)
    assert found.p == pytest.approx(scipy_stats.ttest_1samp(values, 0).pvalue, abs=0.02)


def test_no_difference_at_all_is_p_1_and_a_p_is_never_0() -> None:
    assert done(sign_flip(np.zeros(50), seed=0)).p == 1.0
    assert done(sign_flip(np.linspace(1, 2, 200), seed=0, draws=999)).p == pytest.approx(1 / 1000)


def test_a_correlation_over_four_models_counts_all_24_orders() -> None:
    x, y = np.array([0.38, 0.31, 0.53, 0.60]), np.array([2.249, 2.309, 2.347, 2.348])
    found = done(correlation(x, y))
    r = [abs(np.corrcoef(x, list(order))[0, 1]) for order in permutations(y)]
    assert (found.exact, found.arrangements) == (True, 24)
    assert found.statistic == pytest.approx(scipy_stats.pearsonr(x, y).statistic)
    assert found.p == pytest.approx(np.mean(np.array(r) >= abs(found.statistic) - 1e-9))
    assert found.p > 0.2


def test_a_correlation_over_many_pairs_has_the_p_that_scipy_gives() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=40)
    y = 0.3 * x + rng.normal(size=40)
    theirs = scipy_stats.pearsonr(x, y)
    found = done(correlation(x, y, draws=20_000))
    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p == pytest.approx(theirs.pvalue, abs=0.01)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1.0, 2.0], [1.0, 2.0], "too_few"),
        ([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0], "constant"),
        ([1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 2.0, 2.0], "constant"),
    ],
)
def test_no_correlation_where_there_is_none_to_have(x: list[float], y: list[float], reason: str) -> None:
    found = correlation(x, y)
    assert isinstance(found, Unscored)
    assert found.reason == reason


@pytest.mark.parametrize(("questions", "reason"), [(0, "nothing_scored"), (19, "too_few")])
def test_too_few_questions_are_refused(questions: int, reason: str) -> None:
    found = sign_flip(np.ones(questions), seed=0)
    assert isinstance(found, Unscored)
    assert found.reason == reason


def test_what_is_no_number_raises() -> None:
    with pytest.raises(ValueError, match="finite"):
        sign_flip([float("inf")] * 30, seed=0)
    with pytest.raises(ValueError, match="shapes"):
        correlation([1.0, 2.0, 3.0], [1.0, 2.0])
