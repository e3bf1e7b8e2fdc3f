"""Paired differences in each measure, and what they show at the declared margins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from knowreason.compare.comparison import Effect, MeasureName, Outcome
from knowreason.compare.sides import Pair
from knowreason.frame import cell_seed
from knowreason.records import Interval, Unscored
from knowreason.stats import (
    Limits,
    Permuted,
    Resampled,
    benjamini_hochberg,
    bounded_difference,
    difference_p,
    equivalence_p,
    limits,
    mean_difference,
    questions_for_equivalence,
    questions_to_detect,
    ratio_difference,
    sign_flip,
)

Floats = NDArray[np.float64]

ALPHA = 0.05
_LEVEL, _NARROW = 0.95, 0.90  # the 90 % interval is the equivalence test at .05


class Plan(NamedTuple):
    """How a comparison draws: the seed, the bootstrap draws, and the margin of each measure."""

    seed: int
    draws: int
    margins: dict[str, float]


class _Ratio(NamedTuple):
    """sum(up) / sum(down) over traces; `unscored` names the column that says why a trace is missing.

    `pooled` sums over all traces of a side; otherwise each question counts once, by its mean over its traces.
    """

    up: pl.Expr
    down: pl.Expr
    unscored: str
    pooled: bool = False
    bounded: bool = False
    instrument: str | None = None


def _index(suffix: str) -> _Ratio:
    supported, refuted = (pl.col(f"{label}{suffix}").fill_null(0) for label in ("supported", "refuted"))
    why = "subset_unscored" if suffix else "ki_unscored"
    return _Ratio(supported, supported + refuted, why, pooled=True, instrument="knower")


def _gain(column: str, unscored: str) -> _Ratio:
    return _Ratio(pl.col(column).fill_null(0.0), pl.col(column).is_not_null(), unscored, instrument="scorer_key")


def _per(column: str, size: pl.Expr, unscored: str) -> _Ratio:
    counted = pl.col(column).is_not_null() & size.is_not_null()
    up, down = (pl.when(counted).then(value).otherwise(0.0) for value in (pl.col(column), size))
    return _Ratio(up, down, unscored, pooled=True, instrument="scorer_key")


_RATIOS: dict[str, _Ratio] = {
    "accuracy": _Ratio(
        (pl.col("grade") == "correct").fill_null(value=False),
        pl.col("grade").is_not_null(),
        "grade_unscored",
        bounded=True,
        instrument="grader",
    ),
    "ki": _index(""),
    "ki_before_commitment": _index("_before"),
    "informative_gain": _gain("gain_informative", "parts_unscored"),
    "commitment_gain": _gain("gain_commitment", "parts_unscored"),
    "commitment_to_gold": _gain("gain_total", "gain_unscored"),
    "steps": _Ratio(pl.col("steps"), pl.col("steps").is_not_null(), "grade_unscored"),
    "tokens": _Ratio(pl.col("tokens"), pl.col("tokens").is_not_null(), "grade_unscored", instrument="counter"),
    "informative_per_step": _per("gain_informative", pl.col("steps"), "parts_unscored"),
    "informative_per_100_tokens": _per("gain_informative", pl.col("reasoning_tokens") / 100, "parts_unscored"),
}
LENGTHS = ("steps", "tokens", "informative_per_step", "informative_per_100_tokens")


def measures_of(gain_means: str) -> tuple[MeasureName, ...]:
    """The measures that are compared; the built-in observer's gains are commitment to the gold answer, and no more."""
    gains: tuple[MeasureName, ...] = ("commitment_to_gold",) if gain_means == "commitment" else ("commitment_gain",)
    return ("accuracy", "ki", "ki_before_commitment", "informative_gain", *gains)


def effects_of(pair: Pair, plan: Plan, gain_means: str) -> dict[str, Effect | Unscored]:
    """Every measure's paired difference at one place; p are not yet adjusted (see `adjusted`)."""
    found: dict[str, Effect | Unscored] = {}
    for measure in measures_of(gain_means):
        if measure == "informative_gain" and gain_means == "commitment":
            found[measure] = Unscored(reason="observer_reads_commitment_only")
        else:
            table, margin = _table(pair, _RATIOS[measure]), plan.margins[measure]
            found[measure] = (
                table
                if isinstance(table, Unscored)
                else effect_of(measure, table, seed=_seed(pair, plan, measure), draws=plan.draws, margin=margin)
            )
    return found


