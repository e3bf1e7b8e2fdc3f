"""Which traces an audit takes: whole questions, the same for every model, whatever the order of the files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from knowreason.errors import InputError
from knowreason.read import ReadOptions, Source, Tally, advice, read_traces
from knowreason.records import ReadIssue, Trace

SELECTABLE = ("benchmark", "domain", "model", "variant", "condition", "integrity")


class Wanted(NamedTuple):
    """Where traces are and which to keep: `where` by the values of fields, `limit` so many by a hash with `seed`."""

    sources: tuple[Source, ...]
    read: ReadOptions
    where: Mapping[str, tuple[str, ...]]
    limit: int | None
    seed: int


class Selection(NamedTuple):
    """What one reading of the inputs found.

    `questions` are those to keep (None: all), `traces` how many traces they have, `issues` the rejected lines,
    `advice` the harness options that would have kept lost reasoning.
    """

    questions: frozenset[tuple[str, str]] | None
    traces: int
    issues: int
    advice: tuple[str, ...]


def choose(wanted: Wanted, show: Callable[[str, int, int | None], None]) -> tuple[Selection, list[str]]:
    """Reads everything once: whole questions in the order of a seeded hash, and the rejected lines as JSON.

    Raises `InputError` where a value to keep occurs in no trace.
    """
    counts: Counter[tuple[str, str]] = Counter()
    lines: list[str] = []
    tally = Tally()
    seen: dict[str, set[str]] = {field: set() for field in wanted.where}
    for number, item in enumerate(read_traces(wanted.sources, wanted.read), start=1):
        if isinstance(item, ReadIssue):
            lines.append(msgspec.json.encode(item).decode())
            continue
        for field, values in seen.items():
            values.add(getattr(item, field))
        if _matches(item, wanted.where):
            counts[item.benchmark, item.question_key] += 1
            tally.add(item)
        if number % 500 == 0:
            show("read", number, None)
    _check_found(wanted.where, seen)
    chosen = _chosen(counts, wanted)
    total = counts.total() if chosen is None else sum(counts[question] for question in chosen)
    return Selection(chosen, total, len(lines), tuple(advice(tally))), lines


def selected(wanted: Wanted, selection: Selection) -> Iterator[Trace]:
    """The traces to audit, in the order of the inputs."""
    for item in read_traces(wanted.sources, wanted.read):
        if isinstance(item, ReadIssue) or not _matches(item, wanted.where):
            continue
        if selection.questions is None or (item.benchmark, item.question_key) in selection.questions:
            yield item


def _chosen(counts: Counter[tuple[str, str]], wanted: Wanted) -> frozenset[tuple[str, str]] | None:
    if wanted.limit is None:
        return None
    chosen: set[tuple[str, str]] = set()
    total = 0
    for question in sorted(counts, key=lambda q: _order(wanted.seed, q)):
        if chosen and total + counts[question] > wanted.limit:
            break
        chosen.add(question)
        total += counts[question]
    return frozenset(chosen)


def _check_found(where: Mapping[str, Sequence[str]], seen: Mapping[str, set[str]]) -> None:
    """A value that no trace has is a slip of the pen, not an empty selection."""
    for field, values in where.items():
        missing = [value for value in values if value not in seen[field]]
        if missing:
            held = ", ".join(sorted(seen[field])[:12]) or "nothing"
            raise InputError(f"--where {field}={missing[0]}: no trace has it; the inputs hold {held}")


def _order(seed: int, question: tuple[str, str]) -> str:
    return hashlib.sha256(f"{seed}\0{question[0]}\0{question[1]}".encode()).hexdigest()


def _matches(trace: Trace, where: Mapping[str, Sequence[str]]) -> bool:
    return all(getattr(trace, field) in values for field, values in where.items())


def nothing_to_audit(issues: Path) -> str:
    """Why no trace was kept: the reasons of the rejected lines, most frequent first, and what to do."""
    reasons = Counter(str(msgspec.json.decode(line)["reason"]) for line in issues.read_bytes().splitlines())
    if not reasons:
        return "no trace to audit: none is as --where asks"
    said = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common(3))
    named = any(reason.startswith("missing") for reason in reasons)
    hint = "; fields with other names are mapped with --field OURS=THEIRS" if named else ""
    return f"no trace to audit: {reasons.total():,} lines rejected ({said}; listed in {issues}){hint}"
