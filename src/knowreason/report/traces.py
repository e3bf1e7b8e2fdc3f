"""One trace as the page shows it: the model's own text step by step, with its claims and their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from knowreason.report.contents import Content
from knowreason.report.text import clip
from knowreason.report.words import VERDICTS, percent, reason_words

Record = Mapping[str, Any]
Rows = Mapping[str, Sequence[Record]]

MISLED_FROM = 0.25
"""Nats of the right answer's surprisal that a step must add to be marked as misleading."""
SURER_BY = 0.1
"""Nats of entropy that a misleading step must also take away to be marked as confidently wrong."""

# What is kept of one trace, so that no input can make the page too large to open.
_MOST_STEPS = 4000
_MOST_CHARACTERS = {"step": 20_000, "question": 20_000, "option": 2000, "claim": 2000, "evidence": 4000, "name": 300}
_MOST_EVIDENCE = 5


class Cited(Content, frozen=True, array_like=True):
    """A judged passage cut before, at and after the cited span, where it stands, and what was judged (in shares)."""

    before: str
    span: str
    after: str
    title: str
    source: str
    licence: str
    document: str
    score: float
    supports: float
    refutes: float
    open: float


class ClaimView(Content, frozen=True, array_like=True):
    """A claim, its verdict ("unscored" without one) and that in words, and the evidence, best first."""

    step: int
    text: str
    verdict: str
    said: str
    on_topic: bool
    evidence: tuple[Cited, ...]


class StepView(Content, frozen=True, array_like=True):
    """One step: its text in pieces (with the claim's place in the trace, -1 for none), its part, move and figures.

    `mark` is "confident_wrong", "misled" or empty.
    """

    pieces: tuple[tuple[str, int], ...]
    part: str
    move: str
    tokens: int
    gain: float | None
    surprisal: float | None
    entropy: float | None
    mark: str


class OptionView(Content, frozen=True, array_like=True):
    """An answer option, whether it is the right one, and whether the trace chose it."""

    key: str
    text: str
    gold: bool
    chosen: bool


class TraceView(Content, frozen=True):
    """One trace with everything that is shown of it; `notes` are reasons why something was not measured."""

    id: str
    question: str
    options: tuple[OptionView, ...]
    gold: str
    answer: str
    surprisal: float | None
    commits_at: float | None
    content_step: int | None
    statement_step: int | None
    thinking_step: int | None
    steps: tuple[StepView, ...]
    claims: tuple[ClaimView, ...]
    left_out: int
    notes: tuple[str, ...]


def trace_view(rows: Rows) -> TraceView:
    """The view of one trace from its rows of every table."""
    trace, score = rows["traces"][0], rows["scores"][0]
    steps = sorted(rows["steps"], key=lambda s: s["step"])
    claims = sorted(rows["claims"], key=lambda c: (c["start"], c["end"], c["step"], c["claim"]))
    gains = {gain["step"]: gain for gain in rows["gains"] if gain["unscored"] is None}
    shown = steps[:_MOST_STEPS]
    return TraceView(
        id=trace["trace_id"],
        question=_clip("question", trace["question"]),
        options=tuple(_options(trace, score)),
        gold=_clip("option", trace["gold"] or ""),
        answer=_clip("option", score["answer"] or ""),
        surprisal=_rounded(gains[0]["surprisal"]) if 0 in gains else None,
        commits_at=_commits_at(trace, score),
        content_step=_step_at(shown, score["content_at"]),
        statement_step=_step_at(shown, score["statement_at"]),
        thinking_step=_step_at(shown, trace["thinking_end"]),
        steps=tuple(_step(step, claims, gains) for step in shown),
        claims=tuple(_claims(claims, rows["evidence"])),
        left_out=len(steps) - len(shown),
        notes=tuple(_notes(score)),
    )


def mark_of(gain: Record | None, before: Record | None) -> str:
    """ "misled" where a step makes the right answer clearly more surprising; "confident_wrong" where the text also
    gets surer of some answer in the same step."""
    if gain is None or gain["gain"] is None or gain["gain"] > -MISLED_FROM:
        return ""
    if before is None or before["entropy"] is None or gain["entropy"] is None:
        return "misled"
    return "confident_wrong" if before["entropy"] - gain["entropy"] >= SURER_BY else "misled"


def _commits_at(trace: Record, score: Record) -> float | None:
    bare = score["parts_unscored"] in ("no_reasoning", "reasoning_absent")
    if score["content_at"] is None or not trace["reasoning"] or bare:
        return None
    return round(score["content_at"] / len(trace["reasoning"]), 4)


