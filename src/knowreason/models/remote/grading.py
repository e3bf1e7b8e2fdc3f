"""How a chat model grades a free answer against the reference: the schema, and what counts as an answer.

One response a call: what stands in it can spoil its own grade, never that of another trace.
"""

from __future__ import annotations

import msgspec

from knowreason.models.remote.prompting import (
    Task,
    Told,
    closed,
    find_quote,
    malformed,
    parameters,
    parsed,
    written_label,
)
from knowreason.records import AnswerToGrade, GradeLabel, Mark

LABELS: tuple[GradeLabel, ...] = ("correct", "incorrect", "no_answer")


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the schema asks for."""

    quote: str
    grade: GradeLabel


_SAID = msgspec.json.Decoder(Said)  # made in one thread


def _read(text: str, asked: AnswerToGrade) -> Told:
    """A grade whose answer stands in the response; the words of the reference alone prove nothing."""
    said = parsed(text, _SAID)
    if isinstance(said, Told):
        return said
    if said.grade == "no_answer":
        return Told(Mark(label="no_answer", span=None))
    if not said.quote.strip():
        return malformed(f'a grade of "{said.grade}" needs the words that state the answer')
    span = find_quote(said.quote, asked.response)
    if span is None:
        return malformed("the quote does not stand in the response")
    return Told(Mark(label=said.grade, span=span))


def _given(asked: AnswerToGrade) -> dict[str, object]:
    return {"question": asked.question, "reference": asked.reference, "response": asked.response}


def _texts(asked: AnswerToGrade) -> tuple[str, str]:
    context = msgspec.json.encode({"question": asked.question, "reference": asked.reference}).decode()
    return context, asked.response


GRADE: Task[AnswerToGrade] = Task(
    kind="grade",
    prompt="grade",
    parameters=parameters(
        "grade", closed(quote={"type": "string"}, grade={"type": "string", "enum": list(LABELS)}), 300
    ),
    given=_given,
    texts=_texts,
    read=_read,
    written=written_label,
)
