"""A declared reader in place of a model: its exact posteriors over the options, written down as a recording.

An audit that names the file as `--scorer scripted:FILE` measures what a perfect instrument of this reader would: what
then still goes wrong is due to the rule that reads the gains, not to the observer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from knowreason.decompose import decompose
from knowreason.errors import InputError
from knowreason.gain import trace_gain
from knowreason.lab.language import ask, parse
from knowreason.lab.printing import write_rows
from knowreason.lab.truth import Reader, posterior
from knowreason.lab.world import Fact, World
from knowreason.models.scripted import Scripted
from knowreason.models.tokens import count_tokens
from knowreason.read import read_traces
from knowreason.records import Observation, ReadIssue
from knowreason.sentences import split_sentences


def record_reader(world: World, reader: Reader, traces: Path, target: Path) -> Path:
    """What the reader holds after every step of the traces, in the order of the options, as log-probabilities in nats.

    Raises `InputError` for a trace that cannot be read, and for a reader to whom what is stated is impossible.
    """
    rows: dict[bytes, dict[str, Any]] = {}
    reading = _Reading(world, reader)

    def observe(asked: Observation) -> Sequence[float]:
        given = msgspec.to_builtins(asked)
        logs = reading.observe(asked)
        rows[msgspec.json.encode(given)] = {"kind": "observe", "input": given, "output": logs}
        return logs

    for trace in read_traces([str(traces)]):
        if isinstance(trace, ReadIssue):
            raise InputError(f"{trace.file}, line {trace.line}: {trace.reason}")
        found = decompose(trace, count_tokens)
        trace_gain(trace, found.steps, found.commitment, Scripted(observe=observe))
    return write_rows(target, rows.values())


class _Reading:
    """A reader's posteriors, each computed once."""

    def __init__(self, world: World, reader: Reader) -> None:
        self._world, self._reader = world, reader
        self._questions = {ask(world.question(entity)): world.question(entity) for entity in world.diseases}
        self._found: dict[tuple[str, tuple[Fact, ...]], dict[str, float]] = {}

    def observe(self, asked: Observation) -> list[float]:
        """Log-probabilities of the candidates after the facts that the text states."""
        if asked.question not in self._questions:
            raise InputError(f"this world asks no such question: {asked.question}")
        said = (parse(asked.prefix[a:b]) for a, b in split_sentences(asked.prefix))
        stated = tuple(dict.fromkeys(fact for fact in said if fact))
        key = (asked.question, stated)
        if key not in self._found:
            self._found[key] = posterior(self._world, self._questions[asked.question], stated, self._reader)
        return [math.log(self._found[key][drug]) for drug in asked.candidates]
