"""Grading: is the stated answer right? One fixed rule a kind of answer; never the better of two."""

from knowreason.grade.grader import Grader, grade_trace

__all__ = ["Grader", "grade_trace"]
