"""The shapes of an OpenAI-compatible server's answers, as far as they are read; what a server adds is ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from knowreason.ledger import Answer, Output, Usage
from knowreason.models.remote.transport import Unusable


class Counted(msgspec.Struct, frozen=True):
    """Tokens as a server counts them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def usage(self, guess: Usage) -> Usage:
        """These counts, or the guess where the server gives none."""
        read = guess.read if self.prompt_tokens is None else self.prompt_tokens
        return Usage(read=read, written=guess.written if self.completion_tokens is None else self.completion_tokens)


class Message(msgspec.Struct, frozen=True):
    """What a chat model wrote."""

    content: str | None = None


class Likely(msgspec.Struct, frozen=True):
    """One of the likeliest tokens at a place, with its log-probability in nats."""

    token: str
    logprob: float


class Place(msgspec.Struct, frozen=True):
    """A place in what was written, with the tokens that were likeliest there."""

    top_logprobs: list[Likely]


class Written(msgspec.Struct, frozen=True):
    """What was written, place by place."""

    content: list[Place] | None = None


class ChatChoice(msgspec.Struct, frozen=True):
    """One answer of a chat model."""

    message: Message
    finish_reason: str | None = None
    logprobs: Written | None = None


class Chat(msgspec.Struct, frozen=True):
    """An answer of /chat/completions."""

    choices: list[ChatChoice]
    usage: Counted | None = None


class Logprobs(msgspec.Struct, frozen=True):
    """The tokens of an echoed prompt and of what follows it, with their log-probabilities in nats.

    `top_logprobs` holds the likeliest tokens of each place; llama.cpp gives them as `content`, as chat models do.
    """

    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None
    content: list[Place] | None = None


class Chosen(msgspec.Struct, frozen=True):
    """The log-probability of one token at one position of a prompt."""

    logprob: float


class TextChoice(msgspec.Struct, frozen=True):
    """One answer of a completion model; `prompt_logprobs` is vLLM's: token id to log-probability, by position."""

    logprobs: Logprobs | None = None
    prompt_logprobs: list[dict[str, Chosen] | None] | None = None


class Completion(msgspec.Struct, frozen=True):
    """An answer of /completions."""

    choices: list[TextChoice]
    usage: Counted | None = None


class Tokens(msgspec.Struct, frozen=True):
    """An answer of vLLM's /tokenize."""

    tokens: list[int]


class Served(msgspec.Struct, frozen=True):
    """One model of a server's list; `max_model_len` is its context in tokens, where a server says it."""

    id: str
    max_model_len: int | None = None


class Models(msgspec.Struct, frozen=True):
    """An answer of /models."""

    data: list[Served]


# made here, in one thread: types that several threads meet first at once can bring msgspec down
CHAT = msgspec.json.Decoder(Chat)
COMPLETION = msgspec.json.Decoder(Completion)
TOKENS = msgspec.json.Decoder(Tokens)
MODELS = msgspec.json.Decoder(Models)

C = TypeVar("C", ChatChoice, TextChoice)


def first(choices: list[C]) -> C:
    """The only answer that was asked for. Raises `Unusable` where there is none."""
    if not choices:
        raise Unusable("its answer has no choices")
    return choices[0]


def answered(output: Output, text: str, usage: Usage, latency: float, *, span: tuple[int, int] | None = None) -> Answer:
    """An answer as the ledger keeps it, dated now."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Answer(output=output, text=text, usage=usage, latency=round(latency, 4), date=date, span=span)


def read_models(data: bytes) -> list[Served]:
    """An answer of /models."""
    return MODELS.decode(data).data
