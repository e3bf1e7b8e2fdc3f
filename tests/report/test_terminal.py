"""The terminal's table: a hundred columns, the same figures as the summary, and no escape sequence of a log."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from knowreason.errors import StoreError
from knowreason.frame import Audited, read_summary, write_summary
from knowreason.records import Interval
from knowreason.report import print_summary
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
