"""Questions to the prompts of every condition, for the user's own harness."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowreason.arguments import CorpusFields, Fields, Json, Knowledge, pair
from knowreason.commands.output import tell
from knowreason.errors import InputError

if TYPE_CHECKING:
    from knowreason.conditions import Written
    from knowreason.read.questions import Asked
    from knowreason.records import ReadIssue
    from knowreason.retrieve import Index


class Form(StrEnum):
    """Which harness to write for."""

    LM_EVAL = "lm-eval"
    INSPECT = "inspect"
    BOTH = "both"


class Leaks(StrEnum):
    """What becomes of help that states the right answer, or any option, word for word."""

    DROP = "drop"
    ANY = "any"
    KEEP = "keep"


def conditions(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS", help="A file of questions with their answers.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.")],
    knowledge: Knowledge = None,
    corpus_field: CorpusFields = None,
    field: Fields = None,
    form: Annotated[Form, typer.Option("--format", help="For which harness.")] = Form.BOTH,
    budget: Annotated[
        list[int] | None, typer.Option("--budget", metavar="TOKENS", help="A budget_N condition; repeatable.")
    ] = None,
    passages: Annotated[int, typer.Option("--passages", help="Passages of the corpus a question, at most.")] = 5,
    leaks: Annotated[
        Leaks, typer.Option("--leaks", help="Leave out help that states the right answer, or any option; or keep it.")
    ] = Leaks.DROP,
    room: Annotated[
        int, typer.Option("--room", metavar="TOKENS", help="Tokens of a response without a budget.")
    ] = 4096,
    name: Annotated[
        str | None, typer.Option("--name", help="The benchmark's name; that of the file if left out.")
    ] = None,
    domain: Annotated[str, typer.Option("--domain", help="The domain that runs report it under.")] = "unknown",
    as_json: Json = False,
) -> None:
    """Write the prompts of each condition of a diagnosis: direct, cot, facts given, plan given, budgets."""
    import msgspec

    from knowreason.commands.output import print_json
    from knowreason.conditions import Wanted, facts_of, write_conditions
    from knowreason.read.questions import read_questions

    if any(tokens < 1 for tokens in [*(budget or []), room, passages]):
        raise InputError("--budget, --room and --passages are whole numbers above 0")
    asked = _kept(list(read_questions(questions, dict(pair("--field", text) for text in field or []))))
    held = sorted({one.benchmark for one in asked if one.benchmark})
    if len(held) > 1 and name is None:
        raise InputError(
            f"{questions} holds {len(held)} benchmarks ({', '.join(held[:4])}): give each a file of its own, "
            "or one name to all with --name"
        )
    index = _index(knowledge or [], dict(pair("--corpus-field", text) for text in corpus_field or []))
    wanted = Wanted(
        benchmark=name or (held[0] if held else "") or questions.name.split(".")[0],
        domain=domain,
        budgets=tuple(sorted(set(budget or []))),
        leaks=leaks.value,
        room=room,
        formats=("lm-eval", "inspect") if form is Form.BOTH else (form.value,),
    )
    written = write_conditions(asked, facts_of(asked, index, passages), wanted, out)
    if as_json:
        print_json(msgspec.to_builtins(written))
    else:
        typer.echo("\n".join(_lines(written, out)))


def _kept(found: list[Asked | ReadIssue]) -> list[Asked]:
    """The questions; rows that are none are told on standard error, the first with its place."""
    from knowreason.records import ReadIssue

    rejected = [one for one in found if isinstance(one, ReadIssue)]
    if rejected:
        first = rejected[0]
        where = f"{first.file}, line {first.line}: {first.reason.replace('_', ' ')}"
        tell(f"{len(rejected)} rows are no questions, the first is {where} ({first.excerpt[:80]})")
    return [one for one in found if not isinstance(one, ReadIssue)]


def _index(paths: list[str], fields: dict[str, str]) -> Index | None:
    if not paths:
        return None
    from knowreason.progress import bars
    from knowreason.retrieve.knowledge import open_knowledge

    with bars() as progress:
        return open_knowledge(
            [Path(path) for path in paths],
            fields=fields,
            progress=lambda done, total: progress("index", done, total),
        )


def _lines(written: Written, out: Path) -> list[str]:
    lines = [f"{written.benchmark}: {written.questions:,} questions"]
    for one in written.conditions:
        why = "".join(f"; left out {count:,}: {reason}" for reason, count in one.left_out.items())
        lines.append(f"{one.condition:>14}  {one.questions:,} prompts{why}")
    lines += [f"{name:>14}  not written: {why}" for name, why in written.not_written.items()]
    if written.facts:
        fate = "kept: their prompts give the answer away" if written.leaks == "keep" else "left out"
        naming = f"{written.naming:,} any option ({'left out' if written.leaks == 'any' else 'kept'})"
        told = f"{written.leaking:,} state the right answer ({fate}), {naming}"
        lines.append(f"{'facts':>14}  {written.facts:,}, of which {told}")
    return [*lines, f"\nconditions: {out / 'README.md'}"]
