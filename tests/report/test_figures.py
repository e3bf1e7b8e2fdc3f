"""Figures for papers: files that can be opened, the same for the same run, with what is missing said in words."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from opened import made_run, two_models
from typer.testing import CliRunner

from knowreason.cli import app
from knowreason.errors import InputError
from knowreason.report.figures import write_figures
from made_records import make_audited


def test_every_figure_is_an_svg_and_a_png_and_the_same_again(tmp_path: Path) -> None:
    run = made_run(
        tmp_path / "run", [*two_models(20), *(make_audited(500 + i, model="$x_1$ <b>\u202e") for i in range(12))]
    )
    first = write_figures(run, tmp_path / "a")
    assert [path.name for path in first] == ["intervals.svg", "intervals.png", "plane-1.svg", "plane-1.png"]
    for path in first:
        if path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
        else:
            assert path.read_bytes().startswith(b"\x89PNG")
    again = write_figures(run, tmp_path / "b")
    assert [p.read_bytes() for p in first if p.suffix == ".svg"] == [
        p.read_bytes() for p in again if p.suffix == ".svg"
    ]


def test_the_command_draws_beside_writing_the_page(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", [make_audited(i, verdicts=("no_corpus",), grade="needs_judge") for i in range(8)])
    done = CliRunner().invoke(app, ["report", str(run), "--figures", str(tmp_path / "figures")])
    assert done.exit_code == 0, done.output
    assert "report: " in done.output
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["intervals.png", "intervals.svg"]


def test_a_run_without_traces_has_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is nothing to draw"):
        write_figures(made_run(tmp_path, []), tmp_path / "figures")
