"""Tables of graded predictions: who answered which question right, at what cost, without any text.

One row an answer, as JSON Lines (plain or gzip), JSON, Parquet or CSV with a header. A bad row ends the reading: a
table is written by a program, and what is wrong with one row is wrong with its program.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowreason.errors import InputError
from knowreason.read.fields import at_path
from knowreason.read.jsonl import read_json, read_jsonl
from knowreason.read.lines import read_lines
from knowreason.read.parquet import read_parquet
from knowreason.read.rows import FoundRow, Place, Rejected, Row

if TYPE_CHECKING:
    import polars as pl

COLUMNS = (
    *("question_id", "benchmark", "domain", "model", "variant", "condition", "sample", "correct", "tokens"),
    *("answer", "line"),
)
"""The columns of a table of predictions; `line` is where the row stood in its file."""

_KEY = ("benchmark", "question_id", "model", "variant", "condition", "sample")
_MAPPABLE = COLUMNS[:-1]
_ENDINGS = ".jsonl, .ndjson, .json (each also .gz), .parquet or .csv"
_CSV_VALUES = {"": None, "true": True, "false": False, "null": None, "nan": None, "none": None}


class _Bad(Exception):  # noqa: N818 - it never leaves this file: the reader makes it an InputError
    """What is wrong with a row, and the next act."""


def read_predictions(path: Path, fields: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The graded predictions of a file, in its order, with the columns `COLUMNS`.

    A row names `question_id`, `benchmark` and `model`, and holds `correct`: true or false, 1 or 0, or null where it
    could not be graded (an answer that was not given is false). Left out, `domain` and `variant` are "unknown",
    `condition` is "cot", `sample` is 0, `tokens` (of the whole response, reasoning included) and `answer` (for
    votes) are null. `fields` says under which name, dotted for objects in objects, a field of ours
    stands. NaN counts as null. Raises InputError with file, line and next act for a file that cannot be read or
    holds no row, a field that is missing or of another kind, and two rows for one question, model, condition and
    sample.
    """
    import polars as pl  # heavy

    names = _checked_fields(fields or {})
    if not path.is_file():
        raise InputError(f"--predictions {path} is no file; check the path")
    rows = [_row(found, names) for found in _reader(path)(path)]
    if not rows:
        raise InputError(f"{path} holds no predictions; write one row an answer, as JSON Lines, Parquet or CSV")
    schema = dict.fromkeys(COLUMNS, pl.String) | {
        "sample": pl.Int64,
        "correct": pl.Boolean,
        "tokens": pl.Int64,
        "line": pl.Int64,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    _check_once(path, table)
    return table


def _checked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    for ours in fields:
        if ours not in _MAPPABLE:
            raise InputError(
                f"--field {ours}=…: '{ours}' is not a field of a prediction; choose from {', '.join(_MAPPABLE)}"
            )
    return dict(fields)


def _reader(path: Path) -> Callable[[Path], Iterator[FoundRow]]:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".jsonl", ".ndjson")):
        return read_jsonl
    if name.endswith(".json"):
        return read_json
    if name.endswith(".csv"):
        return _read_csv
    if name.endswith(".parquet"):
        return read_parquet
    raise InputError(f"--predictions {path}: a table of predictions ends in {_ENDINGS}; rename or convert it")


def _read_csv(path: Path) -> Iterator[FoundRow]:
    """The rows of a CSV file with a header; an empty cell is null, `line` counts lines, the header included.

    A cell may not hold a line break: no field of a prediction has one.
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


def _row(found: FoundRow, names: Mapping[str, str]) -> tuple[Any, ...]:
    place, row = found
    if isinstance(row, Rejected):
        detail = f" ({row.detail})" if row.detail else ""
        what = row.reason.replace("_", " ")
        raise InputError(f"{place.file}, line {place.line}: {what}{detail}; mend the line or leave it out")
    try:
        return _prediction(row, names, place)
    except _Bad as bad:
        raise InputError(f"{place.file}, line {place.line}: {bad}") from None


def _prediction(row: Row, names: Mapping[str, str], place: Place) -> tuple[Any, ...]:
    """The cells of one row, in the order of `COLUMNS`."""

    def given(ours: str) -> Any:
        value = at_path(row, names.get(ours, ours))
        return None if isinstance(value, float) and isnan(value) else value

    return (
        _text(given("question_id"), "question_id", names),
        _text(given("benchmark"), "benchmark", names),
        _text(given("domain"), "domain", names, default="unknown"),
        _text(given("model"), "model", names),
        _text(given("variant"), "variant", names, default="unknown"),
        _text(given("condition"), "condition", names, default="cot"),
        _count(given("sample"), "sample", default=0),
        _correct(row, given("correct"), names.get("correct", "correct")),
        _count(given("tokens"), "tokens", default=None),
        None if given("answer") is None else str(given("answer")),
        place.line,
    )


def _text(value: Any, name: str, names: Mapping[str, str], default: str | None = None) -> str:
    """A name: a text that is not blank, or a whole number."""
    if value is None and default is not None:
        return default
    if value is None:
        theirs = names.get(name, name)
        raise _Bad(f"'{theirs}' is missing; add it, or say where it stands with --field {name}=THEIRS")
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise _Bad(f"'{name}' is {value!r:.40}; write a text or a whole number")
    return str(value)


def _count(value: Any, name: str, default: Any) -> Any:
    """A whole number from 0, written as a number or, in CSV, as digits."""
    if value is None:
        return default
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16
    number: Any = int(value) if digits else value
    known = isinstance(number, int | float) and not isinstance(number, bool)
    if not known or not 0 <= number < 2**53 or number != int(number):
        raise _Bad(f"'{name}' is {value!r:.40}; write a whole number from 0, or leave it out")
    return int(number)


def _correct(row: Row, value: Any, theirs: str) -> bool | None:
    if value is None:
        if theirs not in row and "." not in theirs:
            raise _Bad(f"'{theirs}' is missing; write true, false, or null where the answer could not be graded")
        return None
    if isinstance(value, list | Mapping) or value not in (0, 1, "0", "1"):
        raise _Bad(f"'correct' is {value!r:.40}; write true or false, 1 or 0, or null where it could not be graded")
    return bool(int(value))


def _check_once(path: Path, table: pl.DataFrame) -> None:
    import polars as pl

    twice = table.filter(pl.struct(_KEY).is_duplicated())
    if not twice.height:
        return
    first = twice.row(0, named=True)
    again = twice.join(twice.head(1), on=_KEY, how="semi")["line"][1]
    who = " ".join(f"{first[name]!r:.60}" for name in ("benchmark", "model", "condition"))
    raise InputError(
        f"{path}, line {again}: question {first['question_id']!r:.60} of {who}, sample {first['sample']}, stands in "
        f"line {first['line']} already; number repeated answers by 'sample', or leave one out"
    )
