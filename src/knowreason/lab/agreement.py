"""Experiment 1, the measures are right: a printed world goes through the audit, and what comes out meets the truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from knowreason.lab.arithmetic import draw_chain, reason
from knowreason.lab.dials import TraceDials
from knowreason.lab.language import statement
from knowreason.lab.measures import (
    MARGIN,
    Judged,
    mean_gain,
    order_agreement,
    root_mean_square,
    separation,
)
from knowreason.lab.printing import Printed, corpus_rows, print_world, trace_row, write_rows, write_traces
from knowreason.lab.results import (
    ClassGain,
    KnowledgeAgreement,
    Nonsense,
    RateResult,
    Separation,
    Totals,
)
from knowreason.lab.truth import Reader, class_of, true_gains
from knowreason.lab.verifier import record_verdicts
from knowreason.lab.world import World
from knowreason.lab.writing import Written
from knowreason.pipeline import audit
from knowreason.read import Source
from knowreason.stats import tau_b
from knowreason.task import Audit

Show = Callable[[str, int, "int | None"], None]
CONTRASTS = (
    ("true_hop", "filler"),
    ("filler", "false_claim"),
    ("true_hop", "false_claim"),
    ("needed_hop", "filler"),
    ("filler", "misleading_claim"),
    ("needed_hop", "misleading_claim"),
)
CLASSES = ("true_hop", "needed_hop", "filler", "off_topic", "other_hop", "false_claim", "misleading_claim")
_DEPTH = 4  # of the arithmetic that answers a question of the clinic


class Setting(NamedTuple):
    """What experiment 1 is carried out on: questions about `entities`, scored by `scorer`, read by `reader`."""

    world: World
    entities: Sequence[str]
    scorer: str
    reader: Reader
    show: Show


def measure_rate(setting: Setting, dials: TraceDials, folder: Path, *, builtin: bool) -> RateResult:
    """Prints traces with these dials, audits them, and holds every figure against the truth."""
    world, seed = setting.world, setting.world.seed
    written = write_traces(world, setting.entities, dials, seed=seed)
    printed = print_world(world, {"writer": written}, folder)
    run = audited(printed, folder / "run", scorer=setting.scorer, show=setting.show)
    by_question = {w.question.question_id: w for w in written}
    tables = _Tables(run)
    judged, unmatched = _judged(world, by_question, tables, setting.reader)
    worth = [j._replace(kind=worth_of(j)) for j in judged]
    both = [*judged, *(j for j in worth if j.kind in ("needed_hop", "misleading_claim"))]
    return RateResult(
        filler=dials.filler,
        traces=len(written),
        unmatched=unmatched,
        sentences=len(judged),
        order=order_agreement(judged, seed=seed),
        error=root_mean_square(judged),
        separations=_separations(both, seed),
        gains=tuple(_class_gain(both, kind, seed) for kind in CLASSES),
        knowledge=_knowledge(world, by_question, tables, _builtin(printed, folder, setting.show) if builtin else None),
        totals=_totals(judged, tables),
    )


def worth_of(sentence: Judged) -> str:
    """A true hop that is worth something to the reader is needed; a false claim that costs him something misleads.

    The rest keep their class: a reader who knows a fact gains nothing from it, and no measurement could see it.
    """
    if sentence.kind == "true_hop" and sentence.true >= MARGIN:
        return "needed_hop"
    if sentence.kind == "false_claim" and sentence.true <= -MARGIN:
        return "misleading_claim"
    return sentence.kind


def measure_nonsense(world: World, entities: Sequence[str], folder: Path, *, show: Show) -> Nonsense:
    """Traces that answer questions of the clinic with arithmetic and an option drawn at random."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for entity in entities:
        draw = random.Random(f"{world.seed} nonsense {entity}")
        question = world.question(entity)
        sentences, _ = reason(draw_chain(_DEPTH, world.dials.modulus, draw), draw, corruption=0.0, filler=0.0)
        answer = draw.choice(list(question.options.values()))
        row = trace_row(Written(question, (), answer, TraceDials()), "calculator")
        rows.append({**row, "response": f"{' '.join(sentences)}\n{statement(answer)}"})
    printed = Printed(*(folder / f"{name}.jsonl" for name in Printed._fields))
    write_rows(printed.traces, rows)
    write_rows(printed.corpus, corpus_rows(world))
    scores = _Tables(audited(printed, folder / "run", scorer="builtin:", show=show)).scores
    return Nonsense(
        traces=len(scores),
        with_index=int(scores["ki"].is_not_null().sum()),
        claims=int(scores["claims"].sum()),
        published=fmean(scores["paper_ki"].drop_nulls().to_list()),
    )


def audited(printed: Printed, out: Path, *, scorer: str, show: Show) -> Path:
    """The audit of the command line, its claims judged by the table."""
    recording = record_verdicts(printed.traces, printed.corpus, out.parent / "verdicts.jsonl")
    task = Audit(
        sources=(Source(str(printed.traces)),),
        out=out,
        knowledge=(printed.corpus,),
        scorer=scorer,
        verifier=f"scripted:{recording}",
        paper=True,
    )
    return audit(task, show)


