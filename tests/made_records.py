"""Records made by hand for the tests of tables and reports; every figure is chosen, none is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from knowreason.frame import SCHEMAS, Audited, rows_of
from knowreason.records import (
    Claim,
    Commitment,
    Evidence,
    Gain,
    Grade,
    Part,
    Step,
    Trace,
    TraceGain,
    Unscored,
    Verdict,
    Verification,
)

SENTENCES = (
    "Bats are mammals that fly at night. ",
    "Bats lay eggs in spring. ",
    "So the animal is a bat. ",
    "The answer is (B).",
)
PARTS: tuple[Part, ...] = ("informative", "mention", "commitment", "statement")


def make_trace(number: int = 0, **changes: object) -> Trace:
    fields: dict[str, object] = {
        "trace_id": f"t{number:04d}",
        "question_id": f"q{number}",
        "question_key": f"key{number}",
        "benchmark": "animals",
        "domain": "zoology",
        "model": "owl",
        "variant": "base",
        "lineage": None,
        "condition": "cot",
        "sample": 0,
        "question": "Which animal flies and suckles its young?",
        "options": {"A": "an owl", "B": "a bat"},
        "gold": "B",
        "answer_type": "option",
        "reasoning": "".join(SENTENCES),
        "response": "".join(SENTENCES),
        "thinking_end": None,
        "integrity": "complete",
        "integrity_basis": "inferred",
        "meta": "{}",
    }
    return Trace(**{**fields, **changes})  # type: ignore[arg-type]


def make_steps(trace: Trace, sentences: Sequence[str] = SENTENCES) -> tuple[Step, ...]:
    steps, start = [], 0
    for number, text in enumerate(sentences, start=1):
        part = PARTS[min(number, 4) - 1]
        steps.append(
            Step(
                trace_id=trace.trace_id,
                step=number,
                start=start,
                end=start + len(text),
                text=text,
                move="inference",
                part=part,
                tokens=len(text.split()),
            )
        )
        start += len(text)
    return tuple(steps)


def make_claims(trace: Trace, steps: Sequence[Step], count: int) -> tuple[Claim, ...]:
    """`count` claims, one a step from the first, each the whole sentence without its space."""
    return tuple(
        Claim(
            trace_id=trace.trace_id,
            step=s.step,
            claim=0,
            start=s.start,
            end=s.start + len(s.text.rstrip()),
            text=s.text.rstrip(),
            normalised=s.text.strip(),
        )
        for s in steps[:count]
    )


def make_verification(
    claim: Claim,
    label: str,
    *,
    on_topic: bool = True,
    text: str = "Bats are mammals.",
    source: str = "our own words",
) -> Verification:
    """A verdict with one cited sentence; a label that is no verdict is the reason why there is none."""
    cited = Evidence(
        doc_id="note-1",
        title="Bats",
        source=source,
        licence="CC0-1.0",
        start=0,
        end=len(text),
        text=text,
        retrieval_score=3.5,
        entailment=(0.8, 0.15, 0.05),
    )
    known = label in ("supported", "refuted", "not_enough_info")
    return Verification(
        trace_id=claim.trace_id,
        step=claim.step,
        claim=claim.claim,
        outcome=Verdict(label=label, confidence=0.8) if known else Unscored(reason=label),  # type: ignore[arg-type]
        on_topic=on_topic,
        evidence=(cited,) if known else (),
    )


def make_gain(trace: Trace, steps: Sequence[Step], surprisals: Sequence[float]) -> TraceGain:
    first = Gain(step=0, surprisal=surprisals[0], gain=None, part=None, entropy=0.69)
    rest = [
        Gain(step=s.step, surprisal=after, gain=before - after, part=s.part, entropy=0.5)
        for s, before, after in zip(steps, surprisals, surprisals[1:], strict=False)
    ]
    return TraceGain(trace_id=trace.trace_id, outcome=(first, *rest), confident_wrong=0.1, answer_space="options")


def make_audited(
    number: int = 0,
    *,
    verdicts: Sequence[str] = ("supported", "refuted"),
    grade: str = "correct",
    surprisals: Sequence[float] = (0.7, 0.6, 0.8, 0.3, 0.1),
    sentences: Sequence[str] = SENTENCES,
    scorer: str = "scripted:",
    others: Mapping[str, Sequence[float]] | None = None,
    paper: bool = False,
    **changes: object,
) -> Audited:
    """One audited trace: `verdicts` on its first sentences, a `grade` or the reason why there is none.

    `others` are the surprisals of further scorers.
    """
    trace = make_trace(number, **{"reasoning": "".join(sentences), **changes})
    steps = make_steps(trace, sentences)
    claims = make_claims(trace, steps, len(verdicts))
    places = [s.start for s in steps] + [len(trace.reasoning)] * 4
    graded = grade if grade in ("correct", "incorrect", "no_answer") else Unscored(reason=grade)
    return Audited(
        trace=trace,
        steps=steps,
        claims=claims,
        commitment=Commitment(content_at=places[2], statement_at=places[3], rule="verbatim"),
        grade=Grade(trace_id=trace.trace_id, outcome=graded, answer="B"),  # type: ignore[arg-type]
        verifications=tuple(make_verification(c, v) for c, v in zip(claims, verdicts, strict=True)),
        gain=make_gain(trace, steps, surprisals),
        scorer=scorer,
        paper=paper,
        others=tuple((name, make_gain(trace, steps, told)) for name, told in (others or {}).items()),
    )


def make_tables(audited: Sequence[Audited]) -> dict[str, pl.DataFrame]:
    rows: dict[str, list[Mapping[str, object]]] = {name: [] for name in SCHEMAS}
    for one in audited:
        for name, found in rows_of(one).items():
            rows[name].extend(found)
    return {name: pl.DataFrame(rows[name], schema=schema, orient="row") for name, schema in SCHEMAS.items()}
