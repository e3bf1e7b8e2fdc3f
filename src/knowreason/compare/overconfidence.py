"""How wrong is it to take general reasoning for reliability in a domain? One model against the line of all others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.compare.comparison import Reliance, Side
from knowreason.compare.effects import ALPHA, Plan, interval
from knowreason.compare.sentences import model_name, points
from knowreason.conclusions import Assumption, Conclusion, ConclusionOutcome
from knowreason.errors import InputError
from knowreason.frame import cell_seed
from knowreason.records import Unscored
from knowreason.stats import (
    MIN_MODELS,
    Fit,
    LeftOut,
    Limits,
    benjamini_hochberg,
    difference_p,
    equivalence_p,
    left_out,
    questions_to_detect,
)

Floats = NDArray[np.float64]

_OPTION = "--general BENCHMARK_OR_DOMAIN"
_MATHEMATICS = re.compile(r"math(s|ematics)?", re.I)
_FEW = 0.05


class _Table(NamedTuple):
    """Shares of right answers (questions, models) over the questions that all models answered."""

    right: Floats
    dropped: int


class _Place(NamedTuple):
    """A domain beside the general one, asked in one way, with the models that both have."""

    general: str
    domain: str
    condition: str
    models: tuple[Side, ...]
    general_table: _Table
    domain_table: _Table


class _Told(NamedTuple):
    """One model at one place, with its p."""

    place: _Place
    number: int
    fit: Fit
    differs: float
    agrees: float


def overconfidence(rows: pl.DataFrame, general: str | None, plan: Plan) -> tuple[Reliance, ...] | Unscored:
    """Every model in every other domain: right answers as the others' line predicts them, against those measured.

    `general` names a domain or benchmark; without it mathematics is taken where exactly one name says so. A domain is
    a benchmark that is not part of the general one. Only questions that all models answered count. Unscored where no
    name is given and none is obvious, where under `MIN_MODELS` models answered both, and as `stats.left_out` says.
    Raises InputError for a name that nothing bears.
    """
    graded = rows.filter(pl.col("grade").is_not_null())
    chosen = general or _mathematics(graded)
    if chosen is None:
        return Unscored(reason="general_not_named", detail=f"name what stands for general reasoning: {_OPTION}")
    within = (pl.col("domain") == chosen) | (pl.col("benchmark") == chosen)
    if not graded.filter(within).height:
        held = ", ".join(sorted({*graded["domain"].unique().to_list(), *graded["benchmark"].unique().to_list()})[:12])
        raise InputError(f"--general {chosen}: no benchmark or domain of that name; what is compared holds {held}")
    told: list[_Told] = []
    refusals: list[Unscored] = []
    for place in _places(graded, chosen, within):
        fit = _fit(place, plan)
        if isinstance(fit, Unscored):
            refusals.append(fit)
        else:
            told += _tested(place, fit, plan.margins["accuracy"])
    if not told:
        return refusals[0] if refusals else Unscored(reason="nothing_scored", detail=f"nothing but {chosen} is there")
    return tuple(_concluded(told, plan.margins["accuracy"]))


def _mathematics(rows: pl.DataFrame) -> str | None:
    """The one domain, or else the one benchmark, that is called mathematics."""
    for column in ("domain", "benchmark"):
        found = [name for name in rows[column].unique().to_list() if _MATHEMATICS.fullmatch(name)]
        if len(found) == 1:
            return found[0]
    return None


def _places(rows: pl.DataFrame, general: str, within: pl.Expr) -> Iterator[_Place]:
    for (condition,), asked in sorted(rows.partition_by("condition", as_dict=True).items()):
        first, others = asked.filter(within), asked.filter(~within)
        for (benchmark,), there in sorted(others.partition_by("benchmark", as_dict=True).items()):
            models = sorted(_sides(first) & _sides(there))
            if first.height:
                yield _Place(
                    general,
                    str(benchmark),
                    str(condition),
                    tuple(Side(model=model, variant=variant, lineage=None) for model, variant in models),
                    _table(first, models),
                    _table(there, models),
                )


def _sides(rows: pl.DataFrame) -> set[tuple[str, str]]:
    return set(rows.select("model", "variant").unique().iter_rows())


def _table(rows: pl.DataFrame, models: Sequence[tuple[str, str]]) -> _Table:
    named = pl.DataFrame(models, schema={"model": pl.String, "variant": pl.String}, orient="row").with_row_index("who")
    shares = (
        rows.join(named, on=["model", "variant"])
        .group_by("benchmark", "question_key", "who")
        .agg(right=(pl.col("grade") == "correct").mean())
        .pivot("who", index=["benchmark", "question_key"], values="right", sort_columns=True)
        .sort("benchmark", "question_key")
    )
    complete = shares.drop_nulls()
    columns = [str(number) for number in range(len(models))]
    right = complete.select(columns).to_numpy() if models else np.zeros((0, 0))
    return _Table(right.astype(np.float64), shares.height - complete.height)


def _fit(place: _Place, plan: Plan) -> Fit | Unscored:
    if len(place.models) < MIN_MODELS:
        found = f"{len(place.models)} models answered both {place.general} and {place.domain}; {MIN_MODELS} are needed"
        return Unscored(reason="too_few_models", detail=found)
    seed = cell_seed(plan.seed, (place.general, place.domain, place.condition, "overconfidence"))
    return left_out(place.general_table.right, place.domain_table.right, seed=seed, draws=plan.draws)


def _tested(place: _Place, fit: Fit, margin: float) -> Iterator[_Told]:
    for number, model in enumerate(fit.models):
        yield _Told(
            place,
            number,
            fit,
            difference_p(model.excess, model.error, model.questions),
            equivalence_p(model.excess, model.error, model.questions, margin),
        )


def _concluded(told: Sequence[_Told], margin: float) -> Iterator[Reliance]:
    """p adjusted over all models and domains (Benjamini-Hochberg), then one conclusion each."""
    differs = benjamini_hochberg([one.differs for one in told])
    agrees = benjamini_hochberg([one.agrees for one in told])
    for one, apart, alike in zip(told, differs, agrees, strict=True):
        model = one.fit.models[one.number]
        outcome = decision(model, apart, alike)
        yield _reliance(one, model, outcome, margin)


def decision(model: LeftOut, differs: float, agrees: float) -> ConclusionOutcome:
    """What adjusted p show at .05: "about right" before a direction, as everywhere."""
    if agrees <= ALPHA:
        return "about_right"
    if differs <= ALPHA and model.lower > 0:
        return "overconfident"
    return "underconfident" if differs <= ALPHA and model.upper < 0 else "not_enough_evidence"


def _reliance(one: _Told, model: LeftOut, outcome: ConclusionOutcome, margin: float) -> Reliance:
    place = one.place
    excess = interval(model.excess, Limits(model.lower, model.upper, 0.95), model.questions)
    spread = model.error * float(np.sqrt(model.questions))
    needed = questions_to_detect(spread, margin) if spread else 0
    side = place.models[one.number]
    general = float(place.general_table.right[:, one.number].mean())
    return Reliance(
        domain=place.domain,
        general=place.general,
        condition=place.condition,
        model=side,
        models=len(place.models),
        general_right=general,
        predicted=model.predicted,
        measured=model.measured,
        excess=excess,
        scatter=one.fit.scatter,
        conclusion=Conclusion(
            about="overconfidence",
            outcome=outcome,
            reason="",
            effects={"predicted_minus_measured": excess},
            questions=model.questions,
            questions_needed=needed if outcome == "not_enough_evidence" and needed > model.questions else None,
            assumptions=_assumptions(place, model),
            sentence=_sentence(place, side, model, outcome, general=general, scatter=one.fit.scatter),
        ),
    )


def _assumptions(place: _Place, model: LeftOut) -> tuple[Assumption, ...]:
    tables = (place.general_table, place.domain_table)
    dropped, kept = sum(table.dropped for table in tables), sum(len(table.right) for table in tables)
    return (
        Assumption(
            name="enough_models",
            held=True,
            detail=f"the line rests on {len(place.models) - 1} other models, {MIN_MODELS - 1} are needed",
        ),
        Assumption(
            name="within_range",
            held=not model.beyond,
            detail="its general accuracy lies outside that of the others: the line is extended"
            if model.beyond
            else "its general accuracy lies among that of the others",
        ),
        Assumption(
            name="same_questions",
            held=dropped <= _FEW * (dropped + kept),
            detail=f"{dropped:,} of {dropped + kept:,} questions were dropped, for not every model answered them",
        ),
    )


_SAID = {
    "overconfident": "too much by {found}: who trusts its general reasoning here is overconfident",
    "underconfident": "too little by {found}: it is better here than its general reasoning says",
    "about_right": "right for all that matters, {found}",
    "not_enough_evidence": "off by {found}, which is not enough evidence either way",
}


def _sentence(
    place: _Place, side: Side, model: LeftOut, outcome: ConclusionOutcome, *, general: float, scatter: float
) -> str:
    sign = -1 if outcome == "underconfident" else 1
    ends = sorted((sign * model.lower, sign * model.upper))
    found = f"{points(sign * model.excess).lstrip('+')} points [{points(ends[0])}, {points(ends[1])}]"
    verdict = _SAID[outcome].format(found=found)
    extended = " The line had to be extended to reach it." if model.beyond else ""
    return (
        f"{model_name(side)} is right on {general:.1%} of {place.general}, from which the line of "
        f"{len(place.models) - 1} other models expects {model.predicted:.1%} in {place.domain}; it is right on "
        f"{model.measured:.1%} of {model.questions:,} questions: {verdict}. Such a line misses by "
        f"{100 * scatter:.1f} points in general.{extended}"
    )
