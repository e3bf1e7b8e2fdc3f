"""Graded predictions as rows beside those of runs: right answers and lengths compare, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from knowreason.errors import InputError
from knowreason.frame import SCHEMAS, joined_rows, open_tables
from knowreason.read.predictions import read_predictions

_UNMEASURED = "predictions_only"
_IDENTITY = ("benchmark", "question_id", "model", "variant", "condition", "sample")


def prediction_rows(files: Sequence[Path], fields: Mapping[str, str], runs: Sequence[Path]) -> pl.DataFrame:
    """One row an answer over all files, in the columns of `sides.read_rows`; what predictions do not hold is null.

    A question that a run holds under the same benchmark and id is the same question; any other is known by these two.
    Raises InputError as `read_predictions` does, and where two files hold one answer.
    """
    tables = [read_predictions(path, fields).with_columns(run=pl.lit(str(path))) for path in files]
    rows = pl.concat(tables).with_columns(trace_id=pl.concat_str(_IDENTITY, separator="\x1f"))
    _check_apart(rows)
    known = _question_keys(runs)
    told = rows.join(known, on=("benchmark", "question_id"), how="left").with_columns(
        question_key=pl.coalesce("question_key", pl.concat_str("benchmark", "question_id", separator="\x1f")),
        grade=pl.when("correct").then(pl.lit("correct")).when(~pl.col("correct")).then(pl.lit("incorrect")),
        grade_unscored=pl.when(pl.col("correct").is_null()).then(pl.lit("not_graded")),
        **{name: pl.lit(_UNMEASURED) for name in ("ki_unscored", "gain_unscored", "parts_unscored", "subset_unscored")},
        scorer=pl.lit("none:"),
        knower=pl.lit(_UNMEASURED),
        scorer_key=pl.lit(_UNMEASURED),
        counter=pl.lit("harness"),
    )
    empty = _no_rows()
    return pl.concat([empty, told], how="diagonal").select(*empty.columns)


def _check_apart(rows: pl.DataFrame) -> None:
    twice = rows.filter(rows["trace_id"].is_duplicated())
    if twice.height:
        first = twice.row(0, named=True)
        named = " and ".join(dict.fromkeys(twice.filter(pl.col("trace_id") == first["trace_id"])["run"].to_list()))
        raise InputError(f"the same answer of {first['model']} is in {named}: name one of these files")


def _question_keys(runs: Sequence[Path]) -> pl.DataFrame:
    """The key of every question of the runs; ids that name two questions of a benchmark are left out."""
    columns = ("benchmark", "question_id", "question_key")
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    held = [open_tables(run)["traces"].select(columns).collect() for run in runs]
    return pl.concat([empty, *held]).unique().filter(~pl.struct("benchmark", "question_id").is_duplicated())


def _no_rows() -> pl.DataFrame:
    """The columns of `sides.read_rows`, without a row."""
    tables = {name: pl.LazyFrame(schema=schema) for name, schema in SCHEMAS.items()}
    text = {name: pl.lit(None, pl.String).alias(name) for name in ("run", "knower", "scorer_key", "counter")}
    return joined_rows(tables).with_columns(**text)
