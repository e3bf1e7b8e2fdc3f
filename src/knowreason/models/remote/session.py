"""The servers of one audit: put under common terms, counted before they are asked, closed at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import NamedTuple, Self

from knowreason.ledger import Call, Usage
from knowreason.models.load import Model, load
from knowreason.models.openai import ServedModel, judge_estimate, score_estimate
from knowreason.models.remote.echo import Way
from knowreason.models.remote.terms import Remote, Terms, open_terms
from knowreason.records import Continuation, Observation, Unscored

_TRACE_CALLS = 8  # a trace keeps about so many calls under way: one worker for each
_MOST_WORKERS = 32


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


NOTHING = Estimate(0, 0, Usage())


class Counting:
    """Stands in for a server: the same questions, no call. What it says is no answer and goes nowhere."""

    def __init__(self, server: ServedModel, terms: Terms) -> None:
        self._server, self._ledger = server, terms.ledger
        self._way: Way | None = server.recorded_way()
        self.estimate = NOTHING

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Unscored]:
        """Counts the pairs."""
        for pair in pairs:
            self._count(self._server.judge_call(pair), judge_estimate(pair))
        return [Unscored(reason="counted")] * len(pairs)

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """Counts the continuations."""
        for asked in continuations:
            call = None if self._way is None else self._server.score_call(asked, self._way)
            self._count(call, score_estimate(asked))
        return [[-1.0]] * len(continuations)

    def describe(self) -> dict[str, str]:
        """As the server does."""
        return self._server.describe()

    def _count(self, call: Call | None, usage: Usage) -> None:
        held = call is not None and self._ledger.holds(call)
        self.estimate += Estimate(0, 1, Usage()) if held else Estimate(1, 0, usage)


class Idle:
    """Stands in for a model on this machine while calls of servers are counted: it costs nothing."""

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float, float]]:
        """Leaves everything open."""
        return [(0.0, 0.0, 1.0)] * len(pairs)

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Finds all candidates alike."""
        return [[-math.log(len(o.candidates))] * len(o.candidates) for o in observations]

    def describe(self) -> dict[str, str]:
        """It is nothing."""
        return {"id": "idle", "sha256": ""}


class Session:
    """Loads the models of an audit; those on servers share ledger, budget and limits. A context manager."""

    def __init__(self, options: Remote, ledger: Path) -> None:
        self.options = options
        self._file = ledger
        self._servers: dict[str, ServedModel] = {}
        self._terms: Terms | None = None
        self._idle_stop = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop.set()
        for server in self._servers.values():
            server.close()
        if self._terms is not None:
            self._terms.ledger.close()

    @property
    def asks(self) -> bool:
        """Whether a server will be asked: there is one, and this is no replay."""
        return bool(self._servers) and self.options.replay is None

    @property
    def stop(self) -> Event:
        """Set it to end waiting for servers."""
        return self._idle_stop if self._terms is None else self._terms.stop

    @property
    def workers(self) -> int:
        """Traces to work on at once, so that the servers are kept busy; 1 without servers."""
        wanted = -(-self.options.concurrency // _TRACE_CALLS) * len(self._servers)
        return max(1, min(_MOST_WORKERS, wanted))

    def load(self, uri: str) -> Model:
        """The model of a URI, under the terms of this session if it is on a server."""
        if uri in self._servers:
            return self._servers[uri]
        model = load(uri)
        if isinstance(model, ServedModel):
            if self._terms is None:
                self._terms = open_terms(self.options, self._file)
            model.connect(self._terms)
            self._servers[uri] = model
        return model

    def stand_in(self, uri: str) -> Counting | Idle:
        """What takes the model's place while calls are counted."""
        server = self._servers.get(uri)
        return Idle() if server is None or self._terms is None else Counting(server, self._terms)

    def check(self, estimate: Estimate) -> str:
        """The estimate in words. Raises `BudgetSpent` where it is over the budget."""
        if self._terms is None:
            return "no server is asked"
        budget = self._terms.budget
        budget.check(estimate.usage)
        asked = f"at most about {estimate.calls:,} calls, {budget.worth(estimate.usage)}"
        held = (
            f"{estimate.held:,} answers are in {self._terms.ledger.path}" if estimate.held else "no answer is recorded"
        )
        return f"{asked}; {held}"

    def begin(self, scorers: Sequence[str], verifier: str | None) -> None:
        """Reaches the servers that will be asked and has scorers prove themselves; a replay takes the recorded proof.

        Raises `ModelError` where a server does not answer, or cannot score.
        """
        for uri in dict.fromkeys((*scorers, verifier)) if self.asks else ():
            if uri in self._servers:
                self._servers[uri].served()
        for uri in scorers:
            if uri in self._servers:
                self._servers[uri].prove()

    def described(self, uri: str, otherwise: dict[str, str]) -> dict[str, str]:
        """What a server says of itself now; `otherwise` for a model on this machine."""
        server = self._servers.get(uri)
        return otherwise if server is None else server.describe()

    def counts(self) -> dict[str, int]:
        """Calls made and answers found in the ledger since the session began, and the tokens that were counted."""
        if self._terms is None:
            return {}
        spent = self._terms.budget.spent
        return {
            "made": sum(server.calls.made for server in self._servers.values()),
            "from_ledger": sum(server.calls.found for server in self._servers.values()),
            "tokens_read": spent.read,
            "tokens_written": spent.written,
        }

    def spent(self) -> str:
        """The counts in words, with what they cost where a price is known."""
        counts = self.counts()
        if self._terms is None or not counts:
            return "no server was asked"
        worth = self._terms.budget.worth(self._terms.budget.spent)
        return f"{counts['made']:,} calls, {worth}; {counts['from_ledger']:,} answers from {self._terms.ledger.path}"
