"""What an experiment found: records that are written as JSON, one file a world, and read back for the tables."""

from __future__ import annotations

from pathlib import Path

import msgspec

from knowreason.errors import InputError
from knowreason.records import Interval, Record, Unscored

Measure = Interval | Unscored
RESULTS = "results.json"


class ClassGain(Record, frozen=True):
    """The mean gain of a class of sentences in nats, measured and true, with the count of its sentences."""

    kind: str
    sentences: int
    measured: Measure
    true: Measure


class Separation(Record, frozen=True):
    """AUROC of a class over another, by measured gains, and by true ones: what a perfect measurement reaches."""

    above: str
    below: str
    measured: Measure
    perfect: Measure


class KnowledgeAgreement(Record, frozen=True):
    """The Knowledge Index beside the table's look-up. `alike`: traces whose every claim has the table's verdict.

    `builtin`, `builtin_coverage`: by the built-in verifier on the same claims, None where it was not asked.
    `topic_alike`: the share of claims whose topic is told as the world tells it.
    """

    traces: int
    alike: int
    claims: int
    measured: float
    table: float
    topic_alike: float
    published: float
    builtin: float | None = None
    builtin_coverage: float | None = None


class Totals(Record, frozen=True):
    """Means over traces: total gain before the statement, true and measured, in nats; published InfoGain; steps.

    `order` and `published_order` are Kendall's tau-b over traces with the true total gain.
    """

    true: float
    measured: float
    published: float
    steps: float
    order: float | None
    published_order: float | None


class RateResult(Record, frozen=True):
    """Experiment 1 at one rate of filler in one world. `unmatched` traces had other steps than were written."""

    filler: float
    traces: int
    unmatched: int
    sentences: int
    order: Measure
    error: float
    separations: tuple[Separation, ...]
    gains: tuple[ClassGain, ...]
    knowledge: KnowledgeAgreement
    totals: Totals


class Recut(Record, frozen=True):
    """Every step cut in two. `total`, `parts`: the largest change of a trace's total gain or of one of its parts, nats.

    `published_before`, `published_after`: the mean published InfoGain of the same texts.
    """

    traces: int
    total: float
    parts: float
    published_before: float
    published_after: float


class Nonsense(Record, frozen=True):
    """Traces that do arithmetic where the clinic is asked about: what each index calls their knowledge.

    `with_index`: traces that have a Knowledge Index at all; `published` is the mean of the published one.
    """

    traces: int
    with_index: int
    claims: int
    published: float


class WorldResult(Record, frozen=True):
    """Experiment 1 in one world: `recall` by kind of fact is the closed book of the observer, fixed beforehand."""

    seed: int
    checkpoint: str
    parameters: int
    trained_seconds: float
    trust: float
    recall: dict[str, float]
    rates: tuple[RateResult, ...]
    recut: Recut
    nonsense: Nonsense


class Cell(Record, frozen=True):
    """One figure of an experiment in one world: of an arm (a checkpoint, a dial's setting), by the name of a measure.

    value: a number, a verdict in words, or why there is none. n: how many questions, traces or facts it rests on.
    """

    arm: str
    measure: str
    value: float | str | Unscored
    n: int


class Ran(Record, frozen=True):
    """An experiment in the world of one seed, and how long its last session took.

    made_by: a digest of the recipes, the plans and the observer that it rests on.
    """

    experiment: str
    seed: int
    seconds: float
    cells: tuple[Cell, ...]
    made_by: str = ""


class LabResult(Record, frozen=True):
    """A run of the lab: the preset, the package's version, and what each experiment found in each world.

    `measures` is experiment 1, `experiments` are the others. `seconds` are the last session's: a run that was gone
    on with took longer.
    """

    preset: str
    version: str
    seconds: float
    measures: tuple[WorldResult, ...]
    experiments: tuple[Ran, ...] = ()


def write_result(path: Path, result: Record) -> None:
    """A result as indented JSON, replaced as a whole."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    temporary.replace(path)


def read_result(folder: Path) -> LabResult:
    """The result of a finished run. Raises `InputError` where the folder holds none."""
    path = folder / RESULTS
    if not path.is_file():
        raise InputError(
            f"{folder} holds no finished run of the lab: go on with knowreason lab run --out {folder} and its preset"
        )
    try:
        return msgspec.json.decode(path.read_bytes(), type=LabResult)
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is no result of the lab ({error}): run the lab again") from error
