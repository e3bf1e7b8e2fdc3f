"""The lab: worlds whose truth is known, and what our measures make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from knowreason.arguments import Json

lab = typer.Typer(
    name="lab",
    help="Hold the measures against worlds whose truth is known.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@lab.command()
def run(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the run is kept; it can be gone on with.")],
    preset: Annotated[
        Literal["quick", "full"], typer.Option("--preset", help="quick: minutes; full: trains everything.")
    ] = "quick",
    as_json: Json = False,
) -> None:
    """Print worlds, audit them, and hold every measure against the truth."""
    from knowreason.lab.run import PRESETS
    from knowreason.lab.run import run as work
    from knowreason.progress import bars

    with bars() as notify:
        work(PRESETS[preset], out, notify, name=preset)
    show(out, as_json=as_json)


@lab.command()
def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished run of the lab.")],
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables as markdown.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a run of the lab found: truth beside measurement."""
    from knowreason.lab.results import RESULTS, read_result
    from knowreason.lab.show import markdown, print_result, write_page

    result = read_result(folder)
    page = write_page(result, folder)
    if as_json:
        typer.echo((folder / RESULTS).read_text("utf-8"), nl=False)
    elif as_markdown:
        typer.echo(markdown(result), nl=False)
    else:
        print_result(result)
        typer.echo(f"\npage: {page}")


@lab.command()
def check(
    audited: Annotated[Path, typer.Argument(metavar="RUN", help="A finished audit of traces that a world printed.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="The truth.jsonl that was printed with them.")],
    as_json: Json = False,
) -> None:
    """Hold an audit against the truth of its traces: claims, and what each kind of sentence gains."""
    import msgspec

    from knowreason.commands.output import print_json
    from knowreason.lab.check import check as hold
    from knowreason.lab.check_text import print_check

    found = hold(audited, truth)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        print_check(found)
