"""The tables of a run, from a result that was written by hand; and what the command says where there is none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from knowreason.commands.lab import lab
from knowreason.errors import InputError
from knowreason.lab.results import (
    RESULTS,
    ClassGain,
    KnowledgeAgreement,
    LabResult,
    Nonsense,
    RateResult,
    Recut,
    Separation,
    Totals,
    WorldResult,
    read_result,
    write_result,
)
from knowreason.lab.run import PRESETS
from knowreason.lab.show import markdown, tables, write_page
from knowreason.records import Interval, Unscored


def interval(estimate: float) -> Interval:
    return Interval(estimate=estimate, lower=estimate - 0.02, upper=estimate + 0.02, level=0.95, n=40)


def made(order: float, separated: float) -> LabResult:
    contrasts = (("needed_hop", "filler"), ("filler", "misleading_claim"))
    rate = RateResult(
        filler=1.0,
        traces=40,
        unmatched=0,
        sentences=200,
        order=interval(order),
        error=0.1,
        separations=tuple(
            Separation(above=a, below=b, measured=interval(separated), perfect=interval(1.0)) for a, b in contrasts
        ),
        gains=(ClassGain(kind="filler", sentences=80, measured=interval(0.01), true=Unscored(reason="too_few")),),
        knowledge=KnowledgeAgreement(
            traces=40, alike=40, claims=100, measured=0.84, table=0.84, topic_alike=0.9, published=0.92
        ),
        totals=Totals(true=0.7, measured=0.72, published=-4.0, steps=6.0, order=0.6, published_order=None),
    )
    world = WorldResult(
        seed=11,
        checkpoint="trained here",
        parameters=190_000,
        trained_seconds=1200.0,
        trust=0.85,
        recall={"0.40": 0.41, "strangers": 0.04},
        rates=(rate,),
        recut=Recut(traces=24, total=5e-7, parts=9e-7, published_before=-4.0, published_after=-2.0),
        nonsense=Nonsense(traces=24, with_index=0, claims=0, published=1.0),
    )
    return LabResult(preset="quick", version="0.1.0", seconds=60.0, measures=(world,))


def test_a_result_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_result(tmp_path / RESULTS, made(0.9, 0.97))
    assert read_result(tmp_path) == made(0.9, 0.97)


@pytest.mark.parametrize(("order", "separated", "marks"), [(0.8, 0.95, {"pass"}), (0.79, 0.94, {"fail"})])
def test_the_pass_marks_are_held_to_the_estimates(order: float, separated: float, marks: set[str]) -> None:
    row = tables(made(order, separated))[0].rows[0]
    assert {row[2], row[4], row[6]} == marks


def test_every_row_has_a_cell_for_every_heading() -> None:
    for table in tables(made(0.9, 0.97)):
        assert table.rows
        assert all(len(row) == len(table.headings) for row in table.rows)


def test_what_was_not_measured_is_said_and_is_no_number() -> None:
    text = markdown(made(0.9, 0.97))
    assert "too few" in text
    assert "does not vary" in text
    assert "not asked" in text
    assert "nan" not in text.lower().split()


def test_the_page_loads_and_runs_nothing(tmp_path: Path) -> None:
    page = write_page(made(0.9, 0.97), tmp_path).read_text("utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<script|src=|href=", page)
    assert "Measured gains against the true ones" in page


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "knowreason.cli", "lab", *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_the_command_shows_a_run_as_tables_as_markdown_and_as_json(tmp_path: Path) -> None:
    write_result(tmp_path / RESULTS, made(0.9, 0.97))
    shown = command("show", str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    assert "0.900 [0.88, 0.92]" in shown.stdout
    assert (tmp_path / "lab.html").is_file()
    assert command("show", str(tmp_path), "--markdown").stdout == markdown(made(0.9, 0.97))
    assert json.loads(command("show", str(tmp_path), "--json").stdout)["preset"] == "quick"


def test_all_subcommands_and_their_options_say_what_they_do() -> None:
    commands = typer.main.get_command(lab).commands  # type: ignore[attr-defined]
    assert sorted(commands) == ["check", "run", "show"]
    for name, found in commands.items():
        assert found.help
        assert all(getattr(parameter, "help", None) for parameter in found.params), name


def test_a_folder_without_a_run_is_one_clear_line(tmp_path: Path) -> None:
    shown = command("show", str(tmp_path))
    assert shown.returncode == 1
    assert shown.stderr.startswith("knowreason: ")
    assert "holds no finished run of the lab" in shown.stderr
    assert "Traceback" not in shown.stderr
    (tmp_path / RESULTS).write_text("{}", "utf-8")
    with pytest.raises(InputError, match="is no result of the lab"):
        read_result(tmp_path)


def test_without_torch_a_run_ends_with_the_pip_line(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from knowreason.cli import main\n"
        "sys.argv = ['knowreason', 'lab', 'run', '--out', sys.argv[1]]; main()"
    )
    out = str(tmp_path / "lab")
    done = subprocess.run([sys.executable, "-c", code, out], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'knowreason[lab]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "lab").exists()


def test_the_rates_of_filler_are_the_same_in_every_preset() -> None:
    assert {preset.fillers for preset in PRESETS.values()} == {(0.25, 1.0, 2.0)}
    assert len({preset.recipe for preset in PRESETS.values()}) == 1
