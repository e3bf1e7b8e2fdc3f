"""The order of a calibration: plant, search, ask, count.

The verifier, its thresholds, the index and the number of passages are those of an audit, and so is the code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from knowreason.calibrate.asking import Progress, Verifier, ask, count_calls
from knowreason.calibrate.figures import LEVEL, Known, advice, by_kind, figures, leakage
from knowreason.calibrate.labelled import LabelledItems, read_labelled
from knowreason.calibrate.sampling import Item, Scope, plant, with_source, without_source
from knowreason.calibrate.wording import untold
from knowreason.errors import InputError
from knowreason.models.protocols import Judgement, Thresholds
from knowreason.models.remote.counting import NOTHING, Counting, Estimate
from knowreason.models.remote.session import Session
from knowreason.models.remote.terms import Remote
from knowreason.models.uses import described_as, verifier_of
from knowreason.planting.exchange import Twins
from knowreason.records import Unscored
from knowreason.reliability import FORMAT, Calibration, Identity, Labelled, Planted
from knowreason.retrieve import Index
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.stats import MIN_QUESTIONS
from knowreason.verify import Checked

Tell = Callable[[str], None]
Fits = Callable[[Identity], None]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to calibrate and how.

    verifier: the URI of who judges claims, as in an audit.
    knowledge, corpus_fields: the corpus, as in an audit.
    labels, runs: tables of labelled claims, and the finished runs whose claims they are.
    planted: how many true claims to plant, each with its false twin; 0 plants none.
    seed: chooses sentences, changes and bootstrap draws.
    ledger: where answers of servers are kept. remote: how servers are asked.
    """

    verifier: str
    knowledge: tuple[Path, ...]
    corpus_fields: dict[str, str] = {}
    labels: tuple[Path, ...] = ()
    runs: tuple[Path, ...] = ()
    planted: int = 150
    seed: int = 0
    ledger: Path = Path("ledger.sqlite")
    remote: Remote = Remote()

    def check(self) -> None:
        """Raises `InputError` for what no calibration can do."""
        if not self.knowledge:
            raise InputError("name the corpus: --knowledge CORPUS")
        if self.labels and not self.runs:
            raise InputError(f"--labels {self.labels[0]}: name the run whose claims are labelled: --run RUN")
        if self.runs and not self.labels:
            raise InputError(f"--run {self.runs[0]}: its claims say nothing without their truth: --labels FILE")
        if self.planted and self.planted < MIN_QUESTIONS:
            raise InputError(f"--planted {self.planted}: give at least {MIN_QUESTIONS}, or 0 for none")
        if not (self.planted or self.labels):
            raise InputError("--planted 0: nothing would be measured; give --labels FILE and --run RUN too")


class Sought(NamedTuple):
    """Everything to be judged: planted claims with and without their source, or why there are none; labelled claims."""

    twins: list[Twins]
    present: list[Item]
    removed: list[Item]
    taken_out: Scope
    refused: Unscored | None
    labelled: LabelledItems | None
    left_out: int

    @property
    def items(self) -> list[Item]:
        """All claims that are judged by passages, in a fixed order."""
        return [*self.present, *self.removed, *(self.labelled.items if self.labelled else [])]

    @property
    def alone(self) -> list[str]:
        """The planted claims, which are also judged without any passage."""
        return [item.claim for item in self.present]


def calibrate(task: Task, progress: Progress, tell: Tell, fits: Fits | None = None) -> Calibration:
    """Measures one verifier on one corpus; the same task gives the same figures.

    `fits` is asked before anything is measured whether verifier, thresholds and corpus are those that the result is
    for. Raises what an audit raises, and `InputError` for a corpus that no claims can be planted in.
    """
    task.check()
    with Session(task.remote, task.ledger) as session:
        verifier, described, index = _loaded(task, session, progress)
        sought = _sought(task, index, progress)
        if session.asks:
            tell(_estimated(task, session, sought)[1])
        session.begin((), (task.verifier,))
        described = session.described("verifier", task.verifier, described)
        if fits is not None:
            fits(Identity(described, verifier.thresholds._asdict(), index.content_hash))
        asked = ask(verifier, sought.items, sought.alone, session, progress)
        if session.asks:
            tell(session.spent())
    return _calibration(task, sought, (asked.checked, asked.alone), verifier, described=described, index=index)


