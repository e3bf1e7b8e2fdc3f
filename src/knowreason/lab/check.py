"""A finished audit held against the truth of its traces: what holds against what the audit says holds, gain by gain.

The truth is the file that `print_world` writes. Only tables are read, so no model is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import msgspec
import polars as pl

from knowreason.errors import InputError
from knowreason.frame import SCHEMAS, Cell, Measure, read_summary
from knowreason.lab.agreement import worth_of
from knowreason.lab.measures import Judged, mean_gain, order_agreement
from knowreason.records import Record, Unscored
from knowreason.store import Store

KINDS = ("needed_hop", "true_hop", "other_hop", "false_claim", "off_topic", "filler")
"""Every sentence is of one of these: a true hop that is worth something to the reader is needed, see `worth_of`."""

Key = tuple[str, str]


class TrueSentence(msgspec.Struct, frozen=True, rename={"kind": "class", "holds": "true"}):
    """A sentence of a truth file: it ends at `end`; `holds` is None where it states no fact, `gain` is in nats."""

    end: int
    text: str
    kind: str
    holds: bool | None
    gain: float | None = None


class TrueTrace(msgspec.Struct, frozen=True):
    """A line of a truth file. `reader` names whose gains they are."""

    question_id: str
    model: str
    sentences: tuple[TrueSentence, ...]
    reader: str = ""


_TRACE = msgspec.json.Decoder(TrueTrace)


class KnowledgeCheck(Record, frozen=True):
    """Claims of one model: the share that the table calls true, beside the Knowledge Index with its coverage.

    `claims` and `true` are the table's; `found` is how many claims the audit found, `decided` how many of them it
    decided, and `alike` how many of these have the table's verdict.
    """

    model: str
    traces: int
    claims: int
    true: int
    found: int
    decided: int
    alike: int
    ki: Measure
    coverage: Measure

    @property
    def share(self) -> float:
        """The share of the claims that hold."""
        return self.true / self.claims


class GainCheck(Record, frozen=True):
    """Sentences of one kind: their mean true gain, the mean measured one, and measured minus true, in nats."""

    kind: str
    sentences: int
    true: float
    measured: Measure
    apart: Measure


class Gains(Record, frozen=True):
    """All gains: by kind, and the mean tau-b within traces. `left_out` traces have no gains or other steps."""

    kinds: tuple[GainCheck, ...]
    order: Measure
    traces: int
    left_out: int


class Check(Record, frozen=True):
    """Truth beside measurement. `scorer` and `verifier` measured; `reader` names whose gains the true ones are.

    `gains` is Unscored where no truth of gains is given (no_true_gains), or where the audit measured commitment, which
    is none (observer_reads_commitment_only).
    """

    traces: int
    scorer: str
    verifier: str
    reader: str
    knowledge: tuple[KnowledgeCheck, ...]
    gains: Gains | Unscored


class _Trace(NamedTuple):
    """A trace of the run with its truth and its rows."""

    row: Mapping[str, Any]
    truth: TrueTrace
    claims: list[dict[str, Any]]
    ends: list[int]
    gains: list[float | None]


def check(run: Path, truth: Path) -> Check:
    """Holds a finished run against the truth of all its traces.

    Raises StoreError for a run that is not finished, InputError for a truth that cannot be read or is not that of these
    traces.
    """
    summary = read_summary(run)
    traces = _joined(run, read_truth(truth), truth)
    models = (Store(run, SCHEMAS).manifest() or {}).get("models")
    named = models if isinstance(models, dict) else {}
    return Check(
        traces=len(traces),
        scorer=_named(named.get("scorer")),
        verifier=_named(named.get("verifier")),
        reader=", ".join(sorted({trace.truth.reader for trace in traces} - {""})),
        knowledge=tuple(_knowledge(cell, traces) for cell in summary.cells),
        gains=_gains(traces, summary.instruments.gain_means, seed=summary.seed),
    )


def read_truth(path: Path) -> dict[Key, TrueTrace]:
    """The lines of a truth file by question and model. Raises InputError where it is none."""
    if not path.is_file():
        raise InputError(f"{path} does not exist; give the truth.jsonl that was printed with the traces")
    found: dict[Key, TrueTrace] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            trace = _TRACE.decode(line)
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}, line {number}: {error}; it is no truth of a printed world") from error
        found[trace.question_id, trace.model] = trace
    return found


def _named(told: Any) -> str:
    """A model's name, with its hash where it has one, as a truth names its reader."""
    return "" if not told else f"{told['id']} {told['sha256']}".strip()


