"""Does the baseline meet a candidate by spending more compute, and where? After Wang et al. 2025, arXiv 2504.14047.

"Meets" means within the declared margin of the candidate asked once; only budgets that were seen are spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from knowreason.compare import compute
from knowreason.compare.comparison import CatchUp, Meeting, Side, Spending
from knowreason.compare.compute_sentences import catch_up_sentence, dearest_tokens
from knowreason.compare.effects import ALPHA, Floats, Plan, interval
from knowreason.conclusions import Assumption, Conclusion, ConclusionOutcome
from knowreason.frame import cell_seed
from knowreason.records import Interval, Unscored
from knowreason.stats import (
    MIN_POINTS,
    MIN_QUESTIONS,
    benjamini_hochberg,
    bootstrap_mean,
    bounded_difference,
    meeting,
    questions_to_detect,
    too_few,
    wilson,
)


class _Where(NamedTuple):
    """The place of one row of points."""

    domain: str
    benchmark: str
    target: compute.Target


def catch_ups(rows: pl.DataFrame, baseline: Side, candidates: Sequence[Side], plan: Plan) -> tuple[CatchUp, ...]:
    """Every strategy of the baseline against every candidate and benchmark, p adjusted over all of them."""
    found = [_measured(where, spent, plan) for where, spent in _rows_of_points(rows, baseline, candidates, plan)]
    return tuple(_concluded(each, baseline, plan.margins["accuracy"]) for each in _adjusted(found))


def _rows_of_points(
    rows: pl.DataFrame, baseline: Side, candidates: Sequence[Side], plan: Plan
) -> Iterator[tuple[_Where, compute.Spent]]:
    own = rows.filter((pl.col("model") == baseline.model) & (pl.col("variant") == baseline.variant))
    places = own.sort("trace_id").unique("benchmark", keep="first", maintain_order=True)
    for candidate in dict.fromkeys(candidates):
        for domain, benchmark in places.select("domain", "benchmark").sort("domain", "benchmark").iter_rows():
            target = compute.target_of(rows, candidate, benchmark)
            if target is not None:
                for spent in compute.spendings(rows, baseline, target, benchmark, seed=plan.seed):
                    yield _Where(domain, benchmark, target), spent


class _Measured(NamedTuple):
    """A row of points with its test; `gaps` is (questions, points)."""

    where: _Where
    spent: compute.Spent
    gaps: Floats
    meets: Meeting | Unscored


def _measured(where: _Where, spent: compute.Spent, plan: Plan) -> _Measured:
    shares = [point.right for point in spent.points]
    gaps = np.stack(shares, axis=1) - spent.right[:, None] if shares else np.zeros((len(spent.right), 0))
    return _Measured(where, spent, gaps, spent.refusal or _meets(where, spent, gaps, plan))


def _meets(where: _Where, spent: compute.Spent, gaps: Floats, plan: Plan) -> Meeting | Unscored:
    named = (where.benchmark, where.target.side.model, where.target.side.variant, spent.strategy, str(spent.condition))
    seed = cell_seed(plan.seed, (*named, "meeting"))
    found = meeting(gaps, plan.margins["accuracy"], seed=seed, draws=plan.draws)
    if isinstance(found, Unscored):
        return found
    ways = [*(point.way for point in spent.points), None]
    return Meeting(
        way=ways[found.first],
        earliest=ways[found.lower],
        latest=ways[found.upper],
        never=found.never,
        p_meets=found.p_meets,
        p_below=found.p_below,
        adjusted_p_meets=found.p_meets,
        adjusted_p_below=found.p_below,
    )


def _adjusted(found: Sequence[_Measured]) -> list[_Measured]:
    known = [(number, each.meets) for number, each in enumerate(found) if isinstance(each.meets, Meeting)]
    meets = benjamini_hochberg([one.p_meets for _, one in known])
    below = benjamini_hochberg([one.p_below for _, one in known])
    told = list(found)
    for (number, one), over, under in zip(known, meets, below, strict=True):
        decided = msgspec.structs.replace(one, adjusted_p_meets=float(over), adjusted_p_below=float(under))
        told[number] = told[number]._replace(meets=decided)
    return told


def decision(meets: Meeting | Unscored) -> ConclusionOutcome:
    """What a meeting shows at .05."""
    if isinstance(meets, Unscored):
        return "cannot_be_judged"
    if meets.adjusted_p_meets <= ALPHA:
        return "catches_up"
    return "not_within_budget" if meets.adjusted_p_below <= ALPHA else "not_enough_evidence"


def _concluded(found: _Measured, baseline: Side, margin: float) -> CatchUp:
    where, spent = found.where, found.spent
    told = _spendings(found)
    return CatchUp(
        domain=where.domain,
        benchmark=where.benchmark,
        candidate=where.target.side,
        strategy=spent.strategy,
        condition=spent.condition,
        target_condition=where.target.condition,
        target=_share(spent.right),
        target_tokens=spent.tokens,
        questions=len(spent.right),
        dropped=spent.dropped,
        points=told,
        meets=found.meets,
        conclusion=_conclusion(found, told, baseline, margin),
    )


def _spendings(found: _Measured) -> tuple[Spending, ...]:
    """The points with their intervals; none where the questions are too few for one."""
    if len(found.gaps) < MIN_QUESTIONS:
        return ()
    return tuple(
        Spending(
            way=point.way,
            samples=point.samples,
            tokens=None if point.tokens is None else float(point.tokens.mean()),
            right=_share(point.right),
            gap=_gap(found.gaps[:, column]),
        )
        for column, point in enumerate(found.spent.points)
    )


def _share(values: Floats) -> Interval | Unscored:
    """The mean share of right answers: Wilson's interval of single answers, else resampled questions."""
    if refusal := too_few(len(values)):
        return refusal
    mean, questions = float(values.mean()), np.arange(len(values))
    single = bool(np.isin(values, (0.0, 1.0)).all()) or float(np.ptp(values)) == 0
    found = wilson(round(values.sum()), len(values)) if single else bootstrap_mean(values, questions, seed=0)
    assert found is not None  # there are enough questions
    lower, upper = min(found.lower, mean), max(found.upper, mean)
    return Interval(estimate=mean, lower=lower, upper=upper, level=found.level, n=len(values))


