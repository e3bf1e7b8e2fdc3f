"""The shapes of an OpenAI-compatible server's answers, as far as they are read; what a server adds is ignored."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from knowreason.ledger import Usage
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


class ChatChoice(msgspec.Struct, frozen=True):
    """One answer of a chat model."""

    message: Message
    finish_reason: str | None = None


class Chat(msgspec.Struct, frozen=True):
    """An answer of /chat/completions."""

    choices: list[ChatChoice]
    usage: Counted | None = None


class Logprobs(msgspec.Struct, frozen=True):
    """The tokens of an echoed prompt and of what follows it, with their log-probabilities in nats."""

    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None


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


C = TypeVar("C", ChatChoice, TextChoice)


def first(choices: list[C]) -> C:
    """The only answer that was asked for. Raises `Unusable` where there is none."""
    if not choices:
        raise Unusable("its answer has no choices")
    return choices[0]
