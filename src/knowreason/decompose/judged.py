"""Claims as a model reads them: rules cut the steps, the model says what each step states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from knowreason.decompose.claims import subjects_before
from knowreason.models.protocols import Decomposer
from knowreason.records import Claim, ReadClaims, Step, StepToRead, Trace, Unscored


class JudgedClaims(NamedTuple):
    """The claims in order; `unread` are the steps, by number, whose claims could not be read, and why."""

    claims: tuple[Claim, ...]
    unread: Mapping[int, Unscored]


def judged_claims(trace: Trace, steps: Sequence[Step], decomposer: Decomposer) -> JudgedClaims:
    """The claims that `decomposer` reads in the steps of a trace, each step by itself; the statement makes none.

    A step that could not be read stands as one claim, the whole step, so that coverage counts it: that nothing could
    be read is not that nothing is claimed.
    """
    before = subjects_before(trace, steps)
    asked = [
        (step, StepToRead(question=trace.question, options=trace.options, spoken_of=names, text=step.text))
        for step, names in zip(steps, before, strict=True)
        if step.part != "statement" and any(sign.isalpha() for sign in step.text)
    ]
    claims: list[Claim] = []
    unread: dict[int, Unscored] = {}
    for (step, _), read in zip(asked, decomposer.read_claims([one for _, one in asked]), strict=True):
        if isinstance(read, Unscored):
            unread[step.step] = read
            claims.append(_whole(trace, step))
        else:
            claims += _claims(trace, step, read)
    return JudgedClaims(tuple(claims), unread)


def _claims(trace: Trace, step: Step, read: ReadClaims) -> list[Claim]:
    return [
        Claim(
            trace_id=trace.trace_id,
            step=step.step,
            claim=number,
            start=step.start + found.start,
            end=step.start + found.end,
            text=step.text[found.start : found.end],
            normalised=found.normalised,
            query=found.query,
        )
        for number, found in enumerate(read.claims)
    ]


def _whole(trace: Trace, step: Step) -> Claim:
    start = step.start + len(step.text) - len(step.text.lstrip())
    text = step.text.strip()
    return Claim(
        trace_id=trace.trace_id,
        step=step.step,
        claim=0,
        start=start,
        end=start + len(text),
        text=text,
        normalised=" ".join(text.split()),
    )
