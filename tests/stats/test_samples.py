"""pass@k and votes against counting every subset."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.records import Unscored
from knowreason.stats import Estimate, majority_curve, majority_votes, pass_at_k, pass_curve


@given(st.integers(1, 60), st.data())
def test_pass_at_k_is_the_closed_form(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k([n], [c], k)[0] == pytest.approx(1 - comb(n - c, k) / comb(n, k))


def test_pass_at_k_is_the_share_of_subsets_with_a_right_answer() -> None:
    right = [True, False, False, True, False, False, False]
    for k in range(1, 8):
        subsets = list(combinations(right, k))
        assert pass_at_k([7], [2], k)[0] == pytest.approx(sum(map(any, subsets)) / len(subsets))


def test_pass_at_k_of_few_samples_is_unbiased_for_fresh_ones() -> None:
    rng = np.random.default_rng(0)
    chances = rng.beta(1, 2, 20_000)
    found = pass_at_k(np.full(20_000, 8), rng.binomial(8, chances), 4)
    assert found.mean() == pytest.approx((1 - (1 - chances) ** 4).mean(), abs=0.006)


def by_counting(answers: list[str | None], gold: str, k: int) -> float:
    won = []
    for subset in combinations(answers, k):
        votes = [a for a in subset if a is not None]
        most = max((votes.count(a) for a in votes), default=0)
        first = {a for a in votes if votes.count(a) == most}
        won.append(1 / len(first) if gold in first else 0.0)
    return float(np.mean(won))


def test_a_vote_is_won_as_often_as_over_all_subsets() -> None:
    answers = ["a", "b", "a", None, "c", "a", "b"]
    found = majority_votes([answers], ["a"], [1, 3, 5, 7], seed=0, votes=20_000)[0]
    assert found == pytest.approx([by_counting(answers, "a", k) for k in (1, 3, 5, 7)], abs=0.01)


def test_a_tie_is_shared_and_silence_loses() -> None:
    found = majority_votes([["a", "b"], [None, None], ["b", None]], ["a", "a", "b"], [2], seed=0)
    assert found[:, 0].tolist() == [0.5, 0.0, 1.0]


def test_curves_have_intervals_and_leave_out_what_has_too_few_samples() -> None:
    rng = np.random.default_rng(2)
    n = np.array([10] * 30 + [2] * 20)
    c = rng.binomial(n, 0.3)
    one, five = pass_curve(n, c, [1, 5], seed=0)
    assert isinstance(one, Estimate)
    assert isinstance(five, Estimate)
    assert (one.clusters, five.clusters) == (50, 30)
    assert one.estimate == pytest.approx((c / n).mean())
    assert one.lower < one.estimate < one.upper < five.upper
    answers = [rng.choice(["a", "b", "c"], size=5, p=[0.5, 0.3, 0.2]).tolist() for _ in range(25)]
    alone, voted, none = majority_curve(answers, ["a"] * 25, [1, 5, 9], seed=0)
    assert isinstance(alone, Estimate)
    assert isinstance(voted, Estimate)
    assert isinstance(none, Unscored)
    assert none.reason == "nothing_scored"


def test_what_cannot_be_drawn_raises() -> None:
    with pytest.raises(ValueError, match="pass@5"):
        pass_at_k([4], [1], 5)
    with pytest.raises(ValueError, match="as many samples"):
        majority_votes([["a"]], ["a"], [2], seed=0)
