"""Which traces stand on which side: the runs opened, the models found, the questions paired."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from knowreason.compare.comparison import Pairing, Side
from knowreason.errors import InputError
from knowreason.frame import SCHEMAS, joined_rows, open_tables
from knowreason.store import Store

_PLACE = ("benchmark", "condition")


class Pair(NamedTuple):
    """The rows of both sides on the questions both answered, at one place (domain, benchmark, condition)."""

    place: tuple[str, str, str]
    side: Side
    baseline: pl.DataFrame
    candidate: pl.DataFrame
    pairing: Pairing


def read_runs(runs: Sequence[Path]) -> pl.DataFrame:
    """One row a trace over all runs, with the run it is from and what measured it there.

    `knower` and `scorer_key` name the instruments behind knowledge and gains: figures compare only where they agree.
    Raises StoreError for a run that is not finished, InputError where two runs hold the same trace.
    """
    rows = pl.concat([_read(run) for run in runs])
    twice = rows.filter(rows["trace_id"].is_duplicated())
    if twice.height:
        first = twice.sort("trace_id").row(0, named=True)
        named = " and ".join(sorted(set(twice.filter(pl.col("trace_id") == first["trace_id"])["run"].to_list())))
        raise InputError(f"the same trace of {first['model']} is in {named}: name one of these runs")
    return rows


def read_claims(runs: Sequence[Path]) -> pl.DataFrame:
    """One row a claim over all runs: its trace, its self-contained text, its verdict or "undecided", in order."""
    verdict = pl.col("verdict").replace("not_enough_info", "undecided").fill_null("undecided")
    tables = [open_tables(run)["claims"].sort("trace_id", "step", "claim") for run in runs]
    return pl.concat([table.select("trace_id", text="normalised", verdict=verdict).collect() for table in tables])


def find_side(rows: pl.DataFrame, name: str, option: str) -> Side:
    """The model that `name` names: a model, or "model (variant)". Raises InputError where it is none, or several."""
    known = sides(rows)
    found = [side for side in known if name in (side.model, f"{side.model} ({side.variant})")]
    if not found:
        held = ", ".join(sorted({side.model for side in known})[:12]) or "nothing"
        raise InputError(f"{option} {name}: the runs hold {held}")
    if len(found) > 1:
        ways = " or ".join(f"'{side.model} ({side.variant})'" for side in found[:4])
        raise InputError(f"{option} {name}: measured in {len(found)} variants; write {ways}")
    return found[0]


def sides(rows: pl.DataFrame) -> list[Side]:
    """All models and variants, in alphabetical order; several lineages of one are joined by commas."""
    grouped = (
        rows.group_by("model", "variant").agg(pl.col("lineage").drop_nulls().unique().sort()).sort("model", "variant")
    )
    return [
        Side(model=model, variant=variant, lineage=", ".join(lineage) or None)
        for model, variant, lineage in grouped.iter_rows()
    ]


def pair_up(rows: pl.DataFrame, baseline: Side, candidates: Iterable[Side]) -> list[Pair]:
    """Every place where the baseline and a candidate were both measured: by candidate, domain, benchmark, condition."""
    own = _of(rows, baseline).partition_by(_PLACE, as_dict=True)
    pairs: list[Pair] = []
    for candidate in candidates:
        theirs = _of(rows, candidate).partition_by(_PLACE, as_dict=True)
        found = [_pair(own[key], theirs[key], candidate) for key in own.keys() & theirs.keys()]
        pairs += sorted(found, key=lambda pair: pair.place)
    return pairs


def _pair(own: pl.DataFrame, theirs: pl.DataFrame, side: Side) -> Pair:
    """The domain is the baseline's: it was told to the audit, and need not have been told to both."""
    first = own.sort("trace_id").row(0, named=True)
    asked, answered = set(own["question_key"].to_list()), set(theirs["question_key"].to_list())
    both = sorted(asked & answered)
    kept = pl.col("question_key").is_in(both)
    return Pair(
        place=(first["domain"], first["benchmark"], first["condition"]),
        side=side,
        baseline=own.filter(kept),
        candidate=theirs.filter(kept),
        pairing=Pairing(paired=len(both), baseline_only=len(asked - answered), candidate_only=len(answered - asked)),
    )


def _of(rows: pl.DataFrame, side: Side) -> pl.DataFrame:
    return rows.filter((pl.col("model") == side.model) & (pl.col("variant") == side.variant))


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
    )
