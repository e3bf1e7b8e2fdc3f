"""Surprisal of the gold answer before and after every step of a trace, and the gains between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from knowreason.answers import value_of
from knowreason.errors import Unanswered
from knowreason.gain.candidates import number_text, numeric_candidates
from knowreason.gain.options import LetterScorer, OptionScorer
from knowreason.models.protocols import Observer
from knowreason.records import Commitment, Gain, Observation, Step, Trace, TraceGain, Unscored

_REASONING_AT_LEAST = 25  # characters before the statement: less is a bare answer
_MOST_STEPS = 2000
_AT_ONCE = 32  # positions of one call: the prefixes of a trace together are quadratic in its length
_ABSENT = frozenset({"redacted", "summary_only", "stripped"})


class _Course(NamedTuple):
    """Surprisal of the gold answer, and entropy over the candidates where there are any, after every prefix."""

    surprisals: list[float]
    entropies: list[float] | None
    tokens: int | None = None


def trace_gain(trace: Trace, steps: Sequence[Step], commitment: Commitment | None, observer: Observer) -> TraceGain:
    """Surprisals h_0..h_n and gains g_i = h_(i-1) - h_i of the gold answer, in nats.

    h_i = -ln q(gold | question, steps 1..i) over the options, or over their letters where the observer is one of
    letters. Where there are none, a causal scorer is asked for
    the gold answer's own tokens (h_i is summed over them), another observer for numbers drawn from the gold and
    the question. The gains sum to h_0 - h_n. The positions of one trace are asked together, so a figure never
    depends on which other traces are audited.

    Unscored reasons: no_gold, no_reasoning (a bare answer), reasoning_absent (redacted, summarised or
    stripped), needs_causal_scorer (free text), trained_on_question (the observer has learned from it),
    too_many_steps, context_too_long (for a causal scorer), no_letters (letters are asked for, and there are no
    options), letter_not_in_top (the right letter is not among the tokens that a server shows), and what a scorer
    gives for a position that it cannot answer (model_unavailable …).
    """
    space = _space(trace, observer)
    course = _refusal(trace, steps, commitment, observer) or _asked(trace, [0, *(s.end for s in steps)], observer)
    if isinstance(course, Unscored):
        return TraceGain(trace_id=trace.trace_id, outcome=course, confident_wrong=None, answer_space=space)
    gains = _gains(steps, course)
    return TraceGain(
        trace_id=trace.trace_id,
        outcome=gains,
        confident_wrong=_confident_wrong(course),
        answer_space=space,
        answer_tokens=course.tokens,
    )


def _space(trace: Trace, observer: Observer) -> str:
    """What the surprisal is over: figures of two spaces are never one scale."""
    if isinstance(observer, LetterScorer):
        return "letters"
    if trace.options:
        return "options"
    return "tokens" if isinstance(observer, OptionScorer) else "candidates"


def _asked(trace: Trace, ends: Sequence[int], observer: Observer) -> _Course | Unscored:
    """The course, or the reason of a scorer that has no answer for one of its positions."""
    try:
        return _course(trace, ends, observer)
    except Unanswered as failed:
        return Unscored(reason=failed.reason, detail=failed.detail)


def _course(trace: Trace, ends: Sequence[int], observer: Observer) -> _Course | Unscored:
    if isinstance(observer, LetterScorer) and not trace.options:
        return Unscored(reason="no_letters", detail="the question has no options")
    if isinstance(observer, OptionScorer) and not trace.options:
        return _over_tokens(trace, ends, observer)
    asked = _candidates(trace)
    if isinstance(asked, Unscored):
        return asked
    candidates, gold = asked
    logs = _observed(trace, ends, candidates, observer)
    if isinstance(logs, Unscored):
        return logs
    if isinstance(observer, LetterScorer) and any(math.isinf(log[gold]) for log in logs):
        return Unscored(reason="letter_not_in_top", detail="the right letter is not among the likeliest tokens")
    return _Course([-log[gold] for log in logs], [_entropy(log) for log in logs])


def _over_tokens(trace: Trace, ends: Sequence[int], observer: OptionScorer) -> _Course | Unscored:
    if trace.gold is None or not trace.gold.strip():
        return Unscored(reason="no_gold")
    logs = observer.answer_along(trace.question, trace.reasoning, ends, trace.gold)
    return logs if isinstance(logs, Unscored) else _Course([-sum(log) for log in logs], None, len(logs[0]))


def _observed(
    trace: Trace, ends: Sequence[int], candidates: tuple[str, ...], observer: Observer
) -> list[list[float]] | Unscored:
    """Log-probabilities over the candidates after each prefix of the reasoning, some positions at a time."""
    labels = tuple(sorted(trace.options)) if trace.options else ()
    whole = Observation(question=trace.question, prefix=trace.reasoning, candidates=candidates, labels=labels)
    if isinstance(observer, OptionScorer):
        return observer.observe_along(whole, ends)
    out: list[list[float]] = []
    for start in range(0, len(ends), _AT_ONCE):
        some = ends[start : start + _AT_ONCE]
        out += observer.observe([msgspec.structs.replace(whole, prefix=trace.reasoning[:end]) for end in some])
    return out


def _confident_wrong(course: _Course) -> float | None:
    if course.entropies is None:
        return None
    sharpened = course.entropies[0] - course.entropies[-1]
    return sharpened - (course.surprisals[0] - course.surprisals[-1])


def _gains(steps: Sequence[Step], course: _Course) -> tuple[Gain, ...]:
    surprisals, entropies = course.surprisals, course.entropies or [None] * len(course.surprisals)
    first = Gain(step=0, surprisal=surprisals[0], gain=None, part=None, entropy=entropies[0])
    rest = [
        Gain(step=s.step, surprisal=after, gain=before - after, part=s.part, entropy=entropy)
        for s, before, after, entropy in zip(steps, surprisals, surprisals[1:], entropies[1:], strict=False)
    ]
    return (first, *rest)


def _candidates(trace: Trace) -> tuple[tuple[str, ...], int] | Unscored:
    """The candidate texts in canonical order, and the place of the gold among them."""
    if trace.gold is None:
        return Unscored(reason="no_gold")
    if trace.options:
        letters = sorted(trace.options)
        return tuple(trace.options[k] for k in letters), letters.index(trace.gold)
    numbers = numeric_candidates(trace.gold, trace.question, trace.question_key)
    value = value_of(trace.gold)
    if numbers is None or value is None:
        return Unscored(reason="needs_causal_scorer", detail="the answer is no option and no number")
    return numbers, numbers.index(number_text(value))


def _refusal(trace: Trace, steps: Sequence[Step], commitment: Commitment | None, observer: Observer) -> Unscored | None:
    if trace.integrity in _ABSENT:
        return Unscored(reason="reasoning_absent", detail=trace.integrity)
    end = commitment.statement_at if commitment else len(trace.reasoning)
    if len(trace.reasoning[:end].strip()) < _REASONING_AT_LEAST:
        return Unscored(reason="no_reasoning")
    if len(steps) > _MOST_STEPS:
        return Unscored(reason="too_many_steps", detail=f"{len(steps)} steps")
    trained_on = getattr(observer, "trained_on", None)
    if trained_on is not None and trained_on(trace.question_key):
        return Unscored(reason="trained_on_question")
    return None


def _entropy(logs: Sequence[float]) -> float:
    return -sum(math.exp(v) * v for v in logs if v > -700)
