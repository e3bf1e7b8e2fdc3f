"""A verifier and a corpus to how often that verifier is right on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowreason.arguments import (
    Concurrency,
    CorpusFields,
    DryRun,
    Json,
    Knowledge,
    LedgerFile,
    MaxCost,
    MaxTokens,
    Price,
    Replay,
    Timeout,
    pair,
    remote_terms,
)
from knowreason.commands.output import announce, print_json, tell

if TYPE_CHECKING:
    from knowreason.calibrate import Target, Task

Labels = Annotated[
    list[Path] | None,
    typer.Option("--labels", metavar="FILE", help="Claims of --run labelled true or false; only they correct KI."),
]
Runs = Annotated[
    list[Path] | None,
    typer.Option("--run", metavar="RUN", help="A finished audit whose claims are labelled."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR|FILE",
        help="A finished run, for its report; a folder, or a .json file. [calibration.json in the working directory]",
    ),
]


def calibrate(
    knowledge: Knowledge = None,
    verifier: Annotated[str, typer.Option("--verifier", metavar="URI", help="Who judges claims.")] = "builtin:",
    labels: Labels = None,
    run: Runs = None,
    out: Out = None,
    planted: Annotated[
        int, typer.Option("--planted", help="True claims to plant, each with its false twin; 0 for none.")
    ] = 150,
    seed: Annotated[int, typer.Option("--seed", help="Chooses sentences, changes and bootstrap draws.")] = 0,
    corpus_field: CorpusFields = None,
    ledger: LedgerFile = None,
    replay: Replay = None,
    concurrency: Concurrency = 16,
    timeout: Timeout = 120.0,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    price: Price = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Measure how often a verifier is right on your corpus: planted claims, source in and out, and labelled ones."""
    from knowreason.calibrate import Task, target_of

    target = target_of(out)
    task = Task(
        verifier=verifier,
        knowledge=tuple(Path(path) for path in knowledge or []),
        corpus_fields=dict(pair("--corpus-field", text) for text in corpus_field or []),
        labels=tuple(labels or []),
        runs=tuple(run or []),
        planted=planted,
        seed=seed,
        ledger=ledger or target.ledger,
        remote=remote_terms(ledger, replay, (concurrency, timeout), budget=(max_tokens, max_cost, price)),
    )
    task.check()
    announce({"verifier": verifier}, replay, dry_run=dry_run)
    if dry_run:
        _estimate(task, as_json)
    else:
        _measure(task, target, as_json)


def _estimate(task: Task, as_json: bool) -> None:
    from knowreason.calibrate import estimate
    from knowreason.progress import bars

    with bars() as progress:
        found, said = estimate(task, progress)
    tell(f"would ask for {said}")
    if as_json:
        print_json(found.told())


def _measure(task: Task, target: Target, as_json: bool) -> None:
    from knowreason.calibrate import calibrate as measure
    from knowreason.calibrate import write_calibration
    from knowreason.progress import bars
    from knowreason.report import write_report
    from knowreason.report.calibrated import print_calibration

    with bars() as progress:
        found = measure(task, progress, tell, target.fits)
        write_calibration(found, target)
        page = write_report(target.run, refresh=True) if target.run else None
    if as_json:
        typer.echo(target.file.read_text("utf-8"), nl=False)
        return
    print_calibration(found)
    typer.echo(f"\ncalibration: {target.file}" + (f"\nreport: {page}" if page else ""))
    if page is None:
        typer.echo(f"with an audit: knowreason audit … --calibration {target.file}")
