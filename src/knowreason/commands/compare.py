"""Finished runs to a comparison, and its gates."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowreason.arguments import Json

if TYPE_CHECKING:
    from knowreason.compare import Comparison

_TRIPPED = 3  # the exit code of a gate


class Gate(StrEnum):
    """What `compare --gate` can stop at."""

    SFT_TRAP = "sft-trap"


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run directories of finished audits.")],
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="MODEL", help="Whom to compare with: MODEL, or 'MODEL (VARIANT)'.")
    ],
    candidate: Annotated[
        list[str] | None,
        typer.Option(
            "--candidate", metavar="MODEL", help="Whom to compare; repeatable; every other model if left out."
        ),
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", metavar="POINTS", help="The least difference in right answers that matters.")
    ] = 3.0,
    trained_on: Annotated[
        str | None,
        typer.Option("--trained-on", metavar="DOMAIN", help="Domain or benchmark of the training: gives the index."),
    ] = None,
    match: Annotated[
        str | None,
        typer.Option("--match", metavar="URI", help="A model that finds claims said in other words, builtin: say."),
    ] = None,
    gate: Annotated[Gate | None, typer.Option("--gate", help="Exit 3 where this is shown for any model.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write; comparison.json in the first run.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap and permutation draws.")] = 0,
    as_json: Json = False,
) -> None:
    """Say what a training changed: transfer, and the SFT trap, on the same questions."""
    from knowreason.compare import compare_runs, matcher, write_comparison
    from knowreason.report.comparison import print_comparison

    found = compare_runs(
        runs,
        baseline=baseline,
        candidates=candidate or [],
        margin=margin / 100,
        trained_on=trained_on,
        entailer=matcher(match) if match else None,
        seed=seed,
    )
    target = write_comparison(found, out or runs[0] / "comparison.json")
    page = _page(runs[0], target)
    if as_json:
        typer.echo(target.read_text("utf-8"), nl=False)
    else:
        print_comparison(found)
        typer.echo(f"\ncomparison: {target}" + (f"\nreport: {page}" if page else ""))
    if gate is not None:
        _gate(found)


def _page(run: Path, target: Path) -> Path | None:
    """The page of the run, written again with the comparison in it; None where that stands elsewhere."""
    from knowreason.report import write_report

    return write_report(run) if target == run / "comparison.json" else None


def _gate(comparison: Comparison) -> None:
    """Ends with exit 3 where the SFT trap is shown; says so on standard error, also where it could not be judged."""
    for outcome, said in (("cannot_be_judged", "gate not judged"), ("trap", "gate tripped")):
        found = [c.trap for c in comparison.contrasts if c.trap.outcome == outcome]
        for sentence in dict.fromkeys(verdict.sentence for verdict in found):
            typer.echo(f"{said}: {sentence}", err=True)
    if any(c.trap.outcome == "trap" for c in comparison.contrasts):
        raise typer.Exit(_TRIPPED)
