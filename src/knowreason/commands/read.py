"""Logs of any family to traces in the package's own format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from knowreason.arguments import Fields, Filter, Json, NoGold, Settings, Traces, read_options
from knowreason.commands.output import print_json


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
        print_json(counts.as_dict())
    else:
        typer.echo("\n".join(counts.lines()))
