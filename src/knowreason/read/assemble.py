"""From a raw row to a Trace: every value checked, the identity derived, nothing guessed silently."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import msgspec

from knowreason.answers import answer_type
from knowreason.read.gold import label_options, question_key, read_gold, read_options
from knowreason.read.integrity import Judged, finish_kind, join, judge, read_label, require_text
from knowreason.read.options import ReadOptions, Source
from knowreason.read.rows import RawTrace, Rejected
from knowreason.read.thinking import Thought, find_thought
from knowreason.records import Basis, Trace

MAX_FIELD = 4 * 1024 * 1024  # characters of one field
UNKNOWN = "unknown"


class Occurrences:
    """Numbers repeated responses to a question and tells duplicates; keeps a few hashes for each trace."""

    def __init__(self) -> None:
        self._ids: set[bytes] = set()
        self._texts: set[bytes] = set()
        self._next: dict[bytes, int] = {}  # only questions answered more than once

    def number(self, identity: tuple[str, ...], text: str, sample: int | None) -> tuple[int, str]:
        """The sample number and trace id of a response. Raises Rejected("duplicate_trace").

        Without a sample number of its own a response gets the next free one, unless the same text was there.
        """
        if sample is None:
            self._once(self._texts, _digest((*identity, text)), "the same question, model and text came before")
            sample = self._free(identity)
        trace_id = _digest((*identity, str(sample)))
        self._once(self._ids, trace_id, f"sample {sample} of this question and model came before")
        return sample, trace_id.hex()

    def _free(self, identity: tuple[str, ...]) -> int:
        key = _digest(identity)
        sample = first = self._next.get(key, 0)
        while _digest((*identity, str(sample))) in self._ids:
            sample += 1
        if sample > first:
            self._next[key] = sample + 1
        return sample

    def _once(self, seen: set[bytes], digest: bytes, detail: str) -> None:
        if digest in seen:
            raise Rejected("duplicate_trace", detail)
        seen.add(digest)


class _Asked(NamedTuple):
    question: str
    options: dict[str, str] | None
    gold: str | None


class _Names(NamedTuple):
    benchmark: str
    domain: str
    model: str
    variant: str
    lineage: str | None
    condition: str


def assemble(raw: RawTrace, source: Source, options: ReadOptions, occurrences: Occurrences) -> Trace:
    """The trace of a raw row. Raises Rejected with the reason why it cannot be one."""
    _check_sizes(raw)
    asked = _asked(raw, no_gold=options.no_gold)
    judged, response = _judged(raw, asked.options)
    names = _names(raw, source, options.settings_for(source.name))
    key = question_key(asked.question, asked.options)
    question_id = _id_text(raw.question_id) or key
    identity = (names.benchmark, question_id, key, names.model, names.variant, names.condition)
    sample, trace_id = occurrences.number(identity, judged.reasoning + "\x00" + response, _sample(raw.sample))
    return Trace(
        trace_id=trace_id,
        question_id=question_id,
        question_key=key,
        sample=sample,
        response=response,
        reasoning=judged.reasoning,
        thinking_end=judged.thinking_end,
        integrity=judged.integrity,
        integrity_basis=judged.basis,
        meta=_meta_text(raw.meta),
        answer_type=answer_type(asked.gold, asked.options),
        **names._asdict(),
        **asked._asdict(),
    )


def _digest(parts: tuple[str, ...]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def _check_sizes(raw: RawTrace) -> None:
    named: list[tuple[str, Any]] = [("question", raw.question), ("gold", list(raw.golds))]
    named += [("options", raw.options), *raw.message.items()]
    for name, value in named:
        if _size(value) > MAX_FIELD:
            raise Rejected("too_large", f"{name} has over {MAX_FIELD} characters")


def _size(value: Any) -> int:
    """Characters in a value, however deep (a row may be nested deeper than functions may call themselves)."""
    size, waiting = 0, [value]
    while waiting:
        held = waiting.pop()
        if isinstance(held, str):
            size += len(held)
        elif isinstance(held, list):
            waiting += cast(list[Any], held)
        elif isinstance(held, Mapping):
            waiting += cast(Mapping[str, Any], held).values()
    return size


def _asked(raw: RawTrace, *, no_gold: bool) -> _Asked:
    question = require_text(raw.question, "question")
    options = read_options(raw.options)
    try:
        gold = read_gold(raw.golds, options)
    except Rejected:
        if not no_gold:
            raise
        return _Asked(question, options.texts if options else None, None)
    if options is not None:
        return _Asked(question, options.texts, gold)
    return _Asked(question, label_options(gold), gold)


def _judged(raw: RawTrace, options: dict[str, str] | None) -> tuple[Judged, str]:
    label = read_label(raw.declared)
    if not raw.split or label is None:
        thought = find_thought(raw.message)
        return judge(thought, options, finish_kind(raw.finish), label), thought.response
    thought = _already_split(raw)
    basis: Basis = "inferred" if raw.basis == "inferred" else "declared"
    return Judged(*join(thought), label, basis), thought.response


def _already_split(raw: RawTrace) -> Thought:
    """The thought of a row that this package wrote: no tag in it is looked at again."""
    thinking, response = raw.message.get("reasoning"), raw.message.get("content", "")
    if not isinstance(response, str):
        raise Rejected("wrong_type", "response is not a text")
    return Thought(thinking if isinstance(thinking, str) and thinking.strip() else None, response)


def _names(raw: RawTrace, source: Source, settings: dict[str, str]) -> _Names:
    def name(field: str, default: str) -> str:
        found = settings.get(field) or _optional_text(getattr(raw, field), field)
        return found if found and found != UNKNOWN else default

    return _Names(
        benchmark=name("benchmark", UNKNOWN),
        domain=name("domain", UNKNOWN),
        model=name("model", source.name or UNKNOWN),
        variant=name("variant", source.name or UNKNOWN),
        lineage=name("lineage", "") or None,
        condition=name("condition", "cot"),
    )


def _optional_text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Rejected("wrong_type", f"{name} is not a text")
    return value.strip()


def _id_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Rejected("wrong_type", "question_id is neither a text nor a number")


def _sample(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Rejected("wrong_type", "sample is not a number from 0 on")
    return value


def _meta_text(meta: dict[str, Any]) -> str:
    """Canonical JSON: numbers that JSON cannot hold become null, other unknown values their text."""
    try:
        text = msgspec.json.encode(meta, enc_hook=str).decode()
    except (UnicodeError, RecursionError, ValueError, TypeError):
        raise Rejected("wrong_type", "unknown columns that are not JSON") from None
    if len(text) > MAX_FIELD:
        raise Rejected("too_large", f"unknown columns with over {MAX_FIELD} characters")
    return text
