"""Questions to a chat model: asked, repaired once where the answer is unusable, and kept in the ledger."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import msgspec

from knowreason.errors import Unanswered
from knowreason.ledger import Answer, Call, Ledger, Output, Usage
from knowreason.models.remote.address import Address
from knowreason.models.remote.budget import guess
from knowreason.models.remote.calls import Calls
from knowreason.models.remote.prompting import Task, Told, messages, outcome, prompt
from knowreason.models.remote.replies import CHAT, Chat, Counted, answered, first
from knowreason.models.remote.transport import Transport
from knowreason.records import Unscored

_AROUND = 200  # characters of a request that are neither prompt nor item

A = TypeVar("A")


class Asker(NamedTuple):
    """Asks one server. Threads share it."""

    transport: Transport
    calls: Calls

    def ask(self, task: Task[A], item: A) -> Told:
        """What the model says of an item, Unscored with the reason where it says nothing usable.

        Unscored reasons: judge_malformed (twice no answer of the schema, or a citation that is none),
        model_unavailable, unusable_answer, request_refused.
        """
        unusable: tuple[str, str] | None = None
        told = Told(Unscored(reason="judge_malformed"))
        for turn in (0, 1):
            try:
                answer = self._answer(task, item, turn, unusable)
            except Unanswered as error:
                return Told(Unscored(reason=error.reason, detail=error.detail))
            told = Told(answer.output, answer.span)
            if not isinstance(answer.output, Unscored):
                return told
            unusable = answer.text, answer.output.detail
        return told

    def _answer(self, task: Task[A], item: A, turn: int, unusable: tuple[str, str] | None) -> Answer:
        chat = messages(prompt(task.prompt), task.given(item), unusable)
        expected = estimate(task, item)
        address = self.transport.address

        def make() -> Answer:
            body = {"model": address.model, "messages": chat, **task.parameters}
            reply = self.transport.call(f"{address.base_url}/chat/completions", body, read_chat)
            choice, counted = first(reply.value.choices), reply.value.usage or Counted()
            told = outcome(task, choice, item)
            return answered(
                told.output, choice.message.content or "", counted.usage(expected), reply.latency, span=told.span
            )

        return self.calls.answer(call(task, item, address, turn), expected, make)


def call(task: Task[A], item: A, address: Address, turn: int = 0) -> Call:
    """The call that asks about an item, as the ledger knows it."""
    name = prompt(task.prompt).name
    parameters = msgspec.json.encode(task.parameters, order="sorted").decode()
    return Call(task.kind, address.uri, address.revision, name, parameters, *task.texts(item), turn)


def held(ledger: Ledger, task: Task[A], item: A, address: Address) -> Output | None:
    """What the ledger says of an item, None where it was never asked: nothing is asked."""
    calls = [call(task, item, address, turn) for turn in (0, 1)]
    found = [ledger.get(asked) for asked in calls if ledger.holds(asked)]
    return None if not found or found[-1] is None else found[-1].output


def estimate(task: Task[A], item: A) -> Usage:
    """Tokens that a question about an item may take."""
    length = len(prompt(task.prompt).system) + sum(map(len, task.texts(item))) + _AROUND
    return guess(length, task.written(item))


def read_chat(data: bytes) -> Chat:
    """An answer of /chat/completions. Raises `Unusable` where it has no choices."""
    chat = CHAT.decode(data)
    first(chat.choices)
    return chat
