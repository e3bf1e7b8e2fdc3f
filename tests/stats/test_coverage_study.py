"""The simulation study plants what it says: its truths, which are integrals, are met by large samples."""

import numpy as np
import pytest
from benchmarks import coverage


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
