"""Whether probabilities mean what they say: hand calculations, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.records import Unscored
from knowreason.stats import (
    Share,
    calibration_error,
    calibration_interval,
    clustered_proportion,
    clustered_share,
    reliability_curve,
    stretch,
    wilson,
    youden,
)

answers = st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 8)), min_size=1, max_size=60)


def test_the_curve_and_the_error_by_hand() -> None:
    sure, right = [0.62, 0.68, 0.91, 0.99, 1.0], [True, False, True, True, False]
    low, high = reliability_curve(sure, right)
    assert (low.lower, low.upper, low.held, low.right) == (0.6, 0.7, 2, 0.5)
    assert (high.lower, high.upper, high.held) == (0.9, 1.0, 3)
    assert low.confidence == pytest.approx(0.65)
    assert high.confidence == pytest.approx(2.9 / 3)
    assert high.right == pytest.approx(2 / 3)
    assert calibration_error(sure, right) == pytest.approx(2 / 5 * 0.15 + 3 / 5 * 0.3)


@given(answers)
def test_the_curve_loses_no_answer_and_the_error_lies_between_0_and_1(rows: list[tuple[float, bool, int]]) -> None:
    sure, right, _ = zip(*rows, strict=True)
    curve = reliability_curve(sure, right)
    assert sum(one.held for one in curve) == len(rows)
    assert sum(one.held * one.right for one in curve) == pytest.approx(sum(right))
    assert 0 <= calibration_error(sure, right) <= 1


@given(answers)
def test_the_interval_holds_the_error_and_the_order_of_rows_changes_nothing(
    rows: list[tuple[float, bool, int]],
) -> None:
    sure, right, clusters = (np.array(column) for column in zip(*rows, strict=True))
    found = calibration_interval(sure, right, clusters, seed=1, draws=50)
    again = calibration_interval(sure[::-1], right[::-1], clusters[::-1], seed=1, draws=50)
    if len(set(clusters)) < 5:
        assert found is None
        return
    assert found is not None
    assert again is not None
    assert found.estimate == pytest.approx(calibration_error(sure, right))
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    assert again == pytest.approx(found)


def test_rows_repeated_within_their_clusters_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    sure = rng.random(60)
    right = rng.random(60) < sure**2
    once = calibration_interval(sure, right, np.arange(60), seed=2)
    again = calibration_interval(np.repeat(sure, 5), np.repeat(right, 5), np.repeat(np.arange(60), 5), seed=2)
    assert once is not None
    assert again is not None
    assert (again.estimate, again.lower, again.upper) == pytest.approx((once.estimate, once.lower, once.upper))


@pytest.mark.parametrize(("sure", "right"), [([1.2], [True]), ([], []), ([0.5], [True, False])])
def test_what_is_no_probability_is_refused(sure: list[float], right: list[bool]) -> None:
    with pytest.raises(ValueError, match=r"confidence lies|no answers|shapes differ"):
        calibration_error(sure, right)


def test_a_share_of_single_units_is_wilsons_and_one_that_all_agree_on_keeps_a_width() -> None:
    assert clustered_proportion([True] * 3 + [False] * 7, range(10), seed=0) == wilson(3, 10)
    assert clustered_proportion([True] * 20, np.arange(20) // 2, seed=0) == wilson(10, 10)
    assert clustered_proportion([True] * 20, [0, 1, 2, 3] * 5, seed=0) is None


def test_a_share_in_clusters_is_resampled_by_cluster() -> None:
    rows = np.array([True] * 30 + [False] * 30)
    alone = clustered_proportion(rows, np.arange(60), seed=0)
    grouped = clustered_proportion(rows, np.arange(60) // 6, seed=0)
    assert alone is not None
    assert grouped is not None
    assert alone.estimate == grouped.estimate == 0.5
    assert grouped.upper - grouped.lower > 1.5 * (alone.upper - alone.lower)


def test_youden_by_hand_and_it_is_what_a_stretch_divides_by() -> None:
    found = youden(Share(0.8, 98), Share(0.6, 48))
    assert found.estimate == pytest.approx(0.4)
    se, sp = (0.8 * 98 + 1) / 100, (0.6 * 48 + 1) / 50
    reach = 1.959964 * (se * (1 - se) / 100 + sp * (1 - sp) / 50) ** 0.5
    assert (found.lower, found.upper) == pytest.approx((se + sp - 1 - reach, se + sp - 1 + reach), abs=1e-6)
    chance = youden(Share(0.55, 30), Share(0.5, 30))
    assert chance.lower < 0 < chance.upper
    assert isinstance(stretch(Share(0.55, 30), Share(0.5, 30)), Unscored)


def test_clustered_rows_are_worth_fewer_units() -> None:
    right = np.array([True] * 32 + [False] * 8)
    assert clustered_share(right, np.arange(40)).units == pytest.approx(40, rel=0.2)
    assert clustered_share(right, np.arange(40) // 4).units < 20
    assert clustered_share(np.ones(40), np.arange(40) // 4) == Share(1.0, 10)
