"""Log-probabilities of a target's tokens after a context, from a completion server.

Two ways, the first that proves itself:

- *token ids*: the server tokenises context and target apart (`/tokenize`), is given the ids, and returns
  `prompt_logprobs` (vLLM). The boundary is exact wherever it lies.
- *text*: the server echoes the text with the log-probabilities of its tokens. The target must begin where a token
  begins; the spaces before it belong to it, as in most vocabularies. Where a token spans the boundary there is no
  exact answer and none is made up.

A server may answer 200 and ignore all of this, so each answer is checked: as many log-probabilities as tokens, the
tokens that were asked about, not all zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

from knowreason.errors import ModelError, Unanswered
from knowreason.ledger import Usage
from knowreason.models.remote.budget import guess
from knowreason.models.remote.replies import COMPLETION, TOKENS, Chosen, Counted, TextChoice, first
from knowreason.models.remote.shared import Shared
from knowreason.models.remote.transport import Transport, Unusable
from knowreason.records import Continuation

Way = Literal["token ids", "text"]
WAYS: tuple[Way, ...] = ("token ids", "text")
_CONTEXT = "One, two, three, four, five, six,"
_LIKELY, _UNLIKELY = " seven", " purple"
_TEXTS = 1024  # whose tokens are remembered: the candidates of a question share a context, its contexts the candidates


class Scored(NamedTuple):
    """Log-probabilities of the target's tokens in nats, what the server read and wrote, and its seconds."""

    logprobs: list[float]
    usage: Usage
    latency: float


