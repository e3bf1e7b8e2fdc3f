"""How a chat model judges whether a passage supports a claim: the prompt, the schema, and what counts as an answer.

One pair a call: nothing that stands in one claim or passage can reach the verdict on another. Both are handed over
inside a JSON object, so that no text of theirs can pass for the prompt.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from knowreason.errors import ModelError
from knowreason.models.remote.replies import ChatChoice
from knowreason.records import Unscored, VerdictLabel

PROMPT = Path(__file__).parent.parent / "prompts" / "verify.toml"
LABELS: tuple[VerdictLabel, ...] = ("supported", "refuted", "not_enough_info")
ANSWER_TOKENS = 300  # room for a sentence and the verdict
_QUOTE_AT_LEAST = 8  # characters, or the whole passage: less is found anywhere
_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"quote": {"type": "string"}, "verdict": {"type": "string", "enum": list(LABELS)}},
    "required": ["quote", "verdict"],
    "additionalProperties": False,
}
PARAMETERS: dict[str, object] = {
    "temperature": 0,
    "max_tokens": ANSWER_TOKENS,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": _SCHEMA},
    },
}
Probabilities = tuple[float, float, float]
_CERTAIN: dict[VerdictLabel, Probabilities] = {
    "supported": (1.0, 0.0, 0.0),
    "refuted": (0.0, 1.0, 0.0),
    "not_enough_info": (0.0, 0.0, 1.0),
}


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


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the schema asks for."""

    quote: str
    verdict: Literal["supported", "refuted", "not_enough_info"]


class Read(NamedTuple):
    """A usable answer: certain probabilities, for a judge gives a verdict and no odds, and the span it cites."""

    probabilities: Probabilities
    span: tuple[int, int] | None


@lru_cache(maxsize=1)
def prompt() -> Prompt:
    """The prompt that ships with the package. Raises `ModelError` where its file is broken."""
    try:
        data = PROMPT.read_bytes()
        held = tomllib.loads(data.decode())
        return Prompt(held["version"], held["system"].strip(), held["repair"].strip(), hashlib.sha256(data).hexdigest())
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"the prompt {PROMPT.name} cannot be read: {error}") from error


def messages(passage: str, claim: str, unusable: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    """The chat that asks for a verdict; `unusable` is a first answer and what was wrong with it."""
    given = msgspec.json.encode({"passage": passage, "claim": claim}).decode()
    asked = [{"role": "system", "content": prompt().system}, {"role": "user", "content": given}]
    if unusable is None:
        return asked
    answer, why = unusable
    repair = prompt().repair.format(why=why)
    return [*asked, {"role": "assistant", "content": answer}, {"role": "user", "content": repair}]


def read(choice: ChatChoice, passage: str) -> Read | Unscored:
    """The verdict in an answer, or Unscored(judge_malformed) with what is wrong with it.

    It must be JSON of the schema, and a decision must cite words that stand in the passage.
    """
    text = choice.message.content or ""
    if choice.finish_reason == "length":
        return _malformed("it was cut off")
    try:
        said = msgspec.json.decode(text, type=Said)
    except msgspec.MsgspecError as error:
        return _malformed(f"it is not JSON of the schema ({error})")
    if said.verdict == "not_enough_info":
        return Read(_CERTAIN[said.verdict], None)
    if len(said.quote.strip()) < min(_QUOTE_AT_LEAST, len(passage.strip())):
        return _malformed(f'a verdict of "{said.verdict}" needs a quote')
    span = find_quote(said.quote, passage)
    if span is None:
        return _malformed("the quote does not stand in the passage")
    return Read(_CERTAIN[said.verdict], span)


def find_quote(quote: str, passage: str) -> tuple[int, int] | None:
    """Where the quote last stands in the passage, white space aside; None where it does not."""
    words = quote.split()
    if not words:
        return None
    found = list(re.finditer(r"\s+".join(map(re.escape, words)), passage))
    return found[-1].span() if found else None


def _malformed(detail: str) -> Unscored:
    return Unscored(reason="judge_malformed", detail=detail)
