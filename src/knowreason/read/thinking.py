"""Where a model's reasoning lies: in a field of its own, in blocks, between tags, or nowhere.

Looked for in this order: `reasoning`, `reasoning_content`, `reasoning_details`, thinking blocks, <think>
tags, a bare </think>, and a response that opens with the bare line "think".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, cast

from knowreason.read.rows import Rejected, Row

Mark = Literal["redacted", "summary_only"]
REASONING_FIELDS = ("reasoning", "reasoning_content", "reasoning_details", "thinking_blocks")
_OPEN = re.compile(r"\s*(?:<think(?:ing)?>|\[THINK\])")
_CLOSE = re.compile(r"</think(?:ing)?>|\[/THINK\]")
_BARE_OPEN = re.compile(r"\s*think[ \t]*\r?\n")
_BARE_CLOSE = re.compile(r"^answer[ \t]*\r?$\n?", re.MULTILINE)


class Thought(NamedTuple):
    """A response taken apart. `closed` is False for a thought that never reached its response.

    `mark` is what the source says of the thinking: hidden, or only told in a summary.
    """

    thinking: str | None
    response: str
    closed: bool = True
    mark: Mark | None = None


class _Parts(NamedTuple):
    texts: list[str]
    thoughts: list[str]
    summaries: list[str]
    withheld: bool  # a block was taken out
    sealed: bool  # a block is there in a form nobody can read

    def thinking(self) -> str | None:
        return "\n\n".join(self.thoughts or self.summaries) or None

    def mark(self) -> Mark | None:
        if self.thoughts:
            return "redacted" if self.withheld else None
        if self.summaries:
            return "summary_only"
        return "redacted" if self.withheld or self.sealed else None


def find_thought(message: Row) -> Thought:
    """Takes a message apart. Raises Rejected("missing_response") if it holds neither content nor reasoning."""
    content = _parts(message.get("content"))
    details = _parts([*_items(message.get("reasoning_details")), *_items(message.get("thinking_blocks"))])
    response = "".join(content.texts)
    mark = details.mark() or content.mark()
    stated = _first_text(message.get("reasoning"), message.get("reasoning_content"))
    thinking = stated or details.thinking() or content.thinking()
    if thinking is not None and thinking.strip():
        return Thought(thinking, _without_copy(response, thinking), True, mark)
    if "content" not in message and mark is None:
        raise Rejected("missing_response")
    return split_tags(response)._replace(mark=mark)


def split_tags(text: str) -> Thought:
    """Takes a text apart at its thinking tags; without any it is all response, unchanged."""
    opened = _OPEN.match(text) or _BARE_OPEN.match(text)
    bare = opened is not None and _BARE_OPEN.match(text) is not None
    closes = list((_BARE_CLOSE if bare else _CLOSE).finditer(text, opened.end() if opened else 0))
    if not opened and not closes:
        return Thought(None, text)
    start = opened.end() if opened else 0
    if not closes:
        return Thought(text[start:].strip() or None, "", closed=False)
    return Thought(text[start : closes[-1].start()].strip() or None, text[closes[-1].end() :].lstrip())


def _first_text(*values: Any) -> str | None:
    return next((v for v in values if isinstance(v, str) and v.strip()), None)


def _without_copy(response: str, thinking: str) -> str:
    """Some servers return the thinking in its field and again, tagged, in the content."""
    if not _CLOSE.search(response):
        return response
    again = split_tags(response)
    return again.response if again.thinking == thinking.strip() else response


def _items(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _parts(content: Any) -> _Parts:
    parts = _Parts([], [], [], False, False)
    if content is None or isinstance(content, str):
        return parts._replace(texts=[content or ""])
    if not isinstance(content, list):
        raise Rejected("wrong_type", "the response is neither a text nor a list of parts")
    for item in cast(list[Any], content):
        parts = _add_part(parts, item)
    return parts


def _add_part(parts: _Parts, item: Any) -> _Parts:
    if isinstance(item, str):
        parts.texts.append(item)
        return parts
    if not isinstance(item, Mapping):
        raise Rejected("wrong_type", "a part of the response is neither a text nor an object")
    part = cast(Row, item)
    kind = part.get("type")
    if kind in ("text", "output_text"):
        parts.texts.extend(_texts(part.get("text")))
        return parts
    if kind in ("redacted_thinking", "reasoning.encrypted"):
        return parts._replace(withheld=parts.withheld or kind == "redacted_thinking", sealed=True)
    if kind in ("thinking", "reasoning", "reasoning.text", "reasoning.summary"):
        return _add_thought(parts, part)
    return parts


def _add_thought(parts: _Parts, part: Row) -> _Parts:
    parts.summaries.extend(_texts(part.get("summary")))
    if part.get("redacted") is True:
        return parts._replace(withheld=True)
    for name in ("thinking", "reasoning", "text", "content"):
        parts.thoughts.extend(_texts(part.get(name)))
    return parts._replace(sealed=parts.sealed or bool(part.get("encrypted_content")))


def _texts(value: Any) -> Iterable[str]:
    """The texts in a string, or in a list of `{"text": ...}` objects."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    found = [item.get("text") if isinstance(item, Mapping) else item for item in _items(value)]
    return [text for text in found if isinstance(text, str) and text.strip()]
