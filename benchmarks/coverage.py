"""A simulation study: do the intervals of paired differences hold the truth as often as they say, and verdicts err?

python -m benchmarks.coverage [--sets 2000] [--cells NAME] [--workers 1] [--rows FILE]

writes benchmarks/coverage.tsv.

Each cell plants a truth, makes data sets with questions that are hard for both models, several samples or claims of
one question, questions that go missing because they are hard, and a verifier that errs; and measures each data set
as `knowreason compare` does. Truths are integrals over the planted distributions, not simulated.
"""

from __future__ import annotations

import argparse
import csv
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binomtest, norm, t
from statsmodels.stats.multitest import multipletests

from benchmarks.planted import DRAWS, HARD, NODES, OWN, WEIGHTS, Cell, Floats, Outcome, mean_right, seen
from benchmarks.spending import corrected, spending_cells
from knowreason.compare.comparison import Effect
from knowreason.compare.effects import Sums, adjusted, effect_of
from knowreason.compare.verdicts import trap_outcome
from knowreason.records import Unscored
from knowreason.stats import Permuted, Resampled, correlation, limits, mean_difference, ratio_difference

RESULTS = Path(__file__).parent / "coverage.tsv"
COLUMNS = ("cell", "sets", "refused", "coverage", "fails", "wrong", "wrong_p", "exceeds", "power", "others")

_SEED = 20261123
_COUNTS = ("covered", "discrete", "wrongs")  # what the table is made of, and does not show


@cache
def shift_for(effect: float, missing: str) -> float:
    """The shift in logits that makes the true difference `effect` among the questions that are seen on both sides."""
    hard = HARD * NODES
    kept = WEIGHTS * seen(hard, missing) ** 2

    def difference(shift: float) -> float:
        return float((kept * (mean_right(shift, hard) - mean_right(0.0, hard))).sum() / kept.sum()) - effect

    return float(brentq(difference, -4, 4)) if effect else 0.0


def right_answers(
    rng: np.random.Generator, *, questions: int, samples: int, effect: float, missing: str = "none"
) -> Sums:
    """Right answers of both models to the same questions, as `compare` sums them."""
    hard = rng.normal(0, HARD, questions)
    logits = hard + rng.normal(0, OWN, (2, questions)) + np.array([[0.0], [shift_for(effect, missing)]])
    right = rng.binomial(samples, expit(logits)).astype(float)
    there = (rng.random((2, questions)) < seen(hard, missing)).all(axis=0)
    return Sums(right[:, there], np.full((2, int(there.sum())), float(samples)), int((~there).sum()))


def accuracy(
    rng: np.random.Generator, *, questions: int, samples: int, effect: float, missing: str, compared: bool
) -> Outcome:
    """One benchmark of right answers."""
    table = right_answers(rng, questions=questions, samples=samples, effect=effect, missing=missing)
    measured = _measured("accuracy", table, 0.03, rng)
    if measured is None:
        return Outcome(None, False, False, {})
    others = _other_intervals(table, effect, samples, rng) if compared else {}
    return _judged(measured, effect, others)


def _judged(effect: Effect, truth: float, others: dict[str, bool]) -> Outcome:
    """Wrong: a direction that is not there, or "the same" where the truth is not within the margin."""
    covers = effect.difference.lower <= truth <= effect.difference.upper
    side = "higher" if truth > 0 else "lower"
    right = ("same", "undecided") if truth == 0 else (side, "undecided")
    within = 0 < abs(truth) < effect.margin
    wrong = effect.outcome not in (*right, "same") if within else effect.outcome not in right
    return Outcome(covers, wrong, effect.outcome == ("same" if truth == 0 else side), others)


def _measured(measure: Any, table: Sums, margin: float, rng: np.random.Generator) -> Effect | None:
    found = effect_of(measure, table, seed=int(rng.integers(2**32)), draws=DRAWS, margin=margin)
    decided = None if isinstance(found, Unscored) else adjusted([{measure: found}])[0][measure]
    return decided if isinstance(decided, Effect) else None


def _other_intervals(table: Sums, truth: float, samples: int, rng: np.random.Generator) -> dict[str, bool]:
    """Whether the intervals of other methods hold the truth, and whether the higher mean names the right side."""
    shares = table.up / table.down
    differences = shares[1] - shares[0]
    count, seed = len(differences), int(rng.integers(2**32))
    rows = shares.mean(axis=1)
    alone = np.sqrt((rows * (1 - rows)).sum() / (count * samples))
    found = {"unpaired rows": abs(differences.mean() - truth) <= norm.ppf(0.975) * alone}
    drawn = mean_difference(differences, np.arange(count), seed=seed, draws=DRAWS)
    if isinstance(drawn, Resampled):
        plain = np.quantile(drawn.draws, [0.025, 0.975])
        found["plain bootstrap"] = plain[0] <= truth <= plain[1]
        found["expanded bootstrap"] = _holds(limits(drawn), truth)
        found["BCa"] = _holds(limits(drawn, method="bca"), truth)
    return {name: bool(held) for name, held in found.items()}


