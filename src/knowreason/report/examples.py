"""Example traces for the page: a seeded choice, and each trace step by step with its claims and evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from knowreason.report.text import clip
from knowreason.report.words import GRADES, INTEGRITY, SIGNS, VERDICTS, nats, part_words, percent, reason_words

# What is shown of one trace, so that no input can make the page too large to open.
_MOST_STEPS = 80
_MOST_CHARACTERS = {"step": 2500, "question": 4000, "option": 400, "claim": 600, "evidence": 600, "name": 120}
_MOST_EVIDENCE = 3

Record = Mapping[str, Any]


class Piece(NamedTuple):
    """A run of a step's text: plain (kind ""), or a claim marked with its verdict."""

    text: str
    kind: str = ""
    sign: str = ""


class Cited(NamedTuple):
    """A cited sentence, where it stands, and the three probabilities in percent."""

    text: str
    title: str
    source: str
    licence: str
    chances: tuple[tuple[str, int], ...]


class CheckedClaim(NamedTuple):
    """A claim with its verdict in words, and the evidence, best first."""

    text: str
    kind: str
    sign: str
    verdict: str
    evidence: tuple[Cited, ...]


class GainBar(NamedTuple):
    """A bar from the zero line of an axis from -50 to 50."""

    start: float
    width: float
    kind: str


class StepView(NamedTuple):
    """One step: its text in pieces, its part, its gain in words and as a bar, and its claims."""

    number: int
    pieces: tuple[Piece, ...]
    part: str
    part_words: str
    gain: str
    bar: GainBar | None
    claims: tuple[CheckedClaim, ...]

    @property
    def side(self) -> str:
        """What stands beside the text; empty where the step has neither a gain nor a part."""
        return " · ".join(filter(None, (self.gain, self.part_words)))


class Option(NamedTuple):
    """An answer option, whether it is the right one, and whether the trace chose it."""

    key: str
    text: str
    gold: bool
    chosen: bool


class Example(NamedTuple):
    """One trace as the page shows it."""

    model: str
    benchmark: str
    grade: str
    grade_words: str
    facts: tuple[str, ...]
    question: str
    options: tuple[Option, ...]
    answer: str
    gold: str
    steps: tuple[StepView, ...]
    left_out: int


def choose_examples(run: Path, *, seed: int, count: int = 12) -> list[str]:
    """Trace ids spread over grades, benchmarks and models; which ones of a kind is drawn by the seed alone."""
    traces = pl.scan_parquet(run / "traces.parquet").select("trace_id", "benchmark", "model", "variant")
    scores = pl.scan_parquet(run / "scores.parquet").select("trace_id", pl.col("grade").fill_null("ungraded"))
    rows = traces.join(scores, on="trace_id").collect().rows()
    drawn = sorted(rows, key=lambda row: hashlib.sha256(f"{seed}\0{row[0]}".encode()).digest())
    seen: Counter[tuple[str, ...]] = Counter()
    waiting: list[tuple[str, ...]] = []
    for row in drawn:  # a kind has more than `count` traces in a large run, and never needs them
        seen[row[1:]] += 1
        if seen[row[1:]] <= count:
            waiting.append(row)
    chosen: list[tuple[str, ...]] = []
    while waiting and len(chosen) < count:
        chosen.append(min(waiting, key=lambda row: _crowded(row, chosen)))
        waiting.remove(chosen[-1])
    return [row[0] for row in sorted(chosen, key=lambda row: row[1:])]


