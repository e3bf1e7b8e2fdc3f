"""A simulation study of the diagnosis: does it tell what a benchmark needs, how often wrongly, and how wide is it?

python -m benchmarks.separation [--sets 2000] [--cells NAME]     writes benchmarks/separation.tsv

Interventions plant what facts and reasoning change in right answers; their truths are integrals. Observations
plant what decides about a right answer (the true claims among those decided, the quality of the reasoning, or
neither), and show it through a verifier that errs, claims left open, facts that are missing and traces without an
answer; their truths are the same figures on one set of 200,000 traces. Each data set of an observation has four
models, so that the published argument is computed on the same data. `--sets` is for interventions, a quarter of it
for observations, a tenth where error is taken out.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from benchmarks.coverage import COLUMNS, seen, shift_for, with_failures
from knowreason.diagnose.columns import Columns
from knowreason.diagnose.contrasts import Measured, measured
from knowreason.diagnose.error import Rates, error_variances
from knowreason.diagnose.figures import design_of, difference, interval, parts_of, split
from knowreason.diagnose.observation import compared, observed_outcome
from knowreason.diagnose.verdicts import need_outcome
from knowreason.records import Unscored
from knowreason.stats import Permuted, correlation, shapley

Floats = NDArray[np.float64]
RESULTS = Path(__file__).parent / "separation.tsv"

_SEED = 20261124
_DRAWS = 2000
_OBSERVED_DRAWS = 500
_HARD, _OWN = 1.5, 0.8
_MARGIN = 0.03
_RATES = Rates(0.92, 0.3)  # shares supported of the true and of the false claims that are decided
_DECIDED = 0.6  # of all claims
_MODELS = 4


class Outcome(NamedTuple):
    """What one data set gave; `covers` is None where it was refused."""

    covers: bool | None
    wrong: bool
    found: bool
    others: dict[str, bool]


class Cell(NamedTuple):
    """One planted truth: `make` turns a generator into an outcome; `share` of the sets are made."""

    name: str
    make: Callable[[np.random.Generator], Outcome]
    share: float = 1.0


def intervened(
    rng: np.random.Generator, *, questions: int, samples: int, facts: float, benefit: float, missing: str
) -> Outcome:
    """Right answers under direct, cot and facts_given; a benefit below 0 is reasoning that harms."""
    hard = rng.normal(0, _HARD, questions)
    shifts = np.array([[shift_for(-benefit, missing)], [0.0], [shift_for(facts, missing)]])
    logits = hard + rng.normal(0, _OWN, (3, questions)) + shifts
    shares = rng.binomial(samples, expit(logits)) / samples
    # both sides of a pair decide whether a question is kept in `shift_for`; the third answer goes missing by chance
    kept = (rng.random((2, questions)) < seen(hard, missing)).all(axis=0)
    direct, cot, given = shares[:, kept]
    seeds = [int(seed) for seed in rng.integers(2**32, size=3)]
    pairs = ((given - cot, 1), (cot - direct, 1), (given + direct - 2 * cot, 2))
    found = [
        measured(values, reach, samples == 1, margin=_MARGIN, seed=seed, draws=_DRAWS)
        for (values, reach), seed in zip(pairs, seeds, strict=True)
    ]
    deficit, gain, apart = found
    if not isinstance(deficit, Measured) or not isinstance(gain, Measured) or not isinstance(apart, Measured):
        return Outcome(None, False, False, {})
    outcome = need_outcome(
        apart.interval, apart.p, apart.equivalence_p, knowledge=deficit.interval, reasoning=gain.interval
    )
    truth = facts - benefit
    right = _right(truth, facts, benefit, _MARGIN)
    same = apart.equivalence_p <= 0.05
    wrong = (outcome.endswith("_bound") and outcome != right) or (same and abs(truth) >= _MARGIN)
    means = "knowledge_bound" if apart.interval.estimate > 0 else "reasoning_bound"
    others = {
        "deficit held": deficit.interval.lower <= facts <= deficit.interval.upper,
        "the higher mean: right": means == right,
    }
    return Outcome(apart.interval.lower <= truth <= apart.interval.upper, wrong, outcome == right, others)


def _right(truth: float, knowledge: float, reasoning: float, margin: float) -> str:
    """The verdict that a world deserves: the larger of the two where it helps and is larger by the margin."""
    if truth >= margin and knowledge > 0:
        return "knowledge_bound"
    return "reasoning_bound" if -truth >= margin and reasoning > 0 else "none"


class World(NamedTuple):
    """What a standard deviation of the true index and of the reasoning adds to the log odds of a right answer."""

    knowledge: float
    reasoning: float


class Made(NamedTuple):
    """The traces of one model as they are seen, and the index without the verifier's error."""

    columns: Columns
    true_index: Floats