def _holds(ends: Any, truth: float) -> bool:
    return bool(ends.lower <= truth <= ends.upper)


@cache
def ki_shift(effect: float) -> float:
    """The shift in logits that makes the pooled true KI differ by `effect`."""
    return float(brentq(lambda shift: pooled_ki(shift) - pooled_ki(0.0) - effect, -4, 4)) if effect else 0.0


def pooled_ki(shift: float) -> float:
    """E[claims * share true] / E[claims]: easy questions invite more claims."""
    hard = NODES
    rate = WEIGHTS * np.exp(0.4 * hard)
    return float((rate * mean_right(1.2 + shift, hard)).sum() / rate.sum())


def knowledge(rng: np.random.Generator, *, questions: int, effect: float, noise: bool) -> Outcome:
    """One benchmark of claims: `noise` is a verifier that supports 92 % of true claims and 45 % of false ones."""
    hard = rng.normal(0, 1, questions)
    share = expit(1.2 + hard + rng.normal(0, OWN, (2, questions)) + np.array([[0.0], [ki_shift(effect)]]))
    found, slope = (0.45 + 0.47 * share, 0.47) if noise else (share, 1.0)
    claims = rng.poisson(1.5 * np.exp(0.4 * hard), (2, questions))
    table = _with_claims(rng.binomial(claims, found).astype(float), claims.astype(float))
    measured = _measured("ki", table, 0.03, rng)
    if measured is None:
        return Outcome(None, False, False, {})
    others = {**_other_ki(table, slope * effect, rng)}
    if noise and effect:
        others["the true difference"] = _holds(measured.difference, effect)
    return _judged(measured, slope * effect, others)


def _with_claims(up: Floats, down: Floats) -> Sums:
    kept = (down > 0).any(axis=0)
    return Sums(up[:, kept], down[:, kept], int((~kept).sum()))


def _other_ki(table: Sums, truth: float, rng: np.random.Generator) -> dict[str, bool]:
    """Claims taken for independent, and BCa."""
    shares, claims = table.up.sum(axis=1) / table.down.sum(axis=1), table.down.sum(axis=1)
    alone = np.sqrt((shares * (1 - shares) / claims).sum())
    found = {"claims independent": bool(abs(shares[1] - shares[0] - truth) <= norm.ppf(0.975) * alone)}
    seed = int(rng.integers(2**32))
    drawn = ratio_difference(table.up, table.down, np.arange(table.up.shape[1]), seed=seed, draws=DRAWS)
    if isinstance(drawn, Resampled):
        found["BCa"] = _holds(limits(drawn, method="bca"), truth)
    return found


def gains(rng: np.random.Generator, questions: int, effect: float) -> Sums:
    """Informative gains in nats: heavy tails on one side, a skew on the other."""
    shared = rng.normal(0.5, 0.4, questions)
    own = 0.3 * rng.standard_t(3, questions)
    skewed = 0.5 * (rng.exponential(1.0, questions) - 1) + effect
    return Sums(np.stack([shared + own, shared + skewed]), np.ones((2, questions)), 0)


def informative(rng: np.random.Generator, *, questions: int, effect: float) -> Outcome:
    """One benchmark of informative gains."""
    table = gains(rng, questions, effect)
    measured = _measured("informative_gain", table, 0.05, rng)
    if measured is None:
        return Outcome(None, False, False, {})
    differences = table.up[1] - table.up[0]
    drawn = mean_difference(differences, np.arange(questions), seed=int(rng.integers(2**32)), draws=DRAWS)
    reach = t.ppf(0.975, questions - 1) * differences.std(ddof=1) / np.sqrt(questions)
    others = {"Student": bool(abs(differences.mean() - effect) <= reach)}
    if isinstance(drawn, Resampled):
        others["BCa"] = _holds(limits(drawn, method="bca"), effect)
    return _judged(measured, effect, others)


