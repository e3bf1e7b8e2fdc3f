"""A model behind an OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama, hosted): a judge, and a scorer.

As a judge it says of one passage and one claim whether the passage supports it, lists the claims of a step, and grades
a free answer; it quotes what it goes by. As a scorer it must return the log-probabilities of a given text, or of the
letter that it would answer with, and proves on a probe that it does. Every answer is kept in the ledger before it is
used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TypeVar

from knowreason.errors import ModelError, Unanswered
from knowreason.ledger import Answer, Call, Output, Usage
from knowreason.models.letters import letter_context, letter_odds
from knowreason.models.protocols import Judgement
from knowreason.models.remote import echo, letters
from knowreason.models.remote.address import Address, parse
from knowreason.models.remote.budget import guess
from knowreason.models.remote.calls import Calls
from knowreason.models.remote.chat import Asker
from knowreason.models.remote.grading import GRADE
from knowreason.models.remote.judging import VERIFY, judgement_of
from knowreason.models.remote.prompting import PROMPTS_OF, of_kind, prompt
from knowreason.models.remote.reading import READ
from knowreason.models.remote.replies import Served, answered, read_models
from knowreason.models.remote.terms import Remote, Terms, open_terms
from knowreason.models.remote.transport import Transport
from knowreason.records import (
    AnswerToGrade,
    Continuation,
    Letters,
    Mark,
    Observation,
    ReadClaims,
    StepToRead,
    Unscored,
)

_REACHING = 3  # retries of the first call: who typed a wrong host should not wait

T = TypeVar("T")
R = TypeVar("R")


class ServedModel:
    """A judge of every kind and a scorer. Threads share it; without `connect` its answers are kept in memory only."""

    def __init__(self, address: Address, terms: Terms | None = None) -> None:
        """Asks nothing yet. Raises `MissingExtra` where the HTTP client is not installed."""
        self.address = address
        self._way: echo.Way | None = None
        self._letter_way: letters.LetterWay | None = None
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
        self._chat = Asker(self._transport, self.calls)

    def close(self) -> None:
        """Ends the threads and connections; the ledger is closed by whoever opened it."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._transport.close()

    def describe(self, use: str = "verifier") -> dict[str, str]:
        """The URI, and of its use: the prompt's version and hash, or how a scorer was proven.

        A server does not show its weights.
        """
        told = {"id": self.address.uri, "sha256": ""}
        if use in PROMPTS_OF:
            return {**told, "prompt": prompt(PROMPTS_OF[use]).name}
        if self._letter_way is not None:
            used = letters.prompt_of(self._letter_way)
            told |= {"letters_by": self._letter_way} | ({"prompt": used} if used else {})
        return told if self._way is None else {**told, "scored_by": self._way}

    def served(self) -> list[Served]:
        """The models that the server lists. Raises `ModelError` where it cannot be reached at all."""
        url = f"{self.address.base_url}/models"
        try:
            return self._transport.call(url, None, read_models, may_lack=True, retries=_REACHING).value
        except Unanswered as error:
            if error.reason == "not_offered":
                return []
            raise ModelError(f"{self.address.host} does not answer: {error.detail}") from error

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement | Unscored]:
        """For each (passage, claim): the verdict with the words it cites, or why there is none.

        Unscored reasons: those of `Asker.ask`.
        """
        return [judgement_of(told) for told in self._each(lambda pair: self._chat.ask(VERIFY, pair), pairs)]

    def read_claims(self, steps: Sequence[StepToRead]) -> list[ReadClaims | Unscored]:
        """For each step: its claims, or why they could not be read. Unscored reasons: those of `Asker.ask`."""
        told = self._each(lambda step: self._chat.ask(READ, step), steps)
        return [of_kind(one.output, ReadClaims) for one in told]

    def mark(self, asked: Sequence[AnswerToGrade]) -> list[Mark | Unscored]:
        """For each free answer: its grade, or why there is none. Unscored reasons: those of `Asker.ask`."""
        told = self._each(lambda one: self._chat.ask(GRADE, one), asked)
        return [of_kind(one.output, Mark) for one in told]

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: natural-log probabilities of the target's tokens after the context.

        Raises `Unanswered` for a continuation without an answer, `ModelError` where the server does not prove itself.
        """
        if continuations:
            self.prove()
        return self._each(self._score, continuations)

    def letters(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: natural-log probabilities over its letters; -inf for one that is next to impossible.

        Raises `Unanswered` for an observation without an answer, `ModelError` where the server does not prove itself.
        """
        if observations:
            self.prove_letters()
        return self._each(self._score_letters, observations)

    def prove(self) -> echo.Way:
        """Shows on a probe that the server gives log-probabilities, once; in a replay the recorded proof is taken.

        Raises `ModelError` where it does not, or does it in another way than the ledger's answers were made.
        """
        with self._proving:
            if self._way is None:
                said = self._proven(_SCORES, lambda: echo.prove(self._echo, self._transport))
                self._way = _echo_way(said)
            return self._way

    def prove_letters(self) -> letters.LetterWay:
        """The same for the letters that the server answers with."""
        with self._proving:
            if self._letter_way is None:
                self._letter_way = _letter_way(self._proven(_LETTERS, lambda: letters.prove(self._transport)))
            return self._letter_way

    def _proven(self, what: str, prove: Callable[[], str]) -> str:
        call = self._proof_call(what)
        recorded = self._terms.ledger.get(call)
        if recorded is not None and self._terms.ledger.replay:
            return recorded.text
        way = prove()
        if recorded is not None and recorded.text != way:
            raise ModelError(
                f"{self.address.host} now scores by {way}, the answers in {self._terms.ledger.path} are by "
                f"{recorded.text}: the two do not mix, so give another --ledger"
            )
        self._terms.ledger.put(call, answered([], way, Usage(), 0.0))
        return way

    def recorded_way(self) -> echo.Way | None:
        """How answers in the ledger were scored, None where it has none: nothing is asked."""
        recorded = self._recorded(_SCORES)
        return None if recorded is None else _echo_way(recorded)

    def recorded_letter_way(self) -> letters.LetterWay | None:
        """How letters in the ledger were made, None where it has none: nothing is asked."""
        recorded = self._recorded(_LETTERS)
        return None if recorded is None else _letter_way(recorded)

    def _recorded(self, what: str) -> str | None:
        call = self._proof_call(what)
        held = self._terms.ledger.get(call) if self._terms.ledger.holds(call) else None
        return None if held is None else held.text

    def score_call(self, asked: Continuation, way: echo.Way) -> Call:
        """The call that scores a continuation, as the ledger knows it."""
        address = self.address
        return Call("logprobs", address.uri, address.revision, "", way, asked.context, asked.target)

    def letters_call(self, asked: Observation, way: letters.LetterWay) -> Call:
        """The call that asks for a letter, as the ledger knows it."""
        address, used = self.address, letters.prompt_of(way)
        target = "".join(asked.labels)
        return Call("letters", address.uri, address.revision, used, way, letter_context(asked), target)

    def _proof_call(self, what: str) -> Call:
        return Call("proof", self.address.uri, self.address.revision, "", what, "", "")

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
            return answered(scored.logprobs, "", scored.usage, scored.latency)

        answer = self.calls.answer(self.score_call(asked, way), score_estimate(asked), make)
        return answer.output if isinstance(answer.output, list) else _unanswered(answer.output)

    def _score_letters(self, asked: Observation) -> list[float]:
        way = self.prove_letters()

        def make() -> Answer:
            top = letters.ask(self._transport, asked, way)
            return answered(_letters(top.tokens, asked), "", top.usage, top.latency)

        answer = self.calls.answer(self.letters_call(asked, way), letters_estimate(asked), make)
        if not isinstance(answer.output, Letters):
            return _unanswered(answer.output)
        return [-math.inf if value is None else value for value in answer.output.logprobs]


