"""The main command: traces in, a run directory with its report out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from knowreason.arguments import (
    Concurrency,
    CorpusFields,
    DryRun,
    Fields,
    Filter,
    Json,
    Knowledge,
    LedgerFile,
    MaxCost,
    MaxTokens,
    NoGold,
    Price,
    Record,
    Replay,
    Settings,
    Timeout,
    Traces,
    Where,
    pair,
    read_options,
    remote_terms,
    where_of,
)
from knowreason.commands.output import announce, print_json, print_summary, tell

if TYPE_CHECKING:
    from knowreason.task import Audit


def audit(
    traces: Traces,
    out: Annotated[Path, typer.Option("--out", help="The run directory to write.")],
    knowledge: Knowledge = None,
    setting: Settings = None,
    field: Fields = None,
    corpus_field: CorpusFields = None,
    where: Where = None,
    filter_name: Filter = None,
    no_gold: NoGold = False,
    scorer: Annotated[
        list[str] | None,
        typer.Option("--scorer", help="Who observes answers; repeatable, to see who agrees. [builtin:]"),
    ] = None,
    judge: Annotated[
        str | None, typer.Option("--judge", help="Who reads and verifies claims and grades free text.")
    ] = None,
    verifier: Annotated[str | None, typer.Option("--verifier", help="Who judges claims [--judge, builtin:].")] = None,
    decomposer: Annotated[str | None, typer.Option("--decomposer", help="Who reads claims [--judge, rules].")] = None,
    grader: Annotated[str | None, typer.Option("--grader", help="Who grades free text [--judge, nobody].")] = None,
    target: Annotated[
        Literal["text", "letter"], typer.Option("--target", help="What a causal scorer is asked for of an option.")
    ] = "text",
    limit: Annotated[int | None, typer.Option("--limit", help="Whole questions until so many traces.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chooses the questions of --limit and the bootstrap draws.")] = 0,
    workers: Annotated[int, typer.Option("--workers", help="Threads; 0 is one a core.")] = 0,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", metavar="FILE", help="What `calibrate` measured of this verifier and corpus."),
    ] = None,
    paper: Annotated[bool, typer.Option("--paper", help="Also the published KI and InfoGain, to compare.")] = False,
    ledger: LedgerFile = None,
    replay: Replay = None,
    record: Record = False,
    concurrency: Concurrency = 16,
    timeout: Timeout = 120.0,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    price: Price = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Measure traces: knowledge against a corpus, and where each trace commits, step by step."""
    from knowreason.pipeline import audit as run_audit
    from knowreason.pipeline import estimate_calls
    from knowreason.progress import bars
    from knowreason.read import parse_source
    from knowreason.report import write_report
    from knowreason.task import Audit

    first, *others = scorer or ["builtin:"]
    task = Audit(
        sources=tuple(parse_source(text) for text in traces),
        out=out,
        knowledge=tuple(Path(path) for path in knowledge or []),
        read=read_options(setting, field, filter_name, no_gold),
        corpus_fields=dict(pair("--corpus-field", text) for text in corpus_field or []),
        where=where_of(where or []),
        scorer=first,
        more_scorers=tuple(others),
        verifier=verifier or judge or "builtin:",
        decomposer=decomposer or (judge if knowledge else None) or "builtin:",
        grader=grader or judge or "builtin:",
        target=target,
        limit=limit,
        seed=seed,
        workers=workers,
        paper=paper,
        calibration=calibration,
        judge=judge or "",
        remote=remote_terms(
            ledger, replay, (concurrency, timeout), budget=(max_tokens, max_cost, price), record=record
        ),
    )
    announce(_asked(task), replay, dry_run=dry_run)
    with bars() as progress:
        if dry_run:
            found, said = estimate_calls(task, progress)
            tell(f"would ask for {said}")
            if as_json:
                print_json(found.told())
            return
        run_audit(task, progress, tell)
        progress("report", 0, None)
        page = write_report(out)
    print_summary(out, page, as_json)


def _asked(task: Audit) -> dict[str, str]:
    """The models that will be asked, by their use: without a corpus nobody reads or judges claims."""
    unasked = () if task.knowledge else ("verifier", "decomposer")
    return {use: uri for use, uri in task.models.items() if use not in unasked}
