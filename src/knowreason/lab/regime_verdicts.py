"""Verdicts of experiment 3 beside the truth: who was right, who was wrong, and who said nothing, by regime.

A verdict is a cell whose value is 1 (knowledge), -1 (reasoning) or 0 (shown to be alike), or `Unscored`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from knowreason.lab.repair import Regime
from knowreason.lab.results import Cell
from knowreason.records import Interval, Record, Unscored

if TYPE_CHECKING:
    from knowreason.conclusions import Conclusion

Judged = Literal["right", "wrong", "undecided"]
CODES: dict[Regime, float] = {"knowledge_bound": 1.0, "not_separable": 0.0, "reasoning_bound": -1.0}
REGIMES: dict[float, Regime] = {code: regime for regime, code in CODES.items()}
_REGIMES: tuple[Regime | Literal["all"], ...] = ("all", "knowledge_bound", "reasoning_bound", "not_separable")
_ALPHA = 0.05
_LEVEL = 0.95


class VerdictCount(Record, frozen=True):
    """How often a method was right in worlds of one regime, or in "all".

    undecided: worlds in which it named neither side though there was one, or could not be applied.
    open: of the right ones, those that say no more than that the two cannot be told apart where neither dominates.
    share: right / worlds, with its exact (Clopper-Pearson) interval; decided: right / (right + wrong), the same.
    """

    method: str
    regime: Regime | Literal["all"]
    worlds: int
    right: int
    wrong: int
    undecided: int
    open: int
    share: Interval
    decided: Interval | Unscored


class _One(NamedTuple):
    method: str
    regime: Regime
    verdict: float | Unscored


def verdict_of(found: Conclusion, same: float | None) -> float | Unscored:
    """The number of a verdict; `same` is the p of the equivalence test, None where there was none.

    Unscored reasons: not_separable (the difference is compatible with 0 and not shown to be small),
    not_enough_evidence, and those why it cannot be judged.
    """
    if found.outcome in ("knowledge_bound", "reasoning_bound"):
        return CODES[found.outcome]
    if found.outcome == "not_separable" and same is not None and same <= _ALPHA:
        return CODES["not_separable"]
    return Unscored(reason=found.reason or found.outcome)


def judged(regime: Regime, verdict: float | Unscored) -> Judged:
    """Whether a verdict is right in a world of that regime.

    Where neither side dominates "cannot be told apart" is right, shown or not; where one does, it is no verdict.
    """
    if isinstance(verdict, Unscored):
        return "right" if verdict.reason == regime == "not_separable" else "undecided"
    return "right" if verdict == CODES[regime] else "wrong"


def verdict_counts(found: Mapping[int, Sequence[Cell]]) -> tuple[VerdictCount, ...]:
    """The counts of every method over the cells of all seeds, first in all worlds and then by regime.

    A world is a setting at a seed; the truth is that of the very traces that the method was shown.
    """
    every = [one for cells in found.values() for one in _verdicts(cells)]
    counts: list[VerdictCount] = []
    for method in dict.fromkeys(one.method for one in every):
        mine = [one for one in every if one.method == method]
        for regime in _REGIMES:
            kept = mine if regime == "all" else [one for one in mine if one.regime == regime]
            counts += [_count(method, regime, kept)] if kept else []
    return tuple(counts)


def agreeing(found: Mapping[int, Sequence[Cell]]) -> tuple[int, int]:
    """In how many worlds the regime by the dials is that of the repaired traces, and how many worlds there are."""
    same = total = 0
    for cells in found.values():
        said = {(cell.arm, cell.measure): cell.value for cell in cells}
        meant = {arm: value for (arm, measure), value in said.items() if measure == "truth by the dials"}
        total += len(meant)
        same += sum(said[arm, "observation: truth"] == value for arm, value in meant.items())
    return same, total


def _verdicts(cells: Sequence[Cell]) -> Iterator[_One]:
    said = {(cell.arm, cell.measure): cell.value for cell in cells}
    for (arm, measure), value in said.items():
        method, _, what = measure.partition(": ")
        if what == "verdict":
            truth = said[arm, f"{method}: truth"]
            assert isinstance(truth, float) and not isinstance(value, str)  # noqa: PT018 - both are this module's own
            yield _One(method, REGIMES[truth], value)


def _count(method: str, regime: Regime | Literal["all"], worlds: Sequence[_One]) -> VerdictCount:
    found = [judged(one.regime, one.verdict) for one in worlds]
    right, wrong = found.count("right"), found.count("wrong")
    silent = [isinstance(one.verdict, Unscored) for one in worlds]
    return VerdictCount(
        method=method,
        regime=regime,
        worlds=len(worlds),
        right=right,
        wrong=wrong,
        undecided=found.count("undecided"),
        open=sum(said == "right" and quiet for said, quiet in zip(found, silent, strict=True)),
        share=_exact(right, len(worlds)),
        decided=_exact(right, right + wrong) if right + wrong else Unscored(reason="too_few"),
    )


def _exact(successes: int, units: int) -> Interval:
    from scipy.stats import binomtest  # heavy

    ends = binomtest(successes, units).proportion_ci(_LEVEL, method="exact")
    return Interval(estimate=successes / units, lower=float(ends.low), upper=float(ends.high), level=_LEVEL, n=units)
