"""Data inside a page: JSON that cannot end its element, and blocks of traces, compressed."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from knowreason.report.text import visible
from knowreason.report.traces import trace_view

TABLES = ("traces", "scores", "steps", "claims", "evidence", "gains")
MOST_BYTES = 23_500_000
"""How much of a file its traces may take; with figures and index it stays under 25 MB."""
MOST_INDEXED = 20_000
"""How many traces the list of one file may name."""
BLOCK = 16
"""Traces that are packed, or served, together."""
_SLICE = 40  # blocks read from the tables at once
_RISKY = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


class Packed(NamedTuple):
    """Blocks of traces, and for each row the block it stands in (-1: in none)."""

    blocks: list[str]
    places: list[int]


def shown(value: object) -> Any:
    """Plain JSON values with every acting character of every text made visible."""
    return _shown(msgspec.to_builtins(value, str_keys=True))


def inert(value: object) -> str:
    """JSON in plain ASCII without "<", ">" and "&": no text in it can end the element or reorder what a reader sees."""
    return json.dumps(shown(value), ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_RISKY)


def packed(value: object) -> str:
    """JSON, compressed (zlib) and in base64."""
    encoded = json.dumps(shown(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(encoded, 9)).decode("ascii")


def pack_traces(run: Path, rows: pl.DataFrame, *, seed: int = 0, most_bytes: int = MOST_BYTES) -> Packed:
    """Blocks of the traces of `rows`: whole questions in an order drawn by the seed, until the file would grow too
    large."""
    keys = [hashlib.sha256(f"{seed}\0{key}".encode()).digest() for key in rows["question_key"].to_list()]
    order = sorted(range(rows.height), key=lambda at: (keys[at], at))
    ids = rows["trace_id"].to_list()
    blocks: list[str] = []
    places = [-1] * rows.height
    done = 0
    for block in trace_blocks(run, [ids[at] for at in order]):
        text = packed(block)
        most_bytes -= len(text)
        if most_bytes < 0:
            break
        for at in order[done : done + len(block)]:
            places[at] = len(blocks)
        done += len(block)
        blocks.append(text)
    return Packed(blocks, places)


def trace_blocks(run: Path, trace_ids: Sequence[str]) -> Iterator[list[Any]]:
    """The views of these traces in their order, a block at a time, reading only what they need."""
    for start in range(0, len(trace_ids), BLOCK * _SLICE):
        wanted = trace_ids[start : start + BLOCK * _SLICE]
        tables = {name: _rows(run, name, wanted) for name in TABLES}
        views = [trace_view({name: found.get(one, []) for name, found in tables.items()}) for one in wanted]
        yield from (views[at : at + BLOCK] for at in range(0, len(views), BLOCK))


def _rows(run: Path, name: str, trace_ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    frame = pl.scan_parquet(run / f"{name}.parquet").filter(pl.col("trace_id").is_in(list(trace_ids))).collect()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["trace_id"], []).append(row)
    return found


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): _shown(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(inner) for inner in value]
    return value
