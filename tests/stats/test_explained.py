"""Explained log-loss against exact refits and planted truths; how figures rank against SciPy."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from statsmodels.api import Logit

from knowreason.records import Unscored
from knowreason.stats import (
    Estimate,
    Explained,
    auroc,
    combination,
    explained,
    explained_without_error,
    limits,
    shapley,
    share,
)
from knowreason.stats.bootstrap import drawn_weights


def planted(seed: int, questions: int = 150, samples: int = 2, effect: float = 0.8):
    rng = np.random.default_rng(seed)
    count = questions * samples
    x = rng.normal(size=(count, 3))
    x[:, 2] += 0.5 * x[:, 0]
    p = 1 / (1 + np.exp(-(effect * x[:, 0] + 0.3 * x[:, 1])))
    return (rng.random(count) < p).astype(float), x, np.repeat(np.arange(questions), samples)


def found(result: object) -> Explained:
    assert isinstance(result, Explained)
    return result


def test_the_parts_are_those_of_statsmodels_over_all_orders_less_their_bias() -> None:
    y, x, q = planted(0)
    parts = np.zeros(3)
    null = Logit(y, np.ones(len(y))).fit(disp=0).llf
    for order in permutations(range(3)):
        before = null
        for at, column in enumerate(order):
            design = np.column_stack([np.ones(len(y)), x[:, sorted(order[: at + 1])]])
            after = Logit(y, design).fit(disp=0).llf
            parts[column] += (after - before) / len(y) / 6
            before = after
    ours = found(explained(y, x, q, seed=1))
    given = parts - ours.parts  # what was taken off: about a degree of freedom over 2 n, twice as the samples cluster
    assert np.all(given > 0)
    assert np.all(given < 3 / len(y))
    assert (ours.rows, ours.clusters) == (300, 150)


def test_a_draw_is_what_a_refit_under_its_weights_gives() -> None:
    y, x, q = planted(3)
    ours = found(explained(y, x, q, seed=7))
    plain = shapley(y, x, q)
    assert not isinstance(plain, Unscored)
    weights = next(drawn_weights(150, seed=7, draws=2000, width=150))[:40]
    exact = np.array([shapley(y, x, q, weights=w[q]).parts for w in weights])  # type: ignore[union-attr]
    drawn = ours.draws[:40] + 2 * (plain.parts - ours.parts)
    apart, spread = np.abs(drawn - exact), exact.std(axis=0)
    assert np.all(apart.mean(axis=0) < 0.15 * spread)
    assert np.corrcoef(drawn[:, 0], exact[:, 0])[0, 1] > 0.99


def test_columns_of_noise_explain_nothing_on_average() -> None:
    rng = np.random.default_rng(0)
    parts = [
        found(explained(rng.integers(0, 2, 100).astype(float), rng.normal(size=(100, 2)), np.arange(100), seed=n)).parts
        for n in range(200)
    ]
    mean, error = np.mean(parts, axis=0), np.std(parts, axis=0) / np.sqrt(200)
    assert np.all(np.abs(mean) < 4 * error)


def test_what_is_always_in_gets_no_part_and_takes_its_own_away() -> None:
    y, x, q = planted(5)
    with_base = found(explained(y, x[:, 1:], q, base=x[:, :1], seed=1))
    alone = found(explained(y, x[:, 1:], q, seed=1))
    assert with_base.parts.shape == (2,)
    assert alone.parts[1] > with_base.parts[1]  # the third column stands for the first where that is not there


def test_a_difference_of_parts_turns_with_its_columns_and_a_share_sums_to_one() -> None:
    y, x, q = planted(6)
    ours = found(explained(y, x, q, seed=1))
    one, other = combination(ours, [1, -1, 0]), combination(ours, [-1, 1, 0])
    assert one.estimate == pytest.approx(-other.estimate)
    assert limits(one).lower == pytest.approx(-limits(other).upper)
    assert sum(share(ours, column).estimate for column in range(3)) == pytest.approx(1)


@pytest.mark.parametrize("noisy", [0, 1])
def test_without_error_a_column_explains_what_its_truth_does(noisy: int) -> None:
    apart = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(1500, 2))
        y = (rng.random(1500) < 1 / (1 + np.exp(-0.9 * x.sum(axis=1)))).astype(float)
        seen, errors = x.copy(), np.zeros_like(x)
        seen[:, noisy] += rng.normal(size=1500)  # half of the variance is error
        errors[:, noisy] = 1.0
        q = np.arange(1500)
        true = found(explained(y, x, q, seed=1, draws=100)).parts
        plain = found(explained(y, seen, q, seed=1, draws=100)).parts
        clean = found(explained_without_error(y, seen, q, errors, seed=1, draws=100, repeats=4)).parts
        apart.append([plain[noisy] / true[noisy], clean[noisy] / true[noisy]])
    plain_share, clean_share = np.mean(apart, axis=0)
    assert plain_share < 0.6
    assert 0.9 < clean_share < 1.15


def test_what_cannot_be_split_is_refused() -> None:
    y, x, q = planted(8)
    assert explained(y[:10], x[:10], q[:10], seed=1) == Unscored(
        reason="too_few", detail="5 questions; a comparison needs 20"
    )
    one_class = explained(np.ones_like(y), x, q, seed=1)
    assert isinstance(one_class, Unscored)
    assert one_class.reason == "one_class"
    apart = explained((x[:, 0] > 0).astype(float), x, q, seed=1)
    assert isinstance(apart, Unscored)
    assert apart.reason == "separated"
    with pytest.raises(ValueError, match="at most 6"):
        explained(y, np.random.default_rng(0).normal(size=(len(y), 7)), q, seed=1)
    with pytest.raises(ValueError, match="some error"):
        explained_without_error(y, x, q, np.zeros_like(x), seed=1)
    with pytest.raises(ValueError, match="less of it"):
        explained_without_error(y, x, q, np.full_like(x, 9.0), seed=1)


def test_an_area_is_the_share_of_pairs_that_scipy_counts_with_ties() -> None:
    rng = np.random.default_rng(2)
    y, figure = rng.integers(0, 2, 200).astype(float), rng.integers(0, 6, 200).astype(float)
    figure += y
    ours = auroc(y, figure, np.arange(200), seed=1)
    assert isinstance(ours, Estimate)
    pairs = y.sum() * (1 - y).sum()
    assert ours.estimate == pytest.approx(mannwhitneyu(figure[y == 1], figure[y == 0]).statistic / pairs)
    assert 0.4 < ours.lower < ours.estimate < ours.upper < 1


def test_the_interval_of_an_area_covers_the_truth() -> None:
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 120).astype(float)
        ours = auroc(y, y + rng.normal(size=120), np.arange(120), seed=seed, draws=300)
        assert isinstance(ours, Estimate)
        hits += ours.lower <= 0.76025 <= ours.upper  # Phi(1 / sqrt 2)
    assert 180 <= hits <= 199


def test_a_figure_that_cannot_rank_is_refused() -> None:
    y = np.tile([0.0, 1.0], 20)
    for correct, figure, reason in (
        (y, np.ones(40), "constant"),
        (np.ones(40), np.arange(40.0), "one_class"),
        (y[:10], np.arange(10.0), "too_few"),
    ):
        refused = auroc(correct, figure, np.arange(len(correct)), seed=1)
        assert isinstance(refused, Unscored)
        assert refused.reason == reason
