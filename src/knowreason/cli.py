"""The command line: a thin page. A subcommand is a verb; the work is done elsewhere, imported when it is needed."""

from __future__ import annotations

import codecs
import json
import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Never

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
    Replay,
    Settings,
    Timeout,
    Traces,
    Where,
    pair,
    read_options,
    remote_terms,
    spread,
    where_of,
)
from knowreason.errors import InputError, KnowreasonError

if TYPE_CHECKING:
    from knowreason.compare import Comparison

_PLAIN = str.maketrans({"−": "-", "–": "-", "…": "...", "·": "-", "─": "-", "✓": "+", "✗": "x"})
_TRIPPED = 3  # the exit code of a gate
_INTERRUPTED = 130  # the exit code that shells give a process ended by Ctrl-C

app = typer.Typer(
    help="Reads reasoning traces and measures separately, at every step, what they state as fact and how they reach "
    "their answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Gate(StrEnum):
    """What `compare --gate` can stop at."""

    SFT_TRAP = "sft-trap"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("knowreason"))
        raise typer.Exit


@app.callback()
def knowreason(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Measure what reasoning traces state as fact, and how they reach their answer."""


@app.command()
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
    scorer: Annotated[str, typer.Option("--scorer", help="Who observes answers.")] = "builtin:",
    verifier: Annotated[str, typer.Option("--verifier", help="Who judges claims.")] = "builtin:",
    limit: Annotated[int | None, typer.Option("--limit", help="Whole questions until so many traces.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chooses the questions of --limit and the bootstrap draws.")] = 0,
    workers: Annotated[int, typer.Option("--workers", help="Threads; 0 is one a core.")] = 0,
    paper: Annotated[bool, typer.Option("--paper", help="Also the published KI and InfoGain, to compare.")] = False,
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
    """Measure traces: knowledge against a corpus, and where each trace commits, step by step."""
    from knowreason.pipeline import Audit, estimate
    from knowreason.pipeline import audit as run_audit
    from knowreason.progress import bars
    from knowreason.read import parse_source
    from knowreason.report import write_report

    task = Audit(
        sources=tuple(parse_source(text) for text in traces),
        out=out,
        knowledge=tuple(Path(path) for path in knowledge or []),
        read=read_options(setting, field, filter_name, no_gold),
        corpus_fields=dict(pair("--corpus-field", text) for text in corpus_field or []),
        where=where_of(where or []),
        scorer=scorer,
        verifier=verifier,
        limit=limit,
        seed=seed,
        workers=workers,
        paper=paper,
        remote=remote_terms(ledger, replay, (concurrency, timeout), budget=(max_tokens, max_cost, price)),
    )
    _announce(task.scorer, task.verifier if task.knowledge else "", replay, dry_run=dry_run)
    with bars() as progress:
        if dry_run:
            _tell(f"would ask for {estimate(task, progress)}")
            return
        run_audit(task, progress, _tell)
        progress("report", 0, None)
        page = write_report(out)
    _print_summary(out, page, as_json)


@app.command()
def read(
    logs: Traces,
    out: Annotated[Path, typer.Option("--out", help="The file to write, .jsonl or .jsonl.gz.")],
    setting: Settings = None,
    field: Fields = None,
    filter_name: Filter = None,
    no_gold: NoGold = False,
    as_json: Json = False,
) -> None:
    """Turn logs into traces in knowreason's own format, and say what was rejected and why."""
    from knowreason.progress import bars
    from knowreason.read import convert, parse_source

    sources = [parse_source(text) for text in logs]
    with bars() as progress:
        counts = convert(sources, read_options(setting, field, filter_name, no_gold), out, progress)
    if as_json:
        _json(counts.as_dict())
    else:
        typer.echo("\n".join(counts.lines()))


@app.command()
def index(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS...", help="Corpus files or folders.")],
    out: Annotated[Path, typer.Option("--out", help="The index folder to write.")],
    corpus_field: CorpusFields = None,
    as_json: Json = False,
) -> None:
    """Index a corpus once, to verify against it many times."""
    import msgspec

    from knowreason.progress import bars
    from knowreason.retrieve import build_index

    fields = dict(pair("--corpus-field", text) for text in corpus_field or [])
    with bars() as progress:
        built = build_index(corpus, out, fields=fields, progress=lambda done, total: progress("index", done, total))
    counts = {"index": str(out), "hash": built.content_hash, **msgspec.to_builtins(built.counts)}
    if as_json:
        _json(counts)
    else:
        typer.echo("\n".join(f"{name:>14}  {value}" for name, value in counts.items()))


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run directories of finished audits.")],
    as_json: Json = False,
) -> None:
    """Print the summary of finished audits and write their report.html again."""
    from knowreason.report import write_report

    pages = [write_report(run, refresh=True) for run in runs]
    if as_json and len(runs) > 1:
        _json([json.loads((run / "summary.json").read_text("utf-8")) for run in runs])
        return
    for run, page in zip(runs, pages, strict=True):
        _print_summary(run, page, as_json)