def traces(
    rng: np.random.Generator,
    world: World,
    *,
    questions: int,
    samples: int,
    errs: bool,
    knows: float = 0.0,
    reasons: float = 0.0,
) -> Made:
    """One model's traces; `knows` and `reasons` raise its facts and its reasoning as a whole (standard deviations)."""
    count = questions * samples
    asked = np.repeat(np.arange(questions), samples)
    hard = rng.normal(0, 1, questions)[asked]
    share = expit(1.0 + 0.6 * knows - 0.5 * hard + rng.normal(0, 1, questions)[asked] + rng.normal(0, 0.5, count))
    quality = reasons + rng.normal(0, 0.8, questions)[asked] + rng.normal(0, 0.6, count)
    claims = rng.poisson(2.5 * np.exp(-0.2 * hard))
    decided = rng.binomial(claims, _DECIDED).astype(np.float64)
    true = rng.binomial(decided.astype(np.int64), share).astype(np.float64)
    index = np.divide(true, decided, out=np.full(count, np.nan), where=decided > 0)
    told = np.nan_to_num((index - 0.68) / 0.35)  # about the mean and spread of the index
    right = rng.random(count) < expit(-0.2 - 0.6 * hard + world.knowledge * told + world.reasoning * quality)
    supported, refuted = _verdicts(rng, true, decided, errs)
    open_ = claims - decided
    stated = rng.random(count) < expit(3.0 - 0.5 * hard)
    gain = 0.4 + 0.3 * quality + 0.1 * rng.standard_t(4, count)
    length = 5.0 + 0.2 * hard + 0.1 * quality + rng.normal(0, 0.4, count)
    before = np.clip(1.4 + 0.3 * hard + rng.normal(0, 0.3, count), 0.05, None)
    kept = stated
    error = error_variances(["run"] * count, supported, decided, {"run": _RATES}) if errs else None
    columns = Columns(
        correct=right[kept].astype(np.float64),
        questions=asked[kept],
        knowledge=_share(supported, decided)[kept],
        lower=_share(supported, claims)[kept],
        upper=_share(claims - refuted, claims)[kept],
        reasoning=gain[kept],
        length=length[kept],
        before=before[kept],
        error=error[kept] if error is not None else None,
        places={},
        left_out={},
    )
    assert (open_ >= 0).all()
    return Made(columns, index[kept])


def _verdicts(rng: np.random.Generator, true: Floats, decided: Floats, errs: bool) -> tuple[Floats, Floats]:
    if not errs:
        return true, decided - true
    of_true = rng.binomial(true.astype(np.int64), _RATES.true_supported)
    of_false = rng.binomial((decided - true).astype(np.int64), _RATES.false_supported)
    supported = (of_true + of_false).astype(np.float64)
    return supported, decided - supported


def _share(part: Floats, whole: Any) -> Floats:
    counts = np.asarray(whole, dtype=np.float64)
    return np.divide(part, counts, out=np.full(len(counts), np.nan), where=counts > 0)


@cache
def truth_of(world: World, errs: bool, clean: bool) -> float:
    """Knowledge minus reasoning as this instrument sees it, or, `clean`, without the verifier's error; nats."""
    made = traces(np.random.default_rng([_SEED, 1]), world, questions=200_000, samples=1, errs=errs)
    columns = made.columns._replace(knowledge=made.true_index) if clean else made.columns
    design = design_of(columns)
    found = shapley(columns.correct, np.column_stack(list(design.columns.values())), columns.questions)
    assert not isinstance(found, Unscored)
    parts = dict(zip(design.columns, found.parts, strict=True))
    return float(parts["knowledge"] - parts["reasoning"])


