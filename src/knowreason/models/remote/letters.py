"""Letters by the log-probabilities of one generated token, for servers that score no given text.

Two ways, the first that proves itself: *completion* (the text goes on after "The answer is:") and *chat* (a chat model
is asked for a letter and nothing else). A server may answer 200 and ignore `logprobs`, or answer the same letter
whatever is asked: the probe is asked with its options in both orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal, NamedTuple

from knowreason.errors import ModelError, Unanswered
from knowreason.ledger import Usage
from knowreason.models.letters import letter_context, letter_odds, letter_share
from knowreason.models.remote.budget import guess
from knowreason.models.remote.prompting import messages, prompt
from knowreason.models.remote.replies import CHAT, COMPLETION, Counted, Logprobs, Place, first
from knowreason.models.remote.transport import Transport, Unusable
from knowreason.records import Observation

LetterWay = Literal["completion", "chat"]
WAYS: tuple[LetterWay, ...] = ("completion", "chat")
TOP = 20  # tokens asked for: what servers give at most
LEAST_SHARE = 0.01  # of the probability that the letters of the probe must have together
_QUESTION, _PREFIX = "Which number comes after six?", "One, two, three, four, five, six,"
_LIKELY, _UNLIKELY = "seven", "purple"


class Top(NamedTuple):
    """The likeliest tokens of one place with their log-probabilities, tokens counted, and seconds."""

    tokens: dict[str, float]
    usage: Usage
    latency: float


def prompt_of(way: LetterWay) -> str:
    """The name of the prompt that a way uses, "" for none."""
    return prompt("letters").name if way == "chat" else ""


def ask(transport: Transport, asked: Observation, way: LetterWay) -> Top:
    """The likeliest first tokens of the answer. Raises what `Transport.call` raises."""
    text, model = letter_context(asked), transport.address.model
    common: dict[str, object] = {"model": model, "max_tokens": 1, "temperature": 0}
    expected = guess(len(text) + len(prompt("letters").system), 1)
    path, read = ("completions", _read_completion) if way == "completion" else ("chat/completions", _read_chat)
    if way == "completion":
        body = {**common, "prompt": text, "logprobs": TOP}
    else:
        chat = messages(prompt("letters"), {"text": text})
        body = {**common, "messages": chat, "logprobs": True, "top_logprobs": TOP}
    url = f"{transport.address.base_url}/{path}"
    reply = transport.call(url, body, partial(read, expected=expected), may_lack=True)
    return Top(*reply.value, reply.latency)


def prove(transport: Transport) -> LetterWay:
    """The way in which this server answers the probe with the right letter, wherever that stands.

    Raises `ModelError` with what the server did, each way, where it does not.
    """
    did: list[str] = []
    for way in WAYS:
        failure = _failure(transport, way)
        if failure is None:
            return way
        did.append(f"by {way}: {failure}")
    raise ModelError(
        f"{transport.address.host} answers with no letters by which {transport.address.model} could be a scorer of "
        f"letters. {'; '.join(did)}"
    )


def _failure(transport: Transport, way: LetterWay) -> str | None:
    for options in ((_LIKELY, _UNLIKELY), (_UNLIKELY, _LIKELY)):
        asked = Observation(question=_QUESTION, prefix=_PREFIX, candidates=options, labels=("A", "B"))
        try:
            top = ask(transport, asked, way).tokens
            odds = letter_odds(top, asked.labels)
        except Unanswered as error:
            if error.reason == "model_unavailable":  # it says nothing about what the server can do
                raise ModelError(f"{error.detail}: it could not prove itself; run the same command again") from error
            return error.detail
        right = options.index(_LIKELY)
        likely, unlikely = odds[right], odds[1 - right]
        if likely is None or (unlikely is not None and likely <= unlikely):
            return f"asked what comes after six it finds {asked.labels[right]} ({_LIKELY}) no likelier than {_UNLIKELY}"
        share = letter_share(top, asked.labels)
        if share < LEAST_SHARE:
            return f"the letters have {share:.2%} of the probability: it would answer with something else"
    return None


def _read_completion(data: bytes, *, expected: Usage) -> tuple[dict[str, float], Usage]:
    answer = COMPLETION.decode(data)
    told = first(answer.choices).logprobs
    return _checked(_top(told)), (answer.usage or Counted()).usage(expected)


def _read_chat(data: bytes, *, expected: Usage) -> tuple[dict[str, float], Usage]:
    answer = CHAT.decode(data)
    told = first(answer.choices).logprobs
    return _checked(_first_place(None if told is None else told.content)), (answer.usage or Counted()).usage(expected)


def _top(told: Logprobs | None) -> Mapping[str, float] | None:
    if told is None or told.content is not None or not told.top_logprobs:
        return None if told is None else _first_place(told.content)
    return told.top_logprobs[0]


def _first_place(places: list[Place] | None) -> Mapping[str, float] | None:
    """Token texts with their log-probabilities; of two tokens with one text the likelier."""
    if not places:
        return None
    return {one.token: one.logprob for one in sorted(places[0].top_logprobs, key=lambda one: one.logprob)}


def _checked(top: Mapping[str, float] | None) -> dict[str, float]:
    if not top:
        raise Unusable("status 200 without log-probabilities of what it wrote: it ignored logprobs")
    if any(not value <= 1e-6 for value in top.values()):
        raise Unusable("some log-probabilities are above 0")
    if len(top) < 2 or not any(top.values()):
        raise Unusable(f"{len(top)} token with a log-probability, or all of them 0: nothing to compare letters by")
    return dict(top)
