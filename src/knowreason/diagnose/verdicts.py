"""From two figures and their difference to what a benchmark asks for; the one rule of both arms."""

from __future__ import annotations

from knowreason.conclusions import ConclusionOutcome
from knowreason.records import Interval

ALPHA = 0.05


def need_outcome(
    difference: Interval, adjusted_p: float, adjusted_equivalence_p: float, *, knowledge: Interval, reasoning: Interval
) -> ConclusionOutcome:
    """Which of the two outweighs the other, `difference` being knowledge minus reasoning.

    "not_separable" where the difference is shown to lie within the margin (also if it is certain), or is
    compatible with 0; "not_enough_evidence" where one outweighs the other and is not itself shown to help: it
    would win only because the other harms.
    """
    if adjusted_equivalence_p <= ALPHA or adjusted_p > ALPHA:
        return "not_separable"
    if difference.lower > 0:
        return "knowledge_bound" if knowledge.lower > 0 else "not_enough_evidence"
    if difference.upper < 0:
        return "reasoning_bound" if reasoning.lower > 0 else "not_enough_evidence"
    return "not_separable"
