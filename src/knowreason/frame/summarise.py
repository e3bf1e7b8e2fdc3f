"""From the tables of a run to its summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import polars as pl

from knowreason.errors import StoreError
from knowreason.frame.agreement import agreement, gains_by_scorer, other_gains, shared_families
from knowreason.frame.calibrated import Rates, calibration_of, corrected_ki, rates_of
from knowreason.frame.statistics import cell_seed, measures, reason_counts
from knowreason.frame.summary import (
    Cell,
    CommitmentSummary,
    GainSummary,
    Instruments,
    KnowledgeSummary,
    Measure,
    PaperSummary,
    Summary,
)
from knowreason.frame.tables import SCHEMAS
from knowreason.records import ContentRule, GradeLabel, Integrity, Unscored
from knowreason.reliability import Calibration
from knowreason.store import Store

Tables = Mapping[str, pl.DataFrame | pl.LazyFrame]

_CELL = ("domain", "benchmark", "model", "variant", "condition")
_NEEDED = ("traces", "scores", "claims", "gains")
_OPTIONAL = ("other_gains",)
_LEVEL = 0.95
_FORMAT = "1"
_NOT_CALIBRATED = Unscored(reason="not_calibrated")


def summarise(
    run: Path | Tables,
    *,
    seed: int = 0,
    draws: int = 2000,
    paper: bool = False,
    architectures: Mapping[str, str] | None = None,
    calibration: Calibration | Unscored = _NOT_CALIBRATED,
) -> Summary:
    """Every measure of every model and benchmark, with 95 % intervals clustered by question.

    `run` is a run directory or its tables (traces, scores, claims, gains, and other_gains where several scorers were
    asked). `architectures` is what scorers declare themselves to be, by their names; `calibration` what was measured
    of the verifier. The same tables and seed give the
    same summary; a cell's figures do not depend on the other cells. `paper` adds the published figures, which the
    tables hold only where the audit was asked for them. Raises StoreError where a table is missing
    or the tables do not belong together.
    """
    tables = {name: table.lazy() for name, table in (open_tables(run) if isinstance(run, Path) else run).items()}
    rows = joined_rows(tables)
    reasons = _claim_reasons(tables, rows)
    rates = rates_of(calibration, rows["trace_id"].to_list())
    cells = tuple(
        _with_corrected(_cell(key, group, reasons, seed=seed, draws=draws, paper=paper), rates)
        for key, group in sorted(rows.partition_by(_CELL, as_dict=True).items())
    )
    by_scorer = gains_by_scorer(tables, rows)
    return Summary(
        version=_FORMAT,
        seed=seed,
        draws=draws,
        level=_LEVEL,
        traces=rows.height,
        questions=rows["question_key"].n_unique(),
        instruments=_instruments(rows),
        cells=cells,
        others=other_gains(by_scorer, seed=seed, draws=draws, level=_LEVEL),
        agreement=agreement(by_scorer, seed=seed, draws=draws, level=_LEVEL),
        shared_families=shared_families(by_scorer, rows, architectures or {}),
    )


def write_summary(run: Path, *, seed: int = 0, draws: int = 2000, paper: bool = False) -> Path:
    """Writes summary.json into a run directory, as a whole or not at all. Raises StoreError."""
    manifest = Store(run, SCHEMAS).manifest() or {}
    found = summarise(
        run,
        seed=seed,
        draws=draws,
        paper=paper,
        architectures=_architectures(manifest),
        calibration=calibration_of(run, manifest),
    )
    encoded = msgspec.json.format(msgspec.json.encode(found), indent=2)
    target, temporary = run / "summary.json", run / ".summary.json.tmp"
    try:
        temporary.write_bytes(encoded + b"\n")
        os.replace(temporary, target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def _architectures(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What the scorers of a run declare themselves to be, as far as its manifest tells."""
    models = manifest.get("models")
    told = [model for use, model in models.items() if use.startswith("scorer")] if isinstance(models, dict) else []
    return {str(model["id"]): str(model["architecture"]) for model in told if "architecture" in model}


def read_summary(run: Path | str) -> Summary:
    """The summary that `write_summary` wrote. Raises StoreError where there is none that can be read."""
    path = Path(run) / "summary.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except OSError as error:
        raise StoreError(f"{run} holds no finished audit (summary.json is missing): run the audit again") from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} cannot be read ({error}): delete it and run `knowreason report` again") from error


