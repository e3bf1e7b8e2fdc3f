"""From a trace to its grade: correct, incorrect, no_answer, or the reason why it was not graded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from types import TracebackType

from knowreason.answers import Statement, conflicting_statements, stated_answer
from knowreason.grade.mathematics import MathWorker
from knowreason.mentions import value_of
from knowreason.records import Grade, GradeLabel, Trace, Unscored

# Two plain numbers are the same answer when they differ by no more than float noise.
_RELATIVE = 1e-6


class Grader:
    """Grades traces; a context manager, because mathematics runs in a worker process that it owns."""

    def __init__(self) -> None:
        self._worker: MathWorker | None = None

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.close()

    def grade(self, traces: Iterable[Trace]) -> list[Grade]:
        """One grade a trace, in order. `Unscored` reasons: no_gold, needs_judge, grader_timeout, grader_error."""
        return [self._grade(trace) for trace in traces]

    def _grade(self, trace: Trace) -> Grade:
        statement = stated_answer(trace.reasoning, trace.thinking_end, trace.options)
        if trace.gold is None:
            return _grade(trace, statement, Unscored(reason="no_gold"))
        if trace.answer_type == "free_text":
            return _grade(trace, statement, Unscored(reason="needs_judge"))
        if statement is None:
            return _grade(trace, None, "no_answer")
        if trace.answer_type == "option":
            return _grade(trace, statement, _label(statement.letter == trace.gold))
        if trace.answer_type == "short_text":
            return _grade(trace, statement, _label(normalise_text(statement.answer) == normalise_text(trace.gold)))
        return _grade(trace, statement, self._mathematics(trace.gold, statement))

    def _mathematics(self, gold: str, statement: Statement) -> GradeLabel | Unscored:
        wanted, stated = value_of(gold), value_of(statement.answer)
        if wanted is not None and stated is not None:
            return _label(abs(wanted - stated) <= _RELATIVE * max(1.0, abs(wanted)))
        if self._worker is None:
            self._worker = MathWorker()
        same = self._worker.same(gold, statement.answer, boxed=statement.boxed)
        return same if isinstance(same, Unscored) else _label(same)


def grade_trace(trace: Trace) -> Grade:
    """Grades a single trace (see `Grader` for many)."""
    with Grader() as grader:
        return grader.grade([trace])[0]


def normalise_text(text: str) -> str:
    """Case, accents' composition, punctuation, articles and spacing removed: for exact match of short text."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"[^\w\s]", " ", text)
    return " ".join(w for w in text.split() if w not in {"a", "an", "the"})


def _label(right: bool) -> GradeLabel:
    return "correct" if right else "incorrect"


def _grade(trace: Trace, statement: Statement | None, outcome: GradeLabel | Unscored) -> Grade:
    conflicts = conflicting_statements(trace.reasoning, trace.options) if trace.options else 0
    return Grade(
        trace_id=trace.trace_id,
        outcome=outcome,
        answer=statement.answer if statement else None,
        conflicting_statements=conflicts,
    )
