"""The same text cut anew: totals must stay, and what divides by the number of steps must not be believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import msgspec

from knowreason.decompose import Decomposition, decompose
from knowreason.frame.published import paper_infogain
from knowreason.gain import OptionScorer, trace_gain
from knowreason.lab.probe import open_observer
from knowreason.lab.results import Recut
from knowreason.models.protocols import Observer
from knowreason.models.tokens import count_tokens
from knowreason.read import read_traces
from knowreason.records import Gain, Step, Trace, Unscored

PARTS = ("informative", "mention", "commitment", "statement")


def measure_recut(traces: Path, checkpoint: Path, *, most: int) -> Recut:
    """The gains of up to `most` traces by a causal checkpoint, as they are and with every step cut in two.

    In double precision: what is left is what the measure does, and not that single precision rounds at 1e-6.
    """
    from knowreason.models.causal import CausalScorer  # needs torch

    observer = open_observer(checkpoint)
    return recut(
        traces, OptionScorer(observer.in_double() if isinstance(observer, CausalScorer) else observer), most=most
    )


def recut(traces: Path, observer: Observer, *, most: int) -> Recut:
    """The same by any observer. Each text is asked about twice, with its own steps and with twice as many."""
    totals: list[float] = []
    parts: list[float] = []
    published: list[tuple[float, float]] = []
    for trace in read_traces([str(traces)]):
        if not isinstance(trace, Trace) or len(totals) == most:
            continue
        found = decompose(trace, count_tokens)
        once, twice = (_gains(trace, found, steps, observer) for steps in (found.steps, cut_in_two(found.steps)))
        totals.append(abs(_total(once) - _total(twice)))
        parts += [abs(_part(once, name) - _part(twice, name)) for name in PARTS]
        both = paper_infogain(once), paper_infogain(twice)
        if not isinstance(both[0], Unscored) and not isinstance(both[1], Unscored):
            published.append((both[0], both[1]))
    return Recut(
        traces=len(totals),
        total=max(totals),
        parts=max(parts),
        published_before=fmean(before for before, _ in published),
        published_after=fmean(after for _, after in published),
    )


def cut_in_two(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Every step cut at the blank nearest to its middle; one without a blank stays whole."""
    out: list[Step] = []
    for step in steps:
        blanks = [i for i, sign in enumerate(step.text[:-1], start=1) if sign.isspace() and i > 1]
        middle = min(blanks, key=lambda i: abs(i - len(step.text) / 2), default=len(step.text))
        for start, end in ((0, middle), (middle, len(step.text))):
            if end > start:
                piece = {"start": step.start + start, "end": step.start + end, "text": step.text[start:end]}
                out.append(msgspec.structs.replace(step, step=len(out) + 1, **piece))
    return tuple(out)


def _gains(trace: Trace, found: Decomposition, steps: Sequence[Step], observer: Observer) -> tuple[Gain, ...]:
    gain = trace_gain(trace, steps, found.commitment, observer)
    if isinstance(gain.outcome, Unscored):
        raise ValueError(f"{trace.question_id}: {gain.outcome.reason}")  # the lab's own traces have gains
    return gain.outcome


def _total(gains: Sequence[Gain]) -> float:
    return sum(gain.gain or 0.0 for gain in gains)


def _part(gains: Sequence[Gain], name: str) -> float:
    return sum(gain.gain or 0.0 for gain in gains if gain.part == name)
