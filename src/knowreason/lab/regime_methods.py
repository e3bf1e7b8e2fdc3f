"""The methods of experiment 3: each says unseen what the errors of a writer are due to, beside the truth of the traces.

observation              `knowreason diagnose` on an audit of the traces with the world's observer
observation by reader    the same with a declared reader's exact posteriors in place of the observer
intervention, plan       right answers with the facts given against right answers with a plan given
intervention, direct     the same against what reasoning aloud adds to direct answers
published                which mean correlates with right answers over variants of the writer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from knowreason.errors import InputError
from knowreason.lab.declared import record_reader
from knowreason.lab.printing import corpus_rows, write_rows
from knowreason.lab.regime_verdicts import CODES, verdict_of
from knowreason.lab.regime_writers import (
    Answer,
    RegimeSetting,
    RegimesPlan,
    answer_row,
    regime_of,
    repaired,
    written_answers,
)
from knowreason.lab.results import Cell, Measure
from knowreason.lab.truth import table_reader
from knowreason.lab.verifier import record_verdicts
from knowreason.lab.world import World
from knowreason.pipeline import audit
from knowreason.read import Source, read_traces
from knowreason.records import Interval, ReadIssue, Unscored
from knowreason.task import Audit

if TYPE_CHECKING:
    from knowreason.diagnose import Diagnosis, Intervention

_CERTAIN = {"knowledge": 1.0}  # the table judges the claims: nothing of the index is error of its verifier
_GIVEN = {
    "intervention, plan": ("cot", "facts_given", "plan_given"),
    "intervention, direct": ("cot", "facts_given", "direct"),
}
"""Where both were asked a diagnosis takes direct answers, so that each is a table of graded answers by itself."""


class Place(NamedTuple):
    """Where one setting is carried out; `observer` is the folder of the checkpoint that reads the world."""

    plan: RegimesPlan
    setting: RegimeSetting
    world: World
    folder: Path
    observer: Path
    show: Callable[[str, int, int | None], None]


def observed(place: Place, answers: Sequence[Answer]) -> Iterator[Cell]:
    """The verdict of the traces as they are, read by the world's observer."""
    yield from _truth(place, place.world, "observation", answers)
    traces = _traces(place.folder / "observed", answers)
    yield from _observation(place, "observation", _diagnosed(place, place.world, traces, f"hf:{place.observer}"))


def observed_by_reader(place: Place, hops: int) -> Iterator[Cell]:
    """The same in a world of so many hops, read by the reader that the observer's training text declares."""
    method = f"observation by reader, {hops} hops"
    world = World(msgspec.structs.replace(place.world.dials, hops=hops), place.world.seed)
    entities = world.of_split("stranger")[: place.plan.questions]
    answers = written_answers(place.plan, place.setting, world, entities, conditions=("cot",))
    yield from _truth(place, world, method, answers)
    traces = _traces(place.folder / f"reader-{hops}", answers)
    reader = table_reader(world, trust=place.plan.reader_trust)
    recording = record_reader(world, reader, traces, traces.parent / "reader.jsonl")
    yield from _observation(place, method, _diagnosed(place, world, traces, f"scripted:{recording}"))


def intervened(place: Place, answers: Sequence[Answer]) -> Iterator[Cell]:
    """The verdicts of the interventional test, with the plan and with direct answers; right answers by condition."""
    arm = place.setting.name
    usual = [one for one in answers if one.condition == "cot"]
    levels: dict[str, Measure] = {}
    for method, conditions in _GIVEN.items():
        found = _intervention(
            [one for one in answers if one.condition in conditions], place.folder / method.replace(", ", "-")
        )
        value = verdict_of(found.conclusion, found.adjusted_equivalence_p)
        yield from _truth(place, place.world, method, usual)
        yield Cell(arm=arm, measure=f"{method}: verdict", value=value, n=found.conclusion.questions)
        yield from _interval(arm, f"{method}: difference", found.difference)
        levels |= found.levels
    for condition, level in levels.items():
        yield from _interval(arm, f"right answers, {condition}", level)