def _gap(values: Floats) -> Interval | Unscored:
    found = bounded_difference(values)
    return found if isinstance(found, Unscored) else interval(float(values.mean()), found[0], len(values))


def _conclusion(found: _Measured, told: Sequence[Spending], baseline: Side, margin: float) -> Conclusion:
    outcome = decision(found.meets)
    needed = None
    if outcome == "not_enough_evidence":
        nearest = found.gaps[:, found.gaps.mean(axis=0).argmax()]
        wanted = questions_to_detect(float(nearest.std(ddof=1)), margin)
        needed = wanted if wanted > len(nearest) else None
    return Conclusion(
        about="compute",
        outcome=outcome,
        reason=found.meets.reason if isinstance(found.meets, Unscored) else "",
        effects={f"gap at {one.way}": one.gap for one in told},
        questions=len(found.gaps),
        questions_needed=needed,
        assumptions=_assumptions(found),
        sentence=catch_up_sentence(
            found.where.benchmark,
            found.where.target,
            baseline,
            found.spent,
            told,
            meets=found.meets,
            outcome=outcome,
            margin=margin,
            needed=needed,
        ),
    )


def _assumptions(found: _Measured) -> tuple[Assumption, ...]:
    spent = found.spent
    count, dearest = len(spent.points), dearest_tokens(spent)
    whole = len(spent.right) + spent.dropped
    left = f"; left out for want of tokens or questions: {', '.join(spent.left_out)}" if spent.left_out else ""
    reaches = dearest is not None and spent.tokens is not None and dearest >= spent.tokens
    cost = (
        "what an answer costs is not known"
        if dearest is None or spent.tokens is None
        else (f"up to {dearest:,.0f} tokens a question were seen, the candidate spent {spent.tokens:,.0f}")
    )
    return (
        Assumption(
            name="enough_points", held=count >= MIN_POINTS, detail=f"{count} points, {MIN_POINTS} are needed{left}"
        ),
        Assumption(
            name="same_questions",
            held=spent.dropped <= 0.05 * whole,
            detail=f"{spent.dropped:,} of {whole:,} questions were dropped, for some of the answers are not there",
        ),
        Assumption(name="budget_reaches_candidate", held=reaches, detail=cost),
    )
