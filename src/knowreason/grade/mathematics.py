"""Whether two mathematical answers are the same, decided by math-verify in a worker process.

math-verify bounds its work with signals, so it may never run in a thread; and a hostile expression can still
hang in native code, so the worker is killed and replaced when it does not answer in time.
"""

from __future__ import annotations

import logging
import multiprocessing
from multiprocessing.connection import Connection

from knowreason.records import Unscored

_LIMIT_SECONDS = 1  # math-verify's own limit, per parse and per comparison
_KILL_SECONDS = 5.0  # two parses and a comparison, and time to spare
_FIRST_SECONDS = 30.0  # covers the worker's first import of sympy
_MEMORY_BYTES = 4 << 30  # a tower of powers would take all there is before any clock stops it
_TEXT_LIMIT = 2000
_EXPRESSION_LIMIT = 200


class MathWorker:
    """A process that compares answers, one at a time; replaced after a hang."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def same(self, gold: str, stated: str, *, boxed: bool = False) -> bool | Unscored:
        """Whether `stated` equals `gold`; Unscored(grader_timeout) or Unscored(grader_error) where undecided."""
        if len(stated) > (_EXPRESSION_LIMIT if boxed else _TEXT_LIMIT) or len(gold) > _EXPRESSION_LIMIT:
            return Unscored(reason="grader_error", detail="expression too long")
        try:
            self._pipe.send((gold, f"\\boxed{{{stated}}}" if boxed else stated))
            if not self._pipe.poll(_KILL_SECONDS if self._is_warm else _FIRST_SECONDS):
                self._restart()
                return Unscored(reason="grader_timeout")
            answer: bool | str = self._pipe.recv()
            self._is_warm = True
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._restart()
            return Unscored(reason="grader_error", detail="the worker died")
        return answer if isinstance(answer, bool) else Unscored(reason=answer)

    def close(self) -> None:
        """Ends the worker."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self._is_warm = False
        theirs.close()

    def _restart(self) -> None:
        self.close()
        self._start()


def _serve(pipe: Connection) -> None:
    """The worker's loop: (gold, stated) in, True, False or a reason out."""
    _bound_memory()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)  # its messages hold whole answers
    logging.getLogger("latex2sympy2_extended").setLevel(logging.CRITICAL)
    while True:
        try:
            gold, stated = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        pipe.send(_compare(gold, stated))


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound; the clock still ends the worker
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


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
