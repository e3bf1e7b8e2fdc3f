"""The other experiments as tables: every figure the mean over the worlds of a run, with an interval over them.

With so few worlds an interval by Student's t is wide, and that is what is known: each world is one draw of facts, text
and weights. Verdicts are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from knowreason.lab.regime_verdicts import VerdictCount, agreeing, verdict_counts
from knowreason.lab.results import Cell, LabResult, Ran
from knowreason.lab.standing import CLOSED, OPEN, foretold
from knowreason.lab.table import LabTable
from knowreason.lab.training_effects import CHANGE, MARGIN
from knowreason.records import Unscored

Value = float | str | Unscored
_SHOWN = 0.05  # the tail left out on either side of an interval that shows two things alike


class Told(NamedTuple):
    """What an experiment asks, in words."""

    title: str
    note: str


TOLD: Mapping[str, Told] = {
    "standing": Told(
        "Experiment 2: what carries over from arithmetic to the clinic",
        "Every checkpoint on tested diseases, with the book closed and with the facts of one route stated among others "
        "before the question. Guessing reaches .25 in the clinic, and in arithmetic the .25 to .27 of those who say 0.",
    ),
    "trap": Told(
        "Experiment 4: what fine-tuning does to accuracy and to gains",
        "Every question names a ward that gives the answer away. The exact gain is that of a declared outsider; the "
        "verdict is compare's on the audited traces, against the base.",
    ),
    "attribution": Told(
        "Experiment 5: pruning or adding",
        "Base and reinforcement answer about tested diseases; the course of new facts and its control, the same course "
        "without them, about strangers. Recall is the probability of the right value of both first hops of each of "
        "these diseases, the book closed. The attribution is compare's, from traces alone.",
    ),
    "compute": Told(
        "Experiment 6: what more tries buy",
        "Votes among k tries of the base, pass@k, and the pass@k of somebody who guesses.",
    ),
    "regimes": Told(
        "Experiment 3: is a benchmark bound by knowledge or by reasoning?",
        "Written reasoners whose regime is known by construction and by oracle repair.",
    ),
    "thoughts": Told(
        "Experiment 8: thoughts from text alone",
        "A small model learns to think before it goes on, rewarded by how much likelier that makes the text.",
    ),
}


def experiment_tables(result: LabResult) -> list[LabTable]:
    """One table an experiment, and those that are read off from several."""
    tables: list[LabTable] = []
    for name in dict.fromkeys(ran.experiment for ran in result.experiments):
        several = [ran for ran in result.experiments if ran.experiment == name]
        tables.append(_SPECIAL.get(name, lambda rows, of=name: table_of(of, rows))(several))
        if name == "standing":
            tables += [_gaps(several), _foretold(several)]
        if name == "attribution":
            tables.append(_unchanged(several))
    return tables


def table_of(name: str, several: Sequence[Ran]) -> LabTable:
    """Arms by measures, each cell over the worlds."""
    cells = [cell for ran in several for cell in ran.cells]
    measures = list(dict.fromkeys(cell.measure for cell in cells))
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    rows = [(arm, *(_of_worlds(several, arm, measure) for measure in measures)) for arm in arms]
    return LabTable(TOLD[name].title, f"{TOLD[name].note} {_worlds(several)}", ("", *measures), tuple(rows))


def _of_worlds(several: Sequence[Ran], arm: str, measure: str) -> str:
    """A figure over the worlds, with their count where some lack it."""
    values = values_of(several, arm, measure)
    return told(values) + (f" (of {len(values)} worlds)" if 0 < len(values) < len(several) else "")


def values_of(several: Sequence[Ran], arm: str, measure: str) -> list[Value]:
    """A figure in every world that has it."""
    return [c.value for ran in several for c in ran.cells if (c.arm, c.measure) == (arm, measure)]


def told(values: Sequence[Value]) -> str:
    """Numbers as their mean with its interval, verdicts counted, what was not measured by its reason."""
    if not values:
        return ""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values):
        middle, half = over(numbers)
        return f"{middle:.2f}" if half is None else f"{middle:.2f} ± {half:.2f}"
    words = [v.reason if isinstance(v, Unscored) else f"{v:.2f}" if isinstance(v, float) else str(v) for v in values]
    return ", ".join(
        f"{word.replace('_', ' ')}{'' if len(words) == 1 else f' ({n} of {len(words)})'}"
        for word, n in Counter(words).items()
    )


def over(numbers: Sequence[float], *, tail: float = 0.025) -> tuple[float, float | None]:
    """The mean of some worlds and the half width of its interval by Student's t; None for a single world."""
    if len(numbers) < 2:
        return fmean(numbers), None
    from scipy.stats import t

    return fmean(numbers), float(t.ppf(1 - tail, len(numbers) - 1)) * stdev(numbers) / sqrt(len(numbers))


