"""Recorded answers of servers: counted, handed on, taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from knowreason.arguments import Json
from knowreason.commands.output import print_json
from knowreason.errors import InputError


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
        print_json(counts)
    else:
        typer.echo("\n".join(f"{name:>14}  {value:,}" for name, value in counts.items()))
