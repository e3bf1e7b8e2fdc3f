"""Steps: spans that partition the reasoning, at the places where a reader would say "next"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

from knowreason.answers import Statement, find_parts
from knowreason.decompose.moves import move_of
from knowreason.records import Commitment, Part, Step, Trace
from knowreason.sentences import split_sentences

_SHORTEST = 12  # characters: a shorter piece ("Step 2:", "1.") belongs to what follows it

TokenCounter = Callable[[Sequence[str]], list[int]]


def split_steps(
    trace: Trace, statement: Statement | None, count_tokens: TokenCounter
) -> tuple[tuple[Step, ...], Commitment | None]:
    """The steps of a trace, 1-based, and where it commits (None where it states no answer).

    The texts of the steps joined give back `trace.reasoning`. Explicit step markers, paragraphs, list items
    and sentences begin steps; the offsets at which the trace commits, and the sentences that name an option,
    are always boundaries, whatever stands around them.
    """
    text = trace.reasoning
    commitment: Commitment | None = None
    parts: list[tuple[int, int, Part]] = []
    if statement is not None:
        commitment, parts = find_parts(text, trace.question, trace.options, statement)
    cuts = step_cuts(text, [start for start, _, _ in parts], trace.thinking_end)
    texts = [text[a:b] for a, b in cuts]
    tokens = count_tokens(texts)
    steps = tuple(
        Step(
            trace_id=trace.trace_id,
            step=i + 1,
            start=a,
            end=b,
            text=texts[i],
            move=move_of(texts[i], trace.question, _part_at(parts, a)),
            part=_part_at(parts, a),
            tokens=tokens[i],
        )
        for i, (a, b) in enumerate(cuts)
    )
    return steps, commitment


def step_cuts(text: str, forced: Sequence[int], thinking_end: int | None = None) -> list[tuple[int, int]]:
    """Spans that partition `text`: its sentences, with every offset of `forced` a boundary as well."""
    must = {f for f in forced if 0 < f < len(text)}
    if thinking_end is not None and 0 < thinking_end + 1 < len(text):
        must.add(thinking_end + 1)
    starts = sorted({a for a, _ in split_sentences(text)} | must)
    kept: list[int] = []
    for start, following in pairwise([*starts, len(text)]):
        if kept and start not in must and _is_short(text[kept[-1] : start]):
            continue
        if kept and start not in must and following == len(text) and _is_short(text[start:]):
            continue
        kept.append(start)
    return list(pairwise([*kept, len(text)]))


def _is_short(piece: str) -> bool:
    return len(re.sub(r"\s+", " ", piece).strip()) < _SHORTEST


def _part_at(parts: Sequence[tuple[int, int, Part]], offset: int) -> Part | None:
    at = bisect_right(parts, offset, key=lambda span: span[0]) - 1
    return parts[at][2] if at >= 0 and offset < parts[at][1] else None
