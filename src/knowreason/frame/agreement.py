"""Several scorers on the same traces: what each saw, how far they agree, and whom they are related to."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Literal

import numpy as np
import polars as pl

from knowreason.frame.statistics import cell_seed
from knowreason.frame.summary import Agreement, Measure, OtherGain, SharedFamily
from knowreason.models.families import families_of, family_of_architecture
from knowreason.records import Interval, Unscored
from knowreason.stats import MIN_CLUSTERS, Estimate, bootstrap_mean, mean_tau, spearman

_CELL = ("domain", "benchmark", "model", "variant", "condition")
_PLACE = ("domain", "benchmark", "condition")
_NO_PARTS = Unscored(reason="observer_reads_commitment_only")
Means = Literal["commitment", "gain"]
Compared = Literal["gain with gain", "commitment with gain", "commitment with commitment"]


def gains_by_scorer(tables: Mapping[str, pl.LazyFrame], rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """One row a trace with a gain, for each scorer by name, the first one first; empty where only one was asked.

    `total` is h_0 - h_n, `informative` the informative part (null where the trace states no answer), `gains` those of
    the steps in order, all in nats; `answer_space` is the scale.
    """
    if "other_gains" not in tables:
        return {}
    others = tables["other_gains"].collect()
    if not others.height or not rows.height:
        return {}
    known = rows.lazy().select("trace_id", "question_key", *_CELL)
    first = tables["gains"].join(rows.lazy().select("trace_id", "scorer", "answer_space"), on="trace_id")
    found: dict[str, pl.DataFrame] = {}
    for table in (first, others.lazy()):
        whole = _traces(table).join(known, on="trace_id").sort("scorer", "trace_id").collect()
        found |= {str(key[0]): part for key, part in whole.partition_by("scorer", as_dict=True).items()}
    asked = [*rows["scorer"].unique().sort().to_list(), *others["scorer"].unique().sort().to_list()]
    return {name: found.get(name, next(iter(found.values())).clear()) for name in asked} if found else {}


def _traces(gains: pl.LazyFrame) -> pl.LazyFrame:
    """One row a trace and scorer; a trace without gains has none."""
    informative = pl.col("gain").filter(pl.col("part") == "informative").sum()
    return (
        gains.filter(pl.col("surprisal").is_not_null())
        .sort("trace_id", "step")
        .group_by("scorer", "trace_id", "answer_space", maintain_order=True)
        .agg(
            total=pl.col("surprisal").first() - pl.col("surprisal").last(),
            informative=pl.when(pl.col("part").is_not_null().any()).then(informative),
            gains=pl.col("gain").slice(1),
        )
    )


def other_gains(by_scorer: Mapping[str, pl.DataFrame], *, seed: int, draws: int, level: float) -> tuple[OtherGain, ...]:
    """The means of every scorer but the first, for each cell in the order of cells."""
    found: list[OtherGain] = []
    for name, traces in list(by_scorer.items())[1:]:
        for key, cell in sorted(traces.partition_by(_CELL, as_dict=True).items()):
            domain, benchmark, model, variant, condition = map(str, key)
            means = _means(name)
            drawn = cell_seed(seed, (domain, benchmark, model, variant, condition, name))
            found.append(
                OtherGain(
                    scorer=name,
                    means=means,
                    benchmark=benchmark,
                    domain=domain,
                    model=model,
                    variant=variant,
                    condition=condition,
                    total=_mean(cell, "total", seed=drawn, draws=draws, level=level),
                    informative=_NO_PARTS
                    if means == "commitment"
                    else _mean(cell, "informative", seed=drawn, draws=draws, level=level),
                    traces=cell.height,
                )
            )
    return tuple(found)


def agreement(by_scorer: Mapping[str, pl.DataFrame], *, seed: int, draws: int, level: float) -> tuple[Agreement, ...]:
    """Every pair of scorers at every benchmark, on the traces that both scored on one scale."""
    found: list[Agreement] = []
    for (one, left), (other, right) in combinations(by_scorer.items(), 2):
        both = left.join(right, on="trace_id", how="full", coalesce=True, suffix="_other")
        both = both.with_columns(pl.col(name).fill_null(pl.col(f"{name}_other")) for name in (*_PLACE, "question_key"))
        for key, here in sorted(both.partition_by(_PLACE, as_dict=True).items()):
            domain, benchmark, condition = map(str, key)
            shared = here.filter(pl.col("answer_space") == pl.col("answer_space_other")).sort("trace_id")
            drawn = cell_seed(seed, (domain, benchmark, condition, one, other))
            compares = _compared(one, other)
            found.append(
                Agreement(
                    scorers=(one, other),
                    compares=compares,
                    benchmark=benchmark,
                    domain=domain,
                    condition=condition,
                    steps=_steps(shared, seed=drawn, draws=draws, level=level),
                    total=_over_traces(shared, "total", seed=drawn, draws=draws, level=level),
                    informative=_over_traces(shared, "informative", seed=drawn, draws=draws, level=level)
                    if compares == "gain with gain"
                    else _NO_PARTS,
                    traces=shared.height,
                    left_out=here.height - shared.height,
                )
            )
    return tuple(found)


def shared_families(
    by_scorer: Mapping[str, pl.DataFrame], rows: pl.DataFrame, architectures: Mapping[str, str]
) -> tuple[SharedFamily, ...]:
    """Scorers and scored models of one family. A model is also what it was tuned from, where that is declared."""
    scorers = list(by_scorer) or rows["scorer"].unique().sort().to_list()
    models = rows.select("model", "lineage").unique().sort("model", "lineage").rows()
    found: dict[tuple[str, str, str], SharedFamily] = {}
    for scorer in scorers:
        by_name = families_of(scorer.partition("@")[0])  # a server's address names no family
        by_architecture = family_of_architecture(architectures.get(scorer, "")) - by_name
        for model, lineage in models:
            scored = families_of(model) | families_of(lineage or "")
            for family in sorted(scored & (by_name | by_architecture)):
                seen_in = "name" if family in by_name else "architecture"
                found[scorer, model, family] = SharedFamily(scorer=scorer, model=model, family=family, seen_in=seen_in)
    return tuple(found.values())


def _means(scorer: str) -> Means:
    return "commitment" if scorer.startswith("builtin:") else "gain"


def _compared(one: str, other: str) -> Compared:
    means = {_means(one), _means(other)}
    if len(means) == 2:
        return "commitment with gain"
    return "gain with gain" if means == {"gain"} else "commitment with commitment"


def _steps(shared: pl.DataFrame, *, seed: int, draws: int, level: float) -> Measure:
    pairs = list(zip(shared["gains"].to_list(), shared["gains_other"].to_list(), strict=True))
    return _measure(mean_tau(pairs, shared["question_key"].to_numpy(), seed=seed, draws=draws, level=level))


def _over_traces(shared: pl.DataFrame, column: str, *, seed: int, draws: int, level: float) -> Measure:
    known = shared.drop_nulls([column, f"{column}_other"])
    x, y, names = (known[name].to_numpy() for name in (column, f"{column}_other", "question_key"))
    return _measure(spearman(x, y, names, seed=seed, draws=draws, level=level))


def _mean(cell: pl.DataFrame, column: str, *, seed: int, draws: int, level: float) -> Measure:
    known = cell.drop_nulls(column)
    names = known["question_key"].to_numpy()
    found = bootstrap_mean(known[column].to_numpy(), names, seed=seed, draws=draws, level=level)
    count = len(np.unique(names))
    detail = f"{count} questions; an interval needs {MIN_CLUSTERS}"
    return _measure(found or Unscored(reason="too_few", detail=detail))


def _measure(found: Estimate | Unscored) -> Measure:
    if isinstance(found, Unscored):
        return found
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=found.level, n=found.clusters)
