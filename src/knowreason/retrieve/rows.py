"""Rows of JSONL and Parquet files, one at a time, with limits against hostile files."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

import msgspec
import polars as pl

from knowreason.records import ReadIssue

LINE_LIMIT = 16 * 2**20
"""Longest line in bytes; a longer one is an issue and is skipped without being held in memory."""
EXPANSION_LIMIT = 2**30, 100
"""A compressed file is read no further than this many bytes, once they are this many times its own size."""

_BATCH = 5000
Row = dict[str, object]
Advance = Callable[[int], None]


def read_jsonl(path: Path, name: str, advance: Advance) -> Iterator[tuple[int, Row | ReadIssue]]:
    """The objects of a JSONL file (compressed if its name ends with .gz), with their 1-based lines.

    Reasons of issues: line_too_long, invalid_utf8, malformed_json, not_an_object, truncated_file,
    expansion_limit (the last two end the file).
    """
    with path.open("rb") as raw:
        packed = path.name.lower().endswith(".gz")
        handle = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
        for line, content in _lines(handle, raw, path.stat().st_size):
            if line % 500 == 0:
                advance(raw.tell())
            row = _decode(content) if isinstance(content, bytes) else content
            if isinstance(row, str):
                excerpt = content[:120].decode("utf-8", "replace") if isinstance(content, bytes) else ""
                yield line, ReadIssue(file=name, line=line, reason=row, excerpt=excerpt)
            elif row is not None:
                yield line, row


def read_parquet(path: Path, name: str, advance: Advance) -> Iterator[tuple[int, Row | ReadIssue]]:
    """The rows of a Parquet file with their 1-based numbers; one issue `malformed_parquet` if it is none."""
    done = 0
    try:
        scan = pl.scan_parquet(path, glob=False)
        total = cast("int", scan.select(pl.len()).collect().item())
        while done < total:
            batch = scan.slice(done, _BATCH).collect()
            for offset, row in enumerate(batch.iter_rows(named=True), start=1):
                yield done + offset, cast("Row", row)
            done += _BATCH
            advance(path.stat().st_size * min(done, total) // total)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:120] if str(error) else ""
        yield done, ReadIssue(file=name, line=done, reason="malformed_parquet", excerpt=reason)


def _lines(handle: IO[bytes], raw: BufferedReader, size: int) -> Iterator[tuple[int, bytes | str]]:
    """Numbered lines; a string instead of bytes is the reason why a line could not be read."""
    line, total = 0, 0
    try:
        while content := handle.readline(LINE_LIMIT):
            line += 1
            total += len(content)
            whole = len(content) < LINE_LIMIT or content.endswith(b"\n")
            yield line, content if whole else "line_too_long"
            while not whole and (content := handle.readline(LINE_LIMIT)):
                total += len(content)
                whole = content.endswith(b"\n")
            if handle is not raw and total > max(EXPANSION_LIMIT[0], EXPANSION_LIMIT[1] * size):
                yield line + 1, "expansion_limit"
                return
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield line + 1, "truncated_file"


def _decode(content: bytes) -> Row | str | None:
    content = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not content:
        return None
    try:
        row: object = msgspec.json.decode(content)
    except UnicodeDecodeError:
        return "invalid_utf8"
    except (msgspec.DecodeError, RecursionError):
        return "malformed_json"
    return cast("Row", row) if isinstance(row, dict) else "not_an_object"
