"""The report's page at 2,000 long traces: its size, how fast it is written, painted, filtered and searched.

python -m benchmarks.page     appends its rows to results.tsv

The texts, claims and passages are those of real traces; probabilities and surprisals are drawn, for only their count
matters here and the models would take an hour.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl
from playwright.sync_api import Page, sync_playwright

from benchmarks.__main__ import commit, show, write
from benchmarks.work import audited_index, data_dir, no_tokens, traces_of
from knowreason.decompose import decompose
from knowreason.frame import SCHEMAS, Audited, rows_of, write_summary
from knowreason.models.protocols import Thresholds
from knowreason.records import Gain, Grade, Trace, TraceGain
from knowreason.report import write_report
from knowreason.verify import verify_claims

TRACES = 2_000
LIMITS = {"file_mb": 25.0, "first_paint_s": 1.5, "filter_s": 0.1}
_FILTERS = ("claims=refuted", "claims=supported", "flag=misled", "sort=tokens", "model=nobody", "")


class Drawn:
    """An entailer whose probabilities are drawn."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float, float]]:
        """Three shares a pair that sum to one."""
        shares = self._random.dirichlet((1, 0.4, 1), len(pairs))
        return [(float(a), float(b), float(c)) for a, b, c in shares]


def main() -> None:
    """Measures, prints and appends; fails where a limit is passed."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        count = _make(run)
        begun = time.perf_counter()
        page = write_report(run)
        found = {"write_page": (count, "traces", time.perf_counter() - begun)}
        size = page.stat().st_size / 1e6
        found |= {name: (1, name.split("_")[0], seconds) for name, seconds in _watched(page).items()}
    write(
        rows := [_row(work, *measured) for work, measured in found.items()]
        + [_row("page_file", round(size * 1e6), "bytes", 1)]
    )
    show(rows)
    slow = {"file_mb": size, "first_paint_s": found["paint_first"][2], "filter_s": found["filter_worst"][2]}
    passed = [f"{name} {slow[name]:.2f} > {limit}" for name, limit in LIMITS.items() if slow[name] > limit]
    if passed:
        raise SystemExit(f"over the limit: {', '.join(passed)}")


def _make(run: Path) -> int:
    """A run directory of long real traces with their claims and passages; returns how many traces."""
    index, entailer, random = audited_index(), Drawn(), np.random.default_rng(0)
    rows: dict[str, list[object]] = {name: [] for name in SCHEMAS}
    count = 0
    for trace in _traces():
        for name, found in rows_of(_audited(trace, index, entailer, random)).items():
            rows[name].extend(found)
        count += 1
    for name, schema in SCHEMAS.items():
        pl.DataFrame(rows[name], schema=schema, orient="row").write_parquet(run / f"{name}.parquet")
    write_summary(run, draws=200)
    return count


def _traces() -> Iterator[Trace]:
    folder = data_dir() / "traces"
    yield from islice(
        traces_of([folder / "medrbench.jsonl.gz", folder / "qwen32_family_math.jsonl.gz"], TRACES), TRACES
    )


def _audited(trace: Trace, index: object, entailer: Drawn, random: np.random.Generator) -> Audited:
    parts = decompose(trace, no_tokens)
    hits = index.search([claim.normalised for claim in parts.claims], 5)  # type: ignore[attr-defined]
    surprisals = np.abs(np.cumsum(random.normal(0, 0.3, len(parts.steps) + 1)) + 2).round(12).tolist()
    gains = tuple(
        Gain(step=n, surprisal=h, gain=surprisals[n - 1] - h if n else None, part=_part(parts.steps, n), entropy=1.0)
        for n, h in enumerate(surprisals)
    )
    return Audited(
        trace=trace,
        steps=parts.steps,
        claims=parts.claims,
        commitment=parts.commitment,
        grade=Grade(trace_id=trace.trace_id, outcome=("correct", "incorrect")[len(trace.reasoning) % 2], answer=None),
        verifications=verify_claims(trace, parts.claims, hits, entailer, Thresholds()),
        gain=TraceGain(trace_id=trace.trace_id, outcome=gains, confident_wrong=0.1, answer_space="options"),
        scorer="drawn:",
        paper=False,
    )


def _part(steps: Sequence[object], number: int) -> object:
    return getattr(steps[number - 1], "part", None) if number else None


def _watched(page: Path) -> dict[str, float]:
    """Seconds to the first paint and, in the list of all traces, to a filter's and a text search's results."""
    program = os.environ.get("KNOWREASON_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(f"file://{page}")
        tab.locator("main h1").wait_for()
        paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
        tab.evaluate("location.hash = '#/find'")
        tab.locator("#found").wait_for()
        filters = [_redrawn(tab, f"#/find?{query}") for query in _FILTERS]
        first, again = (_redrawn(tab, f"#/find?text={word}") for word in ("biopsy", "steroid"))
        browser.close()
    return {"paint_first": paint, "filter_worst": max(filters), "search_first": first, "search_again": again}


def _redrawn(tab: Page, place: str) -> float:
    """Seconds from a new address to the page drawn with it."""
    return tab.evaluate(
        """place => new Promise(done => {
          const begun = performance.now();
          const seen = new MutationObserver(() => {
            if (!document.querySelector('#found')) return;
            seen.disconnect();
            requestAnimationFrame(() => setTimeout(() => done((performance.now() - begun) / 1000)));
          });
          seen.observe(document.querySelector('main'), {childList: true});
          location.hash = place;
        })""",
        place,
    )


def _row(work: str, items: int, unit: str, seconds: float) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": f"{platform.machine()} {os.cpu_count()} cores",
        "stage": "page",
        "work": work,
        "size": items,
        "unit": unit,
        "items_per_second": "" if unit == "bytes" else f"{items / seconds:.1f}",
        "peak_mb": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}",
        "ratio": "",
    }


if __name__ == "__main__":
    main()
