"""When statistics refuse to speak: the reasons, in one place.

A refusal is an `Unscored`, never a number: `nothing_scored` (no unit was measured), `too_few` (fewer than
`MIN_QUESTIONS` questions), `constant` (a column without variation), `one_class` (all right, or all wrong),
`collinear` (a column is a sum of others), `separated` (the columns tell right from wrong without error, so that no
finite coefficient is best), `uninformative_instrument` (sensitivity and specificity together no better than chance).
"""

from __future__ import annotations

from knowreason.records import Unscored

MIN_QUESTIONS = 20
"""Comparisons and regressions over fewer questions are refused: their intervals would not hold what they say."""


def too_few(questions: int) -> Unscored | None:
    """The refusal for this number of questions, None where there are enough."""
    if questions == 0:
        return Unscored(reason="nothing_scored")
    if questions < MIN_QUESTIONS:
        return Unscored(reason="too_few", detail=f"{questions} questions; a comparison needs {MIN_QUESTIONS}")
    return None
