"""A model examined on probes whose answer is known, line by line."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from knowreason.arguments import Json
from knowreason.commands.output import announce, print_json


def doctor(
    uri: Annotated[str, typer.Argument(metavar="URI", help="The model to examine.")] = "builtin:",
    use: Annotated[
        Literal["any", "scorer", "letters", "verifier", "decomposer", "grader"],
        typer.Option("--use", help="Examine it for this use only."),
    ] = "any",
    as_json: Json = False,
) -> None:
    """Show that a model can do what it claims, on probes whose answer is known."""
    from knowreason.doctor import examine, uses_of

    announce(dict.fromkeys(uses_of(use), uri), None)
    findings = examine(uri, use)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.passed else 'FAIL'}  {finding.name}: {finding.detail}")
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)
