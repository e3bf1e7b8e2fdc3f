"""An OpenAI-compatible server on the loopback, with a switch for every way in which servers fail.

Which call fails is decided by a hash of the call and of how often it was made, so that a run can be repeated whatever
the order of its threads. The server counts what it would charge for: answers that left it whole.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import local_model

MODEL = "tiny"
LONGEST = 1 << 22  # bytes of a request
PASSING = ("429", "500", "slow", "drop", "broken", "schema", "cut")  # faults of which another try is free


class Language(Protocol):
    """The language model that is served, the deterministic one if none is given."""

    def ids(self, text: str, *, special: bool) -> list[int]: ...

    def tokens(self, ids: list[int]) -> list[str]: ...

    def logprobs(self, ids: list[int]) -> list[float | None]: ...

    def top(self, ids: list[int]) -> dict[str, float]: ...


@dataclass
class Ways:
    """How the server behaves. `faults` are drawn from for `share` of the calls; the rest are for good."""

    faults: tuple[str, ...] = ()
    share: float = 0.0
    until: int | None = None  # only the first so many tries of a call can fail
    seed: int = 0
    delay: float = 0.0
    slow: float = 0.6
    retry_after: str | None = None
    tokenize: bool = True
    echo: str = "good"  # good, ignored, zeros, miscounted, completion (of what it wrote only), chance
    letters: str = "good"  # good, ignored, constant (the same letter always), rare, content (in llama.cpp's shape)
    top: int = 20  # likeliest tokens that are shown at most
    more: bool = False  # whether more are shown than were asked for
    completions: bool = True  # whether there is /completions at all
    chat: str = "good"  # good, prose, schema, cut, invented (a quote that is none), once (unusable, then repaired)
    key: str | None = None
    status: int = 0  # this status for every call


@dataclass
class Seen:
    """What reached the server: calls by path, whole answers by request (late ones apart), keys, the most at once."""

    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0


class LocalServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    block_on_close = False

    def __init__(self, ways: Ways, port: int = 0, language: Language | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.ways, self.seen = ways, Seen()
        self.lock = threading.Lock()
        self.language = language or local_model.Vocabulary()

    @property
    def uri(self) -> str:
        return f"openai:{MODEL}@http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the play."""


