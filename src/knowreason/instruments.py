"""Who measures: the models of an audit, loaded and described, and the stand-ins that count what they are asked."""

from __future__ import annotations

import msgspec

from knowreason.gain import observer_of
from knowreason.models.protocols import Decomposer, Entailer, Judge, Marker, Observer
from knowreason.models.remote.counting import Counting
from knowreason.models.remote.session import Session
from knowreason.models.uses import (
    counted,
    decomposer_of,
    described_as,
    judges_of,
    marker_of,
    named_scorers,
    use_of,
    verifier_of,
)
from knowreason.retrieve import Index
from knowreason.task import Audit
from knowreason.verify import Thresholds


class Instruments(msgspec.Struct, frozen=True):
    """Everything that judges, shared by all workers; `paper` asks for the published figures too.

    `others` are further observers by name; `observer` is the first of them, whose figures stand in all tables.
    """

    index: Index | None
    entailer: Entailer | Judge
    observer: Observer
    thresholds: Thresholds
    scorer_name: str
    described: dict[str, dict[str, str]]
    paper: bool = False
    others: tuple[tuple[str, Observer], ...] = ()
    decomposer: Decomposer | None = None
    marker: Marker | None = None
    marker_name: str = ""


def load_instruments(task: Audit, index: Index | None, session: Session) -> Instruments:
    """All models of an audit. Raises `ModelError` for one that cannot be loaded, or cannot do what it is for."""
    scoring = {uri: session.load_scorer(uri) for uri in task.scorers}
    judging = judges_of(task.verifier, task.decomposer, task.grader)
    models = {uri: session.load(uri) for uri in dict.fromkeys(judging.values())}
    verifier = verifier_of(task.verifier, models[task.verifier], task.option_of("verifier"))
    thresholds: Thresholds = getattr(verifier, "thresholds", Thresholds())
    scorers = named_scorers([described_as(scoring[uri], "scorer") for uri in task.scorers])
    observer, *others = (observer_of(uri, scoring[uri], task.target) for uri in task.scorers)
    described = {use: described_as(models[uri], use) for use, uri in judging.items()}
    return Instruments(
        index=index,
        entailer=verifier,
        observer=observer,
        thresholds=thresholds,
        scorer_name=scorers["scorer"]["id"],
        described={**described, **scorers},
        paper=task.paper,
        others=tuple((told["id"], other) for told, other in zip([*scorers.values()][1:], others, strict=True)),
        decomposer=decomposer_of(task.decomposer, models, task.option_of("decomposer")),
        marker=marker_of(task.grader, models, task.option_of("grader")),
        marker_name=_grader_name(task.grader, described.get("grader")),
    )


def _grader_name(uri: str, told: dict[str, str] | None) -> str:
    """The URI and a piece of the weights' hash, where there is one: other weights are another grader."""
    sha256 = told["sha256"] if told else ""
    return f"{uri} ({sha256[:8]})" if sha256 else uri


def reach(instruments: Instruments, task: Audit, session: Session) -> Instruments:
    """The instruments with what those on servers say of themselves, once they are reached and proven."""
    judges = [task.grader, *((task.verifier, task.decomposer) if task.knowledge else ())]
    session.begin(task.scorers, judges, letters=task.target == "letter")
    described = {use: session.described(use, uri, instruments.described[use]) for use, uri in task.models.items()}
    if task.target == "letter":
        scorers = {use_of(place) for place in range(len(task.scorers))}
        described = {use: {**told, "target": "letter"} if use in scorers else told for use, told in described.items()}
    return msgspec.structs.replace(instruments, described=described)


def counting(instruments: Instruments, task: Audit, session: Session) -> tuple[Instruments, list[Counting]]:
    """The instruments with stand-ins for those on servers, and the stand-ins, which count what they are asked."""
    stand_ins = {uri: session.stand_in(uri) for uri in task.models.values()}
    observer, *others = (observer_of(uri, stand_ins[uri], task.target) for uri in task.scorers)
    names = [name for name, _ in instruments.others]
    stand_in = stand_ins.get(task.grader)
    replaced = msgspec.structs.replace(
        instruments,
        entailer=stand_ins[task.verifier],
        observer=observer,
        others=tuple(zip(names, others, strict=True)),
        decomposer=counted(instruments.decomposer, stand_ins.get(task.decomposer)),
        marker=stand_in if isinstance(stand_in, Counting) else None,  # a grade changes no count
    )
    return replaced, [model for model in stand_ins.values() if isinstance(model, Counting)]
