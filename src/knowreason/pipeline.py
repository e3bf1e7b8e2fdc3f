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
from typing import Protocol

import msgspec

from knowreason.decompose import decompose
from knowreason.errors import InputError
from knowreason.frame import SCHEMAS, Audited, rows_of, write_summary
from knowreason.gain import trace_gain
from knowreason.grade import Grader, judged_grade, needs_judge
from knowreason.instruments import Instruments, counting, load_instruments, reach
from knowreason.models.remote.counting import NOTHING, Estimate
from knowreason.models.remote.session import Session
from knowreason.models.tokens import count_tokens
from knowreason.read import source_files
from knowreason.records import Grade, Trace, Unscored
from knowreason.reliability import FILE as CALIBRATION
from knowreason.reliability import Calibration, Identity, encode_calibration, mismatch, read_calibration
from knowreason.retrieve import Index
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.selection import Selection, choose, nothing_to_audit, selected
from knowreason.store import Store, hash_files
from knowreason.task import Audit
from knowreason.verify import PASSAGES, verify_claims

UNIT = 8  # traces of one part; part of the file format, not a tuning knob


class Progress(Protocol):
    """How long work shows itself: called with the stage's name, what is done, and the total (None: unknown)."""

    def __call__(self, stage: str, done: int, total: int | None, /) -> None:
        """Shows it."""
        ...


def audit(task: Audit, progress: Progress | None = None, tell: Callable[[str], None] | None = None) -> Path:
    """Runs the whole audit into `task.out`, or goes on where an interrupted one stopped; returns the folder.

    `tell` is called with what models on servers will cost, before the first call, with what they did cost, and with
    what was recorded or replayed.
    Raises `InputError`, `ModelError` or `StoreError` with one clear line for what a user can mend.
    """
    show: Progress = progress or _silent
    task.check()
    with Session(task.remote, task.ledger) as session:
        instruments = _ready(task, session, show, tell or _quiet)
        store = Store(task.out, SCHEMAS)
        told, fingerprint = _manifest(task, instruments), _fingerprint(task, instruments)
        calibration = _calibration(task, instruments)
        with store.alone():
            store.open(told, fingerprint)
            if calibration is not None:
                store.write_text(CALIBRATION, encode_calibration(calibration))
            manifest = store.manifest() or {}
            if not manifest.get("finished"):
                _run(task, store, instruments, manifest, session=session, show=show)
            elif calibration is not None or not (task.out / "summary.json").is_file():
                write_summary(task.out, seed=task.seed, paper=task.paper)
        for line in (*session.records(), *((session.spent(),) if session.asks else ())):
            (tell or _quiet)(line)
    return task.out


def estimate(task: Audit, progress: Progress | None = None) -> str:
    """What the audit would ask of servers, in words; see `estimate_calls`."""
    return estimate_calls(task, progress)[1]


def estimate_calls(task: Audit, progress: Progress | None = None) -> tuple[Estimate, str]:
    """What the audit would ask of servers, in numbers and in words; nothing is sent and nothing is written.

    Raises what `audit` raises, `BudgetSpent` among it where the estimate is over the budget.
    """
    task.check()
    kept = task.ledger
    with Session(task.remote, kept if kept.is_file() else Path(":memory:")) as session:
        instruments = load_instruments(task, _index(task, progress or _silent), session)
        found = _estimate(task, session, instruments, progress or _silent)
        return found, session.check(found)


def _ready(task: Audit, session: Session, show: Progress, tell: Callable[[str], None]) -> Instruments:
    """The instruments; those on servers counted, within the budget, reached and proven."""
    instruments = load_instruments(task, _index(task, show), session)
    if session.asks:
        tell(session.check(_estimate(task, session, instruments, show)))
    return reach(instruments, task, session)


def _index(task: Audit, show: Progress) -> Index | None:
    if not task.knowledge:
        return None
    return open_knowledge(
        task.knowledge, fields=task.corpus_fields, progress=lambda done, total: show("index", done, total)
    )


def _estimate(task: Audit, session: Session, instruments: Instruments, show: Progress) -> Estimate:
    """Works through all traces with stand-ins that count what they are asked."""
    counters, models = counting(instruments, task, session)
    selection, _ = choose(task.wanted, show)
    for number, trace in enumerate(selected(task.wanted, selection), start=1):
        reason = "needs_judge" if needs_judge(trace) else "counted"
        audit_trace(trace, Grade(trace_id=trace.trace_id, outcome=Unscored(reason=reason), answer=None), counters)
        show("count", number, selection.traces)
    return sum((model.estimate for model in models), NOTHING)


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


def _select(task: Audit, store: Store, show: Progress) -> Selection:
    """Reads everything once, and writes read_issues.jsonl."""
    selection, issues = choose(task.wanted, show)
    store.write_text("read_issues.jsonl", "".join(line + "\n" for line in issues))
    return selection


def _work(
    task: Audit, store: Store, instruments: Instruments, selection: Selection, *, session: Session, show: Progress
) -> int:
    """Audits every unit that has no part yet; returns how many parts there are."""
    workers = task.workers or max(os.cpu_count() or 1, session.workers)
    traces = selected(task.wanted, selection)
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
    parts = decompose(trace, count_tokens, instruments.decomposer)
    index = instruments.index
    queries = [claim.query or claim.normalised for claim in parts.claims]
    found = None if index is None else index.search(queries, PASSAGES)
    if instruments.marker is not None:
        grade = judged_grade(trace, grade, instruments.marker, instruments.marker_name)
    return Audited(
        trace=trace,
        steps=parts.steps,
        claims=parts.claims,
        commitment=parts.commitment,
        grade=grade,
        verifications=verify_claims(
            trace, parts.claims, found, instruments.entailer, instruments.thresholds, parts.unread
        ),
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


def _calibration(task: Audit, instruments: Instruments) -> Calibration | None:
    """What was measured of this verifier on this corpus. Raises InputError for a file that says nothing of them."""
    if task.calibration is None:
        return None
    found, index = read_calibration(task.calibration), instruments.index
    here = Identity(
        instruments.described["verifier"], instruments.thresholds._asdict(), index.content_hash if index else None
    )
    why = mismatch(found.identity, here)
    if why is not None:
        raise InputError(f"--calibration {task.calibration}: {why}; measure again with knowreason calibrate")
    return found


def _arguments(task: Audit) -> dict[str, object]:
    """The task as plain JSON values; settings for all inputs stand under "*"."""
    settings = {name or "*": values for name, values in task.read.settings.items()}
    plain = msgspec.structs.replace(task, read=msgspec.structs.replace(task.read, settings={}))
    told: dict[str, object] = msgspec.to_builtins(plain, enc_hook=str)
    return {**told, "settings": settings}


def _fingerprint(task: Audit, instruments: Instruments) -> str:
    """What must be the same for two runs to be the same audit: inputs by content, rules, models, corpus and options."""
    index = instruments.index
    unsaid = ("out", "workers", "knowledge", "sources", "remote", "calibration", "judge")
    said = {**_arguments(task), **dict.fromkeys(unsaid)}
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