@contextmanager
def serving(ways: Ways | None = None, port: int = 0, language: Language | None = None) -> Iterator[LocalServer]:
    server = LocalServer(ways or Ways(), port, language)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    server: LocalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle({})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("content-length", "0")), LONGEST)
        self._handle(json.loads(self.rfile.read(length)))

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _handle(self, body: dict[str, Any]) -> None:
        seen, lock = self.server.seen, self.server.lock
        with lock:
            seen.inside += 1
            seen.most_inside = max(seen.most_inside, seen.inside)
            seen.calls[self.path] += 1
            seen.keys.add(self.headers.get("authorization", ""))
            if body:
                seen.bodies.append(body)
        try:
            self._answer(body)
        finally:
            with lock:
                seen.inside -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        ways, seen = self.server.ways, self.server.seen
        time.sleep(ways.delay)
        request = hashlib.sha256(self.path.encode() + json.dumps(body, sort_keys=True).encode()).hexdigest()
        if ways.key is not None and self.headers.get("authorization") != f"Bearer {ways.key}":
            said = self.headers.get("authorization", "")
            return self._send(401, {"error": {"message": f"Incorrect API key provided: {said}"}})
        if ways.status:
            return self._send(ways.status, {"error": {"message": "as it was told"}}, retry_after=ways.retry_after)
        with self.server.lock:
            turn = seen.turns[request]
            seen.turns[request] += 1
        fault = self._fault(request, turn)
        with self.server.lock:
            seen.faults[fault] += bool(fault)
        if fault in ("429", "500"):
            return self._send(int(fault), {"error": {"message": "busy"}}, retry_after=ways.retry_after)
        if fault == "slow":
            time.sleep(ways.slow)
        reply = self._reply(body)
        if reply is None:
            return self._send(404, {"detail": "Not Found"})
        if fault == "drop":
            return self._drop(reply)
        if fault == "broken":
            return self._send(200, None, raw=json.dumps(reply)[:-5].encode())
        if fault == "schema":
            return self._send(200, {"object": "error", "message": "nothing here"})
        if fault == "cut":
            return self._send(200, None, raw=b"")
        if self.path.endswith("/completions"):  # of a model, not of its tokeniser
            with self.server.lock:
                (seen.late if fault == "slow" else seen.charged)[request] += 1
        return self._send(200, reply)

    def _fault(self, request: str, turn: int) -> str:
        ways = self.server.ways
        if not ways.faults or self.path.endswith("/models") or (ways.until is not None and turn >= ways.until):
            return ""
        draw = hashlib.sha256(f"{ways.seed} {request} {turn}".encode()).digest()
        if int.from_bytes(draw[:4], "big") / 2**32 >= ways.share:
            return ""
        return ways.faults[draw[4] % len(ways.faults)]

    def _send(self, status: int, value: object, *, raw: bytes | None = None, retry_after: str | None = None) -> None:
        data = json.dumps(value).encode() if raw is None else raw
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        if retry_after is not None and status in (429, 503):
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(data)

    def _drop(self, reply: object) -> None:
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def _reply(self, body: dict[str, Any]) -> object:
        if self.path == "/v1/models":
            return {"object": "list", "data": [{"id": MODEL, "max_model_len": 8192}]}
        if self.path == "/tokenize" and self.server.ways.tokenize:
            with self.server.lock:
                ids = self.server.language.ids(body["prompt"], special=body["add_special_tokens"])
            return {"count": len(ids), "max_model_len": 8192, "tokens": ids}
        if self.path == "/v1/completions" and self.server.ways.completions:
            return self._completion(body)
        return self._chat(body) if self.path == "/v1/chat/completions" else None

    def _completion(self, body: dict[str, Any]) -> object:
        ways, prompt = self.server.ways, body["prompt"]
        with self.server.lock:
            ids = self.server.language.ids(prompt, special=True) if isinstance(prompt, str) else prompt
            tokens = self.server.language.tokens(ids)
            values = self.server.language.logprobs(ids)
        if ways.echo == "zeros":
            values = [None, *[0.0] * (len(values) - 1)]
        if ways.echo == "chance":
            values = [None, *[-3.0] * (len(values) - 1)]
        choice: dict[str, Any] = {"index": 0, "text": " and", "finish_reason": "length", "logprobs": None}
        if ways.echo == "completion":
            choice["logprobs"] = {"tokens": [" and"], "token_logprobs": [-1.0]}
        elif ways.echo != "ignored" and body.get("prompt_logprobs") is not None:
            choice["prompt_logprobs"] = [
                None if value is None else {str(i): {"logprob": value, "rank": 1}}
                for i, value in zip(ids, values, strict=True)
            ]
        elif ways.echo != "ignored" and body.get("echo"):
            choice["text"] = prompt + " and"
            choice["logprobs"] = {"tokens": [*tokens, " and"], "token_logprobs": [*values, -1.0]}
        elif body.get("logprobs") and not body.get("echo"):
            with self.server.lock:
                choice["logprobs"] = self._written(self.server.language.top(ids), body["logprobs"])
        if ways.echo == "miscounted":
            for held in (choice.get("prompt_logprobs"), *(choice["logprobs"] or {}).values()):
                if held:
                    held.pop()
        usage = {"prompt_tokens": len(tokens), "completion_tokens": 1, "total_tokens": len(tokens) + 1}
        return {"object": "text_completion", "model": MODEL, "choices": [choice], "usage": usage}

    def _written(self, top: dict[str, float], count: int, chat: bool = False) -> object:
        """The likeliest tokens of the one place that was written, as completion servers and llama.cpp show them."""
        ways = self.server.ways
        if ways.letters == "ignored":
            return None
        if ways.letters == "constant":
            top = {**top, " A": -0.1, "A": -0.1}
        if ways.letters == "rare":
            top = {**{token: value - 9.0 for token, value in top.items()}, " purple": -0.001}
        kept = dict(sorted(top.items(), key=lambda one: -one[1])[: ways.top if ways.more else min(count, ways.top)])
        if chat or ways.letters == "content":
            likely = [{"token": token, "logprob": value, "bytes": None} for token, value in kept.items()]
            return {"content": [{**likely[0], "top_logprobs": likely}]}
        first = next(iter(kept))
        return {"tokens": [first], "token_logprobs": [kept[first]], "top_logprobs": [kept]}

    def _letter(self, body: dict[str, Any]) -> object:
        top = local_model.next_tokens(json.loads(body["messages"][1]["content"])["text"], form="{}")
        message = {"role": "assistant", "content": "A"}
        written = self._written(top, body["top_logprobs"], chat=True)
        choice = {"index": 0, "message": message, "finish_reason": "length", "logprobs": written}
        return {"object": "chat.completion", "model": MODEL, "choices": [choice], "usage": None}

    def _chat(self, body: dict[str, Any]) -> object:
        asked = body["messages"]
        if body.get("logprobs"):
            return self._letter(body)
        first = len(asked) == 2
        text, finish = json.dumps(local_model.judge(asked)), "stop"
        way = self.server.ways.chat
        if way == "prose" or (way == "once" and first):
            text = "I think that the passage supports it."
        elif way == "schema":
            text = json.dumps({"verdict": "probably", "quote": ""})
        elif way == "cut":
            text, finish = text[: len(text) // 2], "length"
        elif way == "invented":
            text = json.dumps(_invented(json.loads(asked[1]["content"])))
        read = sum(len(message["content"]) for message in asked) // 4
        usage = {"prompt_tokens": read, "completion_tokens": len(text) // 4, "total_tokens": 0}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        return {"object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage}


def _invented(given: dict[str, Any]) -> object:
    """An answer of the right shape whose quotation stands nowhere."""
    quote = "words that no text has"
    if "step" in given:
        return {"claims": [{"quote": quote, "claim": given["step"], "query": "anything"}]}
    return {"quote": quote, "grade": "correct"} if "response" in given else {"quote": quote, "verdict": "supported"}


def main() -> None:
    """Serves on a given port until it is killed, with the ways given as JSON."""
    import sys

    ways = Ways(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(sys.argv[2]).items()})
    server = LocalServer(ways, int(sys.argv[1]))
    sys.stdout.write(f"{server.uri}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
