"""Our own rows: one object a trace, with the field names of the documentation or those the user mapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from knowreason.read.fields import at_path
from knowreason.read.integrity import read_label
from knowreason.read.options import MAPPABLE
from knowreason.read.rows import Place, RawTrace, Rejected, Row
from knowreason.read.thinking import REASONING_FIELDS

_CONSUMED = {*MAPPABLE, *REASONING_FIELDS, "trace_id"}
_DERIVED = {"trace_id", "question_key", "answer_type", "integrity", "integrity_basis"}


def own_trace(row: Row, place: Place, fields: Mapping[str, str]) -> RawTrace:
    """The raw trace of one of our rows; columns we do not know are carried in its meta."""
    values = {ours: at_path(row, fields[ours]) if ours in fields else row.get(ours) for ours in MAPPABLE}
    reasoning, response = values.pop("reasoning"), values.pop("response")
    if reasoning is not None and not isinstance(reasoning, str):
        raise Rejected("wrong_type", "reasoning is not a text")
    if row.keys() >= _DERIVED:
        row, reasoning = _as_written(row, reasoning)
    label = read_label(row.get("integrity"))
    gold, meta = values.pop("gold"), values.pop("meta")
    return RawTrace(
        place=place,
        harness="",
        **values,
        golds=() if gold is None else (gold,),
        message=_message(row, reasoning, response, present=fields.get("response", "response")),
        split=label is not None,
        finish=row.get("finish_reason", row.get("stop_reason")),
        declared=label,
        basis=row.get("integrity_basis"),
        meta=_meta(row, meta, fields, declared=label is not None),
    )


def _as_written(row: Row, reasoning: str | None) -> tuple[Row, str | None]:
    """A row of a run's traces.parquet, whose reasoning holds the response too, as `read` would write it."""
    end = row.get("thinking_end")
    if end is not None and (isinstance(end, bool) or not isinstance(end, int) or end < 0):
        raise Rejected("wrong_type", "thinking_end is not a number from 0 on")
    derived = {*_DERIVED, "thinking_end", "reasoning"} - {"integrity", "integrity_basis"}
    kept = {name: value for name, value in row.items() if name not in derived}
    return kept, None if end is None or reasoning is None else reasoning[:end]


def _message(row: Row, reasoning: str | None, response: Any, *, present: str) -> dict[str, Any]:
    message: dict[str, Any] = {name: row[name] for name in REASONING_FIELDS if row.get(name) is not None}
    if reasoning is not None:
        message["reasoning"] = reasoning
    if response is not None or present in row:
        message["content"] = response
    return message


def _meta(row: Row, meta: Any, fields: Mapping[str, str], *, declared: bool) -> dict[str, Any]:
    known = _CONSUMED | {"integrity", "integrity_basis"} if declared else _CONSUMED
    known = (known - fields.keys()) | set(fields.values())
    if isinstance(meta, str):
        meta = _parsed(meta)
    carried = cast(dict[str, Any], meta) if isinstance(meta, dict) else {} if meta is None else {"meta": meta}
    return {**carried, **{name: value for name, value in row.items() if name not in known}}


def _parsed(text: str) -> Any:
    """Meta as our Parquet tables keep it, JSON text; any other text stays a text."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return text
    return cast(Any, value) if isinstance(value, dict) else text
