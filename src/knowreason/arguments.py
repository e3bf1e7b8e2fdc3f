"""What the command line takes: the options that commands share, and how their texts become values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowreason.errors import InputError

if TYPE_CHECKING:
    from knowreason.models.remote.terms import Remote
    from knowreason.read import ReadOptions

Traces = Annotated[list[str], typer.Argument(metavar="[NAME=]TRACES...", help="Files or folders of traces or logs.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="[NAME.]FIELD=VALUE", help="What logs do not carry: domain, variant, lineage …"),
]
Fields = Annotated[
    list[str] | None, typer.Option("--field", metavar="OURS=THEIRS", help="A field of theirs to read ours from.")
]
Filter = Annotated[str | None, typer.Option("--filter", help="Which lm-evaluation-harness filter to read.")]
NoGold = Annotated[bool, typer.Option("--no-gold", help="Keep traces without a gold answer (they are not graded).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FIELD=VALUE[,VALUE]", help="Keep only these: benchmark, domain, model …"),
]
CorpusFields = Annotated[
    list[str] | None, typer.Option("--corpus-field", metavar="OURS=THEIRS", help="A corpus field to read.")
]
Knowledge = Annotated[
    list[str] | None,
    typer.Option("--knowledge", metavar="CORPUS", help="A corpus, or an index of `knowreason index`; repeatable."),
]
LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="Where answers are kept [ledger.sqlite beside --out].")
]
Replay = Annotated[
    Path | None,
    typer.Option(
        "--replay", metavar="LEDGER", help="Ask no server, open no recorded scorer: it is all in this ledger."
    ),
]
Record = Annotated[bool, typer.Option("--record", help="Keep what hf: scorers say in the ledger too, for --replay.")]
Concurrency = Annotated[int, typer.Option("--concurrency", help="Calls of servers at once, at most 200.")]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds to wait for one answer of a server.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="Stop before servers count more.")]
MaxCost = Annotated[float | None, typer.Option("--max-cost", help="Stop before it costs more: --price.")]
Price = Annotated[
    str | None, typer.Option("--price", metavar="READ,WRITTEN", help="Money for a million tokens of each.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what servers would be asked; ask nothing.")]


def spread(arguments: list[str]) -> list[str]:
    """`--knowledge A B C` becomes three options, so that a shell's `*` works; it ends at the next option.

    Raises InputError where no corpus follows: an audit without one would look like what was asked for.
    """
    out: list[str] = []
    inside = False
    for argument, following in zip(arguments, [*arguments[1:], "-"], strict=True):
        if inside and not argument.startswith("-"):
            out += ["--knowledge", argument]
            continue
        inside = argument == "--knowledge"
        if not inside:
            out.append(argument)
        elif following.startswith("-") and following != "--help":
            raise InputError("--knowledge names no corpus: write --knowledge CORPUS, or leave it out")
    return out


def remote_terms(
    ledger: Path | None,
    replay: Path | None,
    patience: tuple[int, float],
    *,
    budget: tuple[int | None, float | None, str | None],
    record: bool = False,
) -> Remote:
    """How servers are asked; `patience` is (concurrency, seconds), `budget` (tokens, cost, price)."""
    from knowreason.models.remote.terms import Remote

    (concurrency, timeout), (max_tokens, max_cost, price) = patience, budget
    return Remote(
        ledger=ledger,
        replay=replay,
        concurrency=concurrency,
        timeout=timeout,
        max_tokens=max_tokens,
        max_cost=max_cost,
        price=None if price is None else _price(price),
        record=record,
    )


def _price(text: str) -> tuple[float, float]:
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--price {text}: write --price READ,WRITTEN, as in --price 0.15,0.6") from None
    return read, written


def read_options(
    settings: list[str] | None, fields: list[str] | None, filter_name: str | None, no_gold: bool
) -> ReadOptions:
    """How logs are read. Raises InputError for a text that is no field or setting."""
    from knowreason.read import ReadOptions, parse_field, parse_setting

    chosen: dict[str | None, dict[str, str]] = {}
    for text in settings or []:
        name, ours, value = parse_setting(text)
        chosen.setdefault(name, {})[ours] = value
    return ReadOptions(
        fields=dict(parse_field(text) for text in fields or []),
        settings=chosen,
        filter=filter_name,
        no_gold=no_gold,
    )


def where_of(texts: list[str]) -> dict[str, tuple[str, ...]]:
    """The values to keep of each field; a field named twice keeps the values of both."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, value in (pair("--where", text) for text in texts):
        kept[name] = (*kept.get(name, ()), *value.split(","))
    return kept


def pair(option: str, text: str) -> tuple[str, str]:
    """The two sides of NAME=VALUE; `option` is named where the text is none. Raises InputError."""
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise InputError(f"{option} {text}: write {option} NAME=VALUE")
    return name, value
