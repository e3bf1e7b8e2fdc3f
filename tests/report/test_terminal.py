"""The terminal's table: a hundred columns, the same figures as the summary, and no escape sequence of a log."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from opened import made_run, two_models
from rich.console import Console

from knowreason.compare import compare_runs
from knowreason.errors import StoreError
from knowreason.frame import Audited, read_summary, write_summary
from knowreason.records import Interval
from knowreason.report import print_summary
from knowreason.report.comparison import print_comparison
from made_records import make_audited, make_tables


def printed(folder: Path, audited: Sequence[Audited], width: int = 100) -> str:
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    write_summary(folder, draws=200)
    stream = io.StringIO()
    print_summary(folder, Console(file=stream, width=width))
    return stream.getvalue()


def traces(count: int = 20, **changes: object) -> list[Audited]:
    return [make_audited(i, grade=("correct", "incorrect")[i % 2], **changes) for i in range(count)]  # type: ignore[arg-type]


def test_no_line_is_wider_than_a_hundred_columns(tmp_path: Path) -> None:
    wide = traces(model="an-organisation/a-model-with-a-very-long-name-70B-instruct", surprisals=(99.0, 3, 50, 1, 0))
    assert max(map(len, printed(tmp_path, wide).splitlines())) <= 100


@pytest.mark.parametrize("width", [24, 40, 60, 79, 80, 99])
def test_a_narrow_terminal_cuts_no_figure_and_no_heading(width: int, tmp_path: Path) -> None:
    shown = printed(tmp_path, traces(1234, surprisals=(99.0, 3, 50, 1, 0)), width)
    assert max(map(len, shown.splitlines())) <= width
    words = shown.split()
    for whole in ("traces", "right", "decided", "tokens", "1,234", "50%"):
        assert whole in [word.strip(";,") for word in words], whole


def test_the_row_of_a_model_holds_the_figures_of_the_summary(tmp_path: Path) -> None:
    shown = printed(tmp_path, traces())
    accuracy = read_summary(tmp_path).cells[0].accuracy
    assert isinstance(accuracy, Interval)
    row = next(line for line in shown.splitlines() if line.strip().startswith("owl"))
    assert f"50% [{accuracy.lower * 100:.0f}–{accuracy.upper * 100:.0f}]" in row
    assert "20" in row.split()
    assert "animals" in shown
    assert "zoology, 20 questions" in shown
    assert "complete 20" in shown


def test_reasons_and_the_limits_of_the_observer_are_printed(tmp_path: Path) -> None:
    shown = " ".join(printed(tmp_path, traces(verdicts=("no_corpus",), scorer="builtin:")).split())
    assert "Not measured" in shown
    assert "no corpus was given to verify against 20" in shown
    assert "commitment, never informative gain" in shown
    assert "no corpus" in shown


def test_only_a_causal_scorer_has_a_column_of_informative_gain(tmp_path: Path) -> None:
    assert "informative gain," in printed(tmp_path, traces(scorer="hf:some/model"))


def test_escape_sequences_and_markup_in_names_stay_text(tmp_path: Path) -> None:
    shown = printed(tmp_path, traces(model="\x1b[31mred\x1b[0m [bold]x[/bold]", domain="\x07zoo"))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[bold]x[/" in shown.replace("\n", "")


def test_a_run_without_traces_says_so(tmp_path: Path) -> None:
    assert "no traces" in printed(tmp_path, [])


def test_a_folder_without_a_summary_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no finished audit"):
        print_summary(tmp_path)


def test_a_comparison_fits_every_terminal_and_is_coloured_in_none(tmp_path: Path) -> None:
    found = compare_runs([made_run(tmp_path, two_models())], baseline="owl")
    for width in (24, 40, 80, 100):
        stream = io.StringIO()
        print_comparison(found, Console(file=stream, width=width, force_terminal=True, no_color=True))
        lines = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()
        assert max(map(len, lines)) <= width
        assert "transfers" in " ".join(lines)
        assert not re.search(r"\x1b\[(?:3|4|9)[0-9]", stream.getvalue())
