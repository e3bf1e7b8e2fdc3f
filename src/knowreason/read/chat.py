"""Chat logs in the shape of OpenAI-compatible servers: requests with responses, batch output, conversations.

Understood are chat completions (`choices`), the Responses interface (`output`), single messages (`content` as
a list of parts) and plain `{"messages": [...]}` rows. What the conversation does not tell (options, gold,
benchmark ...) is looked for beside it and in its `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from knowreason.read.fields import QUESTIONS, first_of, mapped, options_of
from knowreason.read.rows import Place, RawTrace, Rejected, Row
from knowreason.read.thinking import REASONING_FIELDS

# "answer" is left out: in a chat log it may well be the model's
_GOLDS = ("gold", "target", "reference", "ground_truth", "correct_answer", "gold_answer", "answer_key", "ideal")
_CONVERSATION = {"messages", "request", "response", "body", "choices", "output", "content", "metadata", "error"}


class _Reply(NamedTuple):
    message: Row
    finish: Any
    sample: int | None
    hidden: bool  # the server counted reasoning tokens that the log does not hold


def is_chat(row: Row) -> bool:
    """Whether a row is a chat log and not one of our own rows."""
    if isinstance(row.get("response"), str) and isinstance(row.get("question"), str):
        return False
    if any(isinstance(row.get(name), Mapping) for name in ("response", "request")):
        return True
    if isinstance(row.get("messages"), list):
        return True
    if isinstance(row.get("content"), list) and row.get("role") == "assistant":
        return True
    return _holds_objects(row.get("choices")) or (_holds_objects(row.get("output")) and "question" not in row)


def chat_traces(row: Row, place: Place, fields: Mapping[str, str]) -> Iterator[RawTrace]:
    """The raw traces of a chat row: one for each reply. Raises Rejected where it holds no reply."""
    request = _request(row)
    messages = _objects(request.get("messages") or request.get("input"))
    body = _body(row)
    replies = _replies(body) if body is not None else None
    if replies is None:
        messages, replies = _from_conversation(messages)
    metadata = row.get("metadata")
    beside = [row, cast(Row, metadata)] if isinstance(metadata, Mapping) else [row]
    asked = mapped(beside, fields, "question") or first_of([*beside[1:], _not_ours(row)], QUESTIONS)
    for reply in replies:
        raw = _raw_trace(beside, place, fields, reply)
        raw.question = asked if asked is not None else _asked(messages)
        raw.model = raw.model or (body or {}).get("model") or request.get("model")
        yield raw


def _not_ours(row: Row) -> Row:
    """A row without `input`, which is the conversation in requests of the Responses interface."""
    return {name: value for name, value in row.items() if name != "input"}


def _raw_trace(beside: Sequence[Row], place: Place, fields: Mapping[str, str], reply: _Reply) -> RawTrace:
    def field(ours: str, *names: str) -> Any:
        value = mapped(beside, fields, ours)
        return value if value is not None else first_of(beside, (ours, *names))

    sample, gold = field("sample"), field("gold", *_GOLDS)
    options = mapped(beside, fields, "options")
    return RawTrace(
        place=place,
        harness="chat",
        question_id=field("question_id", "custom_id"),
        benchmark=field("benchmark"),
        domain=field("domain"),
        options=options if options is not None else options_of([_options_row(row) for row in beside]),
        golds=() if gold is None else (gold,),
        model=field("model"),
        variant=field("variant"),
        lineage=field("lineage"),
        condition=field("condition"),
        sample=sample if sample is not None else reply.sample,
        message=reply.message,
        finish=reply.finish,
        declared="stripped" if reply.hidden else None,
        meta={"harness": "chat", **_unknown(beside)},
    )


def _options_row(row: Row) -> Row:
    """A row without the `choices` of a completion, which are not options."""
    return {n: v for n, v in row.items() if n != "choices" or not _holds_objects(v)}


def _unknown(beside: Sequence[Row]) -> dict[str, Any]:
    return {name: value for row in reversed(beside) for name, value in row.items() if name not in _CONVERSATION}


def _request(row: Row) -> Row:
    for name in ("request", "body"):
        inner = row.get(name)
        if isinstance(inner, Mapping):
            body = cast(Row, inner).get("body")
            return cast(Row, body if isinstance(body, Mapping) else inner)
    return row


def _body(row: Row) -> Row | None:
    """The response's body; None for a plain conversation. A failed request has none to give."""
    if row.get("error") is not None:
        raise Rejected("missing_response", "the request failed")
    response = row.get("response")
    if isinstance(response, Mapping):
        body = cast(Row, response).get("body")
        return cast(Row, body if isinstance(body, Mapping) else response)
    if "response" in row and not isinstance(row.get("messages"), list):
        raise Rejected("missing_response" if response is None else "wrong_type", "response is not an object")
    if _holds_objects(row.get("choices")) or _holds_objects(row.get("output")) or row.get("role") == "assistant":
        return row
    return {"role": "assistant", "content": response} if isinstance(response, str) else None


