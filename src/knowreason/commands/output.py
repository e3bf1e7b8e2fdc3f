"""What commands print: JSON for machines, lines on standard error, and the notice before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import typer

from knowreason.errors import InputError


def announce(models: Mapping[str, str], replay: Path | None, *, dry_run: bool = False) -> None:
    """The first line of whatever may send something: what, and to which host; `models` are URIs by their use."""
    uris = {use: uri for use, uri in models.items() if uri.startswith("openai:")}
    if not uris:
        return
    from knowreason.models.remote.address import notice

    sends = ("a real run " if dry_run else "") + (notice(uris) or "")
    tell(f"replays {replay}; nothing is sent" if replay is not None else sends)


def tell(line: str) -> None:
    """One line on standard error, where it does not mix with results."""
    typer.echo(f"knowreason: {line}", err=True)


def print_summary(run: Path, page: Path, as_json: bool) -> None:
    """The summary of a finished run as a table, and where its page is; or as JSON."""
    summary = run / "summary.json"
    if as_json:
        typer.echo(summary.read_text("utf-8"))
        return
    from knowreason import report

    report.print_summary(run)
    typer.echo(f"\nreport: {page}")


def print_json(value: object) -> None:
    """A result for machines."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def conclusion_file(out: Path | None) -> Path | None:
    """Where a conclusion goes. Raises InputError for a name that a run's own files bear, and for no .json."""
    if out is not None and (out.suffix != ".json" or out.name in ("manifest.json", "summary.json") or out.is_dir()):
        raise InputError(f"--out {out}: name a .json file of its own, such as comparison-2.json")
    return out


def page_with(run: Path, document: Path) -> Path | None:
    """The page of the run, written again with a conclusion in it; None where that stands outside of the run."""
    from knowreason.report import write_report

    return write_report(run) if document.parent.resolve() == run.resolve() else None
