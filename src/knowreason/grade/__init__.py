"""Grading: is the stated answer right? One fixed rule a kind of answer; a judge only where no rule can."""

from knowreason.grade.grader import Grader, grade_trace
from knowreason.grade.judged import judged_grade, needs_judge

__all__ = ["Grader", "grade_trace", "judged_grade", "needs_judge"]
