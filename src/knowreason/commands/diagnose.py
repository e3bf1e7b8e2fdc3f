"""Finished runs, or a table of graded predictions, to what each benchmark asks of each model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowreason.arguments import Fields, Json, pair
from knowreason.commands.output import conclusion_file, page_with
from knowreason.errors import InputError

if TYPE_CHECKING:
    from knowreason.diagnose import Diagnosis


def diagnose(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Run directories of finished audits.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", metavar="FILE", help="Graded answers without traces, in place of runs."),
    ] = None,
    field: Fields = None,
    margin: Annotated[
        float, typer.Option("--margin", metavar="POINTS", help="The least difference in right answers that matters.")
    ] = 3.0,
    reliability: Annotated[
        list[str] | None,
        typer.Option(
            "--reliability",
            metavar="NAME=SHARE",
            help="What share of the variance of knowledge or reasoning is no error, where it is known.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write; diagnosis.json in the first run.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap draws.")] = 0,
    as_json: Json = False,
) -> None:
    """Say what a benchmark asks of a model, knowledge or reasoning: by intervention first, then by observation."""
    from knowreason.diagnose import write_diagnosis
    from knowreason.report.diagnosis import print_diagnosis

    if bool(runs) == bool(predictions):
        raise InputError("name the run directories of finished audits, or --predictions FILE, and not both")
    if field and not predictions:
        raise InputError("--field is for --predictions; runs have their fields already")
    known = dict(_reliability(text) for text in reliability or [])
    found = _found(runs or [], predictions, field or [], margin=margin / 100, known=known, seed=seed)
    target = conclusion_file(out) or (runs[0] / "diagnosis.json" if runs else None)
    written = write_diagnosis(found, target) if target else None
    page = page_with(runs[0], written) if runs and written else None
    if as_json:
        from knowreason.diagnose import as_text

        typer.echo(as_text(found), nl=False)
        return
    print_diagnosis(found)
    if written:
        typer.echo(f"\ndiagnosis: {written}" + (f"\nreport: {page}" if page else ""))


def _found(
    runs: list[Path], predictions: Path | None, fields: list[str], *, margin: float, known: dict[str, float], seed: int
) -> Diagnosis:
    from knowreason.diagnose import diagnose_predictions, diagnose_runs

    if predictions is None:
        return diagnose_runs(runs, margin=margin, reliabilities=known, seed=seed)
    from knowreason.read.predictions import read_predictions

    if known:
        raise InputError("--reliability is for runs; a table of predictions holds no traces")
    table = read_predictions(predictions, dict(pair("--field", text) for text in fields))
    return diagnose_predictions(table, predictions, margin=margin, seed=seed)


def _reliability(text: str) -> tuple[str, float]:
    name, share = pair("--reliability", text)
    try:
        return name, float(share)
    except ValueError:
        raise InputError(f"--reliability {text}: write --reliability knowledge=0.7") from None