def _step_at(steps: Sequence[Record], offset: int | None) -> int | None:
    """The place (from 0) of the first step that starts at or after an offset; None where there is none."""
    if offset is None:
        return None
    return next((place for place, step in enumerate(steps) if step["start"] >= offset), None)


def _options(trace: Record, score: Record) -> Iterable[OptionView]:
    if trace["options"] is None:
        return
    for key, text in msgspec.json.decode(trace["options"], type=dict[str, str]).items():
        yield OptionView(_clip("name", key), _clip("option", text), key == trace["gold"], key == score["answer"])


def _step(step: Record, claims: Sequence[Record], gains: Mapping[int, Record]) -> StepView:
    number = step["step"]
    gain = gains.get(number)
    return StepView(
        pieces=tuple(_pieces(step, [(n, c) for n, c in enumerate(claims) if c["step"] == number])),
        part=step["part"] or "",
        move=step["move"],
        tokens=step["tokens"],
        gain=_rounded(gain["gain"]) if gain else None,
        surprisal=_rounded(gain["surprisal"]) if gain else None,
        entropy=_rounded(gain["entropy"]) if gain else None,
        mark=mark_of(gain, gains.get(number - 1)),
    )


def _pieces(step: Record, claims: Sequence[tuple[int, Record]]) -> Iterable[tuple[str, int]]:
    """The step's text cut at its claims; where claims overlap, the first keeps the overlap."""
    text, origin = step["text"], step["start"]
    limit = min(len(text), _MOST_CHARACTERS["step"])
    done = 0
    for place, claim in claims:
        start, end = max(done, claim["start"] - origin), min(limit, claim["end"] - origin)
        if start >= end:
            continue
        if start > done:
            yield text[done:start], -1
        yield text[start:end], place
        done = end
    rest = text[done:limit] + clip(text, limit)[limit:]
    if rest:
        yield rest, -1


def _claims(claims: Sequence[Record], evidence: Sequence[Record]) -> Iterable[ClaimView]:
    cited: dict[tuple[int, int], list[Record]] = {}
    for row in evidence:
        cited.setdefault((row["step"], row["claim"]), []).append(row)
    for claim in claims:
        ranked = sorted(cited.get((claim["step"], claim["claim"]), []), key=lambda e: e["rank"])[:_MOST_EVIDENCE]
        yield ClaimView(
            step=claim["step"],
            text=_clip("claim", claim["normalised"]),
            verdict=claim["verdict"] if claim["verdict"] in VERDICTS else "unscored",
            said=_verdict(claim),
            on_topic=bool(claim["on_topic"]),
            evidence=tuple(_cited(row) for row in ranked),
        )


def _verdict(claim: Record) -> str:
    if claim["verdict"] not in VERDICTS:
        said = f"not checked: {reason_words(claim['unscored'] or 'unknown')}"
    else:
        # where there is a reason nothing was judged, so that nobody is sure of anything
        why = f": {reason_words(claim['reason'])}" if claim["reason"] else f", {percent(claim['confidence'])} sure"
        said = f"{VERDICTS[claim['verdict']]}{why}"
    return said if claim["on_topic"] else f"{said}, off the question's topic"


def _cited(row: Record) -> Cited:
    before, span, after = _cut(row)
    return Cited(
        before=before,
        span=span,
        after=after,
        title=_clip("name", row["title"]),
        source=_clip("name", row["source"]),
        licence=_clip("name", row["licence"]),
        document=_clip("name", row["doc_id"]),
        score=round(row["retrieval_score"], 2),
        supports=round(row["p_supported"], 3),
        refutes=round(row["p_refuted"], 3),
        open=round(row["p_not_enough"], 3),
    )


def _cut(row: Record) -> tuple[str, str, str]:
    """The judged passage before, at and after the cited span; only the span where no more was kept, or it is long."""
    passage, limit = row.get("passage") or "", _MOST_CHARACTERS["evidence"]
    start = row["start"] - (row.get("passage_start") or 0)
    end = start + len(row["text"])
    if not passage or len(passage) > limit or passage[start:end] != row["text"]:
        return "", _clip("evidence", row["text"]), ""
    return passage[:start], row["text"], passage[end:]


def _notes(score: Record) -> Iterable[str]:
    """Why a figure of this trace is missing, each reason once."""
    for column, what in (
        ("grade_unscored", "Not graded"),
        ("ki_unscored", "No Knowledge Index"),
        ("gain_unscored", "No surprisal"),
        ("parts_unscored", "No parts of the gain"),
    ):
        if score[column] and not (column == "parts_unscored" and score[column] == score["gain_unscored"]):
            yield f"{what}: {reason_words(score[column])}."


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _clip(kind: str, text: str) -> str:
    return clip(text, _MOST_CHARACTERS[kind])
