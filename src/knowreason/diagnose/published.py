"""The published argument, computed on the same data: which mean, over models, goes with accuracy.

Wu et al. 2025, arXiv 2506.02126, section 4: over the means of four model variants a correlation of accuracy with the
Knowledge Index above that with InfoGain says that a domain needs knowledge. With four models no p is below 1 / 12.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from knowreason.diagnose.diagnosis import Correlated, Published
from knowreason.records import Unscored
from knowreason.stats import correlation


def published_of(rows: pl.DataFrame) -> list[Published]:
    """For each benchmark the two correlations over the models (and variants) of `read_runs`, condition cot."""
    asked = rows.filter(pl.col("condition") == "cot").partition_by("benchmark", as_dict=True)
    return [_one(group) for _, group in sorted(asked.items())]


def _one(rows: pl.DataFrame) -> Published:
    decided = pl.col("supported").sum() + pl.col("refuted").sum()
    means = rows.group_by("model", "variant").agg(
        accuracy=(pl.col("grade").drop_nulls() == "correct").cast(pl.Float64).mean(),
        ki=pl.when(decided > 0).then(pl.col("supported").sum() / decided),
        gain=pl.col("gain_informative").mean(),
        paper_ki=pl.col("paper_ki").mean(),
        paper_gain=pl.col("paper_infogain").mean(),
        builtin=pl.col("scorer").str.starts_with("builtin:").any(),
        domain=pl.col("domain").first(),
    )
    means = means.sort("model", "variant")
    commitment = bool(means["builtin"].any())
    knowledge = _correlated(means, "paper_ki" if means["paper_ki"].is_not_null().all() else "ki")
    reasoning = _correlated(means, "paper_gain" if means["paper_gain"].is_not_null().all() else "gain")
    if commitment:
        reasoning = Unscored(reason="observer_reads_commitment_only")
    says = None
    if isinstance(knowledge, Correlated) and isinstance(reasoning, Correlated):
        says = "knowledge_bound" if knowledge.r > reasoning.r else "reasoning_bound"
    return Published(
        domain=str(means["domain"][0]),
        benchmark=str(rows["benchmark"][0]),
        models=means.height,
        knowledge=knowledge,
        reasoning=reasoning,
        says=says,
    )


def _correlated(means: pl.DataFrame, column: str) -> Correlated | Unscored:
    known = means.filter(pl.col("accuracy").is_not_null() & pl.col(column).is_not_null())
    if known.height < means.height:
        return Unscored(reason="nothing_scored", detail=f"{means.height - known.height} models have no such mean")
    found = correlation(np.asarray(known["accuracy"]), np.asarray(known[column]))
    return found if isinstance(found, Unscored) else Correlated(r=found.statistic, p=found.p, exact=found.exact)