def published(place: Place, answers: Sequence[Answer]) -> Iterator[Cell]:
    """The verdict of the published argument over the variants of a writer."""
    arm = place.setting.name
    yield from _truth(place, place.world, "published", answers)
    traces = _traces(place.folder / "variants", answers)
    [found] = _diagnosed(place, place.world, traces, f"hf:{place.observer}").published
    both = {"knowledge": found.knowledge, "reasoning": found.reasoning}
    refusals = [one for one in both.values() if isinstance(one, Unscored)]
    value = refusals[0] if refusals else next(code for regime, code in CODES.items() if regime == found.says)
    yield Cell(arm=arm, measure="published: verdict", value=value, n=found.models)
    for name, one in both.items():
        r, p = (one, one) if isinstance(one, Unscored) else (one.r, one.p)
        yield Cell(arm=arm, measure=f"published: r of {name}", value=r, n=found.models)
        yield Cell(arm=arm, measure=f"published: p of {name}", value=p, n=found.models)


def graded_rows(traces: Path) -> Iterator[Mapping[str, Any]]:
    """The traces of a file as graded predictions: read and graded as an audit does, and nothing else measured."""
    from knowreason.grade import Grader

    with Grader() as grader:
        for trace in read_traces([str(traces)]):
            if isinstance(trace, ReadIssue):
                raise InputError(f"{trace.file}, line {trace.line}: {trace.reason}")
            [grade] = grader.grade([trace])
            right = None if isinstance(grade.outcome, Unscored) else grade.outcome == "correct"
            told = {name: getattr(trace, name) for name in ("benchmark", "domain", "model", "variant", "condition")}
            yield {**told, "question_id": trace.question_id, "sample": trace.sample, "correct": right}


def _intervention(answers: Sequence[Answer], folder: Path) -> Intervention:
    from knowreason.diagnose import diagnose_predictions
    from knowreason.read.predictions import read_predictions

    table = write_rows(folder.with_suffix(".jsonl"), graded_rows(_traces(folder, answers)))
    return diagnose_predictions(read_predictions(table), table).needs[0].intervention


def _traces(folder: Path, answers: Sequence[Answer]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write_rows(folder / "traces.jsonl", map(answer_row, answers))


def _diagnosed(place: Place, world: World, traces: Path, scorer: str) -> Diagnosis:
    """What `knowreason diagnose` says of an audit with that scorer, its claims judged by the table."""
    from knowreason.diagnose import diagnose_runs

    folder = traces.parent
    corpus = write_rows(folder / "corpus.jsonl", corpus_rows(world))
    task = Audit(
        sources=(Source(str(traces)),),
        out=folder / "run",
        knowledge=(corpus,),
        scorer=scorer,
        verifier=f"scripted:{record_verdicts(traces, corpus, folder / 'verdicts.jsonl')}",
        paper=True,
    )
    return diagnose_runs([audit(task, place.show)], reliabilities=_CERTAIN)


def _observation(place: Place, method: str, diagnosis: Diagnosis) -> Iterator[Cell]:
    arm, found = place.setting.name, diagnosis.needs[0].observation
    value = verdict_of(found.conclusion, found.adjusted_equivalence_p)
    yield Cell(arm=arm, measure=f"{method}: verdict", value=value, n=found.questions)
    yield from _interval(arm, f"{method}: difference", found.difference)
    for name in ("knowledge", "reasoning"):
        if name in found.parts:
            yield from _interval(arm, f"{method}: {name} explains", found.parts[name].explained)
    if "gain_used" in found.circularity:
        yield from _interval(arm, f"{method}: AUROC of the gain", found.circularity["gain_used"])


def _truth(place: Place, world: World, method: str, answers: Sequence[Answer]) -> Iterator[Cell]:
    """The regime of the traces that a method is shown, and the deficits behind it as shares of the traces."""
    found, arm = repaired(world, answers), place.setting.name
    yield Cell(arm=arm, measure=f"{method}: truth", value=CODES[regime_of(found)], n=found.traces)
    counts = {"errors": found.errors, "knowledge deficit": found.knowledge, "reasoning deficit": found.reasoning}
    for name, count in counts.items():
        yield Cell(arm=arm, measure=f"{method}: {name}", value=count / found.traces, n=found.traces)


def _interval(arm: str, measure: str, found: Measure) -> Iterator[Cell]:
    """An estimate and the ends of its 95 % interval."""
    if not isinstance(found, Interval):
        yield Cell(arm=arm, measure=measure, value=found, n=0)
        return
    for name, value in (("", found.estimate), (", lower", found.lower), (", upper", found.upper)):
        yield Cell(arm=arm, measure=measure + name, value=value, n=found.n)
