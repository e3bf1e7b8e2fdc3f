"""Rows in our own words, and the shortest way to read them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from knowreason.read import ReadOptions, parse_source, read_traces
from knowreason.records import ReadIssue, Trace

LOGS = Path(__file__).parent / "logs"


def row(**changed: Any) -> dict[str, Any]:
    """A complete row in our own format; None for a field leaves it as null, `...` leaves it out."""
    whole: dict[str, Any] = {
        "question_id": "q1",
        "benchmark": "organs",
        "domain": "medicine",
        "question": "Which hormone lowers blood sugar?",
        "options": {"A": "glucagon", "B": "insulin", "C": "cortisol"},
        "gold": "B",
        "model": "finch",
        "variant": "base",
        "lineage": None,
        "condition": "cot",
        "sample": 0,
        "reasoning": None,
        "response": "Cells take up sugar when insulin binds. The answer is (B).",
        "meta": {},
    }
    return {name: value for name, value in {**whole, **changed}.items() if value is not ...}


def write(path: Path, *lines: Any) -> Path:
    """Writes rows (objects as JSON, bytes as they are) as lines, gzip where the name says so."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    data = b"".join(line + b"\n" for line in raw)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(*sources: Any, **options: Any) -> list[Trace | ReadIssue]:
    """Everything the sources hold."""
    return list(read_traces([parse_source(str(s)) for s in sources], ReadOptions(**options)))


def trace_of(tmp_path: Path, line: Any, **options: Any) -> Trace:
    """The one trace of a file with this line."""
    (item,) = read(write(tmp_path / "one.jsonl", line), **options)
    assert isinstance(item, Trace), item
    return item


def reason_of(tmp_path: Path, line: Any, **options: Any) -> str:
    """Why a file with this line gives no trace."""
    (item,) = read(write(tmp_path / "one.jsonl", line), **options)
    assert isinstance(item, ReadIssue), item
    assert item.line == 1
    assert len(item.excerpt) <= 200
    return item.reason
