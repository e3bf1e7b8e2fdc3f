"""One call of a server, made until it succeeds or has failed often enough.

Failures that pass (429, 5xx, time-outs, dropped connections, answers that are no answer) are tried again after a
random wait that doubles, or after what `Retry-After` says. A failure that stays is `Unanswered` for its item; one
that no other item can escape (no key, no model, a server that has gone) is a `ModelError` that ends the work.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec

from knowreason.errors import MissingExtra, ModelError, Unanswered
from knowreason.models.remote.address import KEYS, Address, api_key
from knowreason.models.remote.gate import Gate
from knowreason.models.remote.terms import Terms

if TYPE_CHECKING:
    import httpx2

_LARGEST = 64 << 20  # bytes of an answer: log-probabilities of a long prompt are a few million
_LONGEST_WAIT = 30.0  # seconds between two tries of one call, unless the server asks for more
_LONGEST_ASKED = 300.0  # seconds: who asks for more is not to be waited for
_IN_A_ROW = 25  # calls given up one after the other: then it is the server, not the items
_OVERLOADED = frozenset({429, 503, 529})
_ABSENT = frozenset({404, 405, 501})
_FORBIDDEN = frozenset({401, 403})

T = TypeVar("T")


class Unusable(Exception):  # noqa: N818 - an answer, not a fault of ours
    """An answer with status 200 that is none; asking again may help."""


class Reply(NamedTuple, Generic[T]):
    """What `read` made of an answer, and the seconds that the server took."""

    value: T
    latency: float


class _Failed(NamedTuple):
    """Why a try did not succeed; `wait` is what the server asks for, in seconds."""

    reason: str
    detail: str
    wait: float = 0.0


class Transport:
    """Calls of one server. Threads share it."""

    def __init__(self, address: Address, terms: Terms) -> None:
        """Opens no connection yet. Raises `MissingExtra` where the HTTP client is not installed."""
        self.address = address
        self._options, self._stop = terms.options, terms.stop
        self._gate = Gate(terms.options.concurrency, terms.stop)
        self._key = api_key()
        self._client = _client(address, terms.options.concurrency, terms.options.timeout)
        self._lock = Lock()
        self._given_up = 0

    @property
    def room(self) -> int:
        """Calls that may be under way now."""
        return self._gate.room

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def call(
        self,
        url: str,
        body: Mapping[str, object] | None,
        read: Callable[[bytes], T],
        *,
        may_lack: bool = False,
        retries: int | None = None,
    ) -> Reply[T]:
        """Posts `body` as JSON (None: gets) and returns what `read` makes of the answer; at most so many retries.

        `read` raises `Unusable` or a msgspec error for an answer that is none. Raises `Unanswered` (model_unavailable,
        unusable_answer, request_refused; not_offered for a missing path if `may_lack`) and `ModelError` as above.
        """
        failed = _Failed("model_unavailable", "it was not asked")
        most = self._options.retries if retries is None else min(retries, self._options.retries)
        for turn in range(most + 1):
            if turn:
                self._wait(turn, failed)
            outcome = self._try(url, body, read, may_lack)
            if isinstance(outcome, Reply):
                self._given_up = 0
                return outcome
            failed = outcome
        raise self._give_up(failed)

    def _try(
        self, url: str, body: Mapping[str, object] | None, read: Callable[[bytes], T], may_lack: bool
    ) -> Reply[T] | _Failed:
        import httpx2

        if not self._gate.enter():
            raise ModelError("the work was stopped")
        answered = False
        begun = time.monotonic()
        try:
            status, headers, data = self._send(url, body)
            if status != 200:
                return self._refused(status, headers, data, may_lack)
            value = read(data)
            answered = True
            return Reply(value, time.monotonic() - begun)
        except (httpx2.TimeoutException, TimeoutError) as error:
            self._gate.overloaded(0.0)
            return _Failed("model_unavailable", f"no whole answer in {self._options.timeout:g} s ({_kind(error)})")
        except (httpx2.HTTPError, OSError) as error:
            return _Failed("model_unavailable", f"{_kind(error)}: {self._safe(str(error))}")
        except (Unusable, msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _Failed("unusable_answer", self._safe(str(error)))
        finally:
            self._gate.leave(answered=answered)

    def _send(self, url: str, body: Mapping[str, object] | None) -> tuple[int, Mapping[str, str], bytes]:
        deadline = time.monotonic() + self._options.timeout
        headers = {"content-type": "application/json"}
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key}"
        content = None if body is None else msgspec.json.encode(body)
        chunks: list[bytes] = []
        size = 0
        with self._client.stream("GET" if body is None else "POST", url, content=content, headers=headers) as answer:
            for chunk in answer.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if time.monotonic() > deadline:
                    raise TimeoutError
                if size > _LARGEST:
                    raise Unusable(f"its answer is larger than {_LARGEST >> 20} MB")
            return answer.status_code, answer.headers, b"".join(chunks)

    def _refused(self, status: int, headers: Mapping[str, str], data: bytes, may_lack: bool) -> _Failed:
        """A status that passes; the others raise."""
        said = f"status {status}: {self._safe(_message(data))}"
        server = self.address.host
        if status in _FORBIDDEN:
            has = "the key in the environment was refused" if self._key else f"set {KEYS[0]} or {KEYS[1]}"
            raise ModelError(f"{server} lets nobody in ({said}); {has}")
        if may_lack and (status in _ABSENT or status in (400, 422)):
            raise Unanswered("not_offered", said)
        if status in _ABSENT or 300 <= status < 400 or b"insufficient_quota" in data:
            raise ModelError(f"{server} cannot serve {self.address.model} ({said})")
        if status in _OVERLOADED:
            pause = self._asked_wait(headers)
            self._gate.overloaded(pause)
            return _Failed("model_unavailable", said, pause)
        if status >= 500 or status in (408, 409, 425):
            return _Failed("model_unavailable", said, self._asked_wait(headers))
        raise self._give_up(_Failed("request_refused", said))

    def _asked_wait(self, headers: Mapping[str, str]) -> float:
        seconds = _retry_after(headers.get("retry-after", ""))
        if seconds > _LONGEST_ASKED:
            raise ModelError(
                f"{self.address.host} asks to be left alone for {seconds:,.0f} s; what was paid for is in the ledger: "
                "run the same command again then"
            )
        return seconds

    def _wait(self, turn: int, failed: _Failed) -> None:
        # a server that answers nonsense is not overloaded: waiting longer and longer would not help
        doubled = 1 if failed.reason == "unusable_answer" else 2 ** (turn - 1)
        longest = min(_LONGEST_WAIT, self._options.backoff * doubled)
        if self._stop.wait(failed.wait + random.uniform(longest / 2, longest)):
            raise ModelError("the work was stopped")

    def _give_up(self, failed: _Failed) -> ModelError:
        with self._lock:
            self._given_up += 1
            gone = self._given_up >= _IN_A_ROW
        if gone:
            return ModelError(
                f"{self.address.host} failed {_IN_A_ROW} calls in a row, the last with {failed.detail}; what was paid "
                "for is in the ledger: run the same command again to go on"
            )
        return Unanswered(failed.reason, f"{self.address.host}: {failed.detail}")

    def _safe(self, text: str) -> str:
        """A server's words on one line, without our key, should it repeat it."""
        told = text if self._key is None else text.replace(self._key, "[key]")
        return " ".join(told.split())[:300] or "nothing said"


def _client(address: Address, connections: int, timeout: float) -> httpx2.Client:
    try:
        import httpx2
    except ImportError as error:
        raise MissingExtra("openai: (models on servers)", "api") from error
    return httpx2.Client(
        timeout=httpx2.Timeout(timeout, connect=min(timeout, 20.0)),
        limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        trust_env=not address.is_local,  # proxies of the environment have no business on this machine
        follow_redirects=False,  # a key goes to the host that was typed, and to no other
    )


def _retry_after(value: str) -> float:
    """Seconds to wait: a number, or an HTTP date; 0 for anything else."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _message(data: bytes) -> str:
    """What a server says about an error: the `message` in its JSON, else the text itself."""
    try:
        told: Any = msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return data[:600].decode("utf-8", "replace")
    while isinstance(told, dict):
        held: dict[str, Any] = told
        told = held.get("error", held.get("message", held.get("detail", "")))
    return str(told)


def _kind(error: BaseException) -> str:
    return type(error).__name__
