"""The one place that knows the order of the stages: logs in, a run directory out.

read -> grade -> decompose -> retrieve, verify -> gain -> frame -> store

Traces are worked through in units of a few, each written as one atomic part; what is finished is never redone.
A unit's figures depend on its own traces only, so any number of workers and any interruption give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, Protocol

import msgspec

from knowreason.decompose import decompose
from knowreason.errors import InputError, ModelError
from knowreason.frame import SCHEMAS, Audited, rows_of, write_summary
from knowreason.gain import OptionScorer, trace_gain
from knowreason.grade import Grader
from knowreason.models.load import Model, load
from knowreason.models.protocols import Entailer, Observer, Scorer
from knowreason.models.tokens import count_tokens
from knowreason.read import ReadOptions, Source, Tally, advice, as_source, read_traces, source_files
from knowreason.records import Grade, ReadIssue, Trace
from knowreason.retrieve import Index
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.store import Store, hash_files
from knowreason.verify import Thresholds, verify_claims

PASSAGES = 5  # passages judged a claim
UNIT = 8  # traces of one part; part of the file format, not a tuning knob


class Progress(Protocol):
    """How long work shows itself: called with the stage's name, what is done, and the total (None: unknown)."""

    def __call__(self, stage: str, done: int, total: int | None, /) -> None:
        """Shows it."""
        ...


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What to audit and how. Texts are taken as paths: `Audit(sources="traces.jsonl", out="run")`.

    sources: files or folders of traces or logs, each a path or `Source(path, name)`.
    out: the run directory; an audit that was interrupted goes on there.
    knowledge: corpora, or one index made by `knowreason index`; without any no claim is verified.
    read: how logs are read: fields, settings, the filter of a harness, whether a gold answer is needed.
    corpus_fields: text, title, id, source or licence, each with the corpus's own name for it.
    where: the traces to keep: benchmark, domain, model, variant, condition or integrity, with its values.
    scorer, verifier: who observes answers and who judges claims, `builtin:` or `scripted:PATH`; a causal language
        model, `hf:FOLDER`, can be the scorer.
    limit: whole questions are taken until there are so many traces; None takes all.
    seed: chooses the questions of `limit` and the bootstrap draws.
    workers: threads, 0 for one a core. They change no figure.
    paper: also the published KI and InfoGain.
    """

    sources: tuple[Source, ...]
    out: Path
    knowledge: tuple[Path, ...] = ()
    read: ReadOptions = ReadOptions()
    corpus_fields: dict[str, str] = {}
    where: dict[str, tuple[str, ...]] = {}
    scorer: str = "builtin:"
    verifier: str = "builtin:"
    limit: int | None = None
    seed: int = 0
    workers: int = 0
    paper: bool = False

    def __post_init__(self) -> None:
        """Texts become paths and sources, a single one a tuple of one. Raises InputError for other things."""
        plain: dict[str, object] = {
            "sources": tuple(as_source(given) for given in _several(self.sources)),
            "out": Path(self.out),
            "knowledge": tuple(Path(given) for given in _several(self.knowledge)),
            "where": {field: _several(values) for field, values in self.where.items()},
        }
        for name, value in plain.items():
            msgspec.structs.force_setattr(self, name, value)


def _several(given: Any) -> tuple[Any, ...]:
    return (given,) if isinstance(given, str | Path | Source) else tuple(given)


class Selection(NamedTuple):
    """What one reading of the inputs found.

    `questions` are those to keep (None: all), `traces` how many traces they have, `issues` the rejected lines,
    `advice` the harness options that would have kept lost reasoning.
    """

    questions: frozenset[tuple[str, str]] | None
    traces: int
    issues: int
    advice: tuple[str, ...]


class Instruments(msgspec.Struct, frozen=True):
    """Everything that judges, shared by all workers; `paper` asks for the published figures too."""

    index: Index | None
    entailer: Entailer
    observer: Observer
    thresholds: Thresholds
    scorer_name: str
    described: dict[str, dict[str, str]]
    paper: bool = False


def audit(task: Audit, progress: Progress | None = None) -> Path:
    """Runs the whole audit into `task.out`, or goes on where an interrupted one stopped; returns the folder.

    Raises `InputError`, `ModelError` or `StoreError` with one clear line for what a user can mend.
    """
    show: Progress = progress or _silent
    _check(task)
    instruments = _instruments(task, show)
    store = Store(task.out, SCHEMAS)
    told, fingerprint = _manifest(task, instruments), _fingerprint(task, instruments)
    with store.alone():
        store.open(told, fingerprint)
        manifest = store.manifest() or {}
        if not manifest.get("finished"):
            _run(task, store, instruments, manifest, show)
        elif not (task.out / "summary.json").is_file():
            write_summary(task.out, seed=task.seed, paper=task.paper)
    return task.out


def _run(task: Audit, store: Store, instruments: Instruments, manifest: Mapping[str, object], show: Progress) -> None:
    selection = _select(task, store, show)
    if selection.traces == 0:
        raise InputError(f"no trace to audit: {selection.issues} lines rejected; see {task.out}/read_issues.jsonl")
    parts = _work(task, store, instruments, selection, show)
    counts = {"traces": selection.traces, "read_issues": selection.issues}
    store.finish(parts, {**manifest, "counts": counts, "advice": list(selection.advice)})
    show("summary", 0, None)
    write_summary(task.out, seed=task.seed, paper=task.paper)


def _check(task: Audit) -> None:
    if task.limit is not None and task.limit < 1:
        raise InputError(f"--limit {task.limit}: keep at least one trace")
    if task.workers < 0:
        raise InputError(f"--workers {task.workers}: give a positive number, or 0 for one a core")
    unknown = sorted(set(task.where) - set(_SELECTABLE))
    if unknown:
        raise InputError(f"--where {unknown[0]}: choose from {', '.join(_SELECTABLE)}")


_SELECTABLE = ("benchmark", "domain", "model", "variant", "condition", "integrity")


def _instruments(task: Audit, show: Progress) -> Instruments:
    verifier = load(task.verifier)
    scorer = verifier if task.scorer == task.verifier else load(task.scorer)
    if not isinstance(verifier, Entailer):
        raise ModelError(f"--verifier {task.verifier} cannot judge claims: it has no entailment")
    index = None
    if task.knowledge:
        index = open_knowledge(
            task.knowledge, fields=task.corpus_fields, progress=lambda done, total: show("index", done, total)
        )
    thresholds: Thresholds = getattr(verifier, "thresholds", Thresholds())
    return Instruments(
        index=index,
        entailer=verifier,
        observer=_observer(task.scorer, scorer),
        thresholds=thresholds,
        scorer_name=scorer.describe()["id"],
        described={"verifier": verifier.describe(), "scorer": scorer.describe()},
        paper=task.paper,
    )


def _observer(uri: str, model: Model) -> Observer:
    if isinstance(model, Observer):
        return model
    if isinstance(model, Scorer):
        return OptionScorer(model)
    raise ModelError(f"--scorer {uri} can neither observe answers nor score continuations")


def _select(task: Audit, store: Store, show: Progress) -> Selection:
    """Reads everything once: writes read_issues.jsonl, and chooses whole questions in the order of a seeded hash."""
    counts: Counter[tuple[str, str]] = Counter()
    lines: list[str] = []
    tally = Tally()
    seen: dict[str, set[str]] = {field: set() for field in task.where}
    for number, item in enumerate(read_traces(task.sources, task.read), start=1):
        if isinstance(item, ReadIssue):
            lines.append(msgspec.json.encode(item).decode())
            continue
        for field, values in seen.items():
            values.add(getattr(item, field))
        if _matches(item, task.where):
            counts[item.benchmark, item.question_key] += 1
            tally.add(item)
        if number % 500 == 0:
            show("read", number, None)
    store.write_text("read_issues.jsonl", "".join(line + "\n" for line in lines))
    _check_found(task.where, seen)
    lost = tuple(advice(tally))
    if task.limit is None:
        return Selection(None, counts.total(), len(lines), lost)
    chosen: set[tuple[str, str]] = set()
    total = 0
    for question in sorted(counts, key=lambda q: _order(task.seed, q)):
        if chosen and total + counts[question] > task.limit:
            break
        chosen.add(question)
        total += counts[question]
    return Selection(frozenset(chosen), total, len(lines), lost)


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


def _selected(task: Audit, selection: Selection) -> Iterator[Trace]:
    for item in read_traces(task.sources, task.read):
        if isinstance(item, ReadIssue) or not _matches(item, task.where):
            continue
        if selection.questions is None or (item.benchmark, item.question_key) in selection.questions:
            yield item


def _work(task: Audit, store: Store, instruments: Instruments, selection: Selection, show: Progress) -> int:
    """Audits every unit that has no part yet; returns how many parts there are."""
    workers = task.workers or os.cpu_count() or 1
    traces = _selected(task, selection)
    waiting: deque[tuple[Future[None], int]] = deque()
    stop = Event()
    done = part = 0
    show("audit", 0, selection.traces)
    with Grader() as grader, ThreadPoolExecutor(workers) as pool:
        try:
            while unit := list(islice(traces, UNIT)):
                if store.has_part(part):
                    done += len(unit)
                    show("audit", done, selection.traces)
                else:
                    grades = grader.grade(unit)
                    job = pool.submit(_audit_unit, store, part, unit, grades, instruments, stop=stop)
                    waiting.append((job, len(unit)))
                part += 1
                while len(waiting) > 2 * workers:
                    done += _finish(waiting)
                    show("audit", done, selection.traces)
            while waiting:
                done += _finish(waiting)
                show("audit", done, selection.traces)
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return part


def _finish(waiting: deque[tuple[Future[None], int]]) -> int:
    future, size = waiting.popleft()
    future.result()
    return size


def _audit_unit(
    store: Store, part: int, unit: Sequence[Trace], grades: Sequence[Grade], instruments: Instruments, *, stop: Event
) -> None:
    """Writes the part of a unit; nothing of it where the audit is stopped before its last trace."""
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in SCHEMAS}
    for trace, grade in zip(unit, grades, strict=True):
        if stop.is_set():
            return
        for table, found in rows_of(audit_trace(trace, grade, instruments)).items():
            rows[table].extend(found)
    store.write_part(part, rows)


def audit_trace(trace: Trace, grade: Grade, instruments: Instruments) -> Audited:
    """All measurements of one trace."""
    parts = decompose(trace, count_tokens)
    index = instruments.index
    found = None if index is None else index.search([claim.normalised for claim in parts.claims], PASSAGES)
    return Audited(
        trace=trace,
        steps=parts.steps,
        claims=parts.claims,
        commitment=parts.commitment,
        grade=grade,
        verifications=verify_claims(trace, parts.claims, found, instruments.entailer, instruments.thresholds),
        gain=trace_gain(trace, parts.steps, parts.commitment, instruments.observer),
        scorer=instruments.scorer_name,
        paper=instruments.paper,
    )


def _manifest(task: Audit, instruments: Instruments) -> dict[str, object]:
    index = instruments.index
    return {
        "version": version("knowreason"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": _arguments(task),
        "seed": task.seed,
        "models": instruments.described,
        "thresholds": instruments.thresholds._asdict(),
        "reliability": msgspec.to_builtins(getattr(instruments.entailer, "reliability", ())),
        "corpus": None if index is None else {"hash": index.content_hash, **msgspec.to_builtins(index.counts)},
    }


def _arguments(task: Audit) -> dict[str, object]:
    """The task as plain JSON values; settings for all inputs stand under "*"."""
    settings = {name or "*": values for name, values in task.read.settings.items()}
    plain = msgspec.structs.replace(task, read=msgspec.structs.replace(task.read, settings={}))
    told: dict[str, object] = msgspec.to_builtins(plain, enc_hook=str)
    return {**told, "settings": settings}


def _fingerprint(task: Audit, instruments: Instruments) -> str:
    """What must be the same for two runs to be the same audit: inputs by content, rules, models, corpus and options."""
    index = instruments.index
    said = {**_arguments(task), **dict.fromkeys(("out", "workers", "knowledge", "sources"))}
    parts = [
        version("knowreason"),
        _code(),
        hash_files(source_files(task.sources)),
        repr([source.name for source in task.sources]),
        msgspec.json.encode(said, order="sorted").decode(),
        repr(instruments.described),
        repr(instruments.thresholds),
        index.content_hash if index is not None else "",
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _code() -> str:
    """The hash of our own source: what an edited checkout measures does not go on in a run of the old rules."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _silent(stage: str, done: int, total: int | None) -> None:
    del stage, done, total
