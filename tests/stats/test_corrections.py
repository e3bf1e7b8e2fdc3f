"""The corrected share: its formula, its limits where the instrument is perfect, and its coverage."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from knowreason.records import Unscored
from knowreason.stats import Corrected, Share, Stretch, rogan_gladen, stretch, stretched

PERFECT = Share(1.0, 1e12)


def corrected(found: Corrected | Unscored) -> Corrected:
    assert isinstance(found, Corrected), found
    return found


@pytest.mark.parametrize("hits", [0, 3, 50, 97, 100])
def test_a_perfect_instrument_leaves_the_interval_of_agresti_and_coull(hits: int) -> None:
    found = corrected(rogan_gladen(Share(hits / 100, 100), PERFECT, PERFECT))
    low, high = proportion_confint(hits, 100, method="agresti_coull")
    assert found.estimate == pytest.approx(hits / 100)
    assert (found.lower, found.upper) == pytest.approx((max(low, 0), min(high, 1)), abs=1e-6)


def test_the_estimate_is_the_true_share_where_every_rate_is_exact() -> None:
    truth, sensitivity, specificity = 0.7, 0.85, 0.6
    called = truth * sensitivity + (1 - truth) * (1 - specificity)
    found = corrected(rogan_gladen(Share(called, 500), Share(sensitivity, 300), Share(specificity, 300)))
    assert found.estimate == pytest.approx(truth)
    assert found.lower < truth < found.upper
    assert not found.clipped


def test_less_is_known_about_the_instrument_and_the_interval_is_wider() -> None:
    widths = []
    for labelled in (60, 200, 2000):
        found = corrected(rogan_gladen(Share(0.6, 500), Share(0.9, labelled), Share(0.8, labelled)))
        widths.append(found.upper - found.lower)
    assert widths == sorted(widths, reverse=True)


def test_a_share_beyond_the_possible_is_clipped_and_says_so() -> None:
    found = corrected(rogan_gladen(Share(0.05, 400), Share(0.9, 400), Share(0.8, 400)))
    assert (found.estimate, found.lower, found.clipped) == (0.0, 0.0, True)


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "labelled"), [(0.5, 0.5, 1000), (0.3, 0.4, 1000), (0.6, 0.6, 20)]
)
def test_an_instrument_no_better_than_chance_is_refused(sensitivity: float, specificity: float, labelled: int) -> None:
    found = rogan_gladen(Share(0.6, 500), Share(sensitivity, labelled), Share(specificity, labelled))
    assert isinstance(found, Unscored)
    assert found.reason == "uninformative_instrument"


def test_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(7)
    truth, sensitivity, specificity = 0.65, 0.9, 0.75
    called = truth * sensitivity + (1 - truth) * (1 - specificity)
    hits = 0
    for _ in range(2000):
        measured = (rng.binomial(n, p) / n for n, p in ((400, called), (150, sensitivity), (150, specificity)))
        found = corrected(rogan_gladen(*(Share(s, n) for s, n in zip(measured, (400, 150, 150), strict=True))))
        hits += found.lower <= truth <= found.upper
    assert 0.935 <= hits / 2000 <= 0.97


def test_what_is_no_share_raises() -> None:
    with pytest.raises(ValueError, match="no share"):
        rogan_gladen(Share(1.2, 10), PERFECT, PERFECT)


def test_a_difference_under_one_instrument_is_only_stretched() -> None:
    by = stretch(Share(0.9, 1e9), Share(0.6, 1e9))
    assert isinstance(by, Stretch)
    found = stretched(0.04, 0.01, by)
    assert found.estimate == pytest.approx(0.08)
    reach = 1.959964 * 0.01 / 0.5
    assert (found.lower, found.upper) == pytest.approx((0.08 - reach, 0.08 + reach), abs=1e-5)


def test_the_interval_of_a_stretched_difference_is_the_set_of_ratios_not_rejected() -> None:
    by = stretch(Share(0.9, 200), Share(0.6, 200))
    assert isinstance(by, Stretch)
    found = stretched(0.1, 0.03, by)
    for end in (found.lower, found.upper):  # Fieller: |d - r y| = z * sqrt(sd^2 + r^2 sy^2)
        distance = abs(0.1 - end * by.youden) / np.hypot(0.03, end * by.error)
        assert distance == pytest.approx(1.959964, abs=1e-4)


def test_a_stretched_difference_stays_between_minus_one_and_one() -> None:
    by = stretch(Share(0.7, 300), Share(0.6, 300))
    assert isinstance(by, Stretch)
    found = stretched(0.6, 0.3, by)
    assert (found.estimate, found.upper, found.clipped) == (1.0, 1.0, True)


@pytest.mark.parametrize(
    ("sensitivity", "specificity"),
    [(Share(0.5, 500), Share(0.5, 500)), (Share(0.55, 30), Share(0.55, 30)), (Share(0.3, 500), Share(0.6, 500))],
)
def test_an_instrument_that_is_not_clearly_above_chance_corrects_nothing(
    sensitivity: Share, specificity: Share
) -> None:
    refused = stretch(sensitivity, specificity)
    assert isinstance(refused, Unscored)
    assert refused.reason == "uninformative_instrument"
