"""From a trace to its grade: correct, incorrect, no_answer, or the reason why it was not graded."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from types import TracebackType

from knowreason.answers import Statement, conflicting_statements, final_statement, stated_answer, value_of
from knowreason.grade.mathematics import MathWorker
from knowreason.records import Grade, GradeLabel, Trace, Unscored

_RELATIVE = 1e-6  # two plain numbers are the same answer when they differ by no more than float noise
_WORDED = re.compile(r"\\(?:text|textbf|mathrm|textrm)\s*\{([^{}\\]*)\}")
_RANGE = re.compile(r"\W*(?:(?:less|fewer|more|greater|larger|smaller|higher|lower) than(?! or equal)|between)\b", re.I)
_ARTICLES = frozenset({"a", "an", "the"})


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
            self._worker = None

    def grade(self, traces: Iterable[Trace]) -> list[Grade]:
        """One grade a trace, in order. `Unscored` reasons: no_gold, needs_judge, grader_timeout, grader_error."""
        return [self._grade(trace) for trace in traces]

    def _grade(self, trace: Trace) -> Grade:
        find = stated_answer if _has_number(trace.gold) else final_statement
        statement = find(trace.reasoning, trace.thinking_end, trace.options)
        if trace.gold is None:
            return _grade(trace, statement, Unscored(reason="no_gold"))
        if trace.answer_type == "free_text":
            return _grade(trace, statement, Unscored(reason="needs_judge"))
        if statement is None:
            return _grade(trace, None, "no_answer")
        if trace.answer_type == "option":
            return _grade(trace, statement, _label(statement.letter == trace.gold))
        if trace.answer_type == "short_text":
            return _grade(trace, statement, _label(_is_same_text(trace.gold, statement.answer)))
        return _grade(trace, statement, self._mathematics(trace.gold, statement))

    def _mathematics(self, gold: str, statement: Statement) -> GradeLabel | Unscored:
        if _literal(gold) == _literal(statement.answer):
            return "correct"
        wanted, stated = value_of(gold), value_of(statement.answer)
        if wanted is not None and stated is not None:
            return _label(_is_same(wanted, stated, _is_percentage(gold), _is_percentage(statement.answer)))
        if wanted is not None and _RANGE.match(statement.answer):
            return "incorrect"  # math-verify takes "less than 5" for 5
        if self._worker is None:
            self._worker = MathWorker()
        same = self._worker.same(gold, statement.answer, boxed=statement.boxed)
        return same if isinstance(same, Unscored) else _label(same)


def grade_trace(trace: Trace) -> Grade:
    """Grades a single trace (see `Grader` for many)."""
    with Grader() as grader:
        return grader.grade([trace])[0]


def normalise_text(text: str) -> str:
    """Case, composition, punctuation, articles and spacing removed: for exact match of short text.

    Signs that make another answer of it ("C++", "-5", "50%") stay, and a text of nothing else stays as it is.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = re.sub(r"(?<!\w)-(?=\d)|(?<=\w)[+#]+(?!\w)|(?<=\d)[%°]|(?<=\d)[.,/](?=\d)|[^\w\s]", _kept_sign, folded)
    words = plain.split()
    return " ".join([w for w in words if w not in _ARTICLES] or words) or " ".join(folded.split())


def _is_same_text(wanted: str, stated: str) -> bool:
    numbers = value_of(wanted), value_of(stated)
    if numbers[0] is not None and numbers[1] is not None:
        return math.isclose(numbers[0], numbers[1], rel_tol=_RELATIVE)
    return normalise_text(wanted) == normalise_text(stated)


def _literal(text: str) -> str:
    """The expression as it is written, without the dollar signs or the \\text{} around it; words without case."""
    text = text.strip(" $.*_\n")
    worded = _WORDED.fullmatch(text)
    text = " ".join((worded[1] if worded else text).split())
    return text.casefold() if len(text) > 1 and text.replace(" ", "").isalpha() else text


def _kept_sign(match: re.Match[str]) -> str:
    """A sign that one of the first patterns found stays; any other punctuation becomes a space."""
    sign, text = match.group(), match.string
    after = text[match.end() : match.end() + 1]
    before = text[match.start() - 1 : match.start()] if match.start() else ""
    number = sign == "-" and after.isdigit() and not before.isalnum()
    tail = sign[0] in "+#%°" and before.isalnum() and not after.isalnum()
    return sign if number or tail or (before.isdigit() and after.isdigit() and sign in ".,/") else " "


def _is_same(wanted: float, stated: float, wanted_percent: bool, stated_percent: bool) -> bool:
    """Whether two numbers agree; a percentage also agrees with its fraction of one."""
    if math.isclose(wanted, stated, rel_tol=_RELATIVE):
        return True
    if wanted_percent == stated_percent:
        return False
    wanted, stated = (wanted / 100, stated) if wanted_percent else (wanted, stated / 100)
    return math.isclose(wanted, stated, rel_tol=_RELATIVE)


def _is_percentage(text: str) -> bool:
    return text.rstrip(" .*_$").endswith("%")


def _has_number(gold: str | None) -> bool:
    """Whether the last number of a text could be the answer at all."""
    return gold is None or any(c.isdigit() for c in gold)


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
