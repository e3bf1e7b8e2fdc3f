"""What may be spent, what is spent, and what is about to be."""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

from knowreason.errors import BudgetSpent
from knowreason.ledger import Usage

_CHARACTERS = 3  # a token; English has four to five, formulas three: an estimate should not be too low


class Price(NamedTuple):
    """Money for a million tokens read, and for a million written."""

    read: float
    written: float

    def of(self, usage: Usage) -> float:
        """What these tokens cost."""
        return (usage.read * self.read + usage.written * self.written) / 1e6


def guess(text_length: int, written: int) -> Usage:
    """Tokens of a call with so many characters of input."""
    return Usage(read=-(-text_length // _CHARACTERS), written=written)


class Budget:
    """Counts tokens and money; a call that could go over a limit is not made. Threads share it."""

    def __init__(self, *, tokens: int | None = None, cost: float | None = None, price: Price | None = None) -> None:
        self._tokens, self._cost, self._price = tokens, cost, price
        self._spent = Usage()
        self._held = Usage()
        self._lock = Lock()

    @property
    def spent(self) -> Usage:
        """Tokens that the server has counted so far."""
        return self._spent

    def check(self, estimate: Usage) -> None:
        """Raises `BudgetSpent` where an estimate is over a limit: nothing has been spent yet."""
        over = self._over(estimate)
        if over:
            raise BudgetSpent(f"this audit may need {over}: raise it, or take fewer traces with --limit")

    def hold(self, estimate: Usage) -> None:
        """Sets tokens aside for a call. Raises `BudgetSpent` where they are not there."""
        with self._lock:
            over = self._over(_add(self._spent, self._held, estimate))
            if over:
                raise BudgetSpent(
                    f"the next call may need {over}; what was paid for is in the ledger: "
                    "raise it and run the same command again to go on"
                )
            self._held = _add(self._held, estimate)

    def settle(self, estimate: Usage, used: Usage) -> None:
        """Ends the call that `estimate` was held for: it used so much."""
        with self._lock:
            self._held = Usage(read=self._held.read - estimate.read, written=self._held.written - estimate.written)
            self._spent = _add(self._spent, used)

    def worth(self, usage: Usage) -> str:
        """Tokens, and money where a price is known, in words."""
        tokens = f"{usage.read + usage.written:,} tokens"
        return tokens if self._price is None else f"{tokens}, {self._price.of(usage):.2f} at the given price"

    def _over(self, usage: Usage) -> str | None:
        tokens = usage.read + usage.written
        if self._tokens is not None and tokens > self._tokens:
            return f"{tokens:,} tokens in all, over --max-tokens {self._tokens:,}"
        if self._cost is not None and self._price is not None and self._price.of(usage) > self._cost:
            return f"{self._price.of(usage):.4g} in all, over --max-cost {self._cost:g}"
        return None


def _add(*usages: Usage) -> Usage:
    return Usage(read=sum(u.read for u in usages), written=sum(u.written for u in usages))
