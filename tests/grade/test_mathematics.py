from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from knowreason.grade.mathematics import MathWorker
from knowreason.records import Unscored


@pytest.fixture
def worker() -> Iterator[MathWorker]:
    one = MathWorker()
    yield one
    one.close()


def children() -> set[int]:
    return {child.pid for child in multiprocessing.active_children() if child.pid is not None}


def test_a_worker_that_dies_is_replaced() -> None:
    before = children()
    worker = MathWorker()
    (pid,) = children() - before
    assert worker.same("\\frac{1}{2}", "0.5", boxed=True) is True
    os.kill(pid, signal.SIGKILL)
    lost = worker.same("\\frac{1}{2}", "0.5", boxed=True)
    assert isinstance(lost, Unscored)
    assert lost.reason == "grader_error"
    assert worker.same("\\frac{1}{2}", "0.5", boxed=True) is True
    worker.close()
    assert children() == before


def test_what_is_too_long_is_not_even_sent(worker: MathWorker) -> None:
    for gold, stated, boxed in (("5", "x" * 201, True), ("5", "x" * 2001, False), ("5" * 201, "5", False)):
        found = worker.same(gold, stated, boxed=boxed)
        assert isinstance(found, Unscored)
        assert found.reason == "grader_error"


def test_a_gold_that_cannot_be_read_is_unscored_and_not_incorrect(worker: MathWorker) -> None:
    found = worker.same("", "5")
    assert isinstance(found, Unscored)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("\\frac{1}{2}", "0.5", True),
        ("x^2+1", "1+x^2", True),
        ("2\\pi", "2", False),
        ("(1,2)", "(2,1)", False),
        ("\\{1,2\\}", "\\{2,1\\}", True),
    ],
)
def test_equality_does_not_depend_on_who_is_the_gold(worker: MathWorker, one: str, other: str, same: bool) -> None:
    assert worker.same(one, other, boxed=True) is same
    assert worker.same(other, one, boxed=True) is same
