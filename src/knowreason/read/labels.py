"""Tables of labelled claims: whether a claim of a real trace is true, as somebody who can know has judged it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowreason.errors import InputError
from knowreason.read.rows import Row
from knowreason.read.tabular import BadRow, count_of, table_rows, text_of, truth_of, value_of

if TYPE_CHECKING:
    import polars as pl

_KEY = ("trace_id", "step", "claim")


def read_labels(path: Path) -> pl.DataFrame:
    """The labelled claims of a file: `trace_id`, `step`, `claim` (as in claims.parquet of a run), `truth`.

    JSON Lines, JSON, Parquet or CSV; `truth` is true or false, 1 or 0. Raises InputError with file, line and next act
    for a file that cannot be read or holds no row, a bad or missing field, and a claim that stands twice.
    """
    import polars as pl  # heavy

    kinds = {"trace_id": pl.String, "step": pl.Int64, "claim": pl.Int64, "truth": pl.Boolean, "line": pl.Int64}
    table = pl.DataFrame(
        table_rows(path, "--labels", lambda row, line: (*_label(row), line)), schema=kinds, orient="row"
    )
    twice = table.filter(pl.struct(_KEY).is_duplicated())
    if twice.height:
        again = twice.join(twice.head(1), on=_KEY, how="semi")["line"][1]
        raise InputError(f"{path}, line {again}: this claim stands in line {twice['line'][0]} already; leave one out")
    return table.drop("line")


def _label(row: Row) -> tuple[Any, ...]:
    cells = {name: value_of(row, name) for name in (*_KEY, "truth")}
    for name, value in cells.items():
        if value is None:
            raise BadRow(f"'{name}' is missing; a labelled claim has trace_id, step, claim and truth")
    return (
        text_of(cells["trace_id"], "trace_id"),
        count_of(cells["step"], "step"),
        count_of(cells["claim"], "claim"),
        truth_of(cells["truth"], "truth"),
    )