class Echo:
    """Scores on one server. Threads share it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._tokens = Shared[tuple[str, bool], list[int]](_TEXTS)

    def score(self, asked: Continuation, way: Way) -> Scored:
        """Scores one continuation. Raises what `Transport.call` raises, and Unanswered(answer_boundary)."""
        if way == "text":
            return _by_text(self._transport, asked)
        context = self._tokenised(asked.context, special=True)
        return _by_ids(self._transport, context, self._tokenised(asked.target, special=False))

    def _tokenised(self, text: str, *, special: bool) -> list[int]:
        return self._tokens.get((text, special), lambda: _tokens(self._transport, text, special=special))


def prove(echo: Echo, transport: Transport) -> Way:
    """The way in which this server proves itself on a probe whose answer is known.

    Log-probabilities that are not zero, as many as tokens, and a likely continuation above an unlikely one. Raises
    `ModelError` with what the server did, each way, where it does not.
    """
    did: list[str] = []
    for way in WAYS:
        failure = _failure(echo, way)
        if failure is None:
            return way
        did.append(f"by {way}: {failure}")
    raise ModelError(
        f"{transport.address.host} gives no log-probabilities of a given text with {transport.address.model}, so it "
        f"cannot be a scorer. {'; '.join(did)}"
    )


def _failure(echo: Echo, way: Way) -> str | None:
    try:
        likely, unlikely = (
            sum(echo.score(Continuation(context=_CONTEXT, target=target), way).logprobs)
            for target in (_LIKELY, _UNLIKELY)
        )
    except Unanswered as error:
        if error.reason == "model_unavailable":  # it says nothing about what the server can do
            raise ModelError(f"{error.detail}: it could not prove itself; run the same command again") from error
        return error.detail
    if likely <= unlikely:
        return f"it finds {_LIKELY!r} after {_CONTEXT!r} no likelier than {_UNLIKELY!r} ({likely:.2f}, {unlikely:.2f})"
    return None


def _by_ids(transport: Transport, context: Sequence[int], target: Sequence[int]) -> Scored:
    if not context or not target:
        raise Unanswered("answer_boundary", "the context or the target has no token")
    ids = [*context, *target]
    reply = transport.call(
        f"{transport.address.base_url}/completions",
        {**_body(transport), "prompt": ids, "prompt_logprobs": 1},
        partial(_read_ids, ids=ids, count=len(target)),
    )
    return Scored(*reply.value, reply.latency)


def _read_ids(data: bytes, *, ids: Sequence[int], count: int) -> tuple[list[float], Usage]:
    answer = COMPLETION.decode(data)
    told = first(answer.choices).prompt_logprobs
    if told is None:
        raise Unusable("status 200 without prompt_logprobs: it ignored them")
    if len(told) != len(ids):
        raise Unusable(f"{len(told)} prompt_logprobs for {len(ids)} tokens")
    values = [_of(at, token) for at, token in zip(told[1:], ids[1:], strict=True)]
    return _checked(values)[-count:], (answer.usage or Counted()).usage(Usage(read=len(ids), written=1))


def _of(at: dict[str, Chosen] | None, token: int) -> float:
    held = None if at is None else at.get(str(token))
    if held is None:
        raise Unusable(f"no log-probability of token {token}, which was asked about")
    return held.logprob


def _tokens(transport: Transport, text: str, *, special: bool) -> list[int]:
    body = {"model": transport.address.model, "prompt": text, "add_special_tokens": special}
    reply = transport.call(f"{transport.address.root}/tokenize", body, _read_tokens, may_lack=True)
    return reply.value


def _read_tokens(data: bytes) -> list[int]:
    return TOKENS.decode(data).tokens


def _by_text(transport: Transport, asked: Continuation) -> Scored:
    context = asked.context.rstrip(" ")
    target = asked.context[len(context) :] + asked.target
    if not context:
        raise Unanswered("answer_boundary", "nothing stands before the target")
    text = context + target
    reply = transport.call(
        f"{transport.address.base_url}/completions",
        {**_body(transport), "prompt": text, "echo": True, "logprobs": 1},
        partial(_read_text, target=target, guess=guess(len(text), 1)),
    )
    return Scored(*reply.value, reply.latency)


def _read_text(data: bytes, *, target: str, guess: Usage) -> tuple[list[float], Usage]:
    answer = COMPLETION.decode(data)
    counted = answer.usage or Counted()
    tokens, values = _echoed(first(answer.choices), counted)
    start = _boundary(tokens, target)
    return _checked(values[1:])[start - len(tokens) :], counted.usage(guess)


def _echoed(choice: TextChoice, counted: Counted) -> tuple[list[str], list[float | None]]:
    """The tokens of the prompt with their log-probabilities; what was written after it is left out."""
    told = choice.logprobs
    if told is None or not told.tokens or told.token_logprobs is None:
        raise Unusable("status 200 without log-probabilities: it ignored logprobs")
    if len(told.tokens) != len(told.token_logprobs):
        raise Unusable(f"{len(told.token_logprobs)} log-probabilities for {len(told.tokens)} tokens")
    if counted.prompt_tokens is None:
        raise Unusable("it does not say how many tokens the prompt has")
    written = counted.completion_tokens or 0
    if len(told.tokens) == written and written < counted.prompt_tokens:
        raise Unusable("log-probabilities of what it wrote, not of the prompt: it ignored echo")
    if len(told.tokens) != counted.prompt_tokens + written:
        raise Unusable(
            f"{len(told.tokens)} tokens with log-probabilities, but it counts {counted.prompt_tokens} of the prompt "
            f"and {written} written"
        )
    return told.tokens[: counted.prompt_tokens], told.token_logprobs[: counted.prompt_tokens]


def _boundary(tokens: Sequence[str], target: str) -> int:
    """The index of the target's first token. Raises `Unanswered` where no token begins there."""
    start, length = len(tokens), 0
    while start > 1 and length < len(target):
        start -= 1
        length += len(tokens[start])
    said = "".join(tokens[start:])
    if said != target:
        raise Unanswered("answer_boundary", f"the tokens {said!r} are not the target {target!r}")
    return start


def _checked(values: Sequence[float | None]) -> list[float]:
    """Log-probabilities of all tokens but the first. Raises `Unusable` where they cannot be any."""
    if any(value is None or not value <= 1e-6 for value in values):
        raise Unusable("some log-probabilities are missing or above 0")
    if not any(values):
        raise Unusable("all log-probabilities are 0")
    return [value for value in values if value is not None]


def _body(transport: Transport) -> dict[str, object]:
    return {"model": transport.address.model, "max_tokens": 1, "temperature": 0}