def benchmarks(rng: np.random.Generator, *, questions: int, effects: tuple[float, ...]) -> Outcome:
    """Several benchmarks compared at once; the share of wrong verdicts is what Benjamini-Hochberg holds at 5 %."""
    found = []
    for effect in effects:
        table = right_answers(rng, questions=questions, samples=1, effect=effect)
        found.append(effect_of("accuracy", table, seed=0, draws=DRAWS, margin=0.03))
    if any(isinstance(one, Unscored) for one in found):
        return Outcome(None, False, False, {})
    decided = [each["accuracy"] for each in adjusted([{"accuracy": one} for one in found])]
    judged = [_judged(one, truth, {}) for one, truth in zip(decided, effects, strict=True) if isinstance(one, Effect)]
    alone = [
        _judged(_alone(one), truth, {}) for one, truth in zip(found, effects, strict=True) if isinstance(one, Effect)
    ]
    others = {
        "no wrong verdict": not any(one.wrong for one in judged),
        "no wrong verdict without adjustment": not any(one.wrong for one in alone),
    }
    # the higher mean is called better: with a truth of 0 that is wrong whichever it is
    others["no wrong verdict by the higher mean"] = all(
        truth and one.difference.estimate > 0
        for one, truth in zip(decided, effects, strict=True)
        if isinstance(one, Effect)
    )
    speaking = sum(isinstance(one, Effect) and one.outcome != "undecided" for one in decided)
    shown = [one.found for one, truth in zip(judged, effects, strict=True) if truth]
    share = sum(one.wrong for one in judged) / max(speaking, 1)
    return Outcome(None, share, all(shown) and bool(shown), others)


def _alone(effect: Effect) -> Effect:
    decided = adjusted([{"accuracy": effect}])[0]["accuracy"]
    assert isinstance(decided, Effect)
    return decided


def trapped(rng: np.random.Generator, *, questions: int, rise: float, fall: float) -> Outcome:
    """The SFT trap: a trap is planted where accuracy rises and the informative gain falls."""
    right = _measured("accuracy", right_answers(rng, questions=questions, samples=1, effect=rise), 0.03, rng)
    gain = _measured("informative_gain", gains(rng, questions, -fall), 0.05, rng)
    if right is None or gain is None:
        return Outcome(None, False, False, {})
    nothing = Unscored(reason="nothing_scored")
    lengths = dict.fromkeys(("steps", "informative_per_step", "informative_per_100_tokens"), nothing)
    outcome, _ = trap_outcome(right, gain, lengths)
    planted = rise > 0 and fall > 0
    means = right.difference.estimate > 0 and gain.difference.estimate < 0
    wrong = outcome == ("no_trap" if planted else "trap")
    return Outcome(None, wrong, planted and outcome == "trap", {"means compared: right": means == planted})


def published(rng: np.random.Generator, *, models: int) -> Outcome:
    """The published argument: one predictor correlates with accuracy over model means by .3 more than another does.

    Both predictors are noise here.
    """
    accuracy_means, first, second = rng.normal(size=(3, models))
    r = [correlation(accuracy_means, predictor) for predictor in (first, second)]
    assert isinstance(r[0], Permuted)
    assert isinstance(r[1], Permuted)
    apart = r[0].statistic - r[1].statistic >= 0.3
    others = {"exact p of the stronger above .05": min(r[0].p, r[1].p) > 0.05}
    return Outcome(None, float(apart), False, others)


def cells() -> Iterator[Cell]:
    """Every cell, in the order of the table."""
    for effect in (0.0, 0.1):
        for missing in ("none", "hard"):
            for samples, sizes in ((1, (20, 60, 200, 800)), (4, (20, 60, 200))):
                for questions in sizes:
                    told = {"questions": questions, "samples": samples, "effect": effect, "missing": missing}
                    name = f"accuracy n={questions} samples={samples} missing={missing} truth={100 * effect:+g}"
                    compared = missing == "none" and questions <= 200
                    yield Cell(name, partial(accuracy, compared=compared, **told))  # type: ignore[arg-type]
    for questions in (800, 4000):
        for effect in (0.0, 0.03):
            told = {"questions": questions, "samples": 1, "effect": effect, "missing": "none", "compared": False}
            name = f"accuracy n={questions} samples=1 missing=none truth={100 * effect:+g} (margin 3)"
            yield Cell(name, partial(accuracy, **told))  # type: ignore[arg-type]
    for noise in (False, True):
        for effect in (0.0, 0.08):
            for questions in (40, 100, 400):
                name = f"KI n={questions} verifier={'errs' if noise else 'perfect'} truth={100 * effect:+g}"
                yield Cell(name, partial(knowledge, questions=questions, effect=effect, noise=noise))
    for effect in (0.0, -0.15):
        for questions in (20, 60, 200):
            name = f"gain n={questions} truth={effect:+g} nats"
            yield Cell(name, partial(informative, questions=questions, effect=effect))
    for effects in ((0.0,) * 5, (0.1, 0.1, 0.0, 0.0, 0.0)):
        planted = sum(1 for effect in effects if effect)
        name = f"five benchmarks n=300 with {planted} effects of +10"
        yield Cell(name, partial(benchmarks, questions=300, effects=effects), covers=False, single=False)
    yield Cell(
        "published: correlations over 4 model means, both noise, apart by .3",
        partial(published, models=4),
        covers=False,
        single=False,
    )
    for rise, fall in ((0.1, 0.0), (0.0, 0.15), (0.1, 0.15)):
        for questions in (200, 800):
            name = f"trap n={questions} accuracy {100 * rise:+g} gain {-fall:+g} nats"
            yield Cell(name, partial(trapped, questions=questions, rise=rise, fall=fall), covers=False)
    yield from spending_cells()
    for effect in (0.0, 0.08):
        for questions, labelled in ((100, 60), (400, 60), (400, 250)):
            name = f"corrected KI n={questions} labelled questions={labelled} truth={100 * effect:+g}"
            told = {"questions": questions, "labelled": labelled, "effect": effect, "shift": ki_shift(effect)}
            yield Cell(name, partial(corrected, **told))  # type: ignore[arg-type]


