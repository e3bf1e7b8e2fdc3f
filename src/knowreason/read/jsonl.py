"""JSON rows: one object a line, or one JSON document that holds a list of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from knowreason.read.lines import MAX_LINE, open_bytes, read_lines
from knowreason.read.rows import FoundRow, Place, Rejected, begin, describe

_DECODER = msgspec.json.Decoder(dict[str, Any])


def read_jsonl(path: Path) -> Iterator[FoundRow]:
    """The rows of a JSON Lines file, plain or gzip; each line that is not blank gives one."""
    for place, line in read_lines(path):
        yield FoundRow(place, line if isinstance(line, Rejected) else decode_row(line))


def read_json(path: Path) -> Iterator[FoundRow]:
    """The rows of a `.json` file: JSON Lines under that name, a list of objects, or one object.

    In a list, `line` counts the elements. A document over 64 MB is rejected: it would have to be held whole.
    """
    if _is_lines(path):
        yield from read_jsonl(path)
        return
    try:
        with open_bytes(path) as stream:
            text = stream.read(MAX_LINE + 1)
    except (OSError, EOFError) as error:
        yield FoundRow(Place(str(path), 0), Rejected("broken_file", str(error)))
        return
    if len(text) > MAX_LINE:
        yield FoundRow(Place(str(path), 0), Rejected("too_large", "over 64 MB in one document: write JSON Lines"))
        return
    yield from _document_rows(path, text)


def decode_row(line: bytes) -> dict[str, Any] | Rejected:
    """The object that a line holds, or why it holds none.

    NaN and Infinity, which Python's own writer puts into logs, are read; half a surrogate pair is not text.
    """
    try:
        return _DECODER.decode(line)
    except UnicodeDecodeError:
        return Rejected("invalid_utf8")
    except (msgspec.DecodeError, RecursionError):
        return _decode_slowly(line)


def _decode_slowly(line: bytes) -> dict[str, Any] | Rejected:
    value = _python_json(line)
    if isinstance(value, Rejected):
        return value
    return cast(dict[str, Any], value) if isinstance(value, dict) else Rejected("not_an_object")


def _python_json(text: bytes) -> Any:
    try:
        decoded = text.decode("utf-8")
        value = json.loads(decoded)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        return Rejected("invalid_utf8")
    except (ValueError, RecursionError):
        return Rejected("malformed_json")
    return value


def _is_lines(path: Path) -> bool:
    first = next(read_lines(path), None)
    if first is None or isinstance(first[1], Rejected):
        return True
    return isinstance(decode_row(first[1]), dict)


def _document_rows(path: Path, text: bytes) -> Iterator[FoundRow]:
    whole = Place(str(path), 0, begin(text))
    value = _python_json(text)
    if isinstance(value, dict):
        yield FoundRow(Place(str(path), 1, begin(text)), cast(dict[str, Any], value))
    elif isinstance(value, list):
        for number, item in enumerate(cast(list[Any], value), 1):
            row = cast(dict[str, Any], item) if isinstance(item, dict) else Rejected("not_an_object")
            excerpt = "" if isinstance(row, Rejected) else describe(row)
            yield FoundRow(Place(str(path), number, excerpt), row)
    else:
        yield FoundRow(whole, value if isinstance(value, Rejected) else Rejected("not_an_object"))