def open_tables(run: Path) -> dict[str, pl.LazyFrame]:
    """The tables of a finished run that figures are made from, not yet read. Raises StoreError where one is missing."""
    for name in _NEEDED:
        if not (run / f"{name}.parquet").is_file():
            raise StoreError(f"{run} holds no finished audit ({name}.parquet is missing): run the audit again")
    named = [*_NEEDED, *(name for name in _OPTIONAL if (run / f"{name}.parquet").is_file())]
    tables = {name: pl.scan_parquet(run / f"{name}.parquet") for name in named}
    for name, table in tables.items():
        try:
            lacking = set(SCHEMAS[name]) - set(table.collect_schema().names())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(f"{run}/{name}.parquet is damaged: delete {run} and run the audit again") from error
        if lacking:
            raise StoreError(
                f"{run}/{name}.parquet was written by another version (it lacks {min(lacking)}): run the audit again"
            )
    return tables


def joined_rows(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """One row a trace: its scores, its cell, and what only other tables know. Raises StoreError."""
    traces = tables["traces"].select(
        "trace_id",
        "question_key",
        "lineage",
        "integrity",
        *_CELL,
        pl.col("reasoning").str.len_chars().alias("characters"),
    )
    before = tables["gains"].filter(pl.col("step") == 0).select("trace_id", surprisal_before="surprisal")
    places = tables["scores"].select("trace_id", "content_at")
    claims = tables["claims"].join(places, on="trace_id", how="left")
    rows = (
        tables["scores"]
        .join(traces, on="trace_id", how="inner", validate="1:1")
        .join(before, on="trace_id", how="left", validate="1:1")
        .join(_verdicts(claims, pl.col("start") < pl.col("content_at"), "_before"), on="trace_id", how="left")
        .join(_verdicts(claims, pl.col("on_topic"), "_on_topic"), on="trace_id", how="left")
        .with_columns(
            place_unscored=_why_no_place(),
            subset_unscored=pl.coalesce("ki_unscored", pl.lit("no_decided_claim")),
        )
        .sort("trace_id")
        .collect()
    )
    if rows.height != tables["traces"].select(pl.len()).collect().item():
        raise StoreError("the tables of the run do not belong together: traces and scores differ; run the audit again")
    return rows


def _why_no_place() -> pl.Expr:
    """Why it cannot be said where a trace commits: a bare answer commits nowhere, and would pass for an early one."""
    unstated = pl.when(pl.col("content_at").is_null()).then(pl.lit("no_statement"))
    bare = pl.col("parts_unscored").is_in(["no_reasoning", "reasoning_absent"])
    return pl.when(bare).then(pl.col("parts_unscored")).otherwise(unstated)


def _verdicts(claims: pl.LazyFrame, where: pl.Expr, suffix: str) -> pl.LazyFrame:
    """Per trace, how many of the claims chosen by `where` are supported, refuted, and undecided or unscored."""
    counts = [(pl.col("verdict") == label).sum().alias(f"{label}{suffix}") for label in ("supported", "refuted")]
    counts.append(
        (~pl.col("verdict").is_in(["supported", "refuted"]).fill_null(value=False)).sum().alias(f"open{suffix}")
    )
    return claims.filter(where).group_by("trace_id").agg(counts)


def _claim_reasons(tables: Mapping[str, pl.LazyFrame], rows: pl.DataFrame) -> pl.DataFrame:
    """The reason of every claim without a decision, with its cell; "undecided" where its passages decide nothing."""
    undecided = pl.when(pl.col("verdict") == "not_enough_info").then(pl.lit("undecided"))
    reasons = tables["claims"].select("trace_id", why=pl.coalesce("unscored", "reason", undecided)).drop_nulls("why")
    return reasons.join(rows.lazy().select("trace_id", *_CELL), on="trace_id").select("why", *_CELL).collect()


def _cell(
    key: tuple[object, ...], rows: pl.DataFrame, reasons: pl.DataFrame, *, seed: int, draws: int, paper: bool
) -> Cell:
    domain, benchmark, model, variant, condition = (str(part) for part in key)
    name = (domain, benchmark, model, variant, condition)
    found = measures(rows, seed=cell_seed(seed, name), draws=draws, level=_LEVEL)
    lineage = rows["lineage"].drop_nulls()
    here = [pl.col(column) == value for column, value in zip(_CELL, name, strict=True)]
    return Cell(
        benchmark=benchmark,
        domain=domain,
        model=model,
        variant=variant,
        lineage=", ".join(sorted(set(lineage.to_list()))) or None,
        condition=condition,
        traces=rows.height,
        questions=rows["question_key"].n_unique(),
        integrity=_counts(rows["integrity"], get_args(Integrity)),
        grades=_counts(rows["grade"], get_args(GradeLabel)),
        accuracy=found["accuracy"],
        no_answer=found["no_answer"],
        no_answer_strict=found["no_answer_strict"],
        graded=rows["grade"].count(),
        knowledge=_knowledge(rows, found),
        gain=_gain(rows, found),
        commitment=CommitmentSummary(
            content_at=found["content_at"],
            early=found["early"],
            rules=_counts(rows["content_rule"], get_args(ContentRule)),
        ),
        steps=found["steps"],
        tokens=found["tokens"],
        reasoning_tokens=found["reasoning_tokens"],
        paper=_paper(rows, found) if paper else None,
        unscored=_unscored(rows, reasons.filter(here)["why"]),
    )


def _with_corrected(cell: Cell, rates: Rates | Unscored) -> Cell:
    held = cell.knowledge
    corrected = corrected_ki(held.ki, held.supported + held.refuted, rates)
    return msgspec.structs.replace(cell, knowledge=msgspec.structs.replace(held, corrected=corrected))


def _knowledge(rows: pl.DataFrame, found: Mapping[str, Measure]) -> KnowledgeSummary:
    columns = ("claims", "supported", "refuted", "not_enough_info", "claims_unscored")
    total, supported, refuted, open_, unscored = (int(rows[column].sum()) for column in columns)
    verified = unscored < total
    return KnowledgeSummary(
        ki=found["ki"],
        coverage=found["coverage"] if verified else found["ki"],
        lower=supported / total if verified else None,
        upper=(total - refuted) / total if verified else None,
        before_commitment=found["before_commitment"],
        on_topic=found["on_topic"],
        mean_over_traces=found["mean_over_traces"],
        claims_per_trace=found["claims_per_trace"],
        claims=total,
        supported=supported,
        refuted=refuted,
        not_enough_info=open_,
        unscored=unscored,
    )


def _paper(rows: pl.DataFrame, found: Mapping[str, Measure]) -> PaperSummary:
    """Where claims were made and none was verified, the traces without claims would all score 1: no figure then."""
    verified = int(rows["claims_unscored"].sum()) < int(rows["claims"].sum()) or not rows["claims"].sum()
    return PaperSummary(
        ki=found["paper_ki"] if verified else found["ki"],
        infogain=found["paper_infogain"],
        traces_with_ki=rows["paper_ki"].count() if verified else 0,
        traces_with_infogain=rows["paper_infogain"].count(),
    )


def _gain(rows: pl.DataFrame, found: Mapping[str, Measure]) -> GainSummary:
    names = set(GainSummary.__struct_fields__) - {"traces", "traces_with_parts"}
    return GainSummary(
        **{name: found[name] for name in sorted(names)},
        traces=rows["gain_total"].count(),
        traces_with_parts=rows["gain_informative"].count(),
    )


def _counts(column: pl.Series, order: tuple[str, ...]) -> dict[str, int]:
    """Counts in the order of the record's own list, what does not occur left out."""
    counted = reason_counts(column)
    return {name: counted[name] for name in order if name in counted}


def _unscored(rows: pl.DataFrame, claims: pl.Series) -> dict[str, dict[str, int]]:
    """Reasons by measure: traces for grade, knowledge, gain and its parts; claims for claims."""
    columns = {"grade": "grade_unscored", "knowledge": "ki_unscored", "gain": "gain_unscored"}
    counted = {name: dict(reason_counts(rows[column])) for name, column in columns.items()}
    counted["parts"] = dict(reason_counts(rows["parts_unscored"]))
    counted["claims"] = dict(reason_counts(claims))
    return {name: reasons for name, reasons in counted.items() if reasons}


def _instruments(rows: pl.DataFrame) -> Instruments:
    scorers = tuple(reason_counts(rows["scorer"]))
    builtin = any(scorer.startswith("builtin:") for scorer in scorers)
    return Instruments(
        scorers=scorers,
        gain_means="commitment" if builtin else "gain",
        answer_spaces=dict(reason_counts(rows["answer_space"])),
    )
