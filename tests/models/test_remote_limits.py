"""Limits of what is asked: room that shrinks and grows, budgets, work that is shared, and what a user is told."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.errors import BudgetSpent, Unanswered
from knowreason.ledger import Usage
from knowreason.models.remote.address import notice, parse
from knowreason.models.remote.budget import Budget, Price, guess
from knowreason.models.remote.gate import START, Gate
from knowreason.models.remote.shared import Shared


def test_room_doubles_every_round_until_the_server_is_overloaded_then_halves() -> None:
    gate = Gate(200, Event())
    assert gate.room == START
    for _ in range(184):
        assert gate.enter()
        gate.leave(answered=True)
    assert gate.room == 200
    gate.overloaded(0.0)
    gate.overloaded(0.0)  # within a second it says nothing new
    assert gate.room == 100
    for _ in range(100):
        assert gate.enter()
        gate.leave(answered=True)
    assert gate.room == 100  # a whole round of more than a hundred makes room for one more
    for _ in range(10):
        assert gate.enter()
        gate.leave(answered=True)
    assert gate.room == 101


def test_room_is_never_less_than_one_and_a_failure_makes_none() -> None:
    gate = Gate(1, Event())
    gate.overloaded(0.0)
    assert gate.room == 1
    assert gate.enter()
    gate.leave(answered=False)
    assert gate.room == 1


def test_a_pause_holds_every_call_back_and_a_stop_ends_it() -> None:
    stop = Event()
    gate = Gate(4, stop)
    gate.overloaded(0.15)
    begun = time.monotonic()
    assert gate.enter()
    assert time.monotonic() - begun >= 0.15
    gate.overloaded(100.0)
    waiting = Thread(target=gate.enter)
    waiting.start()
    stop.set()
    waiting.join(timeout=5)
    assert not waiting.is_alive()
    assert not gate.enter()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30), st.integers(1, 300))
def test_what_was_held_and_spent_never_exceeds_the_limit(calls: list[tuple[int, int]], limit: int) -> None:
    budget = Budget(tokens=limit)
    for read, written in calls:
        estimate = Usage(read=read, written=written)
        try:
            budget.hold(estimate)
        except BudgetSpent:
            continue
        budget.settle(estimate, Usage(read=read // 2, written=written))
        assert budget.spent.read + budget.spent.written <= limit


def test_calls_under_way_count_against_the_budget() -> None:
    budget = Budget(cost=1.0, price=Price(1e6, 2e6))
    budget.hold(Usage(read=0, written=0))
    budget.check(Usage(read=1, written=0))
    with pytest.raises(BudgetSpent, match="over --max-cost 1"):
        budget.check(Usage(read=0, written=1))
    budget.hold(Usage(read=1, written=0))
    with pytest.raises(BudgetSpent):
        budget.hold(Usage(read=1, written=0))


@given(st.integers(0, 10_000))
def test_a_guess_is_never_below_the_four_characters_of_an_english_token(length: int) -> None:
    assert guess(length, 5).read >= length / 4


def test_a_failure_is_shared_by_those_who_wait_and_not_remembered() -> None:
    shared = Shared[str, int](2)
    begun, go, failures = Event(), Event(), []

    def fail() -> int:
        begun.set()
        go.wait(5)
        raise Unanswered("model_unavailable", "gone")

    def ask() -> None:
        try:
            shared.get("a", fail)
        except Unanswered as error:
            failures.append(error.reason)

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(5)
    time.sleep(0.05)
    go.set()
    for thread in threads:
        thread.join(5)
    assert failures == ["model_unavailable"] * 3
    assert shared.get("a", lambda: 7) == 7
    assert shared.get("a", lambda: 8) == 7
    assert [shared.get(key, lambda: 1) for key in "bc"] == [1, 1]
    assert shared.get("a", lambda: 9) == 9  # only two are remembered


def test_the_notice_names_every_host_and_what_it_gets() -> None:
    told = notice({"scorer": "openai:m@http://lab.example:8000", "verifier": "openai:j@https://api.example/v1"})
    assert told == (
        "sends questions, options, reference answers and reasoning text to lab.example:8000 (NOT encrypted) "
        "(scorer m); claims and corpus passages to api.example (verifier j)"
    )
    both = notice(dict.fromkeys(("decomposer", "grader"), "openai:j@https://api.example/v1"))
    assert both == (
        "sends questions, options and reasoning steps to api.example (decomposer j); "
        "questions, reference answers and responses in free text to api.example (grader j)"
    )
    assert notice({"scorer": "builtin:", "verifier": "scripted:x"}) is None


@pytest.mark.parametrize(
    ("rest", "base", "root", "local"),
    [
        ("m@http://localhost:8000", "http://localhost:8000/v1", "http://localhost:8000", True),
        ("org/m:7b@http://127.0.0.5/v1/", "http://127.0.0.5/v1", "http://127.0.0.5", True),
        ("m@https://host/openai/v1", "https://host/openai/v1", "https://host/openai", False),
        ("m@http://[::1]:80/api", "http://[::1]:80/api", "http://[::1]:80/api", True),
    ],
)
def test_an_address_is_taken_apart(rest: str, base: str, root: str, local: bool) -> None:
    address = parse(rest)
    assert (address.base_url, address.root, address.is_local) == (base, root, local)
    assert parse(rest + "#step-5").revision == "step-5"
    assert parse(address.uri.removeprefix("openai:")) == address
