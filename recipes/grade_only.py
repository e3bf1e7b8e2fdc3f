"""Makes a run without the slow instruments: traces read, cut into steps and graded, nothing observed or verified.

    python recipes/grade_only.py OUT TRACES...
    knowreason compare OUT --baseline MODEL

Right answers, steps and tokens can then be compared over thousands of traces in a minute; knowledge and gains are
Unscored (no_corpus, not_observed).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from knowreason.decompose import decompose
from knowreason.frame import SCHEMAS, Audited, rows_of
from knowreason.grade import Grader
from knowreason.models.protocols import Thresholds
from knowreason.models.scripted import Scripted
from knowreason.models.tokens import count_tokens
from knowreason.read import read_traces
from knowreason.records import Grade, Trace, TraceGain, Unscored
from knowreason.store import Store
from knowreason.verify import verify_claims

_UNIT = 256


def main() -> None:
    """Writes the run directory named first from the traces named after it."""
    out, *sources = sys.argv[1:]
    store = Store(Path(out), SCHEMAS)
    manifest = {"version": version("knowreason"), "arguments": {"sources": sources}, "models": {}}
    store.open(manifest, repr(sources))
    parts = 0
    with Grader() as grader:
        traces = _traces(sources)
        while unit := list(islice(traces, _UNIT)):
            measured = [_measured(*pair) for pair in zip(unit, grader.grade(unit), strict=True)]
            rows = [rows_of(one) for one in measured]
            store.write_part(parts, {table: [row for each in rows for row in each[table]] for table in SCHEMAS})
            parts += 1
    store.finish(parts, manifest)


def _traces(sources: list[str]) -> Iterator[Trace]:
    return (item for item in read_traces(sources) if isinstance(item, Trace))


def _measured(trace: Trace, grade: Grade) -> Audited:
    parts = decompose(trace, count_tokens)
    nothing = TraceGain(
        trace_id=trace.trace_id,
        outcome=Unscored(reason="not_observed"),
        confident_wrong=None,
        answer_space="options",
    )
    return Audited(
        trace=trace,
        steps=parts.steps,
        claims=parts.claims,
        commitment=parts.commitment,
        grade=grade,
        verifications=verify_claims(trace, parts.claims, None, Scripted(), Thresholds()),
        gain=nothing,
        scorer="none:",
    )


if __name__ == "__main__":
    main()
