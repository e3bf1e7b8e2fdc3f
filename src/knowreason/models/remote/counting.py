"""Stand-ins that take the place of models while calls are counted: the same questions, nothing asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from knowreason.ledger import Call, Ledger, Usage
from knowreason.models.openai import ServedModel, letters_estimate, score_estimate
from knowreason.models.remote.chat import call, estimate, held
from knowreason.models.remote.echo import Way
from knowreason.models.remote.grading import GRADE
from knowreason.models.remote.judging import VERIFY
from knowreason.models.remote.letters import LetterWay
from knowreason.models.remote.reading import READ
from knowreason.records import (
    AnswerToGrade,
    Continuation,
    Mark,
    Observation,
    ReadClaim,
    ReadClaims,
    StepToRead,
    Unscored,
)

_CLAIM = 60  # characters of a step for each claim that it may make: few claims are shorter


class Estimate(NamedTuple):
    """What an audit may ask for: calls to make, answers that the ledger holds, and the tokens of the calls at most."""

    calls: int
    held: int
    usage: Usage

    def __add__(self, other: object) -> Estimate:
        """Both together."""
        if not isinstance(other, Estimate):
            return NotImplemented
        read, written = self.usage.read + other.usage.read, self.usage.written + other.usage.written
        return Estimate(self.calls + other.calls, self.held + other.held, Usage(read=read, written=written))

    def told(self) -> dict[str, int]:
        """The same for machines: calls to make, answers recorded already, and tokens at most."""
        return {
            "calls": self.calls,
            "recorded": self.held,
            "tokens_read": self.usage.read,
            "tokens_written": self.usage.written,
        }


NOTHING = Estimate(0, 0, Usage())


class Counting:
    """Stands in for a server: the same questions, no call. What it says is no answer and goes nowhere."""

    def __init__(self, server: ServedModel, ledger: Ledger) -> None:
        self._server, self._ledger = server, ledger
        self._way: Way | None = server.recorded_way()
        self._letter_way: LetterWay | None = server.recorded_letter_way()
        self.estimate = NOTHING

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Unscored]:
        """Counts the pairs."""
        for pair in pairs:
            self._count(call(VERIFY, pair, self._server.address), estimate(VERIFY, pair))
        return [Unscored(reason="counted")] * len(pairs)

    def read_claims(self, steps: Sequence[StepToRead]) -> list[ReadClaims | Unscored]:
        """Counts the steps; one that was never read may make a claim for every few words."""
        for step in steps:
            self._count(call(READ, step, self._server.address), estimate(READ, step))
        return [self._read(step) for step in steps]

    def mark(self, asked: Sequence[AnswerToGrade]) -> list[Mark | Unscored]:
        """Counts the answers."""
        for one in asked:
            self._count(call(GRADE, one, self._server.address), estimate(GRADE, one))
        return [Unscored(reason="counted")] * len(asked)

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """Counts the continuations."""
        for asked in continuations:
            recorded = None if self._way is None else self._server.score_call(asked, self._way)
            self._count(recorded, score_estimate(asked))
        return [[-1.0]] * len(continuations)

    def letters(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Counts the observations."""
        for asked in observations:
            recorded = None if self._letter_way is None else self._server.letters_call(asked, self._letter_way)
            self._count(recorded, letters_estimate(asked))
        return [_alike(len(o.labels)) for o in observations]

    def describe(self) -> dict[str, str]:
        """As the server does."""
        return self._server.describe()

    def _read(self, step: StepToRead) -> ReadClaims | Unscored:
        known = held(self._ledger, READ, step, self._server.address)
        if isinstance(known, ReadClaims | Unscored):
            return known
        pieces = [(at, step.text[at : at + _CLAIM]) for at in range(0, len(step.text), _CLAIM)]
        claims = (ReadClaim(start=at, end=at + len(text), normalised=text, query=text) for at, text in pieces)
        return ReadClaims(claims=tuple(claims))

    def _count(self, asked: Call | None, usage: Usage) -> None:
        known = asked is not None and self._ledger.holds(asked)
        self.estimate += Estimate(0, 1, Usage()) if known else Estimate(1, 0, usage)


class Idle:
    """Stands in for a model on this machine while calls of servers are counted: it costs nothing."""

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float, float]]:
        """Leaves everything open."""
        return [(0.0, 0.0, 1.0)] * len(pairs)

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Finds all candidates alike."""
        return [_alike(len(o.candidates)) for o in observations]

    def letters(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Finds all letters alike."""
        return [_alike(len(o.labels)) for o in observations]

    def describe(self) -> dict[str, str]:
        """It is nothing."""
        return {"id": "idle", "sha256": ""}


def _alike(count: int) -> list[float]:
    return [-math.log(count)] * count