@cache
def balanced() -> World:
    """The world in which true facts explain as much as reasoning does, to a thousandth of a nat."""
    found = brentq(lambda weight: truth_of(World(0.7, round(weight, 4)), False, True), 0.2, 1.5, xtol=0.004)
    return World(0.7, round(float(found), 4))


def observed(
    rng: np.random.Generator, *, world: World | None, questions: int, samples: int, errs: bool, corrects: bool
) -> Outcome:
    """Four models that differ in facts and reasoning; ours reads the first, the published argument their means."""
    planted = world or balanced()
    made = [
        traces(rng, planted, questions=questions, samples=samples, errs=errs, knows=knows, reasons=reasons)
        for knows, reasons in np.stack([[0.0, *rng.normal(size=_MODELS - 1)], [0.0, *rng.normal(size=_MODELS - 1)]]).T
    ]
    columns, seed = made[0].columns, int(rng.integers(2**32))
    design = design_of(columns)
    found = split(design, seed=seed, draws=_OBSERVED_DRAWS)
    parts = found if isinstance(found, Unscored) else parts_of(design, found)
    if isinstance(found, Unscored) or isinstance(parts, Unscored):
        return Outcome(None, False, False, {})
    clean = split(design, seed=seed, draws=_OBSERVED_DRAWS, corrected=True) if corrects else found
    assert not isinstance(clean, Unscored)
    main = compared(difference(design, clean), 0.01)
    bounds = {name: _at(columns, name, seed) for name in ("lower", "upper")}
    known = corrects or not errs
    outcome, _ = observed_outcome(main, main.p, main.equivalence_p, parts, bounds, known=known)
    without, _ = observed_outcome(main, main.p, main.equivalence_p, parts, {}, known=True)
    true = truth_of(planted, errs, clean=True)
    aimed = true if corrects or not errs else truth_of(planted, errs, clean=False)
    right = "none" if world is None else _right(true, planted.knowledge, planted.reasoning, 0.01)
    plain = difference(design, found)
    seen_by = interval(plain)
    others = {
        "instrument trusted: right": without == right,
        "instrument trusted: wrong": without.endswith("_bound") and without != right,
        "the true difference": seen_by.lower <= true <= seen_by.upper,
        **_published([one.columns for one in made], right),
    }
    wrong = outcome.endswith("_bound") and outcome != right
    return Outcome(main.interval.lower <= aimed <= main.interval.upper, wrong, outcome == right, others)


def _at(columns: Columns, bound: str, seed: int) -> Any:
    design = design_of(columns, knowledge=bound)
    found = split(design, seed=seed, draws=_OBSERVED_DRAWS)
    return found if isinstance(found, Unscored) else interval(difference(design, found))


def _published(columns: list[Columns], right: str) -> dict[str, bool]:
    """What the correlations over the four models' means say, and whether either is certain by its exact p."""
    accuracy = np.array([one.correct.mean() for one in columns])
    r = [
        correlation(accuracy, np.array([mean(one) for one in columns]))
        for mean in (lambda one: np.nanmean(one.knowledge), lambda one: one.reasoning.mean())
    ]
    if not isinstance(r[0], Permuted) or not isinstance(r[1], Permuted):
        return {"published: right": False, "published: wrong": False, "published: p at most .05": False}
    says = "knowledge_bound" if r[0].statistic > r[1].statistic else "reasoning_bound"
    return {
        "published: right": says == right,
        "published: wrong": says != right,
        "published: p at most .05": min(r[0].p, r[1].p) <= 0.05,
    }


