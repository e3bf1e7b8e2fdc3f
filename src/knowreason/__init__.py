"""knowreason: knowledge and reasoning, measured separately at every step of a trace.

    from pathlib import Path
    from knowreason import Audit, Source, audit, read_summary

    run = audit(Audit(sources=(Source("traces.jsonl"),), knowledge=(Path("notes.jsonl"),), out=Path("run")))
    for cell in read_summary(run).cells:
        print(cell.model, cell.benchmark, cell.accuracy, cell.knowledge.ki)

The verbs are `read_traces`, `audit`, `read_summary` and `write_report`; everything else here is a record they take
or give. Modules are imported when a name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowreason.errors import KnowreasonError
    from knowreason.frame import Summary, read_summary
    from knowreason.pipeline import audit
    from knowreason.read import ReadOptions, Source, read_traces
    from knowreason.records import (
        Claim,
        Evidence,
        Gain,
        Grade,
        Interval,
        ReadIssue,
        Step,
        Trace,
        Unscored,
        Verification,
    )
    from knowreason.report import write_report
    from knowreason.task import Audit

__all__ = [
    "Audit",
    "Claim",
    "Evidence",
    "Gain",
    "Grade",
    "Interval",
    "KnowreasonError",
    "ReadIssue",
    "ReadOptions",
    "Source",
    "Step",
    "Summary",
    "Trace",
    "Unscored",
    "Verification",
    "audit",
    "read_summary",
    "read_traces",
    "write_report",
]

_HOMES = {
    "audit": "pipeline",
    "Audit": "task",
    "KnowreasonError": "errors",
    "read_summary": "frame",
    "Summary": "frame",
    "ReadOptions": "read",
    "Source": "read",
    "read_traces": "read",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'knowreason' has no attribute {name!r}")
    return getattr(import_module(f"knowreason.{_HOMES.get(name, 'records')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