_SCORES, _LETTERS = "", "letters"


def load_served(rest: str) -> ServedModel:
    """The model at `MODEL@BASE_URL[#REVISION]`. Raises `ModelError` for another form, `MissingExtra`."""
    return ServedModel(parse(rest))


def score_estimate(asked: Continuation) -> Usage:
    """Tokens that scoring a continuation may take."""
    return guess(len(asked.context) + len(asked.target), 1)


def letters_estimate(asked: Observation) -> Usage:
    """Tokens that asking for a letter may take."""
    return guess(len(letter_context(asked)) + len(prompt("letters").system) + 100, 1)


def _letters(top: dict[str, float], asked: Observation) -> Letters | Unscored:
    """What was paid for stays: an answer without the letters is one too."""
    try:
        return Letters(logprobs=tuple(letter_odds(top, asked.labels)))
    except Unanswered as error:
        return Unscored(reason=error.reason, detail=error.detail)


def _echo_way(recorded: str) -> echo.Way:
    return next(way for way in echo.WAYS if way == recorded)


def _letter_way(recorded: str) -> letters.LetterWay:
    return next(way for way in letters.WAYS if way == recorded)


def _unanswered(why: Output) -> list[float]:
    if isinstance(why, Unscored):
        raise Unanswered(why.reason, why.detail)
    raise ModelError("the ledger holds an answer of another kind than was asked for")