def study(cell: Cell, sets: int) -> dict[str, Any]:
    """One row of the table."""
    seed = zlib.crc32(cell.name.encode())
    outcomes = [cell.make(np.random.default_rng([_SEED, seed, number])) for number in range(sets)]
    made = [one for one in outcomes if one.covers is not None]
    held = Counter(name for one in outcomes for name, right in one.others.items() if right)
    names = dict.fromkeys(name for one in outcomes for name in one.others)
    covered = sum(1 for one in made if one.covers)
    return {
        "cell": cell.name,
        "sets": sets,
        "refused": sum(one.covers is None for one in outcomes) if cell.covers else "",
        "coverage": f"{covered / len(made):.4f}" if made else "",
        "covered": (covered, len(made)),
        "discrete": cell.discrete,
        "wrong": f"{sum(one.wrong for one in outcomes) / sets:.4f}",
        "wrongs": (sum(one.wrong for one in outcomes), sets) if cell.single else None,
        "power": f"{sum(one.found for one in outcomes) / sets:.4f}",
        "others": "; ".join(f"{name} {held[name] / sets:.3f}" for name in names),
    }


def with_failures(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Marks cells that an exact test rejects: coverage as 95 % at .01 after Holm (low or high; only low where the truth
    is one of a few points), and wrong verdicts as at most 5 % at .05 after Holm (one-sided; `wrong_p` is before Holm).
    """
    tested = [row for row in rows if row["covered"][1]]
    sides = ["less" if row["discrete"] else "two-sided" for row in tested]
    p = [binomtest(*row["covered"], 0.95, side).pvalue for row, side in zip(tested, sides, strict=True)]
    rejected = multipletests(p, alpha=0.01, method="holm")[0] if p else []
    for row, bad in zip(tested, rejected, strict=True):
        low = row["covered"][0] / row["covered"][1] < 0.95
        row["fails"] = ("low" if low else "high") if bad else ""
    judged = [row for row in rows if row["wrongs"]]
    p = [binomtest(int(row["wrongs"][0]), row["wrongs"][1], 0.05, alternative="greater").pvalue for row in judged]
    rejected = multipletests(p, alpha=0.05, method="holm")[0] if p else []
    for row, bad, alone in zip(judged, rejected, p, strict=True):
        row["wrong_p"], row["exceeds"] = f"{alone:.3f}", "yes" if bad else ""
    return [{name: row.get(name, "") for name in COLUMNS} for row in rows]


def _kept(path: Path | None, sets: int) -> dict[str, dict[str, Any]]:
    """The rows of an earlier, stopped study with as many data sets, by cell."""
    if path is None or not path.exists():
        return {}
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return {row["cell"]: row for row in rows if row["sets"] == sets}


def main() -> None:
    """Runs the cells whose name holds `--cells`, and writes the table."""
    parser = argparse.ArgumentParser(description="Coverage and errors of the statistics, on planted truths.")
    parser.add_argument("--sets", type=int, default=2000, help="data sets a cell")
    parser.add_argument("--cells", default="", help="only cells whose name holds this")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--rows", type=Path, help="keeps every finished cell here; a study that was stopped goes on")
    asked = parser.parse_args()
    chosen = [cell for cell in cells() if asked.cells in cell.name]
    kept = _kept(asked.rows, asked.sets)
    with ProcessPoolExecutor(asked.workers) as pool:
        open_cells = [cell for cell in chosen if cell.name not in kept]
        for row in pool.map(study, open_cells, [asked.sets] * len(open_cells)):
            kept[row["cell"]] = row
            print(*(f"{name}={row[name]}" for name in row if name not in _COUNTS), sep="  ", flush=True)
            if asked.rows:
                with asked.rows.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")
    rows = [kept[cell.name] for cell in chosen]
    with RESULTS.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(with_failures(rows))


if __name__ == "__main__":
    main()
