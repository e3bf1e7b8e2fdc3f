"""Finished runs to their summary and page, made again; or served, or drawn as figures."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from knowreason.arguments import Json
from knowreason.commands.output import print_json, print_summary, tell
from knowreason.errors import InputError


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run directories of finished audits.")],
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the pages of one run: for runs too large for one file.")
    ] = False,
    host: Annotated[
        str, typer.Option("--host", help="Where --serve listens; any but this machine's own address needs its token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port of --serve; 0 takes a free one.")] = 8765,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="DIR", help="Also draw figures for papers, as SVG and PNG.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the summary of finished audits and write their report.html again."""
    from knowreason.report import write_report

    if len(runs) > 1 and (serve or figures is not None):
        raise InputError(f"{'--serve' if serve else '--figures'} takes one run, not {len(runs)}: name one")
    if serve:
        _serve(runs[0], host, port)
        return
    pages = [write_report(run, refresh=True) for run in runs]
    drawn = _figures(runs[0], figures) if figures is not None else []
    if as_json and len(runs) > 1:
        print_json([json.loads((run / "summary.json").read_text("utf-8")) for run in runs])
        return
    for run, page in zip(runs, pages, strict=True):
        print_summary(run, page, as_json)
    if drawn:
        tell(f"figures: {', '.join(path.name for path in drawn)} in {figures}")


def _serve(run: Path, host: str, port: int) -> None:
    from knowreason.report.serve import open_server

    server = open_server(run, host=host, port=port)
    tell(f"the report is at {server.address} (Ctrl-C ends it)")
    with server, suppress(KeyboardInterrupt):  # the way to end it, and no failure
        server.serve_forever()


def _figures(run: Path, folder: Path) -> list[Path]:
    from knowreason.report.figures import write_figures

    return write_figures(run, folder)