def _crowded(row: tuple[str, ...], chosen: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
    """How many of the chosen are of the same kind, grade, benchmark and model; the earlier drawn wins ties."""
    _, benchmark, model, variant, grade = row
    return (
        sum(c[1:] == row[1:] for c in chosen),
        sum(c[4] == grade for c in chosen),
        sum(c[1] == benchmark for c in chosen),
        sum(c[2:4] == (model, variant) for c in chosen),
    )


def load_examples(run: Path, trace_ids: Sequence[str], *, gain_means: str) -> list[Example]:
    """The chosen traces in the order given, with everything that the page shows of them."""
    tables = {
        name: _rows(run, name, trace_ids) for name in ("traces", "scores", "steps", "claims", "evidence", "gains")
    }
    largest = max(
        (abs(g["gain"]) for rows in tables["gains"].values() for g in rows if g["gain"] is not None), default=0
    )
    return [
        _example({name: rows.get(trace_id, []) for name, rows in tables.items()}, largest, gain_means)
        for trace_id in trace_ids
    ]


def _rows(run: Path, name: str, trace_ids: Sequence[str]) -> dict[str, list[Record]]:
    frame = pl.scan_parquet(run / f"{name}.parquet").filter(pl.col("trace_id").is_in(list(trace_ids))).collect()
    found: dict[str, list[Record]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["trace_id"], []).append(row)
    return found


def _example(rows: Mapping[str, Sequence[Record]], largest: float, gain_means: str) -> Example:
    trace, score = rows["traces"][0], rows["scores"][0]
    grade = score["grade"] if score["grade"] in GRADES else "ungraded"
    shown = rows["steps"][:_MOST_STEPS]
    gains = {gain["step"]: gain["gain"] for gain in rows["gains"]}
    words = part_words(gain_means)
    return Example(
        model=_clip("name", trace["model"]),
        benchmark=_clip("name", trace["benchmark"]),
        grade=grade,
        grade_words=GRADES.get(grade) or f"not graded: {reason_words(score['grade_unscored'] or 'unknown')}",
        facts=tuple(_facts(trace, score, rows["gains"])),
        question=_clip("question", trace["question"]),
        options=tuple(_options(trace, score)),
        answer=_clip("option", score["answer"] or "none"),
        gold=_clip("option", trace["gold"] or "none given"),
        steps=tuple(
            _step(step, _of_step(rows["claims"], step), _of_step(rows["evidence"], step), gains, largest, words)
            for step in shown
        ),
        left_out=len(rows["steps"]) - len(shown),
    )


def _facts(trace: Record, score: Record, gains: Sequence[Record]) -> Iterable[str]:
    yield f"{score['steps']} steps, {score['tokens']:,} tokens"
    if score["ki"] is not None:
        yield f"{score['supported']} of {score['supported'] + score['refuted']} decided claims hold"
    else:
        yield f"claims: {reason_words(score['ki_unscored'])}"
    if score["gain_total"] is not None:
        yield f"surprisal of the gold answer {gains[0]['surprisal']:.2f} → {gains[-1]['surprisal']:.2f} nats"
    else:
        yield f"surprisal: {reason_words(score['gain_unscored'])}"
    bare = score["parts_unscored"] in ("no_reasoning", "reasoning_absent")
    if score["content_at"] is not None and trace["reasoning"] and not bare:
        yield f"commits at {percent(score['content_at'] / len(trace['reasoning']))} of the text"
    if trace["integrity"] != "complete":
        yield INTEGRITY.get(trace["integrity"], str(trace["integrity"]))


def _options(trace: Record, score: Record) -> Iterable[Option]:
    if trace["options"] is None:
        return
    for key, text in msgspec.json.decode(trace["options"], type=dict[str, str]).items():
        yield Option(_clip("name", key), _clip("option", text), key == trace["gold"], key == score["answer"])


def _of_step(rows: Sequence[Record], step: Record) -> list[Record]:
    return [row for row in rows if row["step"] == step["step"]]


def _step(
    step: Record,
    claims: Sequence[Record],
    evidence: Sequence[Record],
    gains: Mapping[int, float | None],
    largest: float,
    words: Mapping[Any, str],
) -> StepView:
    gain = gains.get(step["step"])
    part = step["part"] if step["part"] in words else ""
    return StepView(
        number=step["step"],
        pieces=tuple(_pieces(step, claims)),
        part=part,
        part_words=words[part] if part else "",
        gain="" if gain is None else nats(gain),
        bar=_gain_bar(gain, largest, part),
        claims=tuple(_claim(claim, [e for e in evidence if e["claim"] == claim["claim"]]) for claim in claims),
    )


def _pieces(step: Record, claims: Sequence[Record]) -> Iterable[Piece]:
    """The step's text cut at its claims; where claims overlap, the first keeps the overlap."""
    text, origin = step["text"], step["start"]
    limit = min(len(text), _MOST_CHARACTERS["step"])
    done = 0
    for claim in sorted(claims, key=lambda c: (c["start"], c["end"])):
        start, end = max(done, claim["start"] - origin), min(limit, claim["end"] - origin)
        if start >= end:
            continue
        yield Piece(text[done:start] if done else text[:start].removeprefix(" "))
        kind = _kind(claim)
        yield Piece(text[start:end], kind, SIGNS.get(kind, "–"))
        done = end
    rest = text[done:limit] if done else text[:limit].removeprefix(" ")
    yield Piece(rest.rstrip("\n") + clip(text, limit)[limit:])


def _kind(claim: Record) -> str:
    return claim["verdict"] if claim["verdict"] in VERDICTS else "unscored"


def _claim(claim: Record, evidence: Sequence[Record]) -> CheckedClaim:
    kind = _kind(claim)
    if kind == "unscored":
        said = f"not checked: {reason_words(claim['unscored'] or 'unknown')}"
    else:
        # where there is a reason nothing was judged, so that nobody is sure of anything
        why = f": {reason_words(claim['reason'])}" if claim["reason"] else f", {percent(claim['confidence'])} sure"
        said = f"{VERDICTS[kind]}{why}"
    if not claim["on_topic"]:
        said += ", off the question's topic"
    ranked = sorted(evidence, key=lambda e: e["rank"])[:_MOST_EVIDENCE]
    return CheckedClaim(
        text=_clip("claim", claim["normalised"]),
        kind=kind,
        sign=SIGNS.get(kind, "–"),
        verdict=said,
        evidence=tuple(_cited(row) for row in ranked),
    )


def _cited(row: Record) -> Cited:
    chances = (("supports", "p_supported"), ("refutes", "p_refuted"), ("leaves open", "p_not_enough"))
    return Cited(
        text=_clip("evidence", row["text"]),
        title=_clip("name", row["title"] or row["doc_id"]),
        source=_clip("name", row["source"]),
        licence=_clip("name", row["licence"]),
        chances=tuple((word, round(row[column] * 100)) for word, column in chances),
    )


def _gain_bar(gain: float | None, largest: float, part: str) -> GainBar | None:
    if gain is None or largest <= 0:
        return None
    width = abs(gain) / largest * 48
    return GainBar(-width if gain < 0 else 0.0, width, part or "plain")


def _clip(kind: str, text: str) -> str:
    return clip(text, _MOST_CHARACTERS[kind])
