"""Figures of an instrument: known values, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest

from knowreason.records import Interval, Unscored
from knowreason.stats import calibration_error
from knowreason.train.measures import macro_f1, mean, separation


def test_the_interval_of_a_mean_holds_the_mean_and_counts_clusters() -> None:
    found = mean([0.0, 1.0] * 30, [f"c{index // 2}" for index in range(60)])
    assert isinstance(found, Interval)
    assert (found.lower, found.estimate, found.upper, found.n) == (0.5, 0.5, 0.5, 30)


def test_rows_of_one_cluster_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=40)
    once = mean(values, [str(index) for index in range(40)])
    again = mean(np.repeat(values, 10), [str(index // 10) for index in range(400)])
    assert isinstance(once, Interval)
    assert isinstance(again, Interval)
    assert again.upper - again.lower == pytest.approx(once.upper - once.lower, abs=0.02)


def test_a_handful_of_clusters_gives_no_interval() -> None:
    found = mean([1.0] * 100, ["a", "b", "c", "d"] * 25)
    assert isinstance(found, Unscored)
    assert found.reason == "too_few"


def test_separation_of_one_class_only_is_undefined() -> None:
    found = separation(np.arange(10.0), np.ones(10, np.bool_), [str(index) for index in range(10)])
    assert isinstance(found, Unscored)
    assert found.reason == "undefined"


def test_a_perfect_order_separates_wholly() -> None:
    scores = np.arange(40.0)
    found = separation(scores, scores >= 20, [str(index) for index in range(40)])
    assert isinstance(found, Interval)
    assert found.estimate == 1.0


def test_macro_f1_by_hand() -> None:
    labels, called = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    # F1: 2*1/(2+2) = .5, 2*2/(2+3) = .8, 0
    assert macro_f1(labels, called) == pytest.approx((0.5 + 0.8 + 0.0) / 3)
    assert macro_f1(labels[:4], np.array([2, 2, 2, 2])) == 0.0


def test_calibration_error_by_hand() -> None:
    sure = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    assert calibration_error(sure, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0.0
