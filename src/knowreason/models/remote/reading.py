"""How a chat model lists the claims of a step: the schema, and what counts as an answer.

One step a call, without the text around it: what stands in one step can reach the claims of no other. What pronouns may
stand for is told in a few names that rules have found.
"""

from __future__ import annotations

import re

import msgspec

from knowreason.models.remote.prompting import Task, Told, closed, malformed, parameters, parsed, places
from knowreason.records import ReadClaim, ReadClaims, StepToRead

MOST = 16  # claims of one step
_LONGEST = 500  # characters of a claim or a query
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 4  # first letters by which two forms of a word are taken for one
_OWN_WORDS = 2 / 3  # of a claim's words must stand in what was sent: less says something else


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One claim as the schema asks for it."""

    quote: str
    claim: str
    query: str


class SaidAll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the schema asks for."""

    claims: list[Said]


_SAID = msgspec.json.Decoder(SaidAll)  # made in one thread


def _read(text: str, asked: StepToRead) -> Told:
    """Claims whose quotes stand in the step, worded in its own words and with no number of their own."""
    said = parsed(text, _SAID)
    if isinstance(said, Told):
        return said
    if len(said.claims) > MOST:
        return malformed(f"it lists {len(said.claims)} claims, more than {MOST}")
    sent = " ".join([asked.question, *(asked.options or {}).values(), *asked.spoken_of, asked.text])
    claims: list[ReadClaim] = []
    for one in said.claims:
        wrong = _fault(one, sent)
        spans = places(one.quote, asked.text)
        if wrong or not spans:
            return malformed(wrong or f"the quote {one.quote[:60]!r} does not stand in the step")
        after = claims[-1].end if claims else 0
        start, end = next((span for span in spans if span[0] >= after), spans[0])
        wording = " ".join(one.claim.split()), " ".join(one.query.split())
        claims.append(ReadClaim(start=start, end=end, normalised=wording[0], query=wording[1]))
    ordered = sorted(claims, key=lambda claim: (claim.start, claim.end))
    return Told(ReadClaims(claims=tuple(ordered)))


def _fault(said: Said, sent: str) -> str:
    """What is wrong with the wording of a claim, "" where nothing is."""
    if not said.claim.strip() or not said.query.strip():
        return "a claim or a query is empty"
    if max(len(said.claim), len(said.query)) > _LONGEST:
        return f"a claim or a query is longer than {_LONGEST} characters"
    made_up = sorted(set(_NUMBER.findall(said.claim)) - set(_NUMBER.findall(sent)))
    if made_up:
        return f"the claim {said.claim[:60]!r} has a number that nobody gave ({made_up[0]})"
    words = _stems(said.claim)
    if len(words & _stems(sent)) < _OWN_WORDS * len(words):
        return f"the claim {said.claim[:60]!r} says something else than the step"
    return ""


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(text.casefold())}


def _given(asked: StepToRead) -> dict[str, object]:
    about = {"question": asked.question, "options": asked.options, "spoken_of": asked.spoken_of}
    return {**about, "step": asked.text}


def _texts(asked: StepToRead) -> tuple[str, str]:
    given = _given(asked)
    return msgspec.json.encode(
        {name: given[name] for name in ("question", "options", "spoken_of")}
    ).decode(), asked.text


def _written(asked: StepToRead) -> int:
    return 60 + len(asked.text)  # the step three times over, at three characters a token


_TEXT = {"type": "string"}
READ: Task[StepToRead] = Task(
    kind="claims",
    prompt="decompose",
    parameters=parameters(
        "claims", closed(claims={"type": "array", "items": closed(quote=_TEXT, claim=_TEXT, query=_TEXT)}), 1500
    ),
    given=_given,
    texts=_texts,
    read=_read,
    written=_written,
)