def cells() -> Iterator[Cell]:
    """Every cell, in the order of the table."""
    worlds = {"null": (0.0, 0.0), "both +10": (0.1, 0.1), "knowledge +15 +3": (0.15, 0.03)}
    worlds |= {"reasoning +3 +15": (0.03, 0.15), "cot harms 0 −10": (0.0, -0.1)}
    for name, (facts, benefit) in worlds.items():
        for questions in (20, 60, 200, 800):
            yield _given(name, questions, 1, "none", facts, benefit)
        yield _given(name, 200, 4, "none", facts, benefit)
        yield _given(name, 200, 1, "hard", facts, benefit)
    yield _given("null", 6000, 1, "none", 0.0, 0.0, 0.25)
    seen_worlds: dict[str, World | None] = {
        "null": World(0.0, 0.0),
        "knowledge": World(1.0, 0.0),
        "reasoning": World(0.0, 1.0),
        "balanced": None,
    }
    for name, world in seen_worlds.items():
        for questions, samples in ((60, 1), (200, 1), (600, 1), (200, 3)):
            yield _seen(f"{name} verifier=perfect", questions, samples, world, 0.25)
        yield _seen(f"{name} verifier=errs, rates unknown", 600, 1, world, 0.25, errs=True)
        yield _seen(f"{name} verifier=errs, rates known", 600, 1, world, 0.1, errs=True, corrects=True)


def _given(
    name: str, questions: int, samples: int, missing: str, facts: float, benefit: float, share: float = 1.0
) -> Cell:
    told = {"questions": questions, "samples": samples, "missing": missing, "facts": facts, "benefit": benefit}
    title = f"given {name} n={questions} samples={samples} missing={missing}"
    return Cell(title, partial(intervened, **told), share)  # type: ignore[arg-type]


def _seen(
    name: str,
    questions: int,
    samples: int,
    world: World | None,
    share: float,
    *,
    errs: bool = False,
    corrects: bool = False,
) -> Cell:
    told = {"questions": questions, "samples": samples, "world": world, "errs": errs, "corrects": corrects}
    return Cell(f"seen {name} n={questions} samples={samples}", partial(observed, **told), share)  # type: ignore[arg-type]


def study(cell: Cell, sets: int) -> dict[str, Any]:
    """One row of the table."""
    seed, count = zlib.crc32(cell.name.encode()), max(1, round(sets * cell.share))
    outcomes = [cell.make(np.random.default_rng([_SEED, seed, number])) for number in range(count)]
    made = [one for one in outcomes if one.covers is not None]
    held = Counter(name for one in made for name, right in one.others.items() if right)
    names = dict.fromkeys(name for one in made for name in one.others)
    covered = sum(1 for one in made if one.covers)
    return {
        "cell": cell.name,
        "sets": count,
        "refused": count - len(made),
        "coverage": f"{covered / len(made):.4f}" if made else "",
        "covered": (covered, len(made)),
        "discrete": False,
        "wrongs": (sum(one.wrong for one in outcomes), count),
        "wrong": f"{sum(one.wrong for one in outcomes) / count:.4f}",
        "power": f"{sum(one.found for one in outcomes) / count:.4f}",
        "others": "; ".join(f"{name} {held[name] / len(made):.3f}" for name in names),
    }


def main() -> None:
    """Runs the cells whose name holds `--cells`; those rows take their places in the table, the others stay."""
    parser = argparse.ArgumentParser(description="Coverage and errors of the diagnosis, on planted truths.")
    parser.add_argument("--sets", type=int, default=2000, help="data sets a cell of interventions")
    parser.add_argument("--cells", default="", help="only cells whose name holds this")
    asked = parser.parse_args()
    for cell in cells():
        if asked.cells in cell.name:
            row = study(cell, asked.sets)
            print(
                *(f"{name}={row[name]}" for name in row if name not in ("covered", "discrete", "wrongs")),
                sep="  ",
                flush=True,
            )
            _save(row)


def _save(row: dict[str, Any]) -> None:
    held = {one["cell"]: one for one in _held()} | {row["cell"]: row}
    rows = [held[cell.name] for cell in cells() if cell.name in held]
    with RESULTS.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(with_failures(rows))


def _held() -> Iterator[dict[str, Any]]:
    """The rows of the table as it stands, with the counts behind their coverage."""
    if not RESULTS.exists():
        return
    with RESULTS.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            made = int(row["sets"]) - int(row["refused"])
            covered = round(float(row["coverage"]) * made) if row["coverage"] else 0
            sets = int(row["sets"])
            wrongs = round(float(row["wrong"]) * sets), sets
            yield {**row, "covered": (covered, made), "discrete": False, "wrongs": wrongs}


if __name__ == "__main__":
    main()
