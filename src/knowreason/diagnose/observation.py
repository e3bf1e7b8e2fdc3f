"""The observational arm: what goes with right answers in the traces as they are, of one model or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from knowreason.conclusions import Assumption, Conclusion, ConclusionOutcome
from knowreason.diagnose import sentences
from knowreason.diagnose.columns import Columns
from knowreason.diagnose.diagnosis import Observation, Part, Subject
from knowreason.diagnose.error import LEAST, reliability
from knowreason.diagnose.figures import (
    Design,
    circularity_of,
    coefficients,
    correlations_of,
    design_of,
    difference,
    interval,
    parts_of,
    pooled_design,
    split,
    strata_of,
)
from knowreason.diagnose.intervention import Plan
from knowreason.diagnose.verdicts import need_outcome
from knowreason.frame import cell_seed
from knowreason.records import Interval, Unscored
from knowreason.stats import (
    Resampled,
    benjamini_hochberg,
    difference_p,
    equivalence_p,
    questions_for_equivalence,
    questions_to_detect,
)

_ALPHA = 0.05
_INFLATED = 5.0  # a variance inflation factor above which two columns tell the same
_CIRCULAR = 0.9  # an AUROC from which a figure as good as is the answer
_BOUNDS = "the two bounds of the KI do not both bear it out"
_UNKNOWN = (
    "error hides what facts explain, and how much of the KI is error is not known (--reliability knowledge=SHARE)"
)
_LOST = 0.2  # a share of traces without a gain above which those that have one are a selection


class Compared(NamedTuple):
    """What knowledge explains minus what reasoning explains, with what decides about it."""

    interval: Interval
    p: float
    equivalence_p: float
    spread: float


class Observed(NamedTuple):
    """What was measured of one subject, or every reason why not, before p are adjusted over all of them.

    `main` is without error where that is known; `noisy` says why an index cannot be read at all.
    """

    subject: Subject
    columns: tuple[Columns, ...]
    refusals: tuple[Unscored, ...]
    record: Observation | None
    main: Compared | None
    noisy: str
    plan: Plan


def observed(
    subject: Subject,
    columns: Sequence[Columns] | tuple[Unscored, ...],
    plan: Plan,
    declared: Mapping[str, float],
) -> Observed:
    """The observation of the columns of one model, or of several as one."""
    refusals = tuple(one for one in columns if isinstance(one, Unscored))
    kept = tuple(one for one in columns if isinstance(one, Columns))
    nothing = Observed(subject, kept, refusals, None, None, "", plan)
    if refusals:
        return nothing
    seed = cell_seed(plan.seed, (subject.benchmark, subject.model, subject.variant, "observation"))
    design = design_for(kept, declared)
    found = split(design, seed=seed, draws=plan.draws)
    parts = found if isinstance(found, Unscored) else parts_of(design, found)
    if isinstance(found, Unscored) or isinstance(parts, Unscored):
        refusal = found if isinstance(found, Unscored) else parts
        assert isinstance(refusal, Unscored)
        return nothing._replace(refusals=(refusal,))
    plain = difference(design, found)
    reliable = _reliabilities(kept, declared)
    noisy = _too_noisy(reliable)
    clean = _without_error(design, reliable, seed, plan) if not noisy else Unscored(reason="instrument_too_noisy")
    main = clean if isinstance(clean, Resampled) else plain
    record = Observation(
        traces=found.rows,
        questions=found.clusters,
        refusals=(),
        left_out=_left_out(kept),
        parts=parts,
        difference=interval(plain),
        without_error=interval(clean) if isinstance(clean, Resampled) else clean,
        at_bounds=_at_bounds(kept, seed, plan),
        reliability=reliable,
        correlations=correlations_of(design, kept[0]) if len(kept) == 1 else {},
        circularity=circularity_of(kept[0], seed=seed, draws=plan.draws) if len(kept) == 1 else {},
        strata=strata_of(kept[0], design) if len(kept) == 1 else (),
        adjusted_p=None,
        adjusted_equivalence_p=None,
        conclusion=_pending(subject, found.clusters),
    )
    return nothing._replace(record=record, main=compared(main, plan.margins["explained"]), noisy=noisy)


def design_for(columns: Sequence[Columns], declared: Mapping[str, float], *, knowledge: str = "knowledge") -> Design:
    """The columns of one model, or of several as one."""
    designs = [design_of(one, knowledge=knowledge, declared=declared) for one in columns]
    return designs[0] if len(designs) == 1 else pooled_design(designs)


def compared(found: Resampled, margin: float) -> Compared:
    """What decides about a difference of explained log-loss."""
    return Compared(
        interval=interval(found),
        p=difference_p(found.estimate, found.error, found.clusters),
        equivalence_p=equivalence_p(found.estimate, found.error, found.clusters, margin),
        spread=found.error * found.clusters**0.5,
    )


def concluded(found: Sequence[Observed]) -> list[Observation]:
    """The observations with their p adjusted over all subjects, and what they conclude."""
    known = [one.main for one in found if one.main is not None]
    differs = iter(benjamini_hochberg([one.p for one in known]))
    agrees = iter(benjamini_hochberg([one.equivalence_p for one in known]))
    return [
        _unjudged(one) if one.main is None else _judged(one, one.main, float(next(differs)), float(next(agrees)))
        for one in found
    ]


def observed_outcome(
    main: Compared,
    p: float,
    same: float,
    parts: Mapping[str, Part],
    at_bounds: Mapping[str, Interval | Unscored],
    *,
    known: bool,
) -> tuple[ConclusionOutcome, str]:
    """The outcome, and what of the instrument does not let it stand, empty where nothing: then it is "not_separable".

    Error hides what a column explains. That of the index is large; unless it is `known`, that reasoning explains more
    shows nothing. Either verdict must hold with all undecided claims refuted, and with all supported.
    """
    outcome = need_outcome(
        main.interval, p, same, knowledge=parts["knowledge"].coefficient, reasoning=parts["reasoning"].coefficient
    )
    if outcome not in ("knowledge_bound", "reasoning_bound"):
        return outcome, ""
    side = 1 if outcome == "knowledge_bound" else -1
    if side < 0 and not known:
        return "not_separable", _UNKNOWN
    stands = all(
        isinstance(bound, Interval) and (bound.lower > 0 if side > 0 else bound.upper < 0)
        for bound in at_bounds.values()
    )
    return (outcome, "") if stands else ("not_separable", _BOUNDS)


def _judged(one: Observed, main: Compared, p: float, same: float) -> Observation:
    assert one.record is not None
    known = one.record.reliability["knowledge"] is not None
    outcome, falls = observed_outcome(main, p, same, one.record.parts, one.record.at_bounds, known=known)
    noisy = one.noisy or falls
    if noisy:
        outcome = "not_separable"
    shown_same = same <= _ALPHA and not noisy
    margin = one.plan.margins["explained"]
    needed = max(questions_to_detect(main.spread, margin), questions_for_equivalence(main.spread, margin))
    undecided = outcome in ("not_separable", "not_enough_evidence") and not shown_same and not noisy
    open_ = undecided and needed > main.interval.n
    checked = _assumptions(one.record, falls != _BOUNDS, one.noisy)
    conclusion = Conclusion(
        about="need",
        outcome=outcome,
        reason="",
        effects={
            "knowledge": one.record.parts["knowledge"].explained,
            "reasoning": one.record.parts["reasoning"].explained,
            "difference": main.interval,
        },
        questions=main.interval.n,
        questions_needed=needed if open_ else None,
        assumptions=checked,
        sentence=sentences.observation_sentence(
            one.subject,
            outcome,
            one.record,
            main.interval,
            margin=margin,
            same=shown_same,
            noisy=noisy,
            needed=needed if open_ else None,
            checked=checked,
        ),
    )
    return msgspec.structs.replace(one.record, adjusted_p=p, adjusted_equivalence_p=same, conclusion=conclusion)


def _unjudged(one: Observed) -> Observation:
    first = one.refusals[0]
    questions = len({question for each in one.columns for question in each.questions.tolist()})
    conclusion = Conclusion(
        about="need",
        outcome="cannot_be_judged",
        reason=", ".join(refusal.reason for refusal in one.refusals),
        effects={},
        questions=questions,
        questions_needed=None,
        assumptions=(),
        sentence=sentences.no_observation(one.subject, one.refusals),
    )
    return Observation(
        traces=sum(len(each.correct) for each in one.columns),
        questions=questions,
        refusals=one.refusals,
        left_out=_left_out(one.columns),
        parts={},
        difference=first,
        without_error=first,
        at_bounds={},
        reliability={},
        correlations={},
        circularity={},
        strata=(),
        adjusted_p=None,
        adjusted_equivalence_p=None,
        conclusion=conclusion,
    )


def _pending(subject: Subject, questions: int) -> Conclusion:
    """Stands until the p of all subjects are known."""
    return Conclusion(
        about="need",
        outcome="cannot_be_judged",
        reason="",
        effects={},
        questions=questions,
        questions_needed=None,
        assumptions=(),
        sentence=subject.benchmark,
    )


def _at_bounds(columns: Sequence[Columns], seed: int, plan: Plan) -> dict[str, Interval | Unscored]:
    found: dict[str, Interval | Unscored] = {}
    for bound in ("lower", "upper"):
        design = design_for(columns, {}, knowledge=bound)
        parts = split(design, seed=seed, draws=plan.draws)
        found[bound] = parts if isinstance(parts, Unscored) else interval(difference(design, parts))
    return found


def _reliabilities(columns: Sequence[Columns], declared: Mapping[str, float]) -> dict[str, float | None]:
    """Of knowledge and reasoning; that of several models is the lowest one."""
    measured = [reliability(one.knowledge, one.error) for one in columns]
    known = [one for one in measured if one is not None]
    knowledge = min(known) if known and len(known) == len(measured) else None
    return {"knowledge": declared.get("knowledge", knowledge), "reasoning": declared.get("reasoning")}


def _too_noisy(reliable: Mapping[str, float | None]) -> str:
    for name, what in (("knowledge", "KI before commitment"), ("reasoning", "informative gain")):
        value = reliable[name]
        if value is not None and value < LEAST:
            return f"{1 - value:.0%} of the variance of the {what} is error of the instrument"
    return ""


def _without_error(design: Design, reliable: Mapping[str, float | None], seed: int, plan: Plan) -> Resampled | Unscored:
    if all(value is None for value in reliable.values()):
        return Unscored(reason="reliability_not_known")
    noisy = any(errors.any() for errors in design.errors.values())
    found = split(design, seed=seed, draws=plan.draws, corrected=noisy)
    return found if isinstance(found, Unscored) else difference(design, found)


def _left_out(columns: Sequence[Columns]) -> dict[str, int]:
    names = dict.fromkeys(name for one in columns for name in one.left_out)
    return {name: sum(one.left_out.get(name, 0) for one in columns) for name in names}


def _assumptions(record: Observation, stands: bool, noisy: str) -> tuple[Assumption, ...]:
    lost = record.left_out.get("no_gain", 0)
    worst = max(part.inflation for name, part in record.parts.items() if name != "no_knowledge")
    known = record.reliability["knowledge"]
    found = [
        Assumption(
            name="gain_measured",
            held=lost <= _LOST * (lost + record.traces),
            detail=f"{lost:,} of {lost + record.traces:,} graded traces have no informative gain and were left out",
        ),
        Assumption(
            name="columns_apart",
            held=worst < _INFLATED,
            detail=f"the largest variance inflation factor is {worst:.1f}",
        ),
        Assumption(
            name="error_known",
            held=known is not None,
            detail="how much of the KI is error of its verifier is not known"
            if known is None
            else noisy or f"{1 - known:.0%} of the variance of the KI before commitment is error of its verifier",
        ),
        Assumption(
            name="stands_at_bounds",
            held=stands,
            detail="the undecided claims, all refuted or all supported, do not change what is said"
            if stands
            else "with all undecided claims refuted, or all supported, it would not be shown",
        ),
    ]
    used = record.circularity.get("gain_used")
    if isinstance(used, Interval):
        detail = f"the gain that is used tells right answers from wrong ones with an AUROC of {used.estimate:.2f}"
        found.append(Assumption(name="not_circular", held=used.estimate < _CIRCULAR, detail=detail))
    return tuple(found)


def agree(columns: Sequence[Columns], outcomes: Sequence[str]) -> bool:
    """Whether several models may be observed as one: no opposite verdicts, and coefficients that differ by chance only.

    Cochran's Q of the coefficients of knowledge and of reasoning, each at .05.
    """
    if {"knowledge_bound", "reasoning_bound"} <= set(outcomes):
        return False
    fitted = [coefficients(design_of(one)) for one in columns]
    known = [one for one in fitted if not isinstance(one, Unscored)]
    return len(known) == len(fitted) and all(
        _alike([one[name] for one in known]) for name in ("knowledge", "reasoning")
    )


def _alike(found: Sequence[Interval]) -> bool:
    from scipy.stats import chi2  # heavy

    weights = [1 / ((one.upper - one.lower) / 3.92) ** 2 for one in found]
    mean = sum(w * one.estimate for w, one in zip(weights, found, strict=True)) / sum(weights)
    q = sum(w * (one.estimate - mean) ** 2 for w, one in zip(weights, found, strict=True))
    return float(chi2.sf(q, len(found) - 1)) > _ALPHA
