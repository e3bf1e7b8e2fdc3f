"""Wilson's interval, held against the textbook formula and statsmodels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from knowreason.stats import wilson


def test_eight_of_ten_has_the_textbook_interval() -> None:
    z, n, p = 1.959964, 10, 0.8
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    found = wilson(8, 10)
    assert found is not None
    assert (found.estimate, found.clusters) == (0.8, 10)
    assert (found.lower, found.upper) == pytest.approx((centre - half, centre + half), abs=1e-6)


@given(st.integers(5, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_agrees_with_statsmodels_and_holds_its_estimate(case: tuple[int, int]) -> None:
    successes, units = case
    found = wilson(successes, units)
    assert found is not None
    theirs = proportion_confint(successes, units, method="wilson")
    assert (found.lower, found.upper) == pytest.approx(theirs, abs=1e-9)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    assert found.upper > found.lower


def test_too_few_units_give_no_interval_and_impossible_counts_are_refused() -> None:
    assert wilson(4, 4) is None
    with pytest.raises(ValueError, match="successes"):
        wilson(11, 10)