@app.command()
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
    if as_json:
        typer.echo(target.read_text("utf-8"), nl=False)
    else:
        print_comparison(found)
        typer.echo(f"\ncomparison: {target}")
    if gate is not None:
        _gate(found)


@app.command()
def ledger(
    file: Annotated[Path, typer.Argument(metavar="LEDGER", help="A ledger of recorded answers.")],
    export: Annotated[Path | None, typer.Option("--export", help="Write its answers as JSON lines.")] = None,
    add: Annotated[Path | None, typer.Option("--import", help="Add the answers of exported JSON lines.")] = None,
    as_json: Json = False,
) -> None:
    """Count the answers of servers in a ledger, hand them on, or take them in; scripted: reads what is exported."""
    from knowreason.ledger import Ledger, export_lines, import_lines

    if add is None and not file.is_file():
        raise InputError(f"{file} does not exist; give the ledger of an audit")
    with Ledger(file, replay=add is None) as kept:
        counts = {"imported": import_lines(kept, add)} if add is not None else {}
        counts["answers"] = len(kept)
        if export is not None:
            counts["exported"] = export_lines(kept, export)
    if as_json:
        _json(counts)
    else:
        typer.echo("\n".join(f"{name:>14}  {value:,}" for name, value in counts.items()))


@app.command()
def doctor(
    uri: Annotated[str, typer.Argument(metavar="URI", help="The model to examine.")] = "builtin:",
    use: Annotated[
        Literal["any", "scorer", "verifier"], typer.Option("--use", help="Examine it for this use only.")
    ] = "any",
    as_json: Json = False,
) -> None:
    """Show that a model can do what it claims, on probes whose answer is known."""
    from knowreason.doctor import examine

    _announce(uri if use != "verifier" else "", uri if use != "scorer" else "", None)
    findings = examine(uri, use)
    if as_json:
        _json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.passed else 'FAIL'}  {finding.name}: {finding.detail}")
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Entry point: errors made for users become one line and exit 1; an interruption exits 130."""
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="plain")
    try:
        app(spread(sys.argv[1:]))
    except KnowreasonError as error:
        typer.echo(f"knowreason: {error}", err=True)
        sys.exit(1)
    except OSError as error:  # what is printed cannot be written, for instance on a full disk
        typer.echo(f"knowreason: cannot write the output: {error.strerror or error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:  # typer makes this of an interruption itself
            _interrupted()
        raise


def _plain(error: UnicodeError) -> tuple[str, int]:
    """For a terminal without Unicode: a minus stays a minus (a "?" would hide the sign), other signs become "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end].translate(_PLAIN)
    return signs.encode("ascii", "replace").decode(), error.end


def _interrupted() -> Never:
    typer.echo("knowreason: interrupted; run the same command again to go on", err=True)
    sys.exit(_INTERRUPTED)


def _announce(scorer: str, verifier: str, replay: Path | None, *, dry_run: bool = False) -> None:
    """The first line of whatever may send something: what, and to which host."""
    uris = {use: uri for use, uri in {"scorer": scorer, "verifier": verifier}.items() if uri.startswith("openai:")}
    if not uris:
        return
    from knowreason.models.remote.address import notice

    sends = ("a real run " if dry_run else "") + (notice(uris) or "")
    _tell(f"replays {replay}; nothing is sent" if replay is not None else sends)


def _tell(line: str) -> None:
    typer.echo(f"knowreason: {line}", err=True)


def _print_summary(run: Path, page: Path, as_json: bool) -> None:
    summary = run / "summary.json"
    if as_json:
        typer.echo(summary.read_text("utf-8"))
        return
    from knowreason.report import print_summary

    print_summary(run)
    typer.echo(f"\nreport: {page}")


def _gate(comparison: Comparison) -> None:
    """Ends with exit 3 where the SFT trap is shown; says so on standard error, also where it could not be judged."""
    for outcome, said in (("cannot_be_judged", "gate not judged"), ("trap", "gate tripped")):
        found = [c.trap for c in comparison.contrasts if c.trap.outcome == outcome]
        for sentence in dict.fromkeys(verdict.sentence for verdict in found):
            typer.echo(f"{said}: {sentence}", err=True)
    if any(c.trap.outcome == "trap" for c in comparison.contrasts):
        raise typer.Exit(_TRIPPED)


def _json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
