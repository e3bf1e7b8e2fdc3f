"""Finished runs read side by side: one row a trace, with the run it is from and what measured it there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from knowreason.errors import InputError
from knowreason.frame.summarise import joined_rows, open_tables
from knowreason.frame.tables import SCHEMAS
from knowreason.store import Store


def read_runs(runs: Sequence[Path]) -> pl.DataFrame:
    """One row a trace over all runs, with the run it is from and what measured it there.

    `knower`, `scorer_key` and `counter` name the instruments behind knowledge, gains and tokens: figures compare only
    where they agree.
    Raises StoreError for a run that is not finished, InputError where two runs hold the same trace.
    """
    rows = pl.concat([_read(run) for run in runs])
    twice = rows.filter(rows["trace_id"].is_duplicated())
    if twice.height:
        first = twice.sort("trace_id").row(0, named=True)
        named = " and ".join(sorted(set(twice.filter(pl.col("trace_id") == first["trace_id"])["run"].to_list())))
        raise InputError(f"the same trace of {first['model']} is in {named}: name one of these runs")
    return rows


def _read(run: Path) -> pl.DataFrame:
    manifest = Store(run, SCHEMAS).manifest() or {}
    models = manifest.get("models")
    named = models if isinstance(models, dict) else {}
    corpus = manifest.get("corpus")
    version = manifest.get("version")
    judges = [named[use] for use in ("verifier", "decomposer") if use in named]
    knower = (version, judges, manifest.get("thresholds"), corpus and corpus.get("hash"))
    return joined_rows(open_tables(run)).with_columns(
        run=pl.lit(str(run)),
        knower=pl.lit(json.dumps(knower, sort_keys=True)),
        scorer_key=pl.lit(json.dumps((version, named.get("scorer")), sort_keys=True)),
        counter=pl.lit("built-in"),
    )
