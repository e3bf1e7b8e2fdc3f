"""Questions to the files that two harnesses read: every condition a task, the same questions in each where they can be.

    OUT/conditions.json          what was written, what was left out, and why
    OUT/README.md                how to run it, and how the logs come back
    OUT/lm_eval/*.yaml, *.jsonl  tasks of the lm-evaluation-harness
    OUT/inspect/tasks.py, *.jsonl  tasks of Inspect

Each row carries our own fields under `knowreason`, which every reader of logs finds again: the question without
what was added to it, so that questions pair across conditions, and the condition itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from knowreason.conditions.facts import Fact, gives_away
from knowreason.conditions.harness import inspect_files, lm_eval_files
from knowreason.conditions.prompts import COT, DIRECT, FACTS, PLAN, VERSION, prompt_for
from knowreason.errors import InputError, StoreError
from knowreason.read.questions import Asked
from knowreason.records import Record

_INDEX = "conditions.json"


class Condition(Record, frozen=True):
    """One condition as it was written; `left_out` counts questions by reason."""

    condition: str
    questions: int
    left_out: dict[str, int]


class Written(Record, frozen=True):
    """What was written. `facts` counts them; `leaking` are those that state the right answer word for word, `naming`
    those that state any option."""

    version: str
    benchmark: str
    domain: str
    questions: int
    facts: int
    leaking: int
    naming: int
    leaks: str
    conditions: tuple[Condition, ...]
    not_written: dict[str, str]
    files: tuple[str, ...]


class Wanted(NamedTuple):
    """What to write: `leaks` is "drop", "any" or "keep"; `budgets` and `room`, that of other responses, in tokens."""

    benchmark: str
    domain: str
    budgets: tuple[int, ...]
    leaks: str
    room: int
    formats: tuple[str, ...]


def write_conditions(asked: Sequence[Asked], facts: Sequence[Sequence[Fact]], wanted: Wanted, out: Path) -> Written:
    """Writes every condition that the questions have the help for. Raises InputError and StoreError.

    A question that has no fact left, or no plan, is left out of that condition and counted: it would be cot.
    """
    if not asked:
        raise InputError("no question could be read: nothing to write")
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / _INDEX).is_file())):
        raise InputError(f"{out} holds something else: choose another --out")
    kept = [[fact for fact in each if not _is_dropped(fact, wanted.leaks)] for each in facts]
    tasks: dict[str, list[dict[str, Any]]] = {}
    told: list[Condition] = []
    nothing: dict[str, str] = {}
    for condition in (DIRECT, COT, FACTS, PLAN, *(f"budget_{tokens}" for tokens in wanted.budgets)):
        rows, left_out = _rows(condition, asked, kept, facts, wanted)
        if not rows:
            nothing[condition] = "; ".join(sorted(left_out))
            continue
        tasks[condition] = rows
        told.append(Condition(condition=condition, questions=len(rows), left_out=left_out))
    files = _files(tasks, wanted, out)
    written = Written(
        version=VERSION,
        benchmark=wanted.benchmark,
        domain=wanted.domain,
        questions=len(asked),
        facts=sum(map(len, facts)),
        leaking=sum(fact.leaks for each in facts for fact in each),
        naming=sum(fact.names for each in facts for fact in each),
        leaks=wanted.leaks,
        conditions=tuple(told),
        not_written=nothing,
        files=tuple(files),
    )
    files[_INDEX] = msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"
    _write(files, out)
    return written


def _is_dropped(fact: Fact, leaks: str) -> bool:
    return leaks != "keep" and (fact.leaks or (leaks == "any" and fact.names))


def _rows(
    condition: str,
    asked: Sequence[Asked],
    kept: Sequence[Sequence[Fact]],
    found: Sequence[Sequence[Fact]],
    wanted: Wanted,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    rows: list[dict[str, Any]] = []
    left_out: dict[str, int] = {}
    for one, facts, all_facts in zip(asked, kept, found, strict=True):
        reason = _lacks(condition, one, facts, all_facts, wanted)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        prompt = prompt_for(condition, one.question, one.options, facts=[fact.text for fact in facts], plan=one.plan)
        rows.append(_row(condition, one, prompt, facts if condition == FACTS else (), wanted))
    return rows, left_out


def _lacks(condition: str, one: Asked, facts: Sequence[Fact], found: Sequence[Fact], wanted: Wanted) -> str:
    """Why a question cannot be asked under a condition, empty where it can."""
    if condition == FACTS and not facts:
        return "every fact states an option" if found else "no fact was found"
    if condition == PLAN and not one.plan:
        return "no plan is given"
    if condition == PLAN and wanted.leaks != "keep" and gives_away(one.plan or "", one):
        return "the plan states the right answer"
    return ""


def _row(condition: str, one: Asked, prompt: str, facts: Sequence[Fact], wanted: Wanted) -> dict[str, Any]:
    carried = {
        "question_id": one.question_id,
        "benchmark": wanted.benchmark,
        "domain": one.domain or wanted.domain,
        "condition": condition,
        "question": one.question,
        "options": msgspec.json.encode(one.options).decode() if one.options else None,
        "gold": one.gold,
        "facts": msgspec.json.encode([fact._asdict() for fact in facts]).decode(),
        "prompts": VERSION,
    }
    return {"id": one.question_id, "prompt": prompt, "target": one.gold, "knowreason": carried}


def _files(tasks: dict[str, list[dict[str, Any]]], wanted: Wanted, out: Path) -> dict[str, str]:
    lettered = all(row["knowreason"]["options"] for rows in tasks.values() for row in rows)
    files: dict[str, str] = {"README.md": readme(wanted, list(tasks))}
    if "lm-eval" in wanted.formats:
        files |= lm_eval_files(tasks, wanted.benchmark, out, room=wanted.room, lettered=lettered)
    if "inspect" in wanted.formats:
        files |= inspect_files(tasks, room=wanted.room, lettered=lettered)
    return files


def readme(wanted: Wanted, conditions: Sequence[str]) -> str:
    """How the conditions are run, and how their logs come back."""
    names = ", ".join(conditions)
    return _README.format(benchmark=wanted.benchmark, names=names, first=conditions[0], out="OUT")


def _write(files: dict[str, str], out: Path) -> None:
    for name, text in files.items():
        target = out / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {target}: {error.strerror or error}") from error


_README = """# The conditions of {benchmark}

{names}. Every task asks the same questions; what differs is the help that is given.

With the lm-evaluation-harness (the paths of its data files are absolute: write the conditions again after moving them):

    lm_eval --model hf --model_args pretrained=MODEL --include_path lm_eval --tasks {benchmark}_conditions \\
        --log_samples --output_path logs

With Inspect:

    inspect eval inspect/tasks.py --model PROVIDER/MODEL --log-dir logs

Then, whichever it was:

    knowreason audit logs --out run
    knowreason diagnose run

The questions, their answers and the condition come back by themselves. A response that is cut by its budget
states no answer and counts as wrong. A model that always thinks cannot be asked for a direct answer: leave that task
out, and take plan_given or two budgets for the benefit of reasoning. The harness's own scores rest on a regular
expression; `knowreason` grades by its own rule.

Facts that state the right answer word for word are left out unless --leaks keep. Those that state a wrong one are
kept, which may point at the answer that no fact names: --leaks any leaves both out.
"""
