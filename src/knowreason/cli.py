"""The command line: a thin page. A subcommand is a verb; the work is done elsewhere, imported when it is needed."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper
from typing import Annotated, Never

import typer

from knowreason.arguments import spread
from knowreason.commands import (
    audit,
    calibrate,
    compare,
    conditions,
    diagnose,
    doctor,
    index,
    lab,
    ledger,
    read,
    report,
)
from knowreason.errors import KnowreasonError

_PLAIN = str.maketrans({"−": "-", "–": "-", "…": "...", "·": "-", "─": "-", "✓": "+", "✗": "x"})
_INTERRUPTED = 130  # the exit code that shells give a process ended by Ctrl-C

app = typer.Typer(
    help="Reads reasoning traces and measures separately, at every step, what they state as fact and how they reach "
    "their answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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


for command in (
    audit.audit,
    read.read,
    index.index,
    report.report,
    calibrate.calibrate,
    compare.compare,
    diagnose.diagnose,
    conditions.conditions,
    ledger.ledger,
    doctor.doctor,
):
    app.command()(command)
app.add_typer(lab.lab)


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


if __name__ == "__main__":
    main()
