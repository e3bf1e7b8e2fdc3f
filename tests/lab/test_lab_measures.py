"""The measures of agreement: known answers, and what must not count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.lab.agreement import worth_of
from knowreason.lab.measures import (
    Judged,
    gridded,
    mean_gain,
    order_agreement,
    root_mean_square,
    separation,
)
from knowreason.records import Interval, Unscored
from knowreason.stats import area_above, tau_b


def judged(trace: int, kind: str, measured: float, true: float) -> Judged:
    return Judged(f"t{trace}", kind, measured, true)


def test_auroc_by_hand() -> None:
    assert area_above([3, 4], [1, 2]) == 1
    assert area_above([1, 2], [3, 4]) == 0
    assert area_above([1, 3], [2, 2]) == 0.5
    assert area_above([2, 3], [2, 1]) == (0.5 + 1 + 1 + 1) / 4
    assert np.isnan(area_above([], [1]))


@given(st.lists(st.integers(-5, 5), min_size=1), st.lists(st.integers(-5, 5), min_size=1))
def test_auroc_counts_pairs(high: list[int], low: list[int]) -> None:
    pairs = [(h > w) + 0.5 * (h == w) for h in high for w in low]
    assert area_above(high, low) == pytest.approx(sum(pairs) / len(pairs))


def test_measured_gains_that_are_the_true_ones_agree_perfectly() -> None:
    rows = [judged(t, "true_hop" if g else "filler", g, g) for t in range(8) for g in (0.0, 0.5, 1.0, 0.0)]
    found = order_agreement(rows, seed=0)
    assert isinstance(found, Interval)
    assert found.estimate == pytest.approx(1)
    assert root_mean_square(rows) == 0


def test_gains_in_the_opposite_order_disagree_perfectly() -> None:
    rows = [judged(t, "true_hop", -g, g) for t in range(8) for g in (0.0, 0.5, 1.0)]
    found = order_agreement(rows, seed=0)
    assert isinstance(found, Interval)
    assert found.estimate == pytest.approx(-1)


def test_differences_below_the_resolution_are_ties() -> None:
    assert gridded([0.049, -0.049, 0.0, 0.051]) == pytest.approx([0, 0, 0, 0.1])
    assert len(set(gridded([0.04, -0.04]))) == 1
    noisy = [judged(t, "filler", g + e, g) for t in range(8) for g, e in ((0.0, 0.04), (0.0, -0.04), (1.0, 0.04))]
    found = order_agreement(noisy, seed=0)
    assert isinstance(found, Interval)
    assert found.estimate == pytest.approx(1)


def test_traces_without_an_order_do_not_count() -> None:
    flat = [judged(t, "filler", 0.3, 0.0) for t in range(8) for _ in range(3)]
    assert order_agreement(flat, seed=0) == Unscored(reason="too_few")
    assert tau_b([1.0, 1.0], [0.0, 1.0]) is None


def test_a_separation_over_few_traces_is_not_measured() -> None:
    rows = [judged(t, k, g, g) for t in range(3) for k, g in (("true_hop", 1.0), ("filler", 0.0))]
    assert separation(rows, "true_hop", "filler", seed=0) == Unscored(reason="too_few")
    assert separation([], "true_hop", "filler", seed=0) == Unscored(reason="too_few")


def test_a_separation_is_of_measured_gains_and_its_bound_of_true_ones() -> None:
    rows = [judged(t, k, m, g) for t in range(9) for k, m, g in (("true_hop", 0.0, 1.0), ("filler", 0.0, 0.0))]
    measured = separation(rows, "true_hop", "filler", seed=0)
    perfect = separation(rows, "true_hop", "filler", seed=0, true=True)
    assert isinstance(measured, Interval)
    assert isinstance(perfect, Interval)
    assert (measured.estimate, perfect.estimate) == (0.5, 1.0)


def test_the_mean_gain_of_a_class_is_over_its_sentences_only() -> None:
    rows = [judged(t, k, m, 0.0) for t in range(9) for k, m in (("filler", 0.2), ("true_hop", 9.0))]
    found = mean_gain(rows, "filler", seed=0)
    assert isinstance(found, Interval)
    assert found.estimate == pytest.approx(0.2)
    assert mean_gain(rows, "false_claim", seed=0) == Unscored(reason="too_few")


@pytest.mark.parametrize(
    ("kind", "true", "worth"),
    [
        ("true_hop", 0.05, "needed_hop"),
        ("true_hop", 0.04, "true_hop"),
        ("false_claim", -0.05, "misleading_claim"),
        ("false_claim", -0.04, "false_claim"),
        ("false_claim", 0.5, "false_claim"),
        ("filler", 0.0, "filler"),
        ("other_hop", -1.0, "other_hop"),
    ],
)
def test_what_a_sentence_is_worth_is_decided_by_its_true_gain(kind: str, true: float, worth: str) -> None:
    assert worth_of(judged(0, kind, 7.0, true)) == worth
