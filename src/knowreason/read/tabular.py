"""Tables written by programs: rows of numbers and names in any of four formats, where one bad row ends the reading.

What is wrong with one row of such a table is wrong with the program that wrote it: it is refused with its file, its
line and the next act, not skipped.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from knowreason.errors import InputError
from knowreason.read.fields import at_path
from knowreason.read.jsonl import read_json, read_jsonl
from knowreason.read.lines import read_lines
from knowreason.read.parquet import read_parquet
from knowreason.read.rows import FoundRow, Rejected, Row

Made = TypeVar("Made")

_ENDINGS = ".jsonl, .ndjson, .json (each also .gz), .parquet or .csv"
_CSV_VALUES = {"": None, "true": True, "false": False, "null": None, "nan": None, "none": None}
_DIGITS = re.compile(r"([0-9]{1,15})(\.0)?")


class BadRow(Exception):  # noqa: N818 - it never leaves this package: `table_rows` makes it an InputError
    """What is wrong with a row, and the next act."""


def table_rows(path: Path, option: str, make: Callable[[Row, int], Made]) -> list[Made]:
    """`make` of every row and its line: JSON Lines or JSON, plain or gzip, Parquet, or CSV with a header.

    Raises InputError for a file that is not there, of another format, damaged or without a row (naming `option`), and
    where `make` raises BadRow.
    """
    if not path.is_file():
        raise InputError(f"{option} {path} is no file; check the path")
    made = [_made(found, make) for found in _reader(path, option)(path)]
    if not made:
        raise InputError(f"{option} {path} holds no rows; write one row an item, as JSON Lines, Parquet or CSV")
    return made


def value_of(row: Row, name: str) -> Any:
    """The value at a dotted path; NaN, which programs write for "not known", is None."""
    value = at_path(row, name)
    return None if isinstance(value, float) and isnan(value) else value


def text_of(value: Any, name: str) -> str:
    """A name: a text that is not blank, or a whole number. Raises BadRow."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise BadRow(f"'{name}' is {value!r:.40}; write a text or a whole number")
    return str(value)


def count_of(value: Any, name: str) -> int:
    """A whole number from 0, in CSV as digits. Raises BadRow."""
    digits = _DIGITS.fullmatch(value) if isinstance(value, str) else None
    number: Any = int(digits[1]) if digits else value
    known = isinstance(number, int | float) and not isinstance(number, bool)
    if not known or not 0 <= number < 2**53 or number != int(number):
        raise BadRow(f"'{name}' is {value!r:.40}; write a whole number from 0")
    return int(number)


def truth_of(value: Any, name: str) -> bool:
    """True or false, 1 or 0. Raises BadRow."""
    if isinstance(value, list | Mapping) or value not in (0, 1, "0", "1", "0.0", "1.0"):
        raise BadRow(f"'{name}' is {value!r:.40}; write true or false, 1 or 0")
    return bool(float(value))


def _reader(path: Path, option: str) -> Callable[[Path], Iterator[FoundRow]]:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".jsonl", ".ndjson")):
        return read_jsonl
    if name.endswith(".json"):
        return read_json
    if name.endswith(".csv"):
        return _read_csv
    if name.endswith(".parquet"):
        return read_parquet
    raise InputError(f"{option} {path}: such a table ends in {_ENDINGS}; rename or convert it")


def _made(found: FoundRow, make: Callable[[Row, int], Made]) -> Made:
    place, row = found
    try:
        if isinstance(row, Rejected):
            detail = f" ({row.detail})" if row.detail else ""
            raise BadRow(f"{row.reason.replace('_', ' ')}{detail}; mend the line or leave it out")
        return make(row, place.line)
    except BadRow as bad:
        raise InputError(f"{place.file}, line {place.line}: {bad}") from None


def _read_csv(path: Path) -> Iterator[FoundRow]:
    """The rows of a CSV file with a header; an empty cell is null, `line` counts lines, the header included.

    A cell may not hold a line break: no name or number has one.
    """
    header: list[str] | None = None
    for place, line in read_lines(path):
        cells = line if isinstance(line, Rejected) else _cells(line)
        if isinstance(cells, Rejected):
            yield FoundRow(place, cells)
        elif header is None:
            header = cells
        elif len(cells) != len(header):
            yield FoundRow(place, Rejected("ragged_row", f"{len(cells)} cells under a header of {len(header)}"))
        else:
            yield FoundRow(place, dict(zip(header, map(_cell, cells), strict=True)))


def _cells(line: bytes) -> list[str] | Rejected:
    try:
        rows = list(csv.reader(io.StringIO(line.decode("utf-8"), newline=""), strict=True))
    except UnicodeDecodeError:
        return Rejected("invalid_utf8")
    except csv.Error as error:
        return Rejected("malformed_csv", str(error))
    return [cell.strip() for cell in rows[0]]


def _cell(text: str) -> Any:
    return _CSV_VALUES.get(text.lower(), text)
