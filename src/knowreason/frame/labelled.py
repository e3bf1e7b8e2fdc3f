"""Claims of finished runs beside the truth that somebody told of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from knowreason.errors import InputError
from knowreason.frame.summarise import open_tables
from knowreason.frame.tables import SCHEMAS

_KEY = ["trace_id", "step", "claim"]
_TOLD = ["verdict", "normalised", "query"]


def labelled_claims(told: pl.DataFrame, labels: Sequence[Path], runs: Sequence[Path]) -> pl.DataFrame:
    """The labelled claims of the runs, sorted: key, `truth`, verdict, normalised wording, query and question_key.

    `told` are the rows of the files `labels`; labels of other runs are left out. Raises InputError where no label is of
    these runs, where two contradict each other, and where a claim stands in two runs; StoreError for unfinished runs.
    """
    joined = told.unique().join(_claims(runs), on=_KEY, how="inner").sort(_KEY)
    if not joined.height:
        named = ", ".join(str(path) for path in labels)
        raise InputError(f"--labels {named}: no labelled claim is one of the runs'; trace_id, step and claim name it")
    if joined.select(pl.struct(_KEY).is_duplicated().any()).item():
        raise InputError("--labels: a claim is labelled both true and false, or stands in two runs; leave one out")
    return joined


def _claims(runs: Sequence[Path]) -> pl.DataFrame:
    kinds = {name: SCHEMAS["claims"][name] for name in (*_KEY, *_TOLD)} | {"question_key": pl.String}
    tables = [open_tables(run) for run in runs]
    held = [
        each["claims"]
        .select(*_KEY, *_TOLD)
        .join(each["traces"].select("trace_id", "question_key"), on="trace_id")
        .collect()
        for each in tables
    ]
    return pl.concat([pl.DataFrame(schema=kinds), *held])
