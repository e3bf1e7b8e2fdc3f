"""The figures of one trace: its row of the scores table.

A figure that could not be made is null, with its reason in the column that ends in `unscored`; a count is
always a number. All gains are in nats.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

from knowreason.frame.published import paper_infogain, paper_ki
from knowreason.records import (
    Claim,
    Commitment,
    Gain,
    Grade,
    Part,
    Step,
    Trace,
    TraceGain,
    Unscored,
    Verdict,
    Verification,
)

Row = dict[str, object]

PARTS: tuple[Part, ...] = ("informative", "mention", "commitment", "statement")

_REASONING_AT_LEAST = 25  # characters before the statement: less is a bare answer, which has no parts


class Audited(NamedTuple):
    """All that was found out about one trace. `verifications` stand in the order of `claims`.

    `paper` asks for the published figures too; without it their columns are null. `others` are gains under further
    scorers, by their names.
    """

    trace: Trace
    steps: tuple[Step, ...]
    claims: tuple[Claim, ...]
    commitment: Commitment | None
    grade: Grade
    verifications: tuple[Verification, ...]
    gain: TraceGain
    scorer: str
    paper: bool = False
    others: tuple[tuple[str, TraceGain], ...] = ()


def score_row(audited: Audited) -> Row:
    """The row of `scores` for one trace. Raises ValueError where the records do not belong together."""
    trace, grade, commitment = audited.trace, audited.grade, audited.commitment
    graded = grade.outcome if isinstance(grade.outcome, str) else None
    return {
        "trace_id": trace.trace_id,
        "grade": graded,
        "grade_unscored": None if isinstance(grade.outcome, str) else grade.outcome.reason,
        "answer": grade.answer,
        "conflicting_statements": grade.conflicting_statements,
        "grader": grade.grader,
        **_knowledge(audited),
        **_gain(audited),
        "content_at": commitment.content_at if commitment else None,
        "statement_at": commitment.statement_at if commitment else None,
        "content_rule": commitment.rule if commitment else None,
        "scorer": audited.scorer,
        "answer_space": audited.gain.answer_space,
        "answer_tokens": audited.gain.answer_tokens,
        "steps": len(audited.steps),
        "tokens": sum(step.tokens for step in audited.steps),
        "reasoning_tokens": _reasoning_tokens(audited),
        **_published(audited),
    }


def scored_gains(gain: TraceGain) -> tuple[Gain, ...] | Unscored:
    """The gains of a trace, or why there are none; a figure that is not finite makes the trace Unscored."""
    if isinstance(gain.outcome, Unscored):
        return gain.outcome
    numbers = [v for g in gain.outcome for v in (g.surprisal, g.gain, g.entropy, gain.confident_wrong) if v is not None]
    return gain.outcome if all(map(math.isfinite, numbers)) else Unscored(reason="not_finite")


def _knowledge(audited: Audited) -> Row:
    """KI = supported / (supported + refuted), its coverage, and the bounds that any undecided claim leaves.

    Bounds: [S / (S+R+N+U), (S+N+U) / (S+R+N+U)], null where no claim was verified at all.
    """
    checked = list(zip(audited.claims, audited.verifications, strict=True))
    if any((c.step, c.claim) != (v.step, v.claim) for c, v in checked):
        raise ValueError(f"trace {audited.trace.trace_id}: verifications are not in the order of the claims")
    labels = Counter(_label(v) for v in audited.verifications)
    supported, refuted, total = labels["supported"], labels["refuted"], len(checked)
    verified = labels[None] < total
    stop = audited.commitment.content_at if audited.commitment else None
    before = [v for c, v in checked if stop is not None and c.start < stop]
    return {
        "ki": _index(audited.verifications),
        "ki_lower": supported / total if verified else None,
        "ki_upper": (total - refuted) / total if verified else None,
        "ki_coverage": (supported + refuted) / total if total else None,
        "ki_before_commitment": _index(before),
        "ki_on_topic": _index([v for v in audited.verifications if v.on_topic]),
        "ki_unscored": _why_no_index(audited.verifications),
        "claims": total,
        "supported": supported,
        "refuted": refuted,
        "not_enough_info": labels["not_enough_info"],
        "claims_unscored": labels[None],
    }


def _label(verification: Verification) -> str | None:
    return verification.outcome.label if isinstance(verification.outcome, Verdict) else None


def _index(verifications: list[Verification] | tuple[Verification, ...]) -> float | None:
    labels = Counter(_label(v) for v in verifications)
    decided = labels["supported"] + labels["refuted"]
    return labels["supported"] / decided if decided else None


def _why_no_index(verifications: tuple[Verification, ...]) -> str | None:
    if _index(verifications) is not None:
        return None
    if not verifications:
        return "no_claims"
    reasons = {v.outcome.reason if isinstance(v.outcome, Unscored) else None for v in verifications}
    shared = reasons.pop() if len(reasons) == 1 else None
    return shared or "no_decided_claim"


def _gain(audited: Audited) -> Row:
    """Total gain h_0 - h_n, its four parts, misled mass = sum of max(0, -g), and confident_wrong, in nats.

    The density is the informative part per 100 tokens before the answer's statement.
    """
    gains = scored_gains(audited.gain)
    if isinstance(gains, Unscored):
        return _no_gain(gains.reason)
    if [g.step for g in gains] != [0, *(s.step for s in audited.steps)]:
        raise ValueError(f"trace {audited.trace.trace_id}: gains do not belong to its steps")
    why = _why_no_parts(audited)
    parts = {p: sum(g.gain or 0.0 for g in gains if g.part == p) for p in PARTS}
    tokens = _reasoning_tokens(audited)
    return {
        "gain_total": gains[0].surprisal - gains[-1].surprisal,
        **{f"gain_{part}": None if why else gain for part, gain in parts.items()},
        "gain_density": None if why or not tokens else 100 * parts["informative"] / tokens,
        "parts_unscored": why,
        "misled_mass": sum(max(0.0, -(g.gain or 0.0)) for g in gains),
        "confident_wrong": audited.gain.confident_wrong,
        "gain_unscored": None,
    }


def _no_gain(reason: str) -> Row:
    figures = ("gain_total", *(f"gain_{part}" for part in PARTS), "gain_density", "misled_mass", "confident_wrong")
    return {**dict.fromkeys(figures), "parts_unscored": reason, "gain_unscored": reason}


def _why_no_parts(audited: Audited) -> str | None:
    if audited.commitment is None:
        return "no_statement"
    before = audited.trace.reasoning[: audited.commitment.statement_at]
    return "no_reasoning" if len(before.strip()) < _REASONING_AT_LEAST else None


def _reasoning_tokens(audited: Audited) -> int | None:
    """Tokens of the steps before the answer's statement (always a step boundary); None where none is stated."""
    if audited.commitment is None:
        return None
    return sum(step.tokens for step in audited.steps if step.start < audited.commitment.statement_at)


def _published(audited: Audited) -> Row:
    if not audited.paper:
        return {"paper_ki": None, "paper_infogain": None}
    gains = scored_gains(audited.gain)
    found = {
        "paper_ki": paper_ki(audited.steps, audited.claims, audited.verifications),
        "paper_infogain": gains
        if isinstance(gains, Unscored)
        else paper_infogain(gains, audited.gain.answer_tokens or 1),
    }
    return {name: None if isinstance(figure, Unscored) else figure for name, figure in found.items()}
