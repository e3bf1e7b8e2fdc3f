"""The regression behind an observation: what knowledge and reasoning each explain of right answers.

    log(p / (1 - p)) = b_0 + b_1 z(KI before commitment) + b_2 [no KI] + b_3 z(informative gain) + b_4 z(log tokens)

clustered by question. A missing KI counts as a middling one, and as itself: whether facts could be decided is no
knowledge, and is explained apart. Never a gain of mention, commitment or statement: that a text says the right
option and that it is right are one event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowreason.diagnose.columns import Columns
from knowreason.diagnose.diagnosis import Part, Stratum
from knowreason.records import Interval, Unscored
from knowreason.stats import (
    Explained,
    Logistic,
    Resampled,
    auroc,
    combination,
    explained,
    explained_without_error,
    limits,
    logistic,
    share,
)

Floats = NDArray[np.float64]

_LEVEL = 0.95
_STRATUM = 30  # questions at least in each stratum
_SPOKEN = {
    "knowledge": "the KI before commitment",
    "no_knowledge": "whether facts could be decided",
    "reasoning": "the informative gain",
    "length": "the number of tokens",
}


class Design(NamedTuple):
    """The columns of the regression by name, in standard deviations, and the errors of each."""

    correct: Floats
    questions: NDArray[np.generic]
    columns: dict[str, Floats]
    errors: dict[str, Floats]
    base: Floats


def design_of(columns: Columns, *, knowledge: str = "knowledge", declared: Mapping[str, float] | None = None) -> Design:
    """The columns of one model; `knowledge` may be "lower" or "upper". `declared` are reliabilities, for the errors.

    Errors are in standard deviations; where a reliability is neither declared nor known from a verifier there are none.
    """
    index: Floats = getattr(columns, knowledge)
    known = np.isfinite(index)
    told = {"knowledge": np.where(known, _scaled(index, known), 0.0)}
    if not known.all():
        told["no_knowledge"] = _scaled((~known).astype(np.float64))
    told["reasoning"], told["length"] = _scaled(columns.reasoning), _scaled(columns.length)
    errors = dict.fromkeys(told, np.zeros(len(index)))
    if knowledge == "knowledge" and columns.error is not None:
        spread = float(index[known].std()) if known.any() else 0.0
        errors["knowledge"] = np.where(known, np.sqrt(columns.error), 0.0) / (spread or 1.0)
    for name, reliable in (declared or {}).items():
        counted = known if name == "knowledge" else np.ones(len(index), dtype=bool)
        errors[name] = np.where(counted, np.sqrt(1 - reliable), 0.0)
    return Design(columns.correct, columns.questions, told, errors, np.empty((len(index), 0)))


def pooled_design(designs: Sequence[Design]) -> Design:
    """Several models as one: each column in its own model's standard deviations, with a constant a model."""
    names = [name for name in _SPOKEN if any(name in one.columns for one in designs)]
    sizes = [len(one.correct) for one in designs]
    who = np.repeat(np.arange(len(designs)), sizes)
    return Design(
        correct=np.concatenate([one.correct for one in designs]),
        questions=np.concatenate([one.questions for one in designs]),
        columns={name: _stacked(designs, name, "columns") for name in names},
        errors={name: _stacked(designs, name, "errors") for name in names},
        base=(who[:, None] == np.arange(1, len(designs))).astype(np.float64),
    )


def split(design: Design, *, seed: int, draws: int, corrected: bool = False) -> Explained | Unscored:
    """What each column explains, its error taken out where that is `corrected`."""
    if refusal := constant(design):
        return refusal
    table = _table(design)
    if not corrected:
        return explained(design.correct, table, design.questions, base=design.base, seed=seed, draws=draws)
    errors = np.column_stack(list(design.errors.values()))
    return explained_without_error(
        design.correct, table, design.questions, errors, base=design.base, seed=seed, draws=draws
    )


def difference(design: Design, found: Explained) -> Resampled:
    """What knowledge explains minus what reasoning explains, nats a trace."""
    weights = {"knowledge": 1.0, "reasoning": -1.0}
    return combination(found, [weights.get(name, 0.0) for name in design.columns])


def constant(design: Design) -> Unscored | None:
    """The refusal where a column does not vary, by the column's name."""
    for name, column in design.columns.items():
        if len(column) and np.ptp(column) == 0:
            return Unscored(reason="constant", detail=f"{_SPOKEN[name]} does not vary")
    return None


