"""The simulation study plants what it says: its truths, which are integrals, are met by large samples."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from benchmarks import coverage, planted, spending

from knowreason.stats import Fit, left_out


@pytest.mark.parametrize("missing", ["none", "hard"])
@pytest.mark.parametrize("effect", [0.0, 0.1])
def test_the_planted_difference_is_that_of_a_large_sample(missing: str, effect: float) -> None:
    rng = np.random.default_rng(1)
    table = coverage.right_answers(rng, questions=400_000, samples=2, effect=effect, missing=missing)
    shares = table.up / table.down
    assert (shares[1] - shares[0]).mean() == pytest.approx(effect, abs=0.004)
    assert (table.unmeasured > 0) == (missing == "hard")


def test_the_planted_difference_in_knowledge_is_that_of_a_large_sample() -> None:
    rng = np.random.default_rng(2)
    hard = rng.normal(size=400_000)
    claims = rng.poisson(1.5 * np.exp(0.4 * hard), (2, 400_000))
    logits = hard + rng.normal(0, 0.8, (2, 400_000)) + 1.2 + np.array([[0.0], [coverage.ki_shift(0.08)]])
    supported = rng.binomial(claims, 1 / (1 + np.exp(-logits)))
    first, second = supported.sum(axis=1) / claims.sum(axis=1)
    assert second - first == pytest.approx(0.08, abs=0.004)


def test_planted_gains_differ_by_what_was_planted() -> None:
    table = coverage.gains(np.random.default_rng(3), 400_000, -0.15)
    assert (table.up[1] - table.up[0]).mean() == pytest.approx(-0.15, abs=0.005)


def test_every_cell_has_a_name_of_its_own_and_can_be_measured() -> None:
    cells = list(coverage.cells())
    assert len({cell.name for cell in cells}) == len(cells)
    small = [cell for cell in cells if "800" not in cell.name and "4000" not in cell.name]
    for cell in small:
        row = coverage.study(cell, 1)
        assert row["sets"] == 1
        assert 0 <= float(row["wrong"]) <= 1


def test_the_planted_votes_are_those_of_a_large_sample() -> None:
    rng = np.random.default_rng(4)
    hard = rng.normal(0, planted.HARD, 400_000)
    for strategy in ("vote", "best", "ways"):
        shares = spending._spent(rng, hard, strategy).mean(axis=0)
        assert shares == pytest.approx(np.array(spending.curve(strategy)), abs=0.004)


def test_a_vote_is_won_as_often_as_counting_all_ballots_says() -> None:
    for k in (1, 2, 3, 4):
        ballots = np.array(list(product((0, 1), repeat=k)))
        chance = 0.6 ** ballots.sum(axis=1) * 0.4 ** (k - ballots.sum(axis=1))
        won = np.where(2 * ballots.sum(axis=1) > k, 1.0, np.where(2 * ballots.sum(axis=1) == k, 0.5, 0.0))
        assert spending.vote_right(np.array(0.6), k) == pytest.approx((chance * won).sum())


@pytest.mark.parametrize(("above", "first"), [(0.06, 4), (0.0, 6), (-0.01, 7)])
def test_the_candidate_is_planted_where_it_is_said(above: float, first: int) -> None:
    truth = spending.planted("best", above)
    assert max(spending.curve("best")) - (truth.target - 0.03) == pytest.approx(above)
    assert truth.first == first


@pytest.mark.parametrize("missing", ["none", "hard"])
def test_the_planted_excess_is_that_of_a_large_sample(missing: str) -> None:
    domain = spending.abilities(6) - 0.3
    domain[3] -= spending.own_shift(6, 0.1, missing)
    rng = np.random.default_rng(5)
    tables = [spending._answered(rng, 150_000, shifts, missing) for shifts in (spending.abilities(6), domain)]
    fit = left_out(*tables, seed=0, draws=50)
    assert isinstance(fit, Fit)
    assert fit.models[3].excess == pytest.approx(0.1, abs=0.01)


def test_a_study_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    cell = next(cell for cell in coverage.cells() if cell.name.startswith("gain"))
    row = coverage.study(cell, 2)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n", "utf-8")
    assert coverage._kept(path, 2) == {cell.name: json.loads(json.dumps(row))}
    assert coverage._kept(path, 3) == {}


def test_a_cell_that_errs_too_often_is_marked() -> None:
    def row(covered: int, wrongs: int, discrete: bool = False) -> dict[str, object]:
        return {"cell": "c", "covered": (covered, 2000), "discrete": discrete, "wrongs": (wrongs, 2000)}

    marked = coverage.with_failures([row(1900, 100), row(1800, 150), row(1990, 110), row(1990, 110, True)])
    assert [(each["fails"], each["exceeds"]) for each in marked] == [("", ""), ("low", "yes"), ("high", ""), ("", "")]
