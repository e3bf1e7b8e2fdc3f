"""Finished runs to a comparison, and its gates."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowreason.arguments import Fields, Json, pair
from knowreason.commands.output import conclusion_file, page_with
from knowreason.errors import InputError

if TYPE_CHECKING:
    from knowreason.compare import Comparison

_TRIPPED = 3  # the exit code of a gate


class Gate(StrEnum):
    """What `compare --gate` can stop at."""

    SFT_TRAP = "sft-trap"


Runs = Annotated[list[Path] | None, typer.Argument(metavar="RUN...", help="Run directories of finished audits.")]
Baseline = Annotated[
    str, typer.Option("--baseline", metavar="MODEL", help="Whom to compare with: MODEL, or 'MODEL (VARIANT)'.")
]
Candidates = Annotated[
    list[str] | None,
    typer.Option("--candidate", metavar="MODEL", help="Whom to compare; repeatable; every other model if left out."),
]
Predictions = Annotated[
    list[Path] | None,
    typer.Option("--predictions", metavar="FILE", help="Graded answers without text, beside runs or alone."),
]
Labels = Annotated[
    list[Path] | None,
    typer.Option("--labels", metavar="FILE", help="Claims of these traces labelled true or false: corrects KI."),
]
Margin = Annotated[
    float, typer.Option("--margin", metavar="POINTS", help="The least difference in right answers that matters.")
]
TrainedOn = Annotated[
    str | None,
    typer.Option("--trained-on", metavar="DOMAIN", help="Domain or benchmark of the training: gives the index."),
]
General = Annotated[
    str | None,
    typer.Option(
        "--general",
        metavar="BENCHMARK_OR_DOMAIN",
        help="What stands for general reasoning, to see how far it misleads elsewhere [mathematics].",
    ),
]
Match = Annotated[
    str | None,
    typer.Option("--match", metavar="URI", help="A model that finds claims said in other words, builtin: say."),
]
Stop = Annotated[Gate | None, typer.Option("--gate", help="Exit 3 where this is shown for any model.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where to write. [comparison.json in the first run, or without runs in the working directory]",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Of the bootstrap and permutation draws.")]


def compare(
    baseline: Baseline,
    runs: Runs = None,
    candidate: Candidates = None,
    predictions: Predictions = None,
    fields: Fields = None,
    labels: Labels = None,
    margin: Margin = 3.0,
    trained_on: TrainedOn = None,
    general: General = None,
    match: Match = None,
    gate: Stop = None,
    out: Out = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Say what a training changed: transfer, the SFT trap, compute against reasoning, overconfidence."""
    from knowreason.compare import compare_runs, matcher, write_comparison
    from knowreason.report.comparison import print_comparison

    held = runs or []
    if fields and not predictions:
        raise InputError("--field is for --predictions; runs have their fields already")
    if general is not None and not general.strip():
        raise InputError("--general is empty: name the benchmark or domain that stands for general reasoning")
    conclusion_file(out)
    found = compare_runs(
        held,
        baseline=baseline,
        candidates=candidate or [],
        predictions=predictions or [],
        fields=dict(pair("--field", text) for text in fields or []),
        labels=labels or [],
        margin=margin / 100,
        trained_on=trained_on,
        general=general,
        meaning=matcher(match) if match else None,
        seed=seed,
    )
    target = write_comparison(found, conclusion_file(out) or (held[0] if held else Path()) / "comparison.json")
    page = page_with(held[0], target) if held else None
    if as_json:
        typer.echo(target.read_text("utf-8"), nl=False)
    else:
        print_comparison(found)
        typer.echo(f"\ncomparison: {target}" + (f"\nreport: {page}" if page else ""))
    if gate is not None:
        _gate(found)


def _gate(comparison: Comparison) -> None:
    """Ends with exit 3 where the SFT trap is shown; says so on standard error, also where it could not be judged."""
    for outcome, said in (("cannot_be_judged", "gate not judged"), ("trap", "gate tripped")):
        found = [c.trap for c in comparison.contrasts if c.trap.outcome == outcome]
        for sentence in dict.fromkeys(verdict.sentence for verdict in found):
            typer.echo(f"{said}: {sentence}", err=True)
    if any(c.trap.outcome == "trap" for c in comparison.contrasts):
        raise typer.Exit(_TRIPPED)