def _replies(body: Row) -> list[_Reply]:
    hidden = _reasoning_tokens(body.get("usage")) > 0
    if choices := _objects(body.get("choices")):
        several = len(choices) > 1
        return [_choice(choice, i if several else None, hidden) for i, choice in enumerate(choices)]
    if items := _objects(body.get("output")):
        return [_shown(_output_message(items), _response_finish(body), None, hidden)]
    if "content" in body or any(name in body for name in REASONING_FIELDS):
        return [_shown(body, body.get("stop_reason", body.get("finish_reason")), None, hidden)]
    raise Rejected("missing_response", "no choices, output or content")


def _choice(choice: Row, sample: int | None, hidden: bool) -> _Reply:
    message = choice.get("message")
    finish = choice.get("finish_reason")
    if isinstance(choice.get("stop_reason"), str) and finish == "stop":
        finish = "stop_sequence"  # vLLM names the stop string that it met
    if isinstance(message, Mapping):
        return _shown(cast(Row, message), finish, sample, hidden)
    if "text" in choice:
        return _shown({"content": choice["text"]}, finish, sample, hidden)
    raise Rejected("missing_response", "a choice without a message")


def _shown(message: Row, finish: Any, sample: int | None, hidden: bool) -> _Reply:
    """A reply; what the server thought counts as hidden only where no field of the message can hold it."""
    content = message.get("content")
    told = any(message.get(name) for name in REASONING_FIELDS) or isinstance(content, list)
    tagged = isinstance(content, str) and "think>" in content
    return _Reply(message, finish, sample, hidden and not told and not tagged)


def _output_message(items: Sequence[Row]) -> Row:
    """The items of a Responses body as one message: reasoning items, then the parts of its messages."""
    parts: list[Any] = [item for item in items if item.get("type") == "reasoning"]
    messages = [item for item in items if item.get("type") == "message"]
    if not messages and not parts:
        raise Rejected("missing_response", "no message in the output")
    for item in messages:
        content = item.get("content")
        parts += cast(list[Any], content) if isinstance(content, list) else [content or ""]
    return {"content": parts}


def _response_finish(body: Row) -> Any:
    details = body.get("incomplete_details")
    return cast(Row, details).get("reason") if isinstance(details, Mapping) else body.get("status")


def _reasoning_tokens(usage: Any) -> int:
    if not isinstance(usage, Mapping):
        return 0
    row = cast(Row, usage)
    details = row.get("completion_tokens_details") or row.get("output_tokens_details") or row
    count = cast(Row, details).get("reasoning_tokens") if isinstance(details, Mapping) else 0
    return count if isinstance(count, int) else 0


def _from_conversation(messages: Sequence[Row]) -> tuple[Sequence[Row], list[_Reply]]:
    last = next((i for i in range(len(messages) - 1, -1, -1) if messages[i].get("role") == "assistant"), None)
    if last is None:
        raise Rejected("missing_response", "no message of the assistant")
    reply = messages[last]
    return messages[:last], [_shown(reply, reply.get("finish_reason", reply.get("stop_reason")), None, False)]


def _asked(messages: Sequence[Row]) -> str | None:
    """The text of the last message a user wrote."""
    content = next((m.get("content") for m in reversed(messages) if m.get("role") == "user"), None)
    if isinstance(content, list):
        texts = [part.get("text") for part in _objects(cast(Any, content))]
        content = "\n".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else None


def _objects(value: Any) -> list[Row]:
    return [item for item in cast(list[Any], value) if isinstance(item, Mapping)] if isinstance(value, list) else []


def _holds_objects(value: Any) -> bool:
    return bool(_objects(value))
