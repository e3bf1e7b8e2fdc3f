"""The experiments on a family that was hardly trained: every arm has its figures, whatever was learned."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from knowreason.lab.checkpoints import Training
from knowreason.lab.compute import GROUPS, KS, run_compute
from knowreason.lab.family import FAMILY, Family, Made, Member
from knowreason.lab.results import Cell
from knowreason.lab.stages import PRETRAIN, StageRecipe
from knowreason.lab.standing import CLOSED, LONG, OPEN, first_hops, stands
from knowreason.lab.training_effects import ATTRIBUTED, TRAPPED, TRUE_ATTRIBUTION

TINY = Training(steps=2, rate=1e-3, warmup=1, text_weight=1.0)


def tiny() -> dict[Member, Made]:
    """The family's own recipes, cut to two steps; reinforcement is left out."""
    return {
        name: Made(made.start, replace(made.recipe, training=TINY, batch=2, watch_every=0))
        for name, made in FAMILY.items()
        if isinstance(made.recipe, StageRecipe)
    }


def quiet(*_: object) -> None:
    """Shows nothing."""


def test_every_attributed_training_and_its_baseline_are_members() -> None:
    named = {name for those in (TRAPPED, ATTRIBUTED) for m, one in those.items() for name in (m, one.baseline)}
    assert named <= set(FAMILY)
    assert set(TRUE_ATTRIBUTION) == set(ATTRIBUTED)
    assert PRETRAIN.watch_every == 0


def test_the_course_of_new_facts_differs_from_its_control_in_its_facts_alone() -> None:
    new, control = FAMILY["new facts"].recipe, FAMILY["refresher"].recipe
    assert isinstance(new, StageRecipe)
    assert isinstance(control, StageRecipe)
    assert replace(new, readers=control.readers, every=control.every) == control
    assert new != control


def test_no_fine_tuning_or_reward_asks_about_a_tested_disease(tmp_path: Path) -> None:
    family = Family(3, tmp_path, quiet)
    tested = {question.entity for question in family.tests()}
    assert tested == {entity for entity, _ in first_hops(family.world)}
    assert all(getattr(made.recipe, "pupils", None) in ("asked", "practised", "stranger") for made in FAMILY.values())


def test_a_member_stands_somewhere_in_every_measure(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    family = Family(3, tmp_path, quiet, tiny())
    cells = stands(family, "base")
    assert {CLOSED, OPEN, LONG} <= {cell.measure for cell in cells}
    assert all(isinstance(cell.value, float) and 0 <= cell.value <= 1 for cell in cells)
    assert family.checkpoint("math, clean SFT").parent.name == "math-clean-sft"
    assert (tmp_path / "math" / "checkpoint").is_dir()


def test_more_tries_never_lower_the_chance_that_one_is_right(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    Family(3, tmp_path, quiet, tiny()).checkpoint("base")
    cells = run_compute(3, tmp_path, quiet, tiny())
    for arm in {cell.arm for cell in cells}:
        curve = [_value(cells, arm, f"pass@{k}") for k in KS]
        assert curve == sorted(curve)
    assert set(GROUPS) <= {cell.arm for cell in cells}


def _value(cells: tuple[Cell, ...], arm: str, measure: str) -> float:
    found = next(cell.value for cell in cells if (cell.arm, cell.measure) == (arm, measure))
    assert isinstance(found, float)
    return found
