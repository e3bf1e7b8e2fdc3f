"""Regressions and the split of what they explain, against statsmodels, a sandwich by hand, and all orders."""

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.api import GLM, Logit, add_constant, families

from knowreason.records import Unscored
from knowreason.stats import Logistic, Split, logistic, shapley


def data(seed: int = 0, questions: int = 120, columns: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two answers a question that share its difficulty."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(questions), 2)
    x = rng.normal(size=(questions, columns))[clusters] * 0.7 + rng.normal(size=(2 * questions, columns)) * 0.7
    hard = rng.normal(size=questions)[clusters]
    effects = np.array([1.0, -0.6, 0.0])[:columns]
    y = rng.random(2 * questions) < 1 / (1 + np.exp(-(0.3 + x @ effects + hard)))
    return y.astype(float), x, clusters


def fitted(found: Logistic | Unscored) -> Logistic:
    assert isinstance(found, Logistic), found
    return found


def test_coefficients_minimise_the_log_loss() -> None:
    y, x, clusters = data()
    found = fitted(logistic(y, x, clusters))
    design = add_constant(x)
    best = minimize(lambda b: np.logaddexp(0, (1 - 2 * y) * (design @ b)).mean(), np.zeros(4), tol=1e-10)
    assert found.coefficients == pytest.approx(best.x, abs=1e-4)
    assert found.log_loss == pytest.approx(best.fun)
    assert found.null_log_loss == pytest.approx(-Logit(y, np.ones(len(y))).fit(disp=0).llf / len(y))


def test_errors_are_the_sandwich_over_questions() -> None:
    y, x, clusters = data()
    found = fitted(logistic(y, x, clusters))
    design = add_constant(x)
    p = 1 / (1 + np.exp(-design @ found.coefficients))
    bread = np.linalg.inv((design * (p * (1 - p))[:, None]).T @ design)
    scores = np.array([(design * (y - p)[:, None])[clusters == q].sum(axis=0) for q in np.unique(clusters)])
    k, n = len(scores), len(y)
    sandwich = bread @ (scores.T @ scores) @ bread * (k / (k - 1)) * ((n - 1) / (n - 4))
    assert found.errors == pytest.approx(np.sqrt(np.diag(sandwich)), rel=1e-5)
    assert (found.rows, found.clusters) == (n, k)
    theirs = GLM(y, design, family=families.Binomial()).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    assert found.errors == pytest.approx(theirs.bse, rel=1e-4)
    assert found.p == pytest.approx(theirs.pvalues, abs=1e-6)


def test_a_split_is_the_mean_over_all_orders_and_sums_to_the_whole() -> None:
    y, x, clusters = data(1)
    found = shapley(y, x, clusters)
    assert isinstance(found, Split)

    def loss(columns: tuple[int, ...]) -> float:
        return -Logit(y, add_constant(x[:, list(columns)]) if columns else np.ones(len(y))).fit(disp=0).llf / len(y)

    parts = np.zeros(3)
    for order in permutations(range(3)):
        for place, column in enumerate(order):
            parts[column] += (loss(order[:place]) - loss(order[: place + 1])) / 6
    assert found.parts == pytest.approx(parts, abs=1e-8)
    assert found.parts.sum() == pytest.approx(found.total)
    assert found.total == pytest.approx(loss(()) - loss((0, 1, 2)))
    assert found.parts[0] > found.parts[1] > found.parts[2]


def test_two_columns_that_say_the_same_share_alike() -> None:
    y, x, clusters = data(2, columns=1)
    twin = x[:, 0] + np.random.default_rng(0).normal(0, 1e-4, len(y))
    found = shapley(y, np.column_stack([x[:, 0], twin]), clusters)
    assert isinstance(found, Split)
    assert found.parts[0] == pytest.approx(found.parts[1], abs=0.01 + 0.05 * found.total)


def test_weights_count_rows() -> None:
    y, x, clusters = data(3, questions=60)
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = shapley(y, x, clusters, weights=weights)
    repeated = shapley(np.repeat(y, weights), np.repeat(x, weights, axis=0), np.repeat(clusters, weights))
    assert isinstance(weighted, Split)
    assert isinstance(repeated, Split)
    assert weighted.parts == pytest.approx(repeated.parts, abs=1e-7)


def refusals() -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    y, x, clusters = data()
    flat, twin = x.copy(), x.copy()
    flat[:, 1] = 2.5
    twin[:, 2] = x[:, 0] - 2 * x[:, 1]
    few = clusters < 19
    half = (x[:, 0] > 0.2).astype(float)
    stepped = np.column_stack([np.sign(x[:, 0]) * (np.abs(x[:, 0]) >= 0.1), x[:, 1]])
    return [
        ("nothing_scored", y[:0], x[:0], clusters[:0]),
        ("too_few", y[few], x[few], clusters[few]),
        ("one_class", np.ones(len(y)), x, clusters),
        ("one_class", np.zeros(len(y)), x, clusters),
        ("constant", y, flat, clusters),
        ("collinear", y, twin, clusters),
        ("separated", half, x, clusters),
        ("separated", np.where(stepped[:, 0] == 0, y, stepped[:, 0] > 0).astype(float), stepped, clusters),
    ]


@pytest.mark.parametrize("case", range(8))
def test_a_regression_refuses_what_it_cannot_fit(case: int) -> None:
    reason, y, x, clusters = refusals()[case]
    for found in (logistic(y, x, clusters), shapley(y, x, clusters)):
        assert isinstance(found, Unscored)
        assert found.reason == reason


def test_nearly_separated_data_are_fitted() -> None:
    _, x, clusters = data()
    half = (x[:, 0] > 0.2).astype(float)
    half[np.argmax(x[:, 0])] = 0.0
    assert isinstance(logistic(half, x, clusters), Logistic)


def test_what_is_no_table_raises() -> None:
    y, x, clusters = data()
    with pytest.raises(ValueError, match="finite"):
        logistic(y, np.where(x > 2, np.nan, x), clusters)
    with pytest.raises(ValueError, match="shapes"):
        logistic(y[:5], x, clusters)
    with pytest.raises(ValueError, match="11 columns"):
        shapley(y, np.random.default_rng(0).normal(size=(len(y), 11)), clusters)
    with pytest.raises(ValueError, match="weights"):
        shapley(y, x, clusters, weights=-np.ones(len(y)))