def lengths_of(pair: Pair, plan: Plan, gain_means: str) -> dict[str, Interval | Unscored]:
    """Differences in steps and tokens a trace, and in informative gain per step and per 100 tokens (nats)."""
    found: dict[str, Interval | Unscored] = {}
    for name in LENGTHS:
        if name.startswith("informative") and gain_means == "commitment":
            found[name] = Unscored(reason="observer_reads_commitment_only")
            continue
        table = _table(pair, _RATIOS[name])
        drawn = (
            table if isinstance(table, Unscored) else _drawn(table, _RATIOS[name], _seed(pair, plan, name), plan.draws)
        )
        found[name] = drawn if isinstance(drawn, Unscored) else interval(drawn.estimate, limits(drawn), drawn.clusters)
    return found


def adjusted(effects: Sequence[dict[str, Effect | Unscored]]) -> list[dict[str, Effect | Unscored]]:
    """The same effects with their p adjusted over all places and candidates, each measure by itself."""
    known = [dict(each) for each in effects]
    for measure in {name for each in known for name in each}:
        cells = [(n, e) for n, each in enumerate(known) if isinstance(e := each.get(measure), Effect)]
        differs = benjamini_hochberg([effect.p for _, effect in cells])
        agrees = benjamini_hochberg([effect.equivalence_p for _, effect in cells])
        for (number, effect), one, other in zip(cells, differs, agrees, strict=True):
            known[number][measure] = _decided(effect, float(one), float(other))
    return known


def interval(estimate: float, ends: Limits, questions: int) -> Interval:
    """An `Interval` whose `n` counts questions."""
    return Interval(estimate=estimate, lower=ends.lower, upper=ends.upper, level=ends.level, n=questions)


def _decided(effect: Effect, p: float, equivalence: float) -> Effect:
    outcome: Outcome = "undecided"
    if equivalence <= ALPHA:
        outcome = "same"
    elif p <= ALPHA and effect.difference.lower > 0:
        outcome = "higher"
    elif p <= ALPHA and effect.difference.upper < 0:
        outcome = "lower"
    return msgspec.structs.replace(effect, adjusted_p=p, adjusted_equivalence_p=equivalence, outcome=outcome)


class Sums(NamedTuple):
    """Sums by question: `up` and `down` are (2, questions), the baseline first; `unmeasured` questions are left out."""

    up: Floats
    down: Floats
    unmeasured: int


class _Found(NamedTuple):
    """What the interval of a measure rests on; `centre` and `error` are those of the equivalence test."""

    estimate: float
    wide: Limits
    narrow: Limits
    centre: float
    error: float
    spread: float
    questions: int
    p: float


def _seed(pair: Pair, plan: Plan, measure: str) -> int:
    return cell_seed(plan.seed, (*pair.place, pair.side.model, pair.side.variant, measure))


def effect_of(measure: MeasureName, table: Sums, *, seed: int, draws: int, margin: float) -> Effect | Unscored:
    """The paired difference in one measure from the sums of each question; its p are not yet adjusted."""
    ratio = _RATIOS[measure]
    found = _found(table, ratio, seed, draws)
    if isinstance(found, Unscored):
        return found
    levels = (table.up.sum(axis=1) / table.down.sum(axis=1)) if ratio.pooled else (table.up / table.down).mean(axis=1)
    same = equivalence_p(found.centre, found.error, found.questions, margin)
    return Effect(
        measure=measure,
        baseline=float(levels[0]),
        candidate=float(levels[1]),
        difference=interval(found.estimate, found.wide, found.questions),
        equivalence=interval(found.estimate, found.narrow, found.questions),
        error=found.error,
        margin=margin,
        p=found.p,
        adjusted_p=found.p,
        equivalence_p=same,
        adjusted_equivalence_p=same,
        outcome="undecided",
        unmeasured=table.unmeasured,
        questions_needed=max(
            questions_to_detect(found.spread, margin), questions_for_equivalence(found.spread, margin)
        ),
    )