def parts_of(design: Design, found: Explained) -> dict[str, Part] | Unscored:
    """Coefficient, explained log-loss and share of every column. Unscored as `logistic` is."""
    fitted = coefficients(design)
    if isinstance(fitted, Unscored):
        return fitted
    total = combination(found, np.ones(len(design.columns)))
    clear = limits(total).lower > 0
    inflation = np.diag(np.linalg.inv(np.corrcoef(_table(design), rowvar=False)))
    return {
        name: Part(
            coefficient=fitted[name],
            explained=interval(combination(found, np.eye(len(design.columns))[at])),
            share=interval(share(found, at)) if clear else Unscored(reason="nothing_explained"),
            inflation=float(inflation[at]),
        )
        for at, name in enumerate(design.columns)
    }


def coefficients(design: Design) -> dict[str, Interval] | Unscored:
    """The change of the log odds for a standard deviation of each column. Unscored as `logistic` is."""
    if refusal := constant(design):
        return refusal
    fitted = logistic(design.correct, np.column_stack([design.base, _table(design)]), design.questions)
    if isinstance(fitted, Unscored):
        return fitted
    first = 1 + design.base.shape[1]
    return {name: _coefficient(fitted, first + at) for at, name in enumerate(design.columns)}


def strata_of(columns: Columns, design: Design) -> tuple[Stratum, ...]:
    """The coefficients in thirds of the surprisal before reasoning, in halves where questions are few, else none."""
    questions = len(np.unique(columns.questions))
    count = 3 if questions >= 3 * _STRATUM else 2 if questions >= 2 * _STRATUM else 0
    if not count:
        return ()
    edges = np.quantile(columns.before, np.linspace(0, 1, count + 1))
    place = np.clip(np.searchsorted(edges, columns.before, side="right") - 1, 0, count - 1)
    return tuple(_stratum(columns, design, place == at) for at in range(count) if (place == at).any())


def circularity_of(columns: Columns, *, seed: int, draws: int) -> dict[str, Interval | Unscored]:
    """AUROC for a right answer of each figure that stands for a place in the text."""
    found = {
        name: auroc(columns.correct, figure, columns.questions, seed=seed, draws=draws)
        for name, figure in columns.places.items()
    }
    return {
        name: one
        if isinstance(one, Unscored)
        else Interval(estimate=one.estimate, lower=one.lower, upper=one.upper, level=one.level, n=one.clusters)
        for name, one in found.items()
    }


def correlations_of(design: Design, columns: Columns) -> dict[str, float]:
    """Pearson's correlations of knowledge, reasoning and length, where there is knowledge."""
    known = np.isfinite(columns.knowledge)
    named = {name: design.columns[name][known] for name in ("knowledge", "reasoning", "length")}
    pairs = combinations(named.items(), 2)
    return {f"{a} and {b}": float(np.corrcoef(first, second)[0, 1]) for (a, first), (b, second) in pairs}


def interval(found: Resampled) -> Interval:
    """The 95 % interval of a resampled statistic; `n` counts questions."""
    ends = limits(found, level=_LEVEL)
    return Interval(estimate=found.estimate, lower=ends.lower, upper=ends.upper, level=ends.level, n=found.clusters)


def _stratum(columns: Columns, design: Design, here: NDArray[np.bool_]) -> Stratum:
    before, asked = columns.before[here], columns.questions[here]
    chosen = design._replace(
        correct=design.correct[here],
        questions=asked,
        columns={name: column[here] for name, column in design.columns.items()},
        base=design.base[here],
    )
    return Stratum(
        lower=float(before.min()),
        upper=float(before.max()),
        questions=len(np.unique(asked)),
        coefficients=coefficients(chosen),
    )


def _coefficient(fitted: Logistic, at: int) -> Interval:
    return Interval(
        estimate=float(fitted.coefficients[at]),
        lower=float(fitted.lower[at]),
        upper=float(fitted.upper[at]),
        level=_LEVEL,
        n=fitted.clusters,
    )


def _table(design: Design) -> Floats:
    return np.column_stack(list(design.columns.values()))


def _stacked(designs: Sequence[Design], name: str, which: str) -> Floats:
    columns = [getattr(one, which).get(name, np.zeros(len(one.correct))) for one in designs]
    return np.concatenate(columns)


def _scaled(column: Floats, known: NDArray[np.bool_] | None = None) -> Floats:
    counted = column if known is None else column[known]
    spread = float(counted.std()) if len(counted) else 0.0
    return (column - counted.mean()) / spread if spread > 0 else np.zeros_like(column)
