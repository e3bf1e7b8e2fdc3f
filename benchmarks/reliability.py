"""Audits over a local server that fails, the figures of docs/reliability.md.

python -m benchmarks.reliability            all of it (about ten minutes on two cores)
python -m benchmarks.reliability faults     only these: faults, judged, kills, throughput, memory

In "judged" the server also reads the claims and grades free text.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from knowreason import Audit, audit  # noqa: E402
from knowreason.frame import SCHEMAS  # noqa: E402
from knowreason.models.openai import load_served  # noqa: E402
from knowreason.models.remote.terms import Remote, open_terms  # noqa: E402
from local_server import PASSING, LocalServer, Ways, serving  # noqa: E402

EXAMPLE = ROOT / "examples" / "two_domains"
TRACES = 201
FREE = (
    ("A boy has a fever, a rash and white spots in his mouth. What does he have?", "measles"),
    ("A woman has a butterfly rash and joint pain. What does she have?", "lupus"),
    ("A man has sudden pain and swelling of one big toe. What does he have?", "gout"),
)
SAID = (
    "Koplik spots are an early sign of measles. A rash follows them. The diagnosis is {}.",
    "Crystals of uric acid settle in cold joints. They draw in white cells. The diagnosis is {}.",
    "A rash has many causes. One cannot tell them apart by looks.",
)


def main() -> None:
    """Measures what is named on the command line, or everything, and prints one JSON object a measurement."""
    if sys.argv[1:2] == ["--memory"]:
        _say("peak", megabytes=_peak(sys.argv[2], int(sys.argv[3])))
        return
    chosen = sys.argv[1:] or list(MEASUREMENTS)
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            MEASUREMENTS[name](Path(folder))


def faults(folder: Path) -> None:
    """Three calls in ten fail, in every way that passes: what becomes of 201 traces."""
    with serving() as server:
        calm, seconds = _audited(folder / "calm" / "run", server)
        _say("calm", seconds=seconds, **_outcome(calm, server))
        port = server.server_port
    quick = tuple(fault for fault in PASSING if fault != "slow")
    for kinds, timeout, retries in ((quick, 60.0, 8), (PASSING, 1.0, 8), (PASSING, 1.0, 1)):
        with serving(Ways(faults=kinds, share=0.3, seed=1, slow=1.5), port) as server:
            asked = Remote(timeout=timeout, backoff=0.01, retries=retries)
            run, seconds = _audited(folder / f"faulty-{timeout}-{retries}" / "run", server, asked)
            told = {"kinds": kinds, "timeout": timeout, "retries": retries, "verdicts_changed": _differing(calm, run)}
            _say("faults", seconds=seconds, **told, **_outcome(run, server))


def judged(folder: Path) -> None:
    """The same where the server also reads the claims and grades free text: 201 traces, and 36 with free text."""
    with serving() as server:
        calm, seconds = _audited(folder / "calm" / "run", server, judged=True)
        _say("judged, calm", seconds=seconds, **_outcome(calm, server), **_read_and_graded(calm))
        port = server.server_port
    quick = tuple(fault for fault in PASSING if fault != "slow")
    for retries in (8, 1):
        with serving(Ways(faults=quick, share=0.3, seed=1), port) as server:
            asked = Remote(timeout=60.0, backoff=0.01, retries=retries)
            run, seconds = _audited(folder / f"faulty-{retries}" / "run", server, asked, judged=True)
            told = {
                "retries": retries,
                "verdicts_changed": _differing(calm, run),
                "grades_changed": _regraded(calm, run),
            }
            _say("judged", seconds=seconds, **told, **_outcome(run, server), **_read_and_graded(run))


def kills(folder: Path) -> None:
    """Ten kills at random points, then the same command once more."""
    draw = random.Random(5)
    with serving(Ways(delay=0.005)) as server:
        whole, _ = _audited(folder / "whole" / "run", server)
        calls, port = len(server.seen.charged), server.server_port
    with serving(Ways(delay=0.005), port) as server:
        lived: list[int] = []
        for _ in range(10):
            before = server.seen.charged.total()
            process = subprocess.Popen(_command(folder / "killed" / "run", server), **_silent())
            while server.seen.charged.total() < before + 3 and process.poll() is None:
                time.sleep(0.01)
            time.sleep(draw.uniform(0.0, 3.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
            lived.append(len(server.seen.charged))
        subprocess.run(_command(folder / "killed" / "run", server), check=True, **_silent())
        same = all(
            (whole / f"{name}.parquet").read_bytes() == (folder / "killed" / "run" / f"{name}.parquet").read_bytes()
            for name in SCHEMAS
        )
        twice = server.seen.charged.total() - len(server.seen.charged) - 2 * 10
        _say("kills", same_tables=same, calls=calls, calls_at_kills=lived, paid_twice=twice, under_way_at_most=16 * 10)


def throughput(folder: Path) -> None:
    """Two hundred calls under way at a latency of two seconds: one hundred a second would be perfect."""
    with _apart({"delay": 2.0}) as uri:
        model = load_served(uri.removeprefix("openai:"))
        terms = open_terms(Remote(concurrency=200), folder / "ledger.sqlite")
        with terms.ledger:
            model.connect(terms)
            for count in (2_000, 6_000):
                begun, used = time.monotonic(), time.process_time()
                model.judge([(f"Copper conducts heat. Note {count}.", f"Copper conducts {n}") for n in range(count)])
                seconds, cpu = time.monotonic() - begun, time.process_time() - used
                rate = count / seconds
                _say("throughput", calls=count, seconds=seconds, a_second=rate, own_ms_a_call=1000 * cpu / count)
            model.close()


def memory(folder: Path) -> None:
    """The largest memory of an audit of few and of many traces."""
    for traces in (60, 240):
        with _apart({}) as uri:
            command = [sys.executable, "-m", "benchmarks.reliability", "--memory", uri, str(traces)]
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=True, env=_environment(folder)
            )
            _say("memory", traces=traces, **{"peak_mb": json.loads(done.stdout)["megabytes"]})


MEASUREMENTS: dict[str, Callable[[Path], None]] = {
    "faults": faults,
    "judged": judged,
    "kills": kills,
    "throughput": throughput,
    "memory": memory,
}


def _task(out: Path, uri: str, remote: Remote, limit: int = TRACES) -> Audit:
    given: dict[str, Any] = {"sources": EXAMPLE / "traces.jsonl", "knowledge": EXAMPLE / "notes.jsonl", "out": out}
    return Audit(**given, limit=limit, scorer=uri, verifier=uri, remote=remote)


def _audited(
    out: Path, server: LocalServer, remote: Remote | None = None, *, judged: bool = False
) -> tuple[Path, float]:
    task = _task(out, server.uri, remote or Remote())
    if judged:
        task = _judged_task(task, out.parent.parent, server.uri)
    begun = time.monotonic()
    return audit(task), time.monotonic() - begun


def _judged_task(task: Audit, folder: Path, uri: str) -> Audit:
    """The server also reads claims and grades; as a scorer it is asked for letters, one call a position."""
    free = [
        {
            "question_id": f"free-{i}",
            "benchmark": "diagnoses",
            "model": f"model-{j}-{copy}",
            "question": question,
            "options": None,
            "gold": gold,
            "response": f"Case {copy}. {said.format(gold if j == 0 else 'mumps')}",
        }
        for i, (question, gold) in enumerate(FREE)
        for j, said in enumerate(SAID)
        for copy in range(4)
    ]
    rows = [*(EXAMPLE / "traces.jsonl").read_text("utf-8").splitlines()[:TRACES], *map(json.dumps, free)]
    traces = folder / "traces.jsonl"
    traces.write_text("".join(row + "\n" for row in rows), "utf-8")
    changed: dict[str, Any] = {"sources": traces, "limit": None, "decomposer": uri, "grader": uri, "target": "letter"}
    return msgspec.structs.replace(task, **changed)


def _read_and_graded(run: Path) -> dict[str, object]:
    claims, scores = (pl.read_parquet(run / f"{name}.parquet") for name in ("claims", "scores"))
    free = scores.filter(pl.col("grader") != "rule")
    said = free.select(pl.coalesce("grade", "grade_unscored").alias("said"))["said"]
    return {
        "steps_unread": claims["query"].null_count(),
        "free_text": dict(said.value_counts().sort("said").iter_rows()),
        "grades_neither_or_both": scores.filter(pl.col("grade").is_null() == pl.col("grade_unscored").is_null()).height,
    }


def _regraded(one: Path, two: Path) -> int:
    first, second = (pl.read_parquet(run / "scores.parquet").select("trace_id", "grade") for run in (one, two))
    both = first.join(second.drop_nulls("grade"), on="trace_id", suffix="_second")
    return both.filter(~pl.col("grade").eq_missing(pl.col("grade_second"))).height


def _outcome(run: Path, server: LocalServer) -> dict[str, object]:
    claims, scores = (pl.read_parquet(run / f"{name}.parquet") for name in ("claims", "scores"))
    said = claims.select(pl.coalesce("verdict", "unscored").alias("said"))["said"]
    neither = claims.filter(pl.col("verdict").is_null() == pl.col("unscored").is_null()).height
    return {
        "claims": dict(said.value_counts().sort("said").iter_rows()),
        "neither_or_both": neither,
        "coverage": round(float(claims["verdict"].is_in(["supported", "refuted"]).fill_null(False).mean() or 0), 4),
        "gains_unscored": dict(scores["gain_unscored"].drop_nulls().value_counts().iter_rows()),
        "answers_paid": len(server.seen.charged),
        "paid_twice": server.seen.charged.total() - len(server.seen.charged),
        "finished_after_the_time_out": server.seen.late.total(),
        "faults": server.seen.faults.total(),
        "calls": server.seen.calls.total(),
    }


def _differing(one: Path, two: Path) -> int:
    key = ["trace_id", "step", "claim", "text"]
    first, second = (pl.read_parquet(run / "claims.parquet").select(*key, "verdict") for run in (one, two))
    both = first.join(second.drop_nulls("verdict"), on=key, suffix="_second")
    return both.filter(pl.col("verdict") != pl.col("verdict_second")).height


def _command(out: Path, server: LocalServer) -> list[str]:
    traces, notes = str(EXAMPLE / "traces.jsonl"), str(EXAMPLE / "notes.jsonl")
    models = ["--scorer", server.uri, "--verifier", server.uri, "--limit", str(TRACES)]
    return [sys.executable, "-m", "knowreason.cli", "audit", traces, "--knowledge", notes, "--out", str(out), *models]


def _silent() -> dict[str, Any]:
    return {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextmanager
def _apart(ways: dict[str, object]) -> Iterator[str]:
    """A server in a process of its own; yields its URI."""
    command = [sys.executable, str(ROOT / "tests" / "local_server.py"), "0", json.dumps(ways)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "KNOWREASON_RUNS": str(folder)}


def _peak(uri: str, traces: int) -> float:
    audit(_task(Path(os.environ["KNOWREASON_RUNS"]) / str(traces) / "run", uri, Remote(), traces))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(what: str, **figures: object) -> None:
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}
    sys.stdout.write(json.dumps({"what": what, **rounded}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
