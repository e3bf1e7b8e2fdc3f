"""Tables of graded predictions: who answered which question right, at what cost, without any text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowreason.errors import InputError
from knowreason.read.rows import Row
from knowreason.read.tabular import BadRow, count_of, table_rows, text_of, truth_of, value_of

if TYPE_CHECKING:
    import polars as pl

COLUMNS = (
    *("question_id", "benchmark", "domain", "model", "variant", "condition", "sample", "correct", "tokens"),
    *("answer", "line"),
)
"""The columns of a table of predictions; `line` is where the row stood in its file."""

_KEY = ("benchmark", "question_id", "model", "variant", "condition", "sample")
_MAPPABLE = COLUMNS[:-1]
_DEFAULTS = {"domain": "unknown", "variant": "unknown", "condition": "cot"}


def read_predictions(path: Path, fields: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The graded predictions of a file, in its order, with the columns `COLUMNS`.

    A row names `question_id`, `benchmark` and `model`, and holds `correct`: true or false, 1 or 0, or null where it
    could not be graded (an answer that was not given is false). Left out, `domain` and `variant` are "unknown",
    `condition` is "cot", `sample` is 0, `tokens` (of the whole response, reasoning included) and `answer` (for
    votes) are null. `fields` says under which name, dotted for objects in objects, a field of ours stands. NaN counts
    as null. Raises InputError with file, line and next act for a file that cannot be read or holds no row, a field
    that is missing or of another kind, and two rows for one question, model, condition and sample.
    """
    import polars as pl  # heavy

    names = _checked_fields(fields or {})
    rows = table_rows(path, "--predictions", lambda row, line: (*_prediction(row, names), line))
    kinds = {"sample": pl.Int64, "correct": pl.Boolean, "tokens": pl.Int64, "line": pl.Int64}
    table = pl.DataFrame(rows, schema={name: kinds.get(name, pl.String) for name in COLUMNS}, orient="row")
    _check_once(path, table)
    return table


def _checked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    for ours in fields:
        if ours not in _MAPPABLE:
            held = ", ".join(_MAPPABLE)
            raise InputError(f"--field {ours}=…: '{ours}' is not a field of a prediction; choose from {held}")
    return {name: fields.get(name, name) for name in _MAPPABLE}


def _prediction(row: Row, names: Mapping[str, str]) -> tuple[Any, ...]:
    """The cells of one row, in the order of `COLUMNS` but for the line."""
    cells = {name: value_of(row, theirs) for name, theirs in names.items()}
    for name in ("question_id", "benchmark", "model"):
        if cells[name] is None:
            raise BadRow(f"'{names[name]}' is missing; add it, or say where it stands with --field {name}=THEIRS")
    right = names["correct"]
    if cells["correct"] is None and right not in row and "." not in right:
        raise BadRow(f"'{right}' is missing; write true, false, or null where the answer could not be graded")
    texts = (text_of(_or(cells[name], _DEFAULTS.get(name)), name) for name in COLUMNS[:6])
    return (
        *texts,
        count_of(_or(cells["sample"], 0), "sample"),
        None if cells["correct"] is None else truth_of(cells["correct"], "correct"),
        None if cells["tokens"] is None else count_of(cells["tokens"], "tokens"),
        None if cells["answer"] is None else str(cells["answer"]),
    )


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


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
