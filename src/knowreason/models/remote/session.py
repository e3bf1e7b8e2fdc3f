"""The servers of one audit: put under common terms, counted before they are asked, closed at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from knowreason.errors import MissingExtra, ModelError
from knowreason.models.load import Model, load
from knowreason.models.openai import ServedModel
from knowreason.models.protocols import PrefixScorer
from knowreason.models.recorded import SCHEME, RecordedScorer, replayed
from knowreason.models.remote.counting import Counting, Estimate, Idle
from knowreason.models.remote.terms import Remote, Terms, open_terms

_TRACE_CALLS = 8  # a trace keeps about so many calls under way: one worker for each
_MOST_WORKERS = 32


class Session:
    """Loads the models of an audit; those on servers share ledger, budget and limits. A context manager."""

    def __init__(self, options: Remote, ledger: Path) -> None:
        self.options = options
        self._file = ledger
        self._models: dict[str, Model] = {}
        self._servers: dict[str, ServedModel] = {}
        self._recorded: dict[str, RecordedScorer] = {}
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
        if uri in self._models:
            return self._models[uri]
        model = load(uri)
        if isinstance(model, ServedModel):
            model.connect(self._in_force())
            self._servers[uri] = model
        self._models[uri] = model
        return model

    def load_scorer(self, uri: str) -> Model:
        """The same for a scorer. One on this machine is replayed or recorded where the options say so.

        Raises `ModelError` where a replay holds other scores than those of the checkpoint, or none and it cannot be
        opened.
        """
        here = uri.startswith(SCHEME)
        if here and self.options.replay is not None:
            return self._replayed(uri)
        model = self.load(uri)
        if here and self.options.record and isinstance(model, PrefixScorer):
            return self._noted(uri, RecordedScorer(model.describe(), self._in_force().ledger, model))
        return model

    def _replayed(self, uri: str) -> Model:
        ledger = self._in_force().ledger
        held = replayed(uri, ledger)
        if held is not None:
            return self._noted(uri, held)
        try:
            return self.load(uri)
        except (MissingExtra, ModelError) as error:
            raise ModelError(f"{ledger.path} holds no scores of {uri}, and it cannot be opened: {error}") from error

    def _noted(self, uri: str, scorer: RecordedScorer) -> RecordedScorer:
        self._recorded[uri] = scorer
        return scorer

    def _in_force(self) -> Terms:
        if self._terms is None:
            self._terms = open_terms(self.options, self._file)
        return self._terms

    def records(self) -> list[str]:
        """What was recorded or replayed of scorers on this machine, a sentence each."""
        return [scorer.sentence() for scorer in self._recorded.values()]

    def stand_in(self, uri: str) -> Counting | Idle:
        """What takes the model's place while calls are counted."""
        server = self._servers.get(uri)
        return Idle() if server is None or self._terms is None else Counting(server, self._terms.ledger)

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

    def begin(self, scorers: Sequence[str], judges: Iterable[str] = (), *, letters: bool = False) -> None:
        """Reaches the servers that will be asked and has scorers prove themselves; a replay takes the recorded proof.

        With `letters` they prove that they answer with letters. Raises `ModelError` where a server does not answer, or
        cannot score.
        """
        for uri in dict.fromkeys((*scorers, *judges)) if self.asks else ():
            if uri in self._servers:
                self._servers[uri].served()
        for server in (self._servers[uri] for uri in scorers if uri in self._servers):
            server.prove_letters() if letters else server.prove()

    def described(self, use: str, uri: str, otherwise: dict[str, str]) -> dict[str, str]:
        """What a server says of itself in its use now; `otherwise` for a model on this machine."""
        server = self._servers.get(uri)
        return otherwise if server is None else server.describe(use)

    def counts(self) -> dict[str, int]:
        """Calls made and answers found in the ledger since the session began, and the tokens that were counted."""
        if self._terms is None or not self._servers:
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