class _Tables:
    """The tables of a run that an experiment reads, by question."""

    def __init__(self, run: Path) -> None:
        ids = pl.read_parquet(run / "traces.parquet").select("trace_id", "question_id")
        self.scores = self._read(run, "scores", ids)
        self.claims = self._read(run, "claims", ids)
        self.steps = self._read(run, "steps", ids)
        self.gains = self._read(run, "gains", ids)

    @staticmethod
    def _read(run: Path, name: str, ids: pl.DataFrame) -> pl.DataFrame:
        return pl.read_parquet(run / f"{name}.parquet").join(ids, on="trace_id", how="left")

    def of(self, table: str, question: str) -> list[dict[str, Any]]:
        frame: pl.DataFrame = getattr(self, table)
        return frame.filter(pl.col("question_id") == question).to_dicts()


def _judged(world: World, written: Mapping[str, Written], tables: _Tables, reader: Reader) -> tuple[list[Judged], int]:
    """Every sentence with its measured and its true gain, and how many traces had other steps than sentences."""
    found: list[Judged] = []
    unmatched = 0
    for question, trace in written.items():
        ends = [row["end"] for row in tables.of("steps", question)]
        gains = [row["gain"] for row in tables.of("gains", question) if row["step"]]
        if ends[: len(trace.ends)] != list(trace.ends) or len(gains) != len(ends):
            unmatched += 1
            continue
        true = true_gains(world, trace, reader)
        found += [
            Judged(question, class_of(sentence), measured, gain)
            for sentence, measured, gain in zip(trace.sentences, gains, true, strict=False)
        ]
    return found, unmatched


def _separations(judged: Sequence[Judged], seed: int) -> tuple[Separation, ...]:
    return tuple(
        Separation(
            above=above,
            below=below,
            measured=separation(judged, above, below, seed=seed),
            perfect=separation(judged, above, below, seed=seed, true=True),
        )
        for above, below in CONTRASTS
    )


def _class_gain(judged: Sequence[Judged], kind: str, seed: int) -> ClassGain:
    return ClassGain(
        kind=kind,
        sentences=sum(j.kind == kind for j in judged),
        measured=mean_gain(judged, kind, seed=seed),
        true=mean_gain(judged, kind, seed=seed, true=True),
    )


def _knowledge(
    world: World, written: Mapping[str, Written], tables: _Tables, builtin: _Tables | None
) -> KnowledgeAgreement:
    """Claims as the audit judged them beside the sentences as the table judges them, by their text."""
    alike = claims = true = topics = 0
    for question, trace in written.items():
        said = {s.text.rstrip("."): s for s in trace.sentences if s.fact is not None}
        judged = tables.of("claims", question)
        verdicts = {row["text"]: row["verdict"] for row in judged}
        alike += verdicts == {text: "supported" if s.true else "refuted" for text, s in said.items()}
        claims, true = claims + len(said), true + sum(bool(s.true) for s in said.values())
        topics += sum(row["on_topic"] == _is_about(trace, row["text"], said) for row in judged)
    counted = tables.scores.select(pl.col("supported", "refuted", "claims").sum()).row(0)
    return KnowledgeAgreement(
        traces=len(written),
        alike=alike,
        claims=claims,
        measured=counted[0] / (counted[0] + counted[1]),
        table=true / claims,
        topic_alike=topics / counted[2],
        published=fmean(tables.scores["paper_ki"].to_list()),
        **_by_builtin(builtin),
    )


def _is_about(trace: Written, text: str, said: Mapping[str, Any]) -> bool:
    """Whether a claim speaks of the disease asked about, or of what the trace reached from it."""
    reached = {s.fact.value for s in trace.sentences if s.kind == "hop" and s.fact}
    sentence = said.get(text)
    return sentence is not None and sentence.fact.entity in {trace.question.entity, *reached}


def _by_builtin(tables: _Tables | None) -> dict[str, float | None]:
    if tables is None:
        return {}
    supported, refuted, claims = tables.scores.select(pl.col("supported", "refuted", "claims").sum()).row(0)
    decided = supported + refuted
    return {"builtin": supported / decided if decided else None, "builtin_coverage": decided / claims}


def _builtin(printed: Printed, folder: Path, show: Show) -> _Tables:
    task = Audit(sources=(Source(str(printed.traces)),), out=folder / "run-builtin", knowledge=(printed.corpus,))
    return _Tables(audit(task, show))


def _totals(judged: Sequence[Judged], tables: _Tables) -> Totals:
    by_trace: dict[str, list[Judged]] = {}
    for sentence in judged:
        by_trace.setdefault(sentence.trace, []).append(sentence)
    scores = {row["question_id"]: row for row in tables.scores.iter_rows(named=True)}
    true = [sum(s.true for s in rows) for rows in by_trace.values()]
    measured = [sum(s.measured for s in rows) for rows in by_trace.values()]
    published = [float(scores[trace]["paper_infogain"]) for trace in by_trace]
    return Totals(
        true=fmean(true),
        measured=fmean(measured),
        published=fmean(published),
        steps=float(np.mean([scores[trace]["steps"] for trace in by_trace])),
        order=tau_b(measured, true),
        published_order=tau_b(published, true),
    )
