"""The interventional arm: what right answers do when the facts are given, and when reasoning is.

    knowledge deficit  = accuracy(facts_given) - accuracy(cot)
    reasoning benefit  = accuracy(plan_given) - accuracy(cot), or accuracy(cot) - accuracy(direct),
                         or accuracy(largest budget) - accuracy(smallest budget)

paired by question. Of the benefits that were measured the first in this order, fixed in advance, is taken for the
verdict; the others are shown. The plan comes first because it asks what is lacking, as the facts do; cot against direct
asks what reasoning brings already, and named the wrong side in worlds of known regime (docs/lab.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl

from knowreason.conclusions import Assumption, Conclusion
from knowreason.diagnose import sentences
from knowreason.diagnose.contrasts import Answers, Measured, answers_of, conditions_of, contrast, level, together
from knowreason.diagnose.diagnosis import Intervention, Subject
from knowreason.diagnose.verdicts import need_outcome
from knowreason.frame import cell_seed
from knowreason.records import Interval, Unscored
from knowreason.stats import benjamini_hochberg, questions_for_equivalence, questions_to_detect

FACTS, COT, DIRECT, PLAN = "facts_given", "cot", "direct", "plan_given"
_BUDGET = re.compile(r"budget_(\d+)\Z")
_DEFICIT = (FACTS, COT)
_FEW = 0.05  # a share this small is taken to change no verdict


class Plan(NamedTuple):
    """How a diagnosis draws, and the margins it declared: `accuracy`, a share, and `explained`, nats a trace."""

    seed: int
    draws: int
    margins: dict[str, float]


class Tested(NamedTuple):
    """What was measured of one subject, before p are adjusted over all of them."""

    subject: Subject
    answers: Answers
    plan: Plan
    reasoning: tuple[str, str] | None
    contrasts: dict[str, Measured | Unscored]
    difference: Measured | Unscored


def benefits_of(conditions: Iterable[str]) -> list[tuple[str, str]]:
    """The contrasts that may stand for the benefit of reasoning, those that were measured, the preferred one first."""
    held = set(conditions)
    budgets = sorted((int(found[1]), name) for name in held if (found := _BUDGET.match(name)))
    wanted = [(PLAN, COT), (COT, DIRECT)]
    wanted += [(budgets[-1][1], budgets[0][1])] if len(budgets) > 1 else []
    return [pair for pair in wanted if held.issuperset(pair)]


def tested(subject: Subject, rows: pl.DataFrame, plan: Plan) -> Tested:
    """The contrasts of one subject from its answers (`question`, `condition`, `right`)."""
    answers = answers_of(rows)
    held = conditions_of(answers)
    benefits = benefits_of(held)
    pairs = [*([_DEFICIT] if held.issuperset(_DEFICIT) else []), *benefits]
    reasoning = benefits[0] if benefits else None
    difference: Measured | Unscored = Unscored(reason="condition_missing", detail=_missing(held))
    if held.issuperset(_DEFICIT) and reasoning is not None:
        kept = together(answers, [*_DEFICIT, *reasoning])
        found = {name(pair): _contrast(kept, subject, pair, plan) for pair in (_DEFICIT, reasoning)}
        found |= {name(pair): _contrast(answers, subject, pair, plan) for pair in benefits[1:]}
        difference = _difference(kept, subject, reasoning, plan)
    else:
        found = {name(pair): _contrast(answers, subject, pair, plan) for pair in pairs}
    return Tested(subject, answers, plan, reasoning, found, difference)


def name(pair: tuple[str, str]) -> str:
    """How a contrast is called: "facts_given - cot"."""
    return " - ".join(pair)


def adjusted(found: list[Tested]) -> list[Intervention]:
    """The interventions with their p adjusted over all subjects, and what they conclude."""
    known = [one.difference for one in found if isinstance(one.difference, Measured)]
    differs = iter(benjamini_hochberg([one.p for one in known]))
    agrees = iter(benjamini_hochberg([one.equivalence_p for one in known]))
    return [
        _concluded(one, float(next(differs)), float(next(agrees)))
        if isinstance(one.difference, Measured)
        else _unjudged(one, one.difference)
        for one in found
    ]


def _contrast(answers: Answers, subject: Subject, pair: tuple[str, str], plan: Plan) -> Measured | Unscored:
    weights = {pair[0]: 1.0, pair[1]: -1.0}
    return contrast(
        answers, weights, margin=plan.margins["accuracy"], seed=_seed(plan, subject, name(pair)), draws=plan.draws
    )


def _difference(answers: Answers, subject: Subject, reasoning: tuple[str, str], plan: Plan) -> Measured | Unscored:
    """Deficit minus benefit, as one weighted sum of conditions."""
    weights: dict[str, float] = {}
    signed = ((_DEFICIT[0], 1.0), (_DEFICIT[1], -1.0), (reasoning[0], -1.0), (reasoning[1], 1.0))
    for condition, weight in signed:
        weights[condition] = weights.get(condition, 0.0) + weight
    kept = {condition: weight for condition, weight in weights.items() if weight}
    seed = _seed(plan, subject, "difference")
    return contrast(answers, kept, margin=plan.margins["accuracy"], seed=seed, draws=plan.draws)


def _seed(plan: Plan, subject: Subject, what: str) -> int:
    return cell_seed(plan.seed, (subject.benchmark, subject.model, subject.variant, what))


def _missing(held: set[str]) -> str:
    """The conditions that a verdict would need beside those that are there."""
    lacking = [condition for condition in _DEFICIT if condition not in held]
    if not benefits_of(held | {COT}):
        lacking.append("direct (or plan_given, or two budget_N)")
    return " and ".join(lacking)


def _concluded(one: Tested, p: float, equivalence_p: float) -> Intervention:
    assert one.reasoning is not None
    difference, deficit, benefit = (
        _known(each) for each in (one.difference, one.contrasts[name(_DEFICIT)], one.contrasts[name(one.reasoning)])
    )
    outcome = need_outcome(
        difference.interval, p, equivalence_p, knowledge=deficit.interval, reasoning=benefit.interval
    )
    margin = one.plan.margins["accuracy"]
    needed = max(questions_to_detect(difference.spread, margin), questions_for_equivalence(difference.spread, margin))
    same = equivalence_p <= 0.05
    open_ = outcome in ("not_separable", "not_enough_evidence") and not same and needed > difference.interval.n
    checked = _assumptions(one)
    conclusion = Conclusion(
        about="need",
        outcome=outcome,
        reason="",
        effects={
            "knowledge_deficit": deficit.interval,
            "reasoning_benefit": benefit.interval,
            "difference": difference.interval,
        },
        questions=difference.interval.n,
        questions_needed=needed if open_ else None,
        assumptions=checked,
        sentence=sentences.intervention_sentence(
            one.subject,
            outcome,
            (deficit.interval, benefit.interval, difference.interval),
            reasoning=one.reasoning,
            margin=margin,
            same=same,
            needed=needed if open_ else None,
        ),
    )
    return _record(one, conclusion, p, equivalence_p)


def _unjudged(one: Tested, refusal: Unscored) -> Intervention:
    conclusion = Conclusion(
        about="need",
        outcome="cannot_be_judged",
        reason=refusal.reason,
        effects={called: _interval(found) for called, found in one.contrasts.items()},
        questions=one.answers.shares.height,
        questions_needed=None,
        assumptions=_assumptions(one),
        sentence=sentences.no_intervention(
            one.subject,
            refusal,
            conditions_of(one.answers),
            {called: _interval(found) for called, found in one.contrasts.items()},
        ),
    )
    return _record(one, conclusion, None, None)


def _record(one: Tested, conclusion: Conclusion, p: float | None, equivalence_p: float | None) -> Intervention:
    found = one.difference
    levels = {
        condition: level(one.answers, condition, seed=_seed(one.plan, one.subject, condition), draws=one.plan.draws)
        for condition in sorted(conditions_of(one.answers))
    }
    return Intervention(
        levels=levels,
        contrasts={called: _interval(found) for called, found in one.contrasts.items()},
        reasoning=name(one.reasoning) if one.reasoning else None,
        difference=_interval(one.difference),
        equivalence=found.equivalence if isinstance(found, Measured) else found,
        adjusted_p=p,
        adjusted_equivalence_p=equivalence_p,
        dropped=_dropped(one),
        conclusion=conclusion,
    )


def _assumptions(one: Tested) -> tuple[Assumption, ...]:
    dropped, whole = _dropped(one), one.answers.shares.height
    return (
        Assumption(
            name="same_questions",
            held=dropped <= _FEW * whole,
            detail=f"{dropped:,} of {whole:,} questions were dropped, for they were not asked under every condition",
        ),
    )


def _dropped(one: Tested) -> int:
    """Questions outside what the verdict rests on; where there is none, outside the first contrast."""
    used = [*(_DEFICIT if name(_DEFICIT) in one.contrasts else ()), *(one.reasoning or ())]
    if not used:
        return 0
    return one.answers.shares.height - together(one.answers, list(dict.fromkeys(used))).shares.height


def _known(found: Measured | Unscored) -> Measured:
    assert isinstance(found, Measured)  # the questions of the difference are those of both contrasts
    return found


def _interval(found: Measured | Unscored) -> Interval | Unscored:
    return found.interval if isinstance(found, Measured) else found


def levels_of(intervention: Intervention) -> Mapping[str, Interval | Unscored]:
    """The shares of right answers in the order in which conditions are read: less help first."""
    order = {DIRECT: 0, COT: 1, FACTS: 2, PLAN: 3}
    return dict(sorted(intervention.levels.items(), key=lambda item: (order.get(item[0], 4), _place(item[0]), item[0])))


def _place(condition: str) -> int:
    found = _BUDGET.match(condition)
    return int(found[1]) if found else 0
