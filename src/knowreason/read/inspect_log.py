"""Logs of Inspect (`.eval`, and its JSON form), through Inspect's own reader (extra [inspect])."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from knowreason.errors import MissingExtra
from knowreason.read.fields import mapped
from knowreason.read.lines import open_bytes
from knowreason.read.rows import FoundRow, Place, RawTrace, Rejected, Row

_HEAD = 64 * 1024
_MAX_MEMBER = 256 * 1024 * 1024  # unpacked bytes of one sample: a small file may claim to hold any number


def is_inspect_json(path: Path) -> bool:
    """Whether a `.json` file is a log of Inspect, by how it begins."""
    try:
        with open_bytes(path) as stream:
            head = stream.read(_HEAD)
    except (OSError, EOFError):
        return False
    return head.lstrip().startswith(b"{") and b'"eval"' in head and b'"task_id"' in head and b'"version"' in head


def read_inspect(path: Path) -> Iterator[FoundRow]:
    """The samples of a log as rows `{"eval": header, "sample": ...}`; `line` counts the samples.

    An `.eval` file is read sample by sample, a JSON log as a whole. Raises MissingExtra without inspect-ai.
    """
    try:
        log = importlib.import_module("inspect_ai.log")
    except ImportError:
        raise MissingExtra(f"reading {path.name}, a log of Inspect,", "inspect") from None
    line = 0
    try:
        _check_members(path)
        for header, sample in _samples(log, path):
            line += 1
            row = {"eval": header, "sample": sample}
            yield FoundRow(Place(str(path), line, f"sample {sample.get('id')}, epoch {sample.get('epoch')}"), row)
    except Rejected as rejected:
        yield FoundRow(Place(str(path), line), rejected)
    except (OSError, ValueError, LookupError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).partition("\n")[0]
        yield FoundRow(Place(str(path), line + 1), Rejected("broken_file", reason or type(error).__name__))


def _check_members(path: Path) -> None:
    if path.suffix == ".json":
        return
    with zipfile.ZipFile(path) as packed:
        largest = max((member.file_size for member in packed.infolist()), default=0)
    if largest > _MAX_MEMBER:
        raise Rejected("too_large", f"a part of the log unpacks to {largest} bytes")


def inspect_trace(row: Row, place: Place, fields: dict[str, str]) -> RawTrace:
    """The raw trace of one sample. Raises Rejected where the sample failed or has no output."""
    header, sample = cast(Row, row["eval"]), cast(Row, row["sample"])
    output = cast(Row, sample.get("output") or {})
    choices = cast(list[Row], output.get("choices") or [])
    if not choices:
        error = cast(Row, sample.get("error") or {})
        raise Rejected("missing_response", f"the sample failed: {str(error.get('message', 'no output'))[:80]}")
    message = cast(Row, choices[0]["message"])
    rows = [sample, cast(Row, sample.get("metadata") or {})]
    known = {name: mapped(rows, fields, name) for name in ("domain", "variant", "lineage", "condition")}
    return RawTrace(
        place=place,
        harness="inspect",
        **known,
        question_id=sample.get("id"),
        benchmark=mapped(rows, fields, "benchmark") or header.get("task"),
        question=mapped(rows, fields, "question") or _question(sample.get("input")),
        options=mapped(rows, fields, "options") or sample.get("choices"),
        golds=tuple(g for g in [mapped(rows, fields, "gold") or sample.get("target")] if g not in (None, "", [])),
        model=mapped(rows, fields, "model") or header.get("model"),
        sample=cast(int, sample.get("epoch") or 1) - 1,
        message=message,
        finish=choices[0].get("stop_reason"),
        declared="stripped" if _is_stripped(message, output) else None,
        meta={"harness": "inspect", "scores": sample.get("scores") or {}},
    )


def _samples(log: Any, path: Path) -> Iterator[tuple[Row, Row]]:
    if path.suffix == ".json":
        whole = log.read_eval_log(str(path), resolve_attachments=True)
        header = _header(whole)
        for sample in whole.samples or []:
            yield header, sample.model_dump(mode="json")
        return
    header = _header(log.read_eval_log(str(path), header_only=True))
    for summary in log.read_eval_log_sample_summaries(str(path)):
        sample = log.read_eval_log_sample(str(path), summary.id, summary.epoch, resolve_attachments=True)
        yield header, sample.model_dump(mode="json")


def _header(log: Any) -> Row:
    return {"task": log.eval.task.rpartition("/")[2], "model": log.eval.model}


def _question(asked: Any) -> Any:
    """The task's input: a text, or the last message of a user."""
    if not isinstance(asked, list):
        return asked
    messages = cast(list[Row], asked)
    content = next((m.get("content") for m in reversed(messages) if m.get("role") == "user"), None)
    if isinstance(content, list):
        content = "\n".join(str(part["text"]) for part in cast(list[Row], content) if part.get("type") == "text")
    return content


def _is_stripped(message: Row, output: Row) -> bool:
    """Whether the server counted reasoning tokens and the message holds no reasoning."""
    counted = cast(Row, output.get("usage") or {}).get("reasoning_tokens")
    content = message.get("content")
    if isinstance(content, str):
        return bool(counted) and "think>" not in content
    return bool(counted) and not any(part.get("type") == "reasoning" for part in cast(list[Row], content or []))
