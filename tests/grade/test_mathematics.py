from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowreason.grade.mathematics import MathWorker
from knowreason.records import Unscored


@pytest.fixture
def worker() -> Iterator[MathWorker]:
    one = MathWorker()
    yield one
    one.close()


def test_a_worker_that_dies_is_replaced() -> None:
    worker = MathWorker()
    first = worker.pid
    assert worker.same("\\frac{1}{2}", "0.5", boxed=True) is True
    os.kill(first, signal.SIGKILL)
    lost = worker.same("\\frac{1}{2}", "0.5", boxed=True)
    assert isinstance(lost, Unscored)
    assert lost.reason == "grader_error"
    assert worker.same("\\frac{1}{2}", "0.5", boxed=True) is True
    worker.close()
    for pid in (first, worker.pid):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_script_without_a_main_guard_grades_and_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from knowreason.grade.mathematics import MathWorker\n"
        "print('begun')\n"
        "worker = MathWorker()\n"
        "print(worker.same('x^2+1', '1+x^2', boxed=True))\n"
        "worker.close()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["begun", "True"]
    assert done.stderr == ""


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