def _joined(run: Path, truth: Mapping[Key, TrueTrace], path: Path) -> list[_Trace]:
    store = Store(run, SCHEMAS)
    claims, steps, gains = (_by_trace(store.table(name)) for name in ("claims", "steps", "gains"))
    joined: list[_Trace] = []
    for row in store.table("traces").iter_rows(named=True):
        name = row["trace_id"]
        true = truth.get((row["question_id"], row["model"]))
        if true is None or not _is_of(true, row["reasoning"]):
            told = "no line for" if true is None else "another text than"
            raise InputError(f"{path} has {told} {row['question_id']} of {row['model']}: give the truth of this run")
        ends = [step["end"] for step in steps.get(name, [])]
        measured = [gain["gain"] for gain in gains.get(name, []) if gain["step"]]
        joined.append(_Trace(row, true, claims.get(name, []), ends, measured))
    return joined


def _by_trace(table: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    return {str(name): rows.to_dicts() for (name,), rows in table.group_by("trace_id", maintain_order=True)}


def _spans(trace: TrueTrace) -> list[tuple[int, int]]:
    return list(pairwise([0, *(sentence.end for sentence in trace.sentences)]))


def _is_of(trace: TrueTrace, text: str) -> bool:
    """Whether every sentence stands where the truth says."""
    places = zip(_spans(trace), trace.sentences, strict=True)
    return all(text[start:end].strip() == sentence.text for (start, end), sentence in places)


def _knowledge(cell: Cell, traces: Sequence[_Trace]) -> KnowledgeCheck:
    own = [t for t in traces if all(t.row[name] == getattr(cell, name) for name in _CELL)]
    verdicts = [pair for trace in own for pair in _verdicts(trace)]
    facts = [true for trace in own for true in _facts(trace.truth).values()]
    if not facts:
        raise InputError(f"the truth holds no claim of {cell.model}: there is nothing to compare")
    decided = [(true, said) for true, said in verdicts if said in ("supported", "refuted")]
    return KnowledgeCheck(
        model=cell.model,
        traces=len(own),
        claims=len(facts),
        true=sum(facts),
        found=len(verdicts),
        decided=len(decided),
        alike=sum(true == (said == "supported") for true, said in decided),
        ki=cell.knowledge.ki,
        coverage=cell.knowledge.coverage,
    )


_CELL = ("benchmark", "model", "variant", "condition")


def _facts(trace: TrueTrace) -> dict[str, bool]:
    """The claims of a trace and whether they hold; what is said again in the same words is one claim."""
    return {sentence.text: sentence.holds for sentence in trace.sentences if sentence.holds is not None}


def _verdicts(trace: _Trace) -> list[tuple[bool | None, str | None]]:
    """Of every claim that the audit found: whether its sentence holds (None: it states no fact), and its verdict."""
    spans = _spans(trace.truth)
    found: list[tuple[bool | None, str | None]] = []
    for claim in trace.claims:
        places = [i for i, (start, end) in enumerate(spans) if start <= claim["start"] < end]
        holds = trace.truth.sentences[places[0]].holds if places else None
        found.append((holds, claim["verdict"]))
    return found


def _gains(traces: Sequence[_Trace], means: str, *, seed: int) -> Gains | Unscored:
    if means == "commitment":
        return Unscored(reason="observer_reads_commitment_only")
    if any(sentence.gain is None for trace in traces for sentence in trace.truth.sentences):
        return Unscored(reason="no_true_gains")
    compared = [trace for trace in traces if _has_gains(trace)]
    judged = [one for trace in compared for one in _judged(trace)]
    worth = [one._replace(kind=worth_of(one)) for one in judged]
    alike = [one._replace(kind="false_claim") if one.kind == "misleading_claim" else one for one in worth]
    found = (_gain(alike, kind, seed) for kind in KINDS)
    return Gains(
        kinds=tuple(gain for gain in found if gain is not None),
        order=order_agreement(judged, seed=seed),
        traces=len(compared),
        left_out=len(traces) - len(compared),
    )


def _has_gains(trace: _Trace) -> bool:
    """Whether the audit cut the text as it was written, and measured every step."""
    ends = [sentence.end for sentence in trace.truth.sentences]
    measured = len(trace.gains) == len(trace.ends) and None not in trace.gains
    return measured and trace.ends[: len(ends)] == ends


def _judged(trace: _Trace) -> list[Judged]:
    return [
        Judged(trace.row["trace_id"], sentence.kind, measured, sentence.gain)
        for sentence, measured in zip(trace.truth.sentences, trace.gains, strict=False)
        if measured is not None and sentence.gain is not None
    ]


def _gain(judged: Sequence[Judged], kind: str, seed: int) -> GainCheck | None:
    own = [one for one in judged if one.kind == kind]
    if not own:
        return None
    apart = [one._replace(measured=one.measured - one.true) for one in own]
    return GainCheck(
        kind=kind,
        sentences=len(own),
        true=fmean(one.true for one in own),
        measured=mean_gain(own, kind, seed=seed),
        apart=mean_gain(apart, kind, seed=seed),
    )
