"""The one place that knows the order of the stages: logs in, a run directory out.

read -> grade -> decompose -> retrieve, verify -> gain -> frame -> store

Traces are worked through in units of a few, each written as one atomic part; what is finished is never redone.
A unit's figures depend on its own traces only, so any number of workers and any interruption give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import msgspec

from knowreason.decompose import decompose
from knowreason.errors import InputError, ModelError
from knowreason.frame import SCHEMAS, Audited, rows_of, write_summary
from knowreason.gain import OptionScorer, trace_gain
from knowreason.grade import Grader
from knowreason.ledger import Usage
from knowreason.models.load import Model, named_scorers
from knowreason.models.protocols import Entailer, Judge, Observer, Scorer
from knowreason.models.remote.session import Counting, Estimate, Session
from knowreason.models.remote.terms import Remote
from knowreason.models.tokens import count_tokens
from knowreason.read import ReadOptions, Source, as_source, source_files
from knowreason.records import Grade, Trace, Unscored
from knowreason.retrieve import Index
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.selection import SELECTABLE, Selection, Wanted, choose, nothing_to_audit, selected
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
    scorer, verifier: who observes answers and who judges claims: `builtin:`, `scripted:PATH`, `openai:MODEL@URL`, or
        `hf:FOLDER` (a causal language model scores, an NLI or a chat model judges).
    more_scorers: others who observe the same answers, to see how far scorers agree.
    limit: whole questions are taken until there are so many traces; None takes all.
    seed: chooses the questions of `limit` and the bootstrap draws.
    workers: threads, 0 for one a core, or more where servers are waited for. They change no figure.
    paper: also the published KI and InfoGain.
    remote: how models on servers are asked: ledger, replay, concurrency, budget. It changes no figure.
    """

    sources: tuple[Source, ...]
    out: Path
    knowledge: tuple[Path, ...] = ()
    read: ReadOptions = ReadOptions()
    corpus_fields: dict[str, str] = {}
    where: dict[str, tuple[str, ...]] = {}
    scorer: str = "builtin:"
    verifier: str = "builtin:"
    more_scorers: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    workers: int = 0
    paper: bool = False
    remote: Remote = Remote()

    def __post_init__(self) -> None:
        """Texts become paths and sources, a single one a tuple of one. Raises InputError for other things."""
        plain: dict[str, object] = {
            "sources": tuple(as_source(given) for given in _several(self.sources)),
            "out": Path(self.out),
            "knowledge": tuple(Path(given) for given in _several(self.knowledge)),
            "more_scorers": _several(self.more_scorers),
            "where": {field: _several(values) for field, values in self.where.items()},
        }
        for name, value in plain.items():
            msgspec.structs.force_setattr(self, name, value)

    @property
    def scorers(self) -> tuple[str, ...]:
        """All scorers, the one whose figures stand in all tables first."""
        return (self.scorer, *self.more_scorers)


def _several(given: Any) -> tuple[Any, ...]:
    return (given,) if isinstance(given, str | Path | Source) else tuple(given)


class Instruments(msgspec.Struct, frozen=True):
    """Everything that judges, shared by all workers. `others` observe too; `paper` asks for the published figures."""

    index: Index | None
    entailer: Entailer | Judge
    observer: Observer
    thresholds: Thresholds
    scorer_name: str
    described: dict[str, dict[str, str]]
    paper: bool = False
    others: tuple[tuple[str, Observer], ...] = ()


def audit(task: Audit, progress: Progress | None = None, tell: Callable[[str], None] | None = None) -> Path:
    """Runs the whole audit into `task.out`, or goes on where an interrupted one stopped; returns the folder.

    `tell` is called with what models on servers will cost, before the first call, and with what they did cost.
    Raises `InputError`, `ModelError` or `StoreError` with one clear line for what a user can mend.
    """
    show: Progress = progress or _silent
    _check(task)
    with Session(task.remote, _ledger_of(task)) as session:
        instruments = _ready(task, session, show, tell or _quiet)
        store = Store(task.out, SCHEMAS)
        told, fingerprint = _manifest(task, instruments), _fingerprint(task, instruments)
        with store.alone():
            store.open(told, fingerprint)
            manifest = store.manifest() or {}
            if not manifest.get("finished"):
                _run(task, store, instruments, manifest, session=session, show=show)
            elif not (task.out / "summary.json").is_file():
                write_summary(task.out, seed=task.seed, paper=task.paper)
        if session.asks and tell is not None:
            tell(session.spent())
    return task.out


def estimate(task: Audit, progress: Progress | None = None) -> str:
    """What the audit would ask of servers, in words; nothing is sent and nothing is written.

    Raises what `audit` raises, `BudgetSpent` among it where the estimate is over the budget.
    """
    _check(task)
    kept = _ledger_of(task)
    with Session(task.remote, kept if kept.is_file() else Path(":memory:")) as session:
        instruments = _instruments(task, progress or _silent, session)
        return session.check(_estimate(task, session, instruments, progress or _silent))


def _ledger_of(task: Audit) -> Path:
    """Beside the run directory: runs next to each other share it, and a run can be deleted without it."""
    return task.remote.ledger or task.out.absolute().parent / "ledger.sqlite"


