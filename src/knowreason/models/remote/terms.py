"""On which terms servers are asked: how much at once, how much in all, and where answers are kept."""

from __future__ import annotations

import math
from pathlib import Path
from threading import Event
from typing import NamedTuple

import msgspec

from knowreason.errors import InputError
from knowreason.ledger import Ledger
from knowreason.models.remote.budget import Budget, Price

MOST = 200


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """How an audit asks models on servers. Nothing here changes a figure.

    ledger: the file of recorded answers, None for ledger.sqlite beside the run directory.
    replay: a ledger that must hold every answer; no server is asked, and no `hf:` scorer opened whose scores it holds.
    record: whether the ledger keeps what `hf:` scorers say too, so that they can be replayed.
    concurrency: calls under way at once at most, 1 to 200; fewer while a server is overloaded.
    max_tokens, max_cost: the audit stops before it goes over; the cost needs a price.
    price: money for a million tokens read, and for a million written.
    timeout: seconds of one call from its start to its last byte.
    retries: how often a failed call is made again, after `backoff`, twice that, … seconds.
    """

    ledger: Path | None = None
    replay: Path | None = None
    concurrency: int = 16
    max_tokens: int | None = None
    max_cost: float | None = None
    price: tuple[float, float] | None = None
    timeout: float = 120.0
    retries: int = 8
    backoff: float = 0.5
    record: bool = False

    def __post_init__(self) -> None:
        """Raises `InputError` for limits that cannot be kept."""
        if self.record and self.replay is not None:
            raise InputError("--record and --replay: a replay is only read; leave out one of them")
        if not 1 <= self.concurrency <= MOST:
            raise InputError(f"--concurrency {self.concurrency}: give 1 to {MOST}")
        if self.max_cost is not None and self.price is None:
            raise InputError("--max-cost needs --price READ,WRITTEN: money for a million tokens read, and written")
        limits = {"--max-tokens": self.max_tokens, "--max-cost": self.max_cost, "--timeout": self.timeout}
        wrong = [f"{name} {value}" for name, value in limits.items() if value is not None and not 0 < value < math.inf]
        if wrong:
            raise InputError(f"{wrong[0]}: give a positive number")
        if self.price is not None and not all(0 <= each < math.inf for each in self.price):
            raise InputError(f"--price {self.price[0]:g},{self.price[1]:g}: give two amounts of money, 0 or more")


class Terms(NamedTuple):
    """The terms in force, shared by all servers of an audit. `stop` is set when the work ends early."""

    options: Remote
    ledger: Ledger
    budget: Budget
    stop: Event


def open_terms(options: Remote, ledger: Path) -> Terms:
    """Terms with `ledger`, unless the options name one or a replay. The caller closes the ledger."""
    price = None if options.price is None else Price(*options.price)
    budget = Budget(tokens=options.max_tokens, cost=options.max_cost, price=price)
    kept = Ledger(options.replay or options.ledger or ledger, replay=options.replay is not None)
    return Terms(options, kept, budget, Event())