def _found(table: Sums, ratio: _Ratio, seed: int, draws: int) -> _Found | Unscored:
    if ratio.bounded and table.down.max() == 1:
        return _bounded(table, seed)
    drawn = _drawn(table, ratio, seed, draws)
    if isinstance(drawn, Unscored):
        return _bounded(table, seed) if ratio.bounded else drawn
    flipped = sign_flip(_differences(table), seed=seed) if ratio.bounded else None
    p = flipped.p if isinstance(flipped, Permuted) else difference_p(drawn.estimate, drawn.error, drawn.clusters)
    return _Found(
        estimate=drawn.estimate,
        wide=limits(drawn, level=_LEVEL),
        narrow=limits(drawn, level=_NARROW),
        centre=drawn.estimate,
        error=drawn.error,
        spread=drawn.error * float(np.sqrt(drawn.clusters)),
        questions=drawn.clusters,
        p=p,
    )


def _bounded(table: Sums, seed: int) -> _Found | Unscored:
    """Right answers, one a question: the adjusted interval of paired proportions, and McNemar's exact test.

    Also where all questions differ alike, which leaves a bootstrap no width.
    """
    values = _differences(table)
    wide, narrow, flipped = (
        bounded_difference(values, level=_LEVEL),
        bounded_difference(values, level=_NARROW),
        sign_flip(values, seed=seed),
    )
    if isinstance(wide, Unscored) or isinstance(narrow, Unscored) or isinstance(flipped, Unscored):
        return wide if isinstance(wide, Unscored) else Unscored(reason="too_few")
    (outer, error), (inner, _) = wide, narrow
    count = len(values)
    return _Found(
        estimate=float(values.mean()),
        wide=outer,
        narrow=inner,
        centre=float(values.sum() / (count + 2)),
        error=error,
        spread=error * float(np.sqrt(count + 2)),
        questions=count,
        p=flipped.p,
    )


def _drawn(table: Sums, ratio: _Ratio, seed: int, draws: int) -> Resampled | Unscored:
    questions = np.arange(table.up.shape[1])
    if ratio.pooled:
        return ratio_difference(table.up, table.down, questions, seed=seed, draws=draws)
    return mean_difference(_differences(table), questions, seed=seed, draws=draws)


def _differences(table: Sums) -> Floats:
    baseline, candidate = table.up / table.down
    return candidate - baseline


def _table(pair: Pair, ratio: _Ratio) -> Sums | Unscored:
    """The sums of each question; one without a figure on a side is left out, for a pooled share on both sides."""
    if ratio.instrument is not None and not _alike(pair, ratio.instrument):
        return Unscored(reason="different_instruments", detail="the two models were measured by different instruments")
    sums = [_sums(rows, ratio) for rows in (pair.baseline, pair.candidate)]
    joined = sums[0].join(sums[1], on="question_key", suffix="_other").sort("question_key")
    up, down = joined.select("up", "up_other").to_numpy().T, joined.select("down", "down_other").to_numpy().T
    kept = (down > 0).any(axis=0) if ratio.pooled else (down > 0).all(axis=0)
    if not kept.any():
        return _why_none(pair, ratio.unscored)
    complete = int((down > 0).all(axis=0).sum())
    return Sums(up[:, kept], down[:, kept], unmeasured=joined.height - complete)


def _sums(rows: pl.DataFrame, ratio: _Ratio) -> pl.DataFrame:
    sums = [e.cast(pl.Float64).fill_null(0.0).sum().alias(name) for name, e in (("up", ratio.up), ("down", ratio.down))]
    return rows.group_by("question_key").agg(sums)


def _alike(pair: Pair, column: str) -> bool:
    one, other = (set(rows[column].unique().to_list()) for rows in (pair.baseline, pair.candidate))
    if column != "grader":
        return len(one | other) <= 1
    # a rule may grade some traces of a benchmark and a judge the others: then it must be so on both sides; who graded
    # predictions is not known, which an assumption says
    return pair.predicted or one == other


def _why_none(pair: Pair, column: str) -> Unscored:
    reasons = pl.concat([pair.baseline[column], pair.candidate[column]]).drop_nulls()
    telling = reasons.filter(reasons != "no_claims") if (reasons != "no_claims").any() else reasons
    return Unscored(reason=str(telling.mode().sort()[0]) if len(telling) else "nothing_scored")
