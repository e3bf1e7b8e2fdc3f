"""The summary as a table that fits a terminal of 100 columns, or of 80; in a narrower one, as lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from knowreason.frame import Cell, Measure, Summary, calibration_of, read_summary
from knowreason.records import Interval, Unscored
from knowreason.reliability import Calibration
from knowreason.report.calibrated import TITLE, reliability_lines
from knowreason.report.limits import limits, read_manifest, reading_lines, trained_note
from knowreason.report.published import PAPER_TITLE, paper_cells, paper_note, plain_text
from knowreason.report.readings import (
    Benchmark,
    benchmarks,
    integrity_totals,
    model_name,
    readings,
    unscored_totals,
)
from knowreason.report.scorers import (
    SCORERS_NOTE,
    SCORERS_TITLE,
    ScorerRow,
    agreement_sentences,
    family_notes,
    scorer_rows,
)
from knowreason.report.text import clip, visible
from knowreason.report.words import INTEGRITY, MEASURES, count_text, nats_text, percent, reason_words, share_text

_WIDTH = 100
_SHORT_REASONS = {
    "too_few": "too few",
    "needs_judge": "needs judge",
    "no_gold": "no gold",
    "no_corpus": "no corpus",
    "no_claims": "no claims",
    "judge_malformed": "judge failed",
    "model_unavailable": "no answer",
    "unusable_answer": "bad answers",
    "request_refused": "refused",
    "no_decided_claim": "none decided",
}
_WIDTHS = (18, 6, 13, 13, 7, 20, 7, 6)
_WIDTHS_AT_80 = (14, 6, 8, 8, 7, 13, 7, 6)  # an interval stands below its estimate; no number is ever cut
_SCORER_WIDTHS = (27, 22, 19, 19, 7)
_SCORER_WIDTHS_AT_80 = (22, 18, 13, 13, 7)
_PAPER_WIDTHS = (40, 15, 32, 7)
_PAPER_WIDTHS_AT_80 = (24, 15, 26, 7)


def print_summary(run: Path, console: Console | None = None) -> None:
    """Prints the summary of a finished run: a row a model and benchmark, what it says, and what it does not.

    Raises StoreError where the run holds no summary.
    """
    summary = read_summary(run)
    shown = console or _console()
    for part in (*_parts(summary, shown.width), *_closing(summary, run)):
        shown.print(part)


def _console() -> Console:
    """100 columns in a pipe or a wide window, a narrow window's own width."""
    console = Console()
    return Console(width=min(console.width, _WIDTH) if console.is_terminal else _WIDTH)


def _parts(summary: Summary, room: int) -> Iterable[RenderableType]:
    if not summary.cells:
        yield Text("The run holds no traces.")
        return
    for number, group in enumerate(benchmarks(summary)):
        yield from _benchmark(group, summary.instruments.gain_means, room, header=number == 0)
    yield from _paper(summary, room)
    yield from _scorers(summary, room)
    yield Text()
    for reading in readings(summary):
        yield Text(plain(reading.title), "bold")
        yield from (Padding(Text(plain(sentence, 2000)), (0, 0, 0, 2)) for sentence in reading.sentences)
    yield Text()
    integrity = integrity_totals(summary)
    said = ", ".join(f"{INTEGRITY.get(kind, kind)} {count:,}" for kind, count in integrity.items())
    yield paragraph("Traces", f"{summary.traces:,}: {said}.")
    for measure, reasons in unscored_totals(summary).items():
        said = "; ".join(f"{reason_words(reason)} {count:,}" for reason, count in reasons.most_common())
        yield paragraph("Not measured", f"{MEASURES.get(measure, measure)}: {said}.")


def _closing(summary: Summary, run: Path) -> Iterable[RenderableType]:
    """What went wrong with the inputs, and how far to trust the figures."""
    manifest = read_manifest(run)
    for head, said in reading_lines(manifest, str(run / "read_issues.jsonl")):
        yield paragraph(head, said)
    yield from (paragraph("Warning", note) for note in family_notes(summary))
    held = calibration_of(run, manifest)
    yield from (paragraph(TITLE, line) for line in reliability_lines(summary, held, manifest))
    if summary.cells:
        notes = limits(summary, manifest, calibrated=isinstance(held, Calibration))
        yield from (paragraph("Note", note) for note in notes[: 3 if trained_note(summary) else 2])


def _paper(summary: Summary, room: int) -> Iterable[RenderableType]:
    """The published figures in a block of their own, none unless they were asked for."""
    if not paper_cells(summary.cells):
        return
    headings = ("", "KI\nas published", "InfoGain as published,\nperplexity per step", "steps")
    rows: list[list[Text]] = []
    for group in benchmarks(summary):
        for cell, paper in paper_cells(group.cells):
            figures = (
                _or_reason(paper.ki, share_text(paper.ki)),
                _or_reason(paper.infogain, plain_text(paper.infogain)),
            )
            name = plain(f"{group.title}: {model_name(cell)}", 120)
            rows.append([Text(shown) for shown in (name, *figures, count_text(cell.steps))])
    yield Text()
    yield from laid_out(Text(PAPER_TITLE, "bold"), headings, rows, fitting(room, _PAPER_WIDTHS, _PAPER_WIDTHS_AT_80))
    yield Text(paper_note(summary))


