"""Figures over worlds, by hand: means and their intervals, gaps, what is foretold, what is unchanged. And pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from knowreason.lab.over_seeds import change_of, experiment_tables, over, table_of, told, values_of
from knowreason.lab.pictures import pictures, svg, write_pictures
from knowreason.lab.results import Cell, LabResult, Ran
from knowreason.lab.show import markdown, write_page
from knowreason.lab.standing import CLOSED, LONG, OPEN, foretold
from knowreason.records import Unscored

ARMS = ("base", "clean SFT", "math", "math, clean SFT", "math lineage, clean SFT")


def standing(seed: int, closed: tuple[float, ...], arithmetic: tuple[float, ...]) -> Ran:
    cells: list[Cell] = []
    for arm, right, long in zip(ARMS, closed, arithmetic, strict=True):
        cells += [Cell(arm, CLOSED, right, 50), Cell(arm, OPEN, 0.9, 50), Cell(arm, LONG, long, 100)]
    return Ran(experiment="standing", seed=seed, seconds=1.0, cells=tuple(cells))


WORLDS = (
    standing(1, (0.6, 0.8, 0.2, 0.5, 0.6), (0.2, 0.2, 1.0, 0.9, 0.9)),
    standing(2, (0.5, 0.9, 0.3, 0.5, 0.7), (0.2, 0.2, 1.0, 0.9, 0.9)),
)


def attribution(seed: int, change: float) -> Ran:
    cells = (
        Cell("RL", "recall, change", change, 100),
        Cell("RL", "attribution", "prunes", 50),
    )
    return Ran(experiment="attribution", seed=seed, seconds=1.0, cells=cells)


def result(*ran: Ran) -> LabResult:
    return LabResult(preset="full", version="0", seconds=2.0, measures=(), experiments=ran)


def test_a_mean_over_worlds_has_the_interval_of_student() -> None:
    middle, half = over([0.5, 0.7, 0.6])
    assert middle == pytest.approx(0.6)
    assert half == pytest.approx(4.302653 * 0.1 / sqrt(3), rel=1e-5)
    assert over([0.5]) == (0.5, None)


def test_numbers_are_averaged_verdicts_counted_and_what_is_missing_gives_its_reason() -> None:
    assert told([0.25]) == "0.25"
    assert told([0.2, 0.2]) == "0.20 ± 0.00"
    assert told(["trap", "trap", "no_trap"]) == "trap (2 of 3), no trap (1 of 3)"
    assert told([Unscored(reason="no_claims")]) == "no claims"
    assert told([0.5, Unscored(reason="no_claims")]) == "0.50 (1 of 2), no claims (1 of 2)"
    assert told([]) == ""


def test_a_table_has_a_row_for_every_arm_and_a_column_for_every_measure() -> None:
    table = table_of("standing", WORLDS)
    assert table.headings == ("", CLOSED, OPEN, LONG)
    assert [row[0] for row in table.rows] == list(ARMS)
    assert values_of(WORLDS, "base", CLOSED) == [0.6, 0.5]
    assert "worlds 1, 2" in table.note


def test_gaps_are_those_to_the_base_with_the_same_fine_tuning() -> None:
    gaps = next(t for t in experiment_tables(result(*WORLDS)) if "gap" in t.title)
    closed, opened, mended = gaps.rows[0][1:]
    assert closed.startswith("-0.35")
    assert opened.startswith("0.00")
    assert mended.startswith("0.35")


def test_what_is_foretold_leaves_out_the_world_of_the_one_foretold() -> None:
    found = foretold(WORLDS)
    assert found is not None
    x = np.array([0.2, 0.2, 1.0, 0.9, 0.9])
    y = np.array([[0.6, 0.8, 0.2, 0.5, 0.6], [0.5, 0.9, 0.3, 0.5, 0.7]])
    lines = [np.polyval(np.polyfit(x, y[other], 1), x) for other in (1, 0)]
    apart = np.array([lines[world] - y[world] for world in (0, 1)])
    assert (found.checkpoints, found.mathematical) == (10, 6)
    assert found.correlation == pytest.approx(np.corrcoef([*x, *x], y.ravel())[0, 1])
    assert found.error == pytest.approx(np.abs(apart).mean())
    assert found.above == pytest.approx(apart[:, 2:].mean())
    assert found.mean_error == pytest.approx(np.abs(y.mean(axis=1)[::-1][:, None] - y).mean())
    assert foretold(WORLDS[:1]) is None


def test_a_change_is_unchanged_only_within_the_margin_with_its_interval_over_worlds() -> None:
    low, middle, high = change_of([attribution(1, 0.01), attribution(2, -0.01)], "RL")
    assert middle == pytest.approx(0)
    assert high == pytest.approx(6.313752 * sqrt(2) * 0.01 / sqrt(2), rel=1e-5)
    assert low == -high
    changes = {"unchanged": (0.0, 0.001), "not enough evidence": (-0.08, 0.08), "changed": (0.2, 0.21)}
    for word, those in changes.items():
        ran = [attribution(seed, change) for seed, change in enumerate(those)]
        assert experiment_tables(result(*ran))[-1].rows[0][-1] == word
    assert experiment_tables(result(attribution(1, 0.2)))[-1].rows[0][-1] == "not enough evidence"


def test_pictures_hold_every_figure_and_load_nothing(tmp_path: Path) -> None:
    made = pictures(result(*WORLDS))
    assert [picture.name for picture in made] == ["standing"]
    drawn = svg(made[0])
    titles = [e.text or "" for e in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}title")]
    assert f"base, {CLOSED}: 0.55 ± 0.64" in titles
    assert len(titles) == 1 + 2 * len(ARMS)
    assert "href" not in drawn
    assert write_pictures(result(*WORLDS), tmp_path)[0].read_text("utf-8") == drawn


def test_the_page_and_the_markdown_hold_the_experiments(tmp_path: Path) -> None:
    page = write_page(result(*WORLDS), tmp_path).read_text("utf-8")
    assert "<svg" in page
    assert "math, clean SFT" in page
    assert "Experiment 7" in markdown(result(*WORLDS))