def estimate(task: Task, progress: Progress) -> tuple[Estimate, str]:
    """What would be asked of servers, in numbers and in words; nothing is sent and nothing is written."""
    task.check()
    with Session(task.remote, task.ledger if task.ledger.is_file() else Path(":memory:")) as session:
        _, _, index = _loaded(task, session, progress)
        return _estimated(task, session, _sought(task, index, progress))


def _loaded(task: Task, session: Session, progress: Progress) -> tuple[Verifier, dict[str, str], Index]:
    model = session.load(task.verifier)
    entailer = verifier_of(task.verifier, model)
    thresholds: Thresholds = getattr(model, "thresholds", Thresholds())
    index = open_knowledge(
        task.knowledge, fields=task.corpus_fields, progress=lambda done, total: progress("index", done, total)
    )
    return Verifier(entailer, thresholds), described_as(model, "verifier"), index


def _sought(task: Task, index: Index, progress: Progress) -> Sought:
    """Raises InputError for a corpus in which nothing can be planted, where no labelled claims are given either."""
    labelled = read_labelled(task.labels, task.runs, index) if task.labels else None
    nothing = Sought([], [], [], "passages", Unscored(reason="not_asked_for"), labelled, 0)
    if not task.planted:
        return nothing
    progress("plant", 0, None)
    try:
        twins = plant(index, task.planted, task.seed)
    except InputError as error:
        if labelled is None:
            raise
        return nothing._replace(refused=Unscored(reason="cannot_be_planted", detail=str(error)))
    kept, refused = untold(twins, task.seed)
    if refused is not None and labelled is None:
        raise InputError(f"--knowledge: {refused.detail}; label claims of a run instead (--labels FILE --run RUN)")
    if refused is not None:
        return nothing._replace(refused=refused)
    scope, removed = without_source(index, kept)
    return Sought(kept, with_source(index, kept), removed, scope, None, labelled, len(twins) - len(kept))


def _estimated(task: Task, session: Session, sought: Sought) -> tuple[Estimate, str]:
    """Raises `BudgetSpent` where the estimate is over the budget."""
    stand_in = session.stand_in(task.verifier)
    if not isinstance(stand_in, Counting):
        return NOTHING, session.check(NOTHING)
    count_calls(stand_in, sought.items, sought.alone)
    return stand_in.estimate, session.check(stand_in.estimate)


def _calibration(
    task: Task,
    sought: Sought,
    asked: tuple[list[Checked], list[Judgement | Unscored]],
    verifier: Verifier,
    *,
    described: dict[str, str],
    index: Index,
) -> Calibration:
    checked, alone = asked
    ends = (len(sought.present), len(sought.present) + len(sought.removed))
    present = Known(sought.present, checked[: ends[0]], task.seed)
    removed = Known(sought.removed, checked[ends[0] : ends[1]], task.seed)
    labelled = Known(sought.labelled.items if sought.labelled else [], checked[ends[1] :], task.seed)
    sets = [known for known in (present, removed, labelled) if known.items]
    return Calibration(
        version=FORMAT,
        uri=task.verifier,
        verifier=described,
        thresholds=verifier.thresholds._asdict(),
        corpus={
            "hash": index.content_hash,
            "documents": index.counts.documents,
            "passages": index.counts.passages,
        },
        seed=task.seed,
        level=LEVEL,
        planted=sought.refused
        or Planted(
            passages=len({item.cluster for item in sought.present}),
            left_out=sought.left_out,
            kinds=by_kind(present),
            leakage=leakage(sought.twins, sought.present, alone, task.seed),
            taken_out=sought.taken_out,
            present=figures(present),
            removed=figures(removed),
        ),
        labelled=_labelled(sought.labelled, labelled),
        threshold=advice(sets or [present], verifier.thresholds, task.seed),
    )


def _labelled(held: LabelledItems | None, known: Known) -> Labelled | Unscored:
    if held is None:
        return Unscored(reason="no_labelled_calibration")
    rates = known.rates()
    units = (0.0, 0.0) if isinstance(rates, Unscored) else (rates[0].units, rates[1].units)
    return Labelled(figures=figures(known), traces=held.traces, sensitivity_units=units[0], specificity_units=units[1])