def _worlds(several: Sequence[Ran]) -> str:
    seeds = [str(ran.seed) for ran in several]
    if len(seeds) == 1:
        return f"World {seeds[0]}."
    return f"Means over worlds {', '.join(seeds)}, ± the 95 % interval over worlds."


def _gaps(several: Sequence[Ran]) -> LabTable:
    """The gap to the base with the same fine-tuning, closed and open."""
    rows: list[tuple[str, ...]] = []
    for arm in ("math, clean SFT", "math lineage, clean SFT"):
        gaps = {m: [_gap(ran, arm, m) for ran in several] for m in (CLOSED, OPEN)}
        left = [opened - closed for closed, opened in zip(gaps[CLOSED], gaps[OPEN], strict=True)]
        rows.append((arm, told(gaps[CLOSED]), told(gaps[OPEN]), told(left)))
    return LabTable(
        "Experiment 2: the gap to the base, and what the open book leaves of it",
        "Right answers minus those of the base after the very same fine-tuning. A gap of knowledge closes when the "
        "facts are given.",
        ("", "gap, closed book", "gap, open book", "what the book mends"),
        tuple(rows),
    )


def _gap(ran: Ran, arm: str, measure: str) -> float:
    own, base = (_number(ran.cells, name, measure) for name in (arm, "clean SFT"))
    return own - base


def _foretold(several: Sequence[Ran]) -> LabTable:
    found = foretold(several)
    return LabTable(
        "Experiment 7: clinic accuracy foretold from arithmetic",
        "A line through the checkpoints of the other worlds foretells each one's clinic accuracy from its arithmetic "
        "of depth 5. Beside it the error of a guess that ignores arithmetic and takes their mean.",
        (
            "checkpoints",
            "correlation",
            "error of the line",
            "error of the mean",
            "forecast minus actual, trained on mathematics",
        ),
        ()
        if found is None
        else (
            (
                str(found.checkpoints),
                f"{found.correlation:.2f}",
                f"{found.error:.2f}",
                f"{found.mean_error:.2f}",
                f"{found.above:+.2f} ({found.mathematical})",
            ),
        ),
    )


def _regimes(several: Sequence[Ran]) -> LabTable:
    """Right, wrong and undecided verdicts of every method, by the regime that is true."""
    found = {ran.seed: ran.cells for ran in several}
    counts = {(count.method, count.regime): count for count in verdict_counts(found)}
    regimes = ("knowledge_bound", "reasoning_bound", "not_separable", "all")
    rows = [(method, *(_counted(counts.get((method, regime))) for regime in regimes)) for method, _ in counts]
    same, total = agreeing(found)
    return LabTable(
        TOLD["regimes"].title,
        f"{TOLD['regimes'].note} Verdicts right / wrong / undecided, with the share of right ones and its exact 95 % "
        f"interval; the regime by the dials is that of oracle repair in {same} of {total} worlds.",
        ("", "bound by knowledge", "bound by reasoning", "by neither", "all"),
        tuple(dict.fromkeys(rows)),
    )


