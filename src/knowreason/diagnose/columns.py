"""The columns that an observation rests on, from the traces of one model on one benchmark."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.diagnose.error import Rates, error_variances
from knowreason.records import Unscored
from knowreason.stats import MIN_QUESTIONS

Floats = NDArray[np.float64]


class Columns(NamedTuple):
    """One row a trace, all arrays (n,).

    `knowledge` is the KI before commitment, NaN where no claim there could be decided; `lower` and `upper` are that
    if every undecided claim were refuted, or supported, NaN where no claim was made. `reasoning` is the
    informative gain (nats), `length` the log of the tokens. `error` is the variance of the error of `knowledge`,
    None where it is not known. `places` holds what the circularity check ranks.
    """

    correct: Floats
    questions: NDArray[Any]
    knowledge: Floats
    lower: Floats
    upper: Floats
    reasoning: Floats
    length: Floats
    before: Floats
    error: Floats | None
    places: dict[str, Floats]
    left_out: dict[str, int]


def columns_of(rows: pl.DataFrame, rates: Mapping[str, Rates | None]) -> Columns | tuple[Unscored, ...]:
    """The columns of the traces that were graded and have a gain, or every reason why there are none.

    `rows` are those of `read_runs` under one condition; `rates` says by run how often its verifier errs. Reasons:
    no_cot (no trace), those of the grades, observer_reads_commitment_only (the gains are the built-in
    observer's), those of the gain's parts, and those of the knowledge.
    """
    if not rows.height:
        return (Unscored(reason="no_cot"),)
    if any(rows[key].n_unique() > 1 for key in ("scorer_key", "knower", "grader")):
        return (Unscored(reason="different_instruments"),)
    if refusals := tuple(filter(None, (_why_no_grade(rows), _why_no_gain(rows), _why_no_knowledge(rows)))):
        return refusals
    graded = rows.filter(pl.col("grade").is_not_null())
    kept = graded.filter(pl.col("gain_informative").is_not_null() & (pl.col("tokens") > 0))
    left_out = {"not_graded": rows.height - graded.height, "no_gain": graded.height - kept.height}
    supported, refuted, undecided = (_numbers(kept, f"{part}_before") for part in ("supported", "refuted", "open"))
    decided, claims = supported + refuted, supported + refuted + undecided
    informative, before = _numbers(kept, "gain_informative"), _numbers(kept, "surprisal_before")
    total = _numbers(kept, "gain_total")
    return Columns(
        correct=(kept["grade"] == "correct").cast(pl.Float64).to_numpy(),
        questions=kept["question_key"].to_numpy(),
        knowledge=_share(supported, decided),
        lower=_share(supported, claims),
        upper=_share(supported + undecided, claims),
        reasoning=informative,
        length=np.log(_numbers(kept, "tokens")),
        before=before,
        error=error_variances(kept["run"].to_list(), supported, decided, rates),
        places={
            "gain_used": informative,
            "gain_in_all": total,
            "surprisal_before_reasoning": -before,
            "surprisal_before_commitment": informative + _numbers(kept, "gain_mention") - before,
            "surprisal_at_the_end": total - before,
        },
        left_out={why: count for why, count in left_out.items() if count},
    )


def _numbers(rows: pl.DataFrame, column: str) -> Floats:
    return rows[column].cast(pl.Float64).fill_null(0.0).to_numpy()


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(part), math.nan), where=whole > 0)


def _why_no_grade(rows: pl.DataFrame) -> Unscored | None:
    if rows["grade"].is_not_null().any():
        return None
    return Unscored(reason=_most(rows["grade_unscored"]))


def _why_no_gain(rows: pl.DataFrame) -> Unscored | None:
    if rows["scorer"].str.starts_with("builtin:").any():
        return Unscored(reason="observer_reads_commitment_only")
    if rows["gain_informative"].is_not_null().any():
        return None
    return Unscored(reason=_most(rows["parts_unscored"]))


def _why_no_knowledge(rows: pl.DataFrame) -> Unscored | None:
    decided = rows.filter(pl.col("supported_before") + pl.col("refuted_before") > 0)["question_key"].n_unique()
    if decided >= MIN_QUESTIONS:
        return None
    reasons = rows["ki_unscored"].drop_nulls()
    telling = reasons.filter(~reasons.is_in(["no_claims", "no_decided_claim"]))
    if not decided and len(telling):
        return Unscored(reason=_most(telling))
    return Unscored(reason="too_few_facts", detail=f"{decided} questions")


def _most(reasons: pl.Series) -> str:
    known = reasons.drop_nulls()
    return str(known.mode().sort()[0]) if len(known) else "nothing_scored"