def _ready(task: Audit, session: Session, show: Progress, tell: Callable[[str], None]) -> Instruments:
    """The instruments; those on servers counted, within the budget, reached and proven."""
    instruments = _instruments(task, show, session)
    if session.asks:
        tell(session.check(_estimate(task, session, instruments, show)))
    session.begin(task.scorers, task.verifier if task.knowledge else None)
    known = zip((task.verifier, *task.scorers), instruments.described.items(), strict=True)
    described = {use: session.described(uri, told) for uri, (use, told) in known}
    return msgspec.structs.replace(instruments, described=described)


def _estimate(task: Audit, session: Session, instruments: Instruments, show: Progress) -> Estimate:
    """Works through all traces with stand-ins that count what they are asked."""
    models = {uri: session.stand_in(uri) for uri in dict.fromkeys((task.verifier, *task.scorers))}
    observer, *more = (_observer(uri, models[uri]) for uri in task.scorers)
    others = tuple((name, other) for (name, _), other in zip(instruments.others, more, strict=True))
    counting = msgspec.structs.replace(instruments, entailer=models[task.verifier], observer=observer, others=others)
    selection, _ = choose(_wanted(task), show)
    for number, trace in enumerate(selected(_wanted(task), selection), start=1):
        ungraded = Grade(trace_id=trace.trace_id, outcome=Unscored(reason="counted"), answer=None)
        audit_trace(trace, ungraded, counting)
        show("count", number, selection.traces)
    counts = [model.estimate for model in models.values() if isinstance(model, Counting)]
    return sum(counts, Estimate(0, 0, Usage()))


def _run(
    task: Audit,
    store: Store,
    instruments: Instruments,
    manifest: Mapping[str, object],
    *,
    session: Session,
    show: Progress,
) -> None:
    selection = _select(task, store, show)
    if selection.traces == 0:
        raise InputError(nothing_to_audit(task.out / "read_issues.jsonl"))
    parts = _work(task, store, instruments, selection, session=session, show=show)
    counts = {"traces": selection.traces, "read_issues": selection.issues}
    told = {"counts": counts, "advice": list(selection.advice), "calls": session.counts()}
    store.finish(parts, {**manifest, **told})
    show("summary", 0, None)
    write_summary(task.out, seed=task.seed, paper=task.paper)


def _check(task: Audit) -> None:
    if task.limit is not None and task.limit < 1:
        raise InputError(f"--limit {task.limit}: keep at least one trace")
    if task.workers < 0:
        raise InputError(f"--workers {task.workers}: give a positive number, or 0 for one a core")
    twice = [uri for place, uri in enumerate(task.scorers) if uri in task.scorers[:place]]
    if twice:
        raise InputError(f"--scorer {twice[0]}: named twice; a second scorer should be another model")
    unknown = sorted(set(task.where) - set(SELECTABLE))
    if unknown:
        raise InputError(f"--where {unknown[0]}: choose from {', '.join(SELECTABLE)}")


def _instruments(task: Audit, show: Progress, session: Session) -> Instruments:
    models = {uri: session.load(uri) for uri in dict.fromkeys((task.verifier, *task.scorers))}
    verifier = models[task.verifier]
    if not isinstance(verifier, Entailer | Judge):
        raise ModelError(
            f"--verifier {task.verifier} cannot judge claims: it has neither entailment nor a chat template"
        )
    index = None
    if task.knowledge:
        index = open_knowledge(
            task.knowledge, fields=task.corpus_fields, progress=lambda done, total: show("index", done, total)
        )
    thresholds: Thresholds = getattr(verifier, "thresholds", Thresholds())
    scorers = named_scorers([models[uri].describe() for uri in task.scorers])
    name, *names = [told["id"] for told in scorers.values()]
    observer, *others = (_observer(uri, models[uri]) for uri in task.scorers)
    return Instruments(
        index=index,
        entailer=verifier,
        observer=observer,
        thresholds=thresholds,
        scorer_name=name,
        described={"verifier": verifier.describe(), **scorers},
        paper=task.paper,
        others=tuple(zip(names, others, strict=True)),
    )


def _observer(uri: str, model: Model) -> Observer:
    if isinstance(model, Observer):
        return model
    if isinstance(model, Scorer):
        return OptionScorer(model)
    raise ModelError(f"--scorer {uri} can neither observe answers nor score continuations")


def _wanted(task: Audit) -> Wanted:
    return Wanted(task.sources, task.read, task.where, task.limit, task.seed)


def _select(task: Audit, store: Store, show: Progress) -> Selection:
    """Reads everything once, and writes read_issues.jsonl."""
    selection, issues = choose(_wanted(task), show)
    store.write_text("read_issues.jsonl", "".join(line + "\n" for line in issues))
    return selection


def _work(
    task: Audit, store: Store, instruments: Instruments, selection: Selection, *, session: Session, show: Progress
) -> int:
    """Audits every unit that has no part yet; returns how many parts there are."""
    workers = task.workers or max(os.cpu_count() or 1, session.workers)
    traces = selected(_wanted(task), selection)
    waiting: deque[tuple[Future[None], int]] = deque()
    stop = session.stop
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
        others=tuple(
            (name, trace_gain(trace, parts.steps, parts.commitment, other)) for name, other in instruments.others
        ),
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
    said = {**_arguments(task), **dict.fromkeys(("out", "workers", "knowledge", "sources", "remote"))}
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


def _quiet(line: str) -> None:
    del line


def _silent(stage: str, done: int, total: int | None) -> None:
    del stage, done, total
