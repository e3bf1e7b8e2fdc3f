"""The weights that ship: trained, on no question of the example, and quiet where a text says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowreason.answers import final_statement
from knowreason.doctor import examine
from knowreason.models.builtin import BuiltinModel
from knowreason.read import ReadOptions, Source, read_traces
from knowreason.records import Observation, Trace

FOREIGN_GAIN = 0.5
"""Nats: mean |gain of a trace's own answer| after the reasoning about another question stays below this."""


@pytest.fixture(scope="module")
def model() -> BuiltinModel:
    return BuiltinModel()


@pytest.fixture(scope="module")
def traces(example_dir: Path) -> list[Trace]:
    read = read_traces([Source(str(example_dir / "traces.jsonl"), None)], ReadOptions())
    return [trace for trace in read if isinstance(trace, Trace)]


def test_the_shipped_weights_are_trained(model: BuiltinModel) -> None:
    assert "untrained" not in model.describe()["id"]
    assert "snapshot" not in model.describe()["id"]


def test_no_question_of_the_example_trained_the_weights(model: BuiltinModel, traces: list[Trace]) -> None:
    assert len(traces) >= 200
    assert not [trace.question_id for trace in traces if model.trained_on(trace.question_key)]


def test_every_probe_of_the_doctor_passes() -> None:
    assert not [f"{finding.name}: {finding.detail}" for finding in examine("builtin:") if not finding.passed]


def test_reasoning_about_another_question_gains_about_nothing(model: BuiltinModel, traces: list[Trace]) -> None:
    chosen = [trace for trace in traces if trace.options][::4][:30]
    own = [final_statement(trace.reasoning, trace.thinking_end, trace.options) for trace in chosen]
    held = [(t, s) for t, s in zip(chosen, own, strict=True) if s is not None and s.letter in (t.options or {})]
    assert len(held) >= 20
    foreign: list[float] = []
    told: list[float] = []
    for place, (trace, statement) in enumerate(held):
        other, said = held[(place + len(held) // 2) % len(held)]
        before, after, end = model.observe(
            [asked(trace, ""), asked(trace, other.reasoning[: said.start]), asked(trace, trace.reasoning)]
        )
        letter = sorted(trace.options or {}).index(str(statement.letter))
        foreign.append(abs(after[letter] - before[letter]))
        told.append(end[letter] - before[letter])
    assert float(np.mean(foreign)) < FOREIGN_GAIN
    assert float(np.mean(told)) > 3 * float(np.mean(foreign))


def asked(trace: Trace, prefix: str) -> Observation:
    letters = sorted(trace.options or {})
    return Observation(
        question=trace.question,
        prefix=prefix,
        candidates=tuple((trace.options or {})[letter] for letter in letters),
        labels=tuple(letters),
    )
