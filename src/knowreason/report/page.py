"""The page: one HTML file that holds a whole run, loads nothing and runs nothing but its own scripts."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from knowreason.errors import StoreError
from knowreason.frame import Summary, calibration_of, read_summary, write_summary
from knowreason.reliability import Calibration
from knowreason.report.contents import Page, Table, Words
from knowreason.report.findings import findings_map, read_documents
from knowreason.report.index import FLAGS, index_rows, make_index
from knowreason.report.limits import Manifest, asked_for_paper, read_manifest, reading_lines
from knowreason.report.methods import methods
from knowreason.report.overview import (
    gain_table,
    integrity_table,
    knowledge_table,
    main_table,
    paper_table,
    rules_table,
)
from knowreason.report.packing import MOST_BYTES, MOST_INDEXED, inert, pack_traces, packed
from knowreason.report.plane import planes
from knowreason.report.published import PAPER_TITLE, paper_cells, paper_note
from knowreason.report.scorers import AGREEMENT_NOTE, SCORERS_NOTE, SCORERS_TITLE, agreement_table, scorers_table
from knowreason.report.shell import document
from knowreason.report.text import visible
from knowreason.report.trust import trust
from knowreason.report.verdicts import advice, counts, verdicts
from knowreason.report.words import (
    GRADES,
    INTEGRITY,
    MEASURES,
    REASONS,
    SIGNS,
    VERDICTS,
    counted,
    part_words,
)


def write_report(run: Path | str, *, refresh: bool = False, most_bytes: int = MOST_BYTES) -> Path:
    """Writes report.html into a finished run, and summary.json where it is missing or to be refreshed; returns the
    page's path.

    The page asks for no address and forbids it by its content-security policy; every text of a trace or a corpus is
    only ever placed as text. Its traces take at most `most_bytes`; those left out are counted on the page. Raises
    StoreError where the run is not finished or not writable.
    """
    run = Path(run)
    try:
        page = read_page(run, refresh=refresh)
        rows = index_rows(run).head(MOST_INDEXED)
        blocks = pack_traces(run, rows, seed=read_summary(run).seed, most_bytes=most_bytes)
        index = packed(make_index(rows, blocks.places))
    except (OSError, pl.exceptions.PolarsError) as error:
        why = str(error).partition("\n")[0]
        raise StoreError(f"the tables of {run} are damaged ({why}): audit again into another --out") from error
    target, temporary = run / "report.html", run / ".report.html.tmp"
    try:
        temporary.write_text(document(tab_title(page), inert(page), index, blocks.blocks), "utf-8")
        os.replace(temporary, target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def read_page(run: Path, *, refresh: bool = False, served: bool = False) -> Page:
    """Everything of a run but its traces. Raises StoreError."""
    manifest = read_manifest(run)
    if refresh or not (run / "summary.json").is_file():
        seed = manifest.get("seed")
        write_summary(run, seed=seed if isinstance(seed, int) else 0, paper=asked_for_paper(manifest))
    summary, documents = read_summary(run), read_documents(run)
    found = findings_map(documents)
    tables = _tables(summary)
    main, held = main_table(summary), calibration_of(run, manifest)
    return Page(
        title=_title(summary),
        subtitle=_subtitle(summary, manifest),
        empty=not summary.cells,
        gain_means=summary.instruments.gain_means,
        words=_words(summary),
        verdicts=tuple(verdicts(summary, found)),
        advice=tuple(advice(summary, found, documents)),
        trust=trust(summary, manifest, held),
        main=main,
        tables=tuple(tables),
        planes=tuple(planes(summary)),
        counts=tuple(counts(summary)),
        inputs=tuple(reading_lines(manifest, "read_issues.jsonl beside this page")),
        map=found,
        methods=methods(
            summary,
            manifest,
            [main, *(table for _, _, table in tables)],
            calibrated=isinstance(held, Calibration),
        ),
        served=served,
    )


def _tables(summary: Summary) -> list[tuple[str, str, Table]]:
    """Every measure, one table a subject: its title, a sentence, and the table."""
    if not summary.cells:
        return []
    shown = [("Answers and knowledge", _KNOWLEDGE, knowledge_table(summary))]
    if summary.instruments.gain_means == "commitment":
        shown.append(("Commitment: where the settled answer appears", _COMMITMENT, gain_table(summary)))
    else:
        shown.append(("Gain: what the reasoning adds to the right answer", _GAIN, gain_table(summary)))
    if paper_cells(summary.cells):
        shown.append((PAPER_TITLE, paper_note(summary), paper_table(summary)))
    if summary.others:
        shown.append((SCORERS_TITLE, SCORERS_NOTE, scorers_table(summary)))
        shown.append(("How far scorers agree", AGREEMENT_NOTE, agreement_table(summary)))
    shown.append(("Integrity", "Whether the traces are whole.", integrity_table(summary)))
    shown.append(("Recognised content", "How the content that traces commit to was recognised.", rules_table(summary)))
    return shown


_KNOWLEDGE = "How many answers are right, and how many of the facts stated on the way hold."
_COMMITMENT = (
    "How far texts settle on the right answer: the fall of its surprisal from before the text to its end, in nats, as "
    "a mean over traces (negative: they settle on a wrong one), and in which kind of passage this shows. The four "
    "parts sum to the total over the traces that have both. Read by the built-in observer: commitment, never "
    "informative gain, and no measure of how well a model reasons."
)
_GAIN = (
    "Fall of the surprisal of the right answer along the text, in nats, as a mean over traces. The four parts sum to "
    "the total over the traces that have both; only the informative part speaks about reasoning."
)


def _words(summary: Summary) -> Words:
    return Words(
        grades={**GRADES, "ungraded": "not graded"},
        verdicts={**VERDICTS, "unscored": "not checked"},
        signs={**SIGNS, "unscored": "–"},
        integrity=dict(INTEGRITY),
        parts={str(part): said for part, said in part_words(summary.instruments.gain_means).items()},
        reasons=dict(REASONS),
        measures=dict(MEASURES),
        flags=dict(FLAGS),
    )


def _title(summary: Summary) -> str:
    models = len({(cell.model, cell.variant) for cell in summary.cells})
    return f"{counted(summary.traces, 'trace')} of {counted(models, 'model')}"


def tab_title(page: Page) -> str:
    """What the browser's tab says."""
    return f"knowreason: {visible(page.title)}"


def _subtitle(summary: Summary, manifest: Manifest) -> str:
    named = len({cell.benchmark for cell in summary.cells})
    said = [counted(named, "benchmark"), counted(summary.questions, "question")]
    date = manifest.get("date")
    return " · ".join([*said, str(date)[:10]] if date else said)
