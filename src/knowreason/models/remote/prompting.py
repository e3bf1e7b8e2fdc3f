"""Prompts as files with a version and a hash, and what all questions to a chat model have in common.

What is to be judged is handed over inside one JSON object, so that no text of it can pass for the prompt. An answer
is JSON of a schema, and what it quotes must stand where it was quoted from.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from knowreason.errors import ModelError
from knowreason.ledger import Kind, Output
from knowreason.models.remote.replies import ChatChoice
from knowreason.records import Unscored

PROMPTS = Path(__file__).parent.parent / "prompts"
PROMPTS_OF = {"verifier": "verify", "decomposer": "decompose", "grader": "grade"}  # use to file

A = TypeVar("A")
S = TypeVar("S")


class Prompt(NamedTuple):
    """The texts of a prompt file, its version, and the SHA-256 of the whole file."""

    version: str
    system: str
    repair: str
    sha256: str

    @property
    def name(self) -> str:
        """Version and hash: the identity of the prompt."""
        return f"{self.version} {self.sha256[:16]}"


class Told(NamedTuple):
    """What was made of an answer; `span` is the piece of the context that a verdict cites."""

    output: Output
    span: tuple[int, int] | None = None


class Task(NamedTuple, Generic[A]):
    """One kind of question to a chat model about an item.

    kind, prompt: how the ledger and the manifest name it; the prompt is the name of a file.
    parameters: the rest of the request, the schema of the answer in it.
    given: what is sent of an item, as one JSON object.
    texts: context and target of an item, for the ledger.
    read: the outcome in an answer that is not cut off, Unscored(judge_malformed) with what is wrong with it.
    written: tokens that the answer may take, for estimates.
    """

    kind: Kind
    prompt: str
    parameters: Mapping[str, object]
    given: Callable[[A], Mapping[str, object]]
    texts: Callable[[A], tuple[str, str]]
    read: Callable[[str, A], Told]
    written: Callable[[A], int]

    @property
    def most(self) -> int:
        """Tokens that an answer has room for."""
        return int(str(self.parameters["max_tokens"]))


@lru_cache(maxsize=8)
def prompt(name: str) -> Prompt:
    """A prompt that ships with the package. Raises `ModelError` where its file is broken."""
    path = PROMPTS / f"{name}.toml"
    try:
        data = path.read_bytes()
        held = tomllib.loads(data.decode())
        return Prompt(held["version"], held["system"].strip(), held["repair"].strip(), hashlib.sha256(data).hexdigest())
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"the prompt {path.name} cannot be read: {error}") from error


def parameters(name: str, schema: Mapping[str, object], tokens: int) -> dict[str, object]:
    """A request for JSON of `schema`, of at most so many tokens."""
    wanted = {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
    return {"temperature": 0, "max_tokens": tokens, "response_format": wanted}


def closed(**properties: object) -> dict[str, object]:
    """The schema of an object that has all these properties and no other."""
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def messages(
    used: Prompt, given: Mapping[str, object], unusable: tuple[str, str] | None = None
) -> list[dict[str, Any]]:
    """The chat that hands `given` over; `unusable` is a first answer and what was wrong with it."""
    text = msgspec.json.encode(given).decode()
    asked = [{"role": "system", "content": used.system}, {"role": "user", "content": text}]
    if unusable is None:
        return asked
    answer, why = unusable
    again = {"role": "user", "content": used.repair.format(why=why)}
    return [*asked, {"role": "assistant", "content": answer}, again]


def outcome(task: Task[A], choice: ChatChoice, item: A) -> Told:
    """What an answer says of an item, or Unscored(judge_malformed) with what is wrong with it."""
    if choice.finish_reason == "length":
        return malformed("it was cut off")
    return task.read(choice.message.content or "", item)


def parsed(text: str, decoder: msgspec.json.Decoder[S]) -> S | Told:
    """JSON of a schema, or Unscored(judge_malformed)."""
    try:
        return decoder.decode(text)
    except msgspec.MsgspecError as error:
        return malformed(f"it is not JSON of the schema ({error})")


def written_label(item: object) -> int:
    """Tokens of an answer that is a quotation and a label, whatever it is about."""
    del item
    return 80


def malformed(detail: str) -> Told:
    """An answer that cannot be used, and why."""
    return Told(Unscored(reason="judge_malformed", detail=detail))


def places(quote: str, text: str) -> list[tuple[int, int]]:
    """Where a quote stands in a text, white space aside; nowhere where it has no words."""
    words = quote.split()
    return [m.span() for m in re.finditer(r"\s+".join(map(re.escape, words)), text)] if words else []


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote last stands in a text, white space aside; None where it does not."""
    found = places(quote, text)
    return found[-1] if found else None


def of_kind(output: object, kind: type[S]) -> S | Unscored:
    """An output of the kind that was asked for. Raises `ModelError` for another: the ledger was tampered with."""
    if isinstance(output, kind | Unscored):
        return output
    raise ModelError("the ledger holds an answer of another kind than was asked for")