def _thoughts(several: Sequence[Ran]) -> LabTable:
    """Loss at the composed sentence's last word without and with a thought, by corpus, hop type and diseases."""
    arms = dict.fromkeys(cell.arm.rsplit(", ", 1)[0] for ran in several for cell in ran.cells)
    kinds = dict.fromkeys(
        cell.measure.removeprefix(_LOSS)
        for ran in several
        for cell in ran.cells
        if cell.measure.startswith(_LOSS) and not cell.measure.endswith("asked")
    )
    rows: list[tuple[str, ...]] = []
    for arm in arms:
        for kind in kinds:
            named = f"{arm}: {kind.replace('_', ' ')}"
            rows.append((named, *(told(values) for values in _thought_figures(several, arm, kind))))
    return LabTable(
        TOLD["thoughts"].title,
        f"{TOLD['thoughts'].note} Rows: the hop types that the corpus composes, then the type and the diseases asked "
        "about (held out: stated, never composed; stranger: never stated). Nats at the composed sentence's last word; a"
        " gain is the loss of one model without and with its thought, or with as many fixed words instead (pauses). "
        f"{_worlds(several)}",
        (
            "",
            "loss, text alone",
            "loss with a thought",
            "gain of a thought",
            "gain of pauses",
            "right, text alone",
            "right, thinker without its thought",
            "right with a thought",
            "right with pauses",
            "thoughts with the true middle",
        ),
        tuple(rows),
    )


def _thought_figures(several: Sequence[Ran], arm: str, kind: str) -> list[list[Value]]:
    def of(way: str, measure: str) -> list[Value]:
        return values_of(several, f"{arm}, {way}", f"{measure}, {kind}")

    def gain(way: str) -> list[Value]:
        pairs = zip(of(way, "loss without thought"), of(way, "loss with thought"), strict=True)
        return [w - t if isinstance(w, float) and isinstance(t, float) else _UNKNOWN for w, t in pairs]

    return [
        of("text", "loss without thought"),
        of("thoughts", "loss with thought"),
        gain("thoughts"),
        gain("pauses"),
        of("text", "accuracy without thought"),
        of("thoughts", "accuracy without thought"),
        of("thoughts", "accuracy with thought"),
        of("pauses", "accuracy with thought"),
        of("thoughts", "thoughts that state the middle fact"),
    ]


def _counted(count: VerdictCount | None) -> str:
    if count is None:
        return ""
    said = f"{count.right} / {count.wrong} / {count.undecided}"
    if count.regime != "all":
        return said
    return f"{said}: {count.share.estimate:.2f} [{count.share.lower:.2f}, {count.share.upper:.2f}]"


def _unchanged(several: Sequence[Ran]) -> LabTable:
    """Whether the closed book is unchanged: the 90 % interval of its mean change over worlds lies within the margin."""
    rows: list[tuple[str, ...]] = []
    for arm in dict.fromkeys(cell.arm for cell in several[0].cells if cell.measure == CHANGE):
        low, middle, high = change_of(several, arm)
        inside = low > -MARGIN and high < MARGIN
        word = "unchanged" if inside else "changed" if low > 0 or high < 0 else "not enough evidence"
        each = ", ".join(f"{_number(ran.cells, arm, CHANGE) * 100:+.1f}" for ran in several)
        rows.append((arm, each, f"{middle * 100:+.1f} [{low * 100:+.1f}, {high * 100:+.1f}]", word))
    return LabTable(
        "Experiment 5: the closed book before and after",
        f"Points of recall in each world, and their mean with the 90 % interval over worlds that an equivalence test "
        f"within {MARGIN * 100:g} points asks for.",
        ("", "change in each world", "mean change", "within the margin"),
        tuple(rows),
    )


def change_of(several: Sequence[Ran], arm: str) -> tuple[float, float, float]:
    """The mean change of recall over the worlds with its 90 % interval, worlds being the units; one world has none."""
    middle, half = over([_number(ran.cells, arm, CHANGE) for ran in several], tail=_SHOWN)
    wide = float("inf") if half is None else half
    return middle - wide, middle, middle + wide


def _number(cells: Sequence[Cell], arm: str, measure: str) -> float:
    found = next(c.value for c in cells if (c.arm, c.measure) == (arm, measure))
    if not isinstance(found, int | float):
        raise ValueError(f"{arm}: {measure} is no number")
    return float(found)


_LOSS = "loss without thought, "
_UNKNOWN = Unscored(reason="not_measured")
_SPECIAL: Mapping[str, Callable[[Sequence[Ran]], LabTable]] = {"regimes": _regimes, "thoughts": _thoughts}
