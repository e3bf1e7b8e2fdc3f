"""Where points first come within a margin, and what a line through other models says of one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from knowreason.records import Unscored
from knowreason.stats import Fit, LeftOut, Meeting, left_out, meeting


def gaps(shares: list[float], target: float, questions: int, seed: int = 0) -> np.ndarray:
    """Single answers of every point minus the target's, on the same questions."""
    rng = np.random.default_rng(seed)
    right = rng.random((questions, len(shares))) < np.array(shares)
    return right.astype(float) - (rng.random((questions, 1)) < target)


def met(table: np.ndarray, margin: float = 0.03, **told: int) -> Meeting:
    found = meeting(table, margin, seed=1, **told)
    assert isinstance(found, Meeting)
    return found


def test_the_first_point_within_the_margin_is_the_one_by_hand() -> None:
    found = met(gaps([0.2, 0.4, 0.75, 0.9], 0.7, 3000))
    assert (found.first, found.lower, found.upper, found.never) == (2, 2, 2, 0.0)
    assert found.p_meets < 1e-3
    assert found.p_below > 0.99


def test_where_no_point_comes_near_the_number_of_points_stands_for_none() -> None:
    found = met(gaps([0.2, 0.3, 0.35], 0.7, 400))
    assert (found.first, found.lower, found.upper, found.never) == (3, 3, 3, 1.0)
    assert found.p_below < 1e-6
    assert found.p_meets == 1.0


def test_little_data_reach_from_a_point_seen_to_none_seen() -> None:
    found = met(gaps([0.3, 0.5, 0.6], 0.66, 40, seed=3))
    assert found.lower < 3 == found.upper
    assert min(found.p_meets, found.p_below) > 0.05


def test_no_question_differs_from_another_and_the_interval_still_has_a_width() -> None:
    found = met(np.zeros((30, 3)))
    assert (found.first, found.never) == (0, 0.0)
    assert 0.05 < found.p_meets < 1  # thirty questions do not show a difference of 3 points, however alike they are


def test_the_p_of_the_best_point_is_that_of_correlated_normal_deviates() -> None:
    table = gaps([0.5, 0.52, 0.55], 0.55, 500, seed=4)
    ones = np.ones((1, 3))
    padded = np.concatenate([table, ones, -ones])
    distances = (padded.mean(axis=0) + 0.03) / (padded.std(axis=0) / np.sqrt(len(padded)))
    law = multivariate_normal(np.zeros(3), np.corrcoef(padded, rowvar=False))
    assert met(table, draws=20_000).p_meets == pytest.approx(1 - law.cdf(np.full(3, distances.max())), abs=0.005)
    assert met(table).p_below == pytest.approx(norm.cdf(distances.max()), abs=1e-12)


def test_points_that_are_one_and_the_same_cost_nothing_for_being_many() -> None:
    table = np.repeat(gaps([0.6], 0.55, 200), 5, axis=1)
    one = met(np.repeat(table[:, :1], 3, axis=1))
    assert met(table).p_meets == pytest.approx(one.p_meets, abs=0.01)


@pytest.mark.parametrize(
    ("table", "reason"),
    [(np.zeros((19, 3)), "too_few"), (np.zeros((0, 3)), "nothing_scored"), (np.zeros((50, 2)), "too_few_points")],
)
def test_too_little_is_refused(table: np.ndarray, reason: str) -> None:
    refused = meeting(table, 0.03, seed=0)
    assert isinstance(refused, Unscored)
    assert refused.reason == reason


@pytest.mark.parametrize("bad", [np.full((30, 3), 2.0), np.full((30, 3), np.nan), np.zeros(30)])
def test_what_are_no_gaps_is_an_error(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="gaps are"):
        meeting(bad, 0.03, seed=0)


def answers(shares: np.ndarray, questions: int, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random((questions, len(shares))) < shares).astype(float)


def test_each_model_is_predicted_by_the_line_through_the_others() -> None:
    x, y = answers(np.linspace(0.3, 0.8, 7), 200, 1), answers(np.linspace(0.2, 0.6, 7), 150, 2)
    found = left_out(x, y, seed=3)
    assert isinstance(found, Fit)
    for number, model in enumerate(found.models):
        others = np.arange(7) != number
        slope, level = np.polyfit(x.mean(axis=0)[others], y.mean(axis=0)[others], 1)
        assert_allclose(model.predicted, level + slope * x[:, number].mean())
        assert_allclose(model.excess, model.predicted - y[:, number].mean())
        assert model.lower < model.excess < model.upper
    assert found.scatter == pytest.approx(np.std([model.excess for model in found.models], ddof=1))


def test_only_a_model_outside_the_others_is_an_extrapolation() -> None:
    found = left_out(answers(np.linspace(0.2, 0.9, 6), 300, 1), answers(np.linspace(0.2, 0.6, 6), 300, 2), seed=3)
    assert isinstance(found, Fit)
    assert [model.beyond for model in found.models] == [True, False, False, False, False, True]


def test_a_planted_lack_in_the_domain_is_found_and_more_questions_narrow_it() -> None:
    def planted(questions: int) -> LeftOut:
        there = np.linspace(0.3, 0.7, 8)
        there[3] -= 0.2
        found = left_out(answers(np.linspace(0.4, 0.8, 8), questions, 1), answers(there, questions, 2), seed=3)
        assert isinstance(found, Fit)
        return found.models[3]

    wide, narrow = planted(200), planted(5000)
    assert wide.lower < 0.2 < wide.upper
    assert narrow.lower < 0.2 < narrow.upper
    assert narrow.upper - narrow.lower < (wide.upper - wide.lower) / 3


@pytest.mark.parametrize(
    ("models", "questions", "reason"), [(5, 100, "too_few_models"), (8, 19, "too_few"), (8, 0, "nothing_scored")]
)
def test_few_models_and_few_questions_are_refused(models: int, questions: int, reason: str) -> None:
    refused = left_out(answers(np.full(models, 0.5), 100, 1), answers(np.full(models, 0.5), questions, 2), seed=0)
    assert isinstance(refused, Unscored)
    assert refused.reason == reason


def test_models_that_do_not_differ_in_general_carry_no_line() -> None:
    refused = left_out(np.ones((50, 7)), answers(np.linspace(0.2, 0.8, 7), 50, 1), seed=0)
    assert isinstance(refused, Unscored)
    assert refused.reason == "constant"


@pytest.mark.parametrize("bad", [np.full((30, 6), 1.5), np.full((30, 6), np.nan), np.zeros((30, 5))])
def test_what_are_no_shares_of_the_same_models_is_an_error(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="shares"):
        left_out(np.eye(30, 6), bad, seed=0)
