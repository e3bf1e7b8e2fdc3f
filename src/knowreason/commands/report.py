"""Finished runs to their summary and page, made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from knowreason.arguments import Json
from knowreason.commands.output import print_json, print_summary


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run directories of finished audits.")],
    as_json: Json = False,
) -> None:
    """Print the summary of finished audits and write their report.html again."""
    from knowreason.report import write_report

    pages = [write_report(run, refresh=True) for run in runs]
    if as_json and len(runs) > 1:
        print_json([json.loads((run / "summary.json").read_text("utf-8")) for run in runs])
        return
    for run, page in zip(runs, pages, strict=True):
        print_summary(run, page, as_json)
