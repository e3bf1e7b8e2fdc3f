"""Which traces stand on which side: the runs opened, the models found, the questions paired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from knowreason.compare.comparison import Pairing, Side
from knowreason.compare.predictions import prediction_rows
from knowreason.errors import InputError
from knowreason.frame import open_tables, read_runs

_PLACE = ("benchmark", "condition")


class Pair(NamedTuple):
    """The rows of both sides on the questions both answered, at one place (domain, benchmark, condition)."""

    place: tuple[str, str, str]
    side: Side
    baseline: pl.DataFrame
    candidate: pl.DataFrame
    pairing: Pairing

    @property
    def predicted(self) -> bool:
        """Whether a side holds graded predictions, not traces."""
        return any((rows["counter"] == "harness").any() for rows in (self.baseline, self.candidate))


def read_rows(
    runs: Sequence[Path], predictions: Sequence[Path] = (), fields: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """One row a trace over all runs and one an answer of the predictions, with where it is from and what measured it.

    `knower`, `scorer_key` and `counter` name the instruments behind knowledge, gains and tokens: figures compare only
    where they agree. Raises StoreError for a run that is not finished, InputError where two runs hold the same trace,
    for bad predictions, and where there is neither a run nor a prediction.
    """
    if not (runs or predictions):
        raise InputError("nothing to compare: name a run directory, or graded answers with --predictions FILE")
    told = [prediction_rows(predictions, fields or {}, runs)] if predictions else []
    held = [read_runs(runs)] if runs else []
    if told and held:
        both = told[0].join(held[0], on=("model", "variant", "benchmark", "condition"), how="semi")
        if both.height:
            model, place = both["model"][0], both["benchmark"][0]
            raise InputError(f"answers of {model} to {place} are in a run and in predictions: leave one of them out")
    return pl.concat([*held, *told])


def read_claims(runs: Sequence[Path]) -> pl.DataFrame:
    """One row a claim over all runs, in order: trace, self-contained text, verdict or "undecided", on topic or not.

    A claim whose topic was not judged counts as on topic.
    """
    verdict = pl.col("verdict").replace("not_enough_info", "undecided").fill_null("undecided")
    columns = {"trace_id": pl.String, "text": pl.String, "verdict": pl.String, "on_topic": pl.Boolean}
    on_topic = pl.col("on_topic").fill_null(True)
    tables = [open_tables(run)["claims"].sort("trace_id", "step", "claim") for run in runs]
    held = [
        table.select("trace_id", text="normalised", verdict=verdict, on_topic=on_topic).collect() for table in tables
    ]
    return pl.concat([pl.DataFrame(schema=columns), *held])


def find_side(rows: pl.DataFrame, name: str, option: str) -> Side:
    """The model that `name` names: a model, or "model (variant)". Raises InputError where it is none, or several."""
    known = sides(rows)
    found = [side for side in known if name in (side.model, f"{side.model} ({side.variant})")]
    if not found:
        held = ", ".join(sorted({side.model for side in known})[:12]) or "nothing"
        raise InputError(f"{option} {name}: what is compared holds {held}")
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
