"""A model behind an OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama, hosted): a judge, and a scorer.

As a judge it says of one passage and one claim whether the passage supports it, and cites the words. As a scorer it
must return the log-probabilities of a given text, and proves on a probe that it does. Every answer is kept in the
ledger before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TypeVar

import msgspec

from knowreason.errors import ModelError, Unanswered
from knowreason.ledger import Answer, Call, Usage
from knowreason.models.protocols import Judgement
from knowreason.models.remote import echo, judging
from knowreason.models.remote.address import Address, parse
from knowreason.models.remote.budget import guess
from knowreason.models.remote.calls import Calls
from knowreason.models.remote.replies import Chat, Counted, Models, Served, first
from knowreason.models.remote.terms import Remote, Terms, open_terms
from knowreason.models.remote.transport import Transport
from knowreason.records import Continuation, Unscored

_JUDGING = msgspec.json.encode(judging.PARAMETERS, order="sorted").decode()
_REACHING = 3  # retries of the first call: who typed a wrong host should not wait
_WRITTEN = 80  # tokens of a verdict, for estimates: a sentence and a label

T = TypeVar("T")
R = TypeVar("R")


class ServedModel:
    """A `Judge` and a `Scorer`. Threads share it; without `connect` its answers are kept in memory only."""

    def __init__(self, address: Address, terms: Terms | None = None) -> None:
        """Asks nothing yet. Raises `MissingExtra` where the HTTP client is not installed."""
        self.address = address
        self._way: echo.Way | None = None
        self._proving = Lock()
        self._connect(terms or open_terms(Remote(), Path(":memory:")))

    def connect(self, terms: Terms) -> None:
        """Puts the model under other terms, before anything is asked."""
        self.close()
        self._terms.ledger.close()
        self._connect(terms)

    def _connect(self, terms: Terms) -> None:
        self._terms = terms
        self._transport = Transport(self.address, terms)
        self._pool = ThreadPoolExecutor(terms.options.concurrency, thread_name_prefix="call")
        self._echo = echo.Echo(self._transport)
        self.calls = Calls(terms)

    def close(self) -> None:
        """Ends the threads and connections; the ledger is closed by whoever opened it."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._transport.close()

    def describe(self) -> dict[str, str]:
        """The URI, the prompt's version and hash, and how a scorer was proven; a server does not show its weights."""
        told = {"id": self.address.uri, "sha256": "", "prompt": judging.prompt().name}
        return told if self._way is None else {**told, "scored_by": self._way}

    def served(self) -> list[Served]:
        """The models that the server lists. Raises `ModelError` where it cannot be reached at all."""
        url = f"{self.address.base_url}/models"
        try:
            return self._transport.call(url, None, _read_models, may_lack=True, retries=_REACHING).value
        except Unanswered as error:
            if error.reason == "not_offered":
                return []
            raise ModelError(f"{self.address.host} does not answer: {error.detail}") from error

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement | Unscored]:
        """For each (passage, claim): the verdict with the words it cites, or why there is none.

        Unscored reasons: judge_malformed (twice no answer of the schema, or a citation that is none),
        model_unavailable, unusable_answer, request_refused.
        """
        return self._each(self._judge, pairs)

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: natural-log probabilities of the target's tokens after the context.

        Raises `Unanswered` for a continuation without an answer, `ModelError` where the server does not prove itself.
        """
        if continuations:
            self.prove()
        return self._each(self._score, continuations)

    def prove(self) -> echo.Way:
        """Shows on a probe that the server gives log-probabilities, once; in a replay the recorded proof is taken.

        Raises `ModelError` where it does not, or does it in another way than the ledger's answers were made.
        """
        with self._proving:
            if self._way is None:
                self._way = self._proven()
            return self._way

    def _proven(self) -> echo.Way:
        call = self._proof_call()
        recorded = self._terms.ledger.get(call)
        if recorded is not None and self._terms.ledger.replay:
            return _way(recorded.text)
        way = echo.prove(self._echo, self._transport)
        if recorded is not None and recorded.text != way:
            raise ModelError(
                f"{self.address.host} now scores by {way}, the answers in {self._terms.ledger.path} are by "
                f"{recorded.text}: the two do not mix, so give another --ledger"
            )
        self._terms.ledger.put(call, _answer([], way, Usage(), 0.0))
        return way

    def recorded_way(self) -> echo.Way | None:
        """How answers in the ledger were scored, None where it has none: nothing is asked."""
        call = self._proof_call()
        held = self._terms.ledger.get(call) if self._terms.ledger.holds(call) else None
        return None if held is None else _way(held.text)

    def judge_call(self, pair: tuple[str, str], turn: int = 0) -> Call:
        """The call that judges a pair, as the ledger knows it."""
        address = self.address
        return Call("entail", address.uri, address.revision, judging.prompt().name, _JUDGING, *pair, turn)

    def score_call(self, asked: Continuation, way: echo.Way) -> Call:
        """The call that scores a continuation, as the ledger knows it."""
        address = self.address
        return Call("logprobs", address.uri, address.revision, "", way, asked.context, asked.target)

    def _proof_call(self) -> Call:
        return Call("proof", self.address.uri, self.address.revision, "", "", "", "")

    def _each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        futures: list[Future[R]] = [self._pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def _score(self, asked: Continuation) -> list[float]:
        if not asked.target:
            return []
        way = self.prove()

        def make() -> Answer:
            scored = self._echo.score(asked, way)
            return _answer(scored.logprobs, "", scored.usage, scored.latency)

        answer = self.calls.answer(self.score_call(asked, way), score_estimate(asked), make)
        return answer.output if isinstance(answer.output, list) else _unanswered(answer.output)

    def _judge(self, pair: tuple[str, str]) -> Judgement | Unscored:
        unusable: tuple[str, str] | None = None
        outcome: Judgement | Unscored = Unscored(reason="judge_malformed")
        for turn in (0, 1):
            try:
                answer = self._judged(pair, turn, unusable)
            except Unanswered as error:
                return Unscored(reason=error.reason, detail=error.detail)
            if isinstance(answer.output, list):
                supported, refuted, neither = answer.output
                return Judgement((supported, refuted, neither), answer.span)
            outcome, unusable = answer.output, (answer.text, answer.output.detail)
        return outcome

    def _judged(self, pair: tuple[str, str], turn: int, unusable: tuple[str, str] | None) -> Answer:
        chat = judging.messages(*pair, unusable)
        estimate = judge_estimate(pair)

        def make() -> Answer:
            body = {"model": self.address.model, "messages": chat, **judging.PARAMETERS}
            reply = self._transport.call(f"{self.address.base_url}/chat/completions", body, _read_chat)
            choice, counted = first(reply.value.choices), reply.value.usage or Counted()
            told = judging.read(choice, pair[0])
            text, usage = choice.message.content or "", counted.usage(estimate)
            if isinstance(told, Unscored):
                return _answer(told, text, usage, reply.latency)
            return _answer(list(told.probabilities), text, usage, reply.latency, told.span)

        return self.calls.answer(self.judge_call(pair, turn), estimate, make)


def load_served(rest: str) -> ServedModel:
    """The model at `MODEL@BASE_URL[#REVISION]`. Raises `ModelError` for another form, `MissingExtra`."""
    return ServedModel(parse(rest))


def judge_estimate(pair: tuple[str, str]) -> Usage:
    """Tokens that judging a pair may take."""
    return guess(len(judging.prompt().system) + len(pair[0]) + len(pair[1]) + 200, _WRITTEN)


def score_estimate(asked: Continuation) -> Usage:
    """Tokens that scoring a continuation may take."""
    return guess(len(asked.context) + len(asked.target), 1)


def _answer(
    output: list[float] | Unscored, text: str, usage: Usage, latency: float, span: tuple[int, int] | None = None
) -> Answer:
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Answer(output=output, text=text, usage=usage, latency=round(latency, 4), date=date, span=span)


def _way(recorded: str) -> echo.Way:
    return next(way for way in echo.WAYS if way == recorded)


def _unanswered(why: Unscored) -> list[float]:
    raise Unanswered(why.reason, why.detail)


def _read_chat(data: bytes) -> Chat:
    chat = msgspec.json.decode(data, type=Chat)
    first(chat.choices)
    return chat


def _read_models(data: bytes) -> list[Served]:
    return msgspec.json.decode(data, type=Models).data
