"""The page: one HTML file that holds everything, loads nothing and runs nothing."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from knowreason.errors import StoreError
from knowreason.frame import Summary, read_summary, write_summary
from knowreason.report.examples import Example, choose_examples, load_examples
from knowreason.report.limits import Manifest, asked_for_paper, instrument_lines, limits, read_manifest, reading_lines
from knowreason.report.overview import gain_table, integrity_table, knowledge_table, paper_table, rules_table
from knowreason.report.published import PAPER_TITLE, paper_cells, paper_note
from knowreason.report.readings import readings, unscored_totals
from knowreason.report.scorers import SCORERS_NOTE, SCORERS_TITLE, agreement_table, family_notes, scorers_table
from knowreason.report.terms import explained
from knowreason.report.text import visible
from knowreason.report.words import MEASURES, counted, part_words, reason_words


def write_report(run: Path | str, *, refresh: bool = False) -> Path:
    """Writes report.html into a finished run, and summary.json where it is missing or to be refreshed; returns the
    page's path.

    The page holds no script and no address of another resource, and forbids both by its content-security policy;
    every text of a trace or a corpus is escaped. Raises StoreError where the run is not finished or not writable.
    """
    run = Path(run)
    manifest = read_manifest(run)
    try:
        summary, examples = _read_run(run, manifest, refresh=refresh)
    except (OSError, pl.exceptions.PolarsError) as error:
        why = str(error).partition("\n")[0]
        raise StoreError(f"the tables of {run} are damaged ({why}): audit again into another --out") from error
    target, temporary = run / "report.html", run / ".report.html.tmp"
    try:
        temporary.write_text(render(summary, manifest, examples), "utf-8")
        os.replace(temporary, target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def _read_run(run: Path, manifest: Manifest, *, refresh: bool) -> tuple[Summary, list[Example]]:
    if refresh or not (run / "summary.json").is_file():
        seed = manifest.get("seed")
        write_summary(run, seed=seed if isinstance(seed, int) else 0, paper=asked_for_paper(manifest))
    summary = read_summary(run)
    chosen = choose_examples(run, seed=summary.seed)
    return summary, load_examples(run, chosen, gain_means=summary.instruments.gain_means)


def render(summary: Summary, manifest: Manifest, examples: list[Example]) -> str:
    """The page's HTML."""
    gain_means = summary.instruments.gain_means
    models = len({(cell.model, cell.variant) for cell in summary.cells})
    knowledge, gain = knowledge_table(summary), gain_table(summary)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=f"{counted(summary.traces, 'trace')} of {counted(models, 'model')}",
            subtitle=_subtitle(summary, manifest),
            readings=readings(summary),
            knowledge=knowledge,
            knowledge_terms=explained(knowledge.headings, gain_means),
            gain=gain,
            gain_terms=explained(gain.headings, gain_means),
            commitment=gain_means == "commitment",
            paper=paper_table(summary) if paper_cells(summary.cells) else None,
            paper_title=PAPER_TITLE,
            paper_note=paper_note(summary),
            reading=reading_lines(manifest, "read_issues.jsonl beside this page"),
            parts=part_words(gain_means),
            integrity=integrity_table(summary),
            rules=rules_table(summary),
            unscored=_unscored(summary),
            limits=[*family_notes(summary), *limits(summary, manifest)],
            scorers=scorers_table(summary) if summary.others else None,
            agreement=agreement_table(summary) if summary.others else None,
            scorers_title=SCORERS_TITLE,
            scorers_note=SCORERS_NOTE,
            instruments=instrument_lines(manifest),
            examples=examples,
            seed=summary.seed,
        )
    )


def _subtitle(summary: Summary, manifest: Manifest) -> str:
    named = len({cell.benchmark for cell in summary.cells})
    said = [counted(named, "benchmark"), counted(summary.questions, "question")]
    date = manifest.get("date")
    return " · ".join([*said, str(date)[:10]] if date else said)


def _unscored(summary: Summary) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (MEASURES.get(measure, measure), [(reason_words(r), count) for r, count in reasons.most_common()])
        for measure, reasons in unscored_totals(summary).items()
    ]


def _environment() -> Environment:
    """Escapes everything by default, and shows acting characters instead of letting them act."""
    return Environment(
        loader=PackageLoader("knowreason.report"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