def _scorers(summary: Summary, room: int) -> Iterable[RenderableType]:
    """Gains under every scorer and how far scorers agree; nothing where one was asked."""
    headings = ("", "scorer", "informative gain,\nnats", "total gain,\nnats", "traces")
    rows = [
        [
            Text(shown)
            for shown in (f"{plain(row.title)}: {plain(row.model)}", plain(row.scorer), *_gains(row), f"{row.traces:,}")
        ]
        for row in scorer_rows(summary)
    ]
    if not rows:
        return
    yield Text()
    yield from laid_out(
        Text(SCORERS_TITLE, "bold"), headings, rows, fitting(room, _SCORER_WIDTHS, _SCORER_WIDTHS_AT_80)
    )
    yield Text(SCORERS_NOTE)
    yield from (paragraph("Agreement", sentence) for sentence in agreement_sentences(summary))


def _gains(row: ScorerRow) -> tuple[str, str]:
    return _or_reason(row.informative, nats_text(row.informative)), _or_reason(row.total, nats_text(row.total))


def _benchmark(group: Benchmark, gain_means: str, room: int, *, header: bool) -> Iterable[RenderableType]:
    """The rows of one benchmark; all benchmarks' tables have the same columns, the first one shows their names."""
    title = Text.assemble((plain(group.title), "bold"), f"  {plain(group.domain)}, {group.questions}")
    gain = "commitment to the\ngold answer, nats" if gain_means == "commitment" else "informative gain,\nnats"
    headings = ("", "traces", "right", "claims that\nhold (KI)", "decided", gain, "commits\nat", "tokens")
    rows = [_row(cell, gain_means) for cell in group.cells]
    return laid_out(title, headings, rows, fitting(room, _WIDTHS, _WIDTHS_AT_80), header=header)


def fitting(room: int, *widths: tuple[int, ...]) -> tuple[int, ...] | None:
    """The first widths that fit with a column between them and at both ends; None: no table fits."""
    return next((each for each in widths if sum(each) + len(each) + 1 <= room), None)


def laid_out(
    title: Text,
    headings: Sequence[str],
    rows: Sequence[Sequence[Text]],
    widths: Sequence[int] | None,
    *,
    header: bool = True,
) -> Iterable[RenderableType]:
    """A table; where no widths are given, for each row its name and then its figures, each behind its heading."""
    if widths is None:
        yield title
        named = [heading.replace("\n", " ") for heading in headings]
        for name, *figures in rows:
            told = [str(figure).replace("\n", " ") for figure in figures]
            said = (f"{heading} {figure}" for heading, figure in zip(named[1:], told, strict=True))
            yield Padding(Text.assemble(name, "\n", "; ".join(said)), (0, 0, 1, 2))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0, title_style="", show_header=header)
    table.title, table.title_justify = title, "left"
    for heading, width in zip(headings, widths, strict=True):
        justify = "right" if heading else "left"
        table.add_column(Text(heading), justify=justify, width=width, overflow="fold", vertical="bottom")
    for row in rows:
        table.add_row(*row)
    yield table


def _row(cell: Cell, gain_means: str) -> list[Text]:
    gain = cell.gain.total if gain_means == "commitment" else cell.gain.informative
    figures = (
        _name(cell),
        f"{cell.traces:,}",
        _or_reason(cell.accuracy, share_text(cell.accuracy)),
        _or_reason(cell.knowledge.ki, share_text(cell.knowledge.ki)),
        _share(cell.knowledge.coverage),
        nats_text(gain),
        _share(cell.commitment.content_at),
        count_text(cell.tokens),
    )
    return [Text(figure) for figure in figures]


def _name(cell: Cell) -> str:
    """At most three lines of the first column; both ends are kept, for names of one family differ at the end."""
    name = plain(model_name(cell), 2000)
    limit = 3 * _WIDTHS[0]
    return name if len(name) <= limit else f"{name[: limit // 2 - 1]}…{name[-limit // 2 :]}"


def _share(measure: Measure) -> str:
    return percent(measure.estimate) if isinstance(measure, Interval) else "–"


def _or_reason(measure: Measure, said: str) -> str:
    if not isinstance(measure, Unscored):
        return said
    return _SHORT_REASONS.get(measure.reason, "–")


def paragraph(head: str, body: str) -> Text:
    """A bold word and what it says."""
    return Text.assemble((f"{plain(head)}  ", "bold"), plain(body, 2000))


def plain(text: str, limit: int = 60) -> str:
    """No escape sequence of a log's model name ever reaches the terminal."""
    return clip(visible(text).replace("\n", " "), limit)
