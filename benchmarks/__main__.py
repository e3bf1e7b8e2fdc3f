"""Measures every stage beside its nearest alternative, each in a process of its own, and writes results.tsv.

make bench            all of it (about half an hour on two cores)
python -m benchmarks read search     only these stages
"""

from __future__ import annotations

import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results.tsv"
COLUMNS = ("date", "commit", "machine", "stage", "work", "size", "unit", "items_per_second", "peak_mb", "ratio")


class Plan(NamedTuple):
    """One stage: our work at several sizes, and its alternative at sizes it can bear."""

    ours: str
    sizes: tuple[int, ...]
    alternative: str
    alternative_sizes: tuple[int, ...]


CORE_PLANS = {
    "read": Plan("read_only", (1_000, 10_000, 41_845), "inspect_json_dataset", (1_000, 10_000, 41_845)),
    "split": Plan("split_ours", (1_000, 10_000), "split_pysbd", (1_000,)),
    "claims": Plan("claims_ours", (1_000, 4_000), "split_pysbd", (1_000,)),
    "grade": Plan("grade_ours", (1_000, 5_000), "grade_math_verify", (1_000,)),
    "read+split+grade": Plan("read_split_grade", (1_000, 10_000, 41_845), "inspect_json_dataset", (41_845,)),
    "search": Plan("search_ours", (1_000, 10_000), "search_rank_bm25", (20,)),
    "verify": Plan("verify_ours", (50, 200, 400), "verify_one_by_one", (50,)),
    "observe": Plan("observe_ours", (50, 200, 400), "observe_one_option_a_row", (50,)),
}
# Ratios are at one size each; the size is the tokens of one trace. These need the extra `hf`.
CAUSAL_PLANS = {
    f"causal {size} {against}": Plan("two_passes", (size,), work, (size,))
    for size in (1_000, 4_000)
    for against, work in (
        ("steps", "step_by_step"),
        ("steps-lean", "step_by_step_answer_logits"),
        ("pass", "plain_pass"),
        ("pass-lean", "plain_pass_answer_logits"),
    )
}
ENTAIL_PLANS = {"entail": Plan("entail_batched", (64, 256), "entail_one_at_a_time", (64,))}
PLANS = CORE_PLANS | CAUSAL_PLANS | ENTAIL_PLANS


def main() -> None:
    """Runs the plans named on the command line, or all."""
    if sys.argv[1:2] == ["--one"]:
        _measure_here(sys.argv[2], int(sys.argv[3]))
        return
    unknown = set(sys.argv[1:]) - set(PLANS)
    if unknown:
        raise SystemExit(f"no such stage: {', '.join(sorted(unknown))}; choose from {', '.join(PLANS)}")
    able = PLANS if find_spec("transformers") else CORE_PLANS
    rows = [row for name in sys.argv[1:] or able for row in _run(name, PLANS[name])]
    write(rows)
    show(rows)


def _run(stage: str, plan: Plan) -> list[dict[str, object]]:
    from benchmarks.work import data_dir

    os.environ["KNOWREASON_DATA"] = str(data_dir())
    other = [_measure(stage, plan.alternative, size) for size in plan.alternative_sizes]
    ours = [_measure(stage, plan.ours, size) for size in plan.sizes]
    slowest = float(str(other[-1]["items_per_second"]))
    for row in ours:
        row["ratio"] = f"{float(str(row['items_per_second'])) / slowest:.2f}"
    return ours + other


def _measure(stage: str, work: str, size: int) -> dict[str, object]:
    """One measurement in a fresh process, so that peak memory is its own."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "BENCHMARK_SCRATCH": scratch, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks", "--one", work, str(size)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{work} at {size} failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{stage}: {work} {size}: {found}", file=sys.stderr, flush=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": f"{platform.machine()} {os.cpu_count()} cores",
        "stage": stage,
        "work": work,
        "size": found["items"],
        "unit": found["unit"],
        "items_per_second": f"{found['items'] / found['seconds']:.1f}",
        "peak_mb": f"{found['peak_mb']:.0f}",
        "ratio": "1.00",
    }


def _measure_here(work: str, size: int) -> None:
    from benchmarks import causal, entailing
    from benchmarks.work import WORK

    measured = {**WORK, **causal.WORK, **entailing.WORK}[work](size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**measured._asdict(), "peak_mb": peak}))


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def write(rows: list[dict[str, object]]) -> None:
    new = not RESULTS.exists()
    with RESULTS.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter="\t", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


def show(rows: list[dict[str, object]]) -> None:
    table = Table(*COLUMNS[3:])
    for row in rows:
        table.add_row(*(str(row[c]) for c in COLUMNS[3:]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
