"""How a chat model judges whether a passage supports a claim: the schema, and what counts as an answer.

One pair a call: nothing that stands in one claim or passage can reach the verdict on another.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from knowreason.models.protocols import Judgement
from knowreason.models.remote.prompting import (
    Task,
    Told,
    closed,
    find_quote,
    malformed,
    of_kind,
    parameters,
    parsed,
    written_label,
)
from knowreason.records import Unscored, VerdictLabel

LABELS: tuple[VerdictLabel, ...] = ("supported", "refuted", "not_enough_info")
_QUOTE_AT_LEAST = 8  # characters, or the whole passage: less is found anywhere
_CERTAIN: dict[VerdictLabel, list[float]] = {
    "supported": [1.0, 0.0, 0.0],
    "refuted": [0.0, 1.0, 0.0],
    "not_enough_info": [0.0, 0.0, 1.0],
}


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the schema asks for."""

    quote: str
    verdict: Literal["supported", "refuted", "not_enough_info"]


_SAID = msgspec.json.Decoder(Said)  # made in one thread


def _read(text: str, pair: tuple[str, str]) -> Told:
    """Certain probabilities, for a judge gives a verdict and no odds; a decision must cite words of the passage."""
    passage = pair[0]
    said = parsed(text, _SAID)
    if isinstance(said, Told):
        return said
    if said.verdict == "not_enough_info":
        return Told(_CERTAIN[said.verdict])
    if len(said.quote.strip()) < min(_QUOTE_AT_LEAST, len(passage.strip())):
        return malformed(f'a verdict of "{said.verdict}" needs a quote')
    span = find_quote(said.quote, passage)
    return malformed("the quote does not stand in the passage") if span is None else Told(_CERTAIN[said.verdict], span)


def _given(pair: tuple[str, str]) -> dict[str, object]:
    return {"passage": pair[0], "claim": pair[1]}


def _texts(pair: tuple[str, str]) -> tuple[str, str]:
    return pair


VERIFY: Task[tuple[str, str]] = Task(
    kind="entail",
    prompt="verify",
    parameters=parameters(
        "verdict", closed(quote={"type": "string"}, verdict={"type": "string", "enum": list(LABELS)}), 300
    ),
    given=_given,
    texts=_texts,
    read=_read,
    written=written_label,
)


def judgement_of(told: Told) -> Judgement | Unscored:
    """A verdict as a judgement. Raises `ModelError` for an outcome of another kind."""
    if not isinstance(told.output, list):
        return of_kind(told.output, Judgement)
    supported, refuted, neither = told.output
    return Judgement((supported, refuted, neither), told.span)
