"""Free answers graded by a model, where no rule can: never in place of a grade that a rule has made."""

from __future__ import annotations

import msgspec

from knowreason.models.protocols import Marker
from knowreason.records import AnswerToGrade, Grade, Trace, Unscored


def needs_judge(trace: Trace) -> bool:
    """Whether only a judge can grade the trace: free text with a reference answer."""
    return trace.answer_type == "free_text" and trace.gold is not None


def judged_grade(trace: Trace, grade: Grade, marker: Marker, name: str) -> Grade:
    """The grade by `marker`, called `name`, of a trace that the rules left Unscored(needs_judge); else `grade`.

    Its answer is the words that the judge cites. A response without a word is no answer, and is not asked about.
    Where the judge fails, the grade is Unscored with its reason.
    """
    if not needs_judge(trace) or not isinstance(grade.outcome, Unscored) or grade.outcome.reason != "needs_judge":
        return grade
    response = _response(trace)
    if not response:
        return msgspec.structs.replace(grade, outcome="no_answer", grader=name)
    asked = AnswerToGrade(question=trace.question, reference=trace.gold or "", response=response)
    [mark] = marker.mark([asked])
    if isinstance(mark, Unscored):
        return msgspec.structs.replace(grade, outcome=mark, answer=None, grader=name)
    cited = None if mark.span is None else response[slice(*mark.span)]
    return msgspec.structs.replace(grade, outcome=mark.label, answer=cited, grader=name)


def _response(trace: Trace) -> str:
    """What follows the thinking; all of the text where nothing does, for the answer may stand in it."""
    after = "" if trace.thinking_end is None else trace.reasoning[trace.thinking_end :].strip()
    return after or trace.reasoning.strip()
