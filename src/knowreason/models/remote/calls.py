"""Calls that are paid for once: looked up, made within the budget, written down, and never made twice at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from knowreason.ledger import Answer, Call, Usage
from knowreason.models.remote.shared import Shared
from knowreason.models.remote.terms import Terms


class Calls:
    """All calls of one server. Threads share it."""

    def __init__(self, terms: Terms) -> None:
        self._ledger, self._budget = terms.ledger, terms.budget
        self._shared = Shared[bytes, Answer]()
        self._lock = Lock()
        self.made = self.found = 0

    def answer(self, call: Call, estimate: Usage, make: Callable[[], Answer]) -> Answer:
        """The answer to a call: from the ledger, from a thread that asks the same just now, or made.

        Raises `LedgerMiss`, `BudgetSpent`, `StoreError`, and what `make` raises; a failed call leaves no entry.
        """
        return self._shared.get(call.key, lambda: self._found_or_made(call, estimate, make))

    def _found_or_made(self, call: Call, estimate: Usage, make: Callable[[], Answer]) -> Answer:
        held = self._ledger.get(call)
        if held is not None:
            self._count(found=1)
            return held
        self._budget.hold(estimate)
        used = Usage()
        try:
            answer = make()
            used = answer.usage
            self._ledger.put(call, answer)
            self._count(made=1)
            return answer
        finally:
            self._budget.settle(estimate, used)

    def _count(self, made: int = 0, found: int = 0) -> None:
        with self._lock:
            self.made += made
            self.found += found
