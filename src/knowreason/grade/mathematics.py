"""Whether two mathematical answers are the same, decided by math-verify in a worker process.

math-verify bounds its work with signals, so it may never run in a thread; and a hostile expression can still
hang in native code, so the worker is killed and replaced when it does not answer in time.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, cast

from knowreason.records import Unscored

_LIMIT_SECONDS = 1  # math-verify's own limit, per parse and per comparison
_KILL_SECONDS = 5.0  # two parses and a comparison, and time to spare
_FIRST_SECONDS = 30.0  # covers the worker's first import of sympy
_MEMORY_BYTES = 4 << 30  # a tower of powers would take all there is before any clock stops it
_TEXT_LIMIT = 2000
_EXPRESSION_LIMIT = 200
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from knowreason.grade.mathematics import serve; serve()"


class MathWorker:
    """A process that compares answers, one at a time; replaced after a hang.

    It is started as a program of its own: a process of `multiprocessing` would run the caller's script again.
    """

    def __init__(self) -> None:
        self._start()

    @property
    def pid(self) -> int:
        """The process that compares now."""
        return self._process.pid

    def same(self, gold: str, stated: str, *, boxed: bool = False) -> bool | Unscored:
        """Whether `stated` equals `gold`; Unscored(grader_timeout) or Unscored(grader_error) where undecided."""
        if len(stated) > (_EXPRESSION_LIMIT if boxed else _TEXT_LIMIT) or len(gold) > _EXPRESSION_LIMIT:
            return Unscored(reason="grader_error", detail="expression too long")
        asked = json.dumps([gold, f"\\boxed{{{stated}}}" if boxed else stated])
        try:
            cast(IO[bytes], self._process.stdin).write(asked.encode() + b"\n")
            line = self._lines.get(timeout=_KILL_SECONDS if self._is_warm else _FIRST_SECONDS)
        except Empty:
            self._restart()
            return Unscored(reason="grader_timeout")
        except OSError:
            line = b""
        if not line:
            self._restart()
            return Unscored(reason="grader_error", detail="the worker died")
        self._is_warm = True
        answer: bool | str = json.loads(line)
        return answer if isinstance(answer, bool) else Unscored(reason=answer)

    def close(self) -> None:
        """Ends the worker."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            cast(IO[bytes], pipe).close()

    def _start(self) -> None:
        # of its own session, so that Ctrl-C ends the audit, which then ends the worker; what libraries print of
        # an answer reaches no log
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._reader = Thread(target=_pass_on, args=(self._process.stdout, self._lines), daemon=True)
        self._reader.start()
        self._is_warm = False

    def _restart(self) -> None:
        self.close()
        self._start()


def _pass_on(stream: IO[bytes], lines: SimpleQueue[bytes]) -> None:
    """Every line of a worker, then an empty one: a read that can be waited for, on any system."""
    for line in stream:
        lines.put(line)
    lines.put(b"")


def serve() -> None:
    """The worker's loop, a line of JSON each: [gold, stated] in, true, false or a reason out."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no answer
    _bound_memory()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)  # its messages hold whole answers
    logging.getLogger("latex2sympy2_extended").setLevel(logging.CRITICAL)
    for line in sys.stdin.buffer:
        _bound_time()
        answers.write(json.dumps(_compare(*json.loads(line))).encode() + b"\n")


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound; the clock still ends the worker
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _bound_time() -> None:
    """Lets the system end a worker that hangs when the audit that should have ended it was itself killed."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime + 2 * _FIRST_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _compare(gold: str, stated: str) -> bool | str:
    from math_verify import parse, verify
    from math_verify.errors import TimeoutException

    try:
        wanted = parse(f"${gold}$", parsing_timeout=_LIMIT_SECONDS, raise_on_error=True)
        found = parse(stated, parsing_timeout=_LIMIT_SECONDS, raise_on_error=True)
        if not wanted:
            return "grader_error"
        return bool(verify(wanted, found, timeout_seconds=_LIMIT_SECONDS, raise_on_error=True))
    except TimeoutException:
        return "grader_timeout"
    except Exception:  # noqa: BLE001 - sympy raises anything on hostile input; the item becomes Unscored
        return "grader_error"
