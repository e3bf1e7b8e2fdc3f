"""Cells of the simulation study for compute catch-up, overconfidence and the corrected KI.

A catch-up plants how far the best of all points truly lies above the margin (a vote that meets the candidate at a known
size, or stays a known distance below it); an overconfidence plants by how much the others' line misses one model; a
corrected KI plants a true difference behind a verifier whose errors are known from a few labelled claims only.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binom

from benchmarks.planted import HARD, NODES, OWN, WEIGHTS, Cell, Floats, Outcome, mean_right, seen
from knowreason.compare.catch_up import decision as caught_up
from knowreason.compare.comparison import Meeting
from knowreason.compare.overconfidence import decision as relied
from knowreason.records import Unscored
from knowreason.stats import (
    MIN_QUESTIONS,
    Resampled,
    Share,
    difference_p,
    equivalence_p,
    left_out,
    meeting,
    pass_at_k,
    ratio_difference,
    stretch,
    stretched,
)

_MARGIN = 0.03
_DRAWS = 1000  # half of what a comparison draws: these cells are many
_KS = (1, 2, 3, 4, 5, 6, 8)
_WAYS = (0.0, 0.2, 0.35, 0.35)  # logits by which dearer ways of asking are better than the first


def vote_right(right: Floats, k: int) -> Floats:
    """The chance that a majority of k independent answers is right, ties shared, where all wrong ones agree."""
    return binom.sf(k // 2, k, right) + (0.5 * binom.pmf(k // 2, k, right) if k % 2 == 0 else 0.0)


@cache
def curve(strategy: str) -> tuple[float, ...]:
    """True right answers at every point, over the planted questions."""
    hard = HARD * NODES
    if strategy == "ways":
        return tuple(float(WEIGHTS @ mean_right(shift, hard)) for shift in _WAYS)
    right = expit(0.3 + np.add.outer(hard, OWN * NODES))
    points = (vote_right(right, k) if strategy == "vote" else 1 - (1 - right) ** k for k in _KS)
    return tuple(float(WEIGHTS @ point @ WEIGHTS) for point in points)


class Planted(NamedTuple):
    """The candidate's true share right, and the first point that is truly within the margin (their number: none)."""

    target: float
    first: int


def planted(strategy: str, above: float) -> Planted:
    """A candidate such that the best point lies `above` the margin's lower end (below 0: none meets it)."""
    truths = np.array(curve(strategy))
    target = float(truths.max()) + _MARGIN - above
    within = truths >= target - _MARGIN - 1e-9
    return Planted(target, int(within.argmax()) if within.any() else len(truths))


@cache
def shift_to(share: float) -> float:
    """The logits at which a model is right on `share` of the planted questions."""
    hard = HARD * NODES
    return float(brentq(lambda shift: float(WEIGHTS @ mean_right(shift, hard)) - share, -8, 8))


def caught(rng: np.random.Generator, *, questions: int, strategy: str, above: float, boundary: str = "") -> Outcome:
    """One benchmark of a baseline that spends more and more, and of a candidate asked once.

    `boundary` is for `above` = 0, where both verdicts could be wrong: "meets" takes the one that none meets for wrong,
    "below" the other one.
    """
    truth = planted(strategy, above)
    hard = rng.normal(0, HARD, questions)
    points = _spent(rng, hard, strategy)
    target = rng.random(questions) < expit(hard + rng.normal(0, OWN, questions) + shift_to(truth.target))
    found = meeting(points - target[:, None], _MARGIN, seed=int(rng.integers(2**32)), draws=_DRAWS)
    if isinstance(found, Unscored):
        return Outcome(None, False, False, {})
    outcome = caught_up(
        Meeting(
            way=None,
            earliest=None,
            latest=None,
            never=found.never,
            p_meets=found.p_meets,
            p_below=found.p_below,
            adjusted_p_meets=found.p_meets,
            adjusted_p_below=found.p_below,
        )
    )
    meets = above > 0 or boundary == "meets"
    gaps = (points - target[:, None]).mean(axis=0)
    return Outcome(
        found.lower <= truth.first <= found.upper,
        outcome == ("not_within_budget" if meets else "catches_up"),
        outcome == ("catches_up" if meets else "not_within_budget"),
        {"best point compared: right": bool((gaps.max() >= -_MARGIN) == meets)},
    )


def _spent(rng: np.random.Generator, hard: Floats, strategy: str) -> Floats:
    """Shares right (questions, points): one answer a way, or eight samples behind all votes."""
    own = hard + rng.normal(0, OWN, len(hard))
    if strategy == "ways":
        alone = hard[:, None] + rng.normal(0, OWN, (len(hard), len(_WAYS)))
        return (rng.random(alone.shape) < expit(alone + np.array(_WAYS))).astype(float)
    most = _KS[-1]
    right = rng.binomial(most, expit(0.3 + own))
    if strategy == "best":
        return np.stack([pass_at_k(np.full(len(hard), most), right, k) for k in _KS], axis=1)
    return np.stack([_votes(right, most, k) for k in _KS], axis=1)


def _votes(right: np.ndarray, most: int, k: int) -> Floats:
    """The chance that k of `most` samples, of which `right` are right, vote right: what drawing them estimates."""
    from scipy.stats import hypergeom

    tie = 0.5 * hypergeom.pmf(k // 2, most, right, k) if k % 2 == 0 else 0.0
    return hypergeom.sf(k // 2, most, right, k) + tie


def abilities(models: int) -> Floats:
    """Logits of the models, evenly spread."""
    return np.linspace(-1.0, 1.5, models)


@cache
def own_shift(models: int, excess: float, missing: str) -> float:
    """What the middle model has to lack in the domain for the others' line to expect `excess` too much of it."""

    def missed(shift: float) -> float:
        return true_excess(models, shift, missing) - excess

    return float(brentq(missed, -4, 4))


def true_excess(models: int, shift: float, missing: str) -> float:
    """By how much the line through the others' true figures misses the middle model, over questions that are kept."""
    hard = HARD * NODES
    kept = WEIGHTS * seen(hard, missing) ** models
    middle = models // 2
    domain = abilities(models) - 0.3
    domain[middle] -= shift
    general = np.array([float(kept @ mean_right(a, hard) / kept.sum()) for a in abilities(models)])
    there = np.array([float(kept @ mean_right(a, hard) / kept.sum()) for a in domain])
    others = np.arange(models) != middle
    line = np.polyfit(general[others], there[others], 1)
    return float(np.polyval(line, general[middle]) - there[middle])


def overconfident(rng: np.random.Generator, *, questions: int, models: int, excess: float, missing: str) -> Outcome:
    """Right answers of several models to two sets of questions; what is judged is the model in the middle."""
    domain = abilities(models) - 0.3
    domain[models // 2] -= own_shift(models, excess, missing)
    tables = [_answered(rng, questions, shifts, missing) for shifts in (abilities(models), domain)]
    fit = left_out(*tables, seed=int(rng.integers(2**31)), draws=_DRAWS)
    if isinstance(fit, Unscored):
        return Outcome(None, False, False, {})
    model = fit.models[models // 2]
    outcome = relied(
        model,
        difference_p(model.excess, model.error, model.questions),
        equivalence_p(model.excess, model.error, model.questions, _MARGIN),
    )
    right = {"about_right"} if excess == 0 else {"overconfident"}
    gap = float(tables[0][:, models // 2].mean() - tables[1][:, models // 2].mean())
    return Outcome(
        model.lower <= excess <= model.upper,
        outcome not in (*right, "not_enough_evidence"),
        outcome in right,
        {"general minus domain above the margin": gap > _MARGIN},
    )


def _answered(rng: np.random.Generator, questions: int, shifts: Floats, missing: str) -> Floats:
    hard = rng.normal(0, HARD, questions)
    logits = hard[:, None] + rng.normal(0, OWN, (questions, len(shifts))) + shifts
    there = (rng.random(logits.shape) < seen(hard, missing)[:, None]).all(axis=1)
    return (rng.random(logits.shape) < expit(logits)).astype(float)[there]


_SENSITIVITY, _SPECIFICITY = 0.92, 0.55


def corrected(rng: np.random.Generator, *, questions: int, labelled: int, effect: float, shift: float) -> Outcome:
    """One benchmark of claims under a verifier that errs, and `labelled` other questions whose claims are labelled.

    `shift` is what makes the pooled true KI differ by `effect`.
    """
    hard = rng.normal(0, 1, questions)
    share = expit(1.2 + hard + rng.normal(0, OWN, (2, questions)) + np.array([[0.0], [shift]]))
    up, down = _judged(rng, hard, share)
    drawn = ratio_difference(up, down, np.arange(questions), seed=int(rng.integers(2**32)), draws=_DRAWS)
    rates = _labelled(rng, labelled)
    if isinstance(drawn, Unscored) or rates is None:
        return Outcome(None, False, False, {})
    by = stretch(*rates)
    if isinstance(by, Unscored):
        return Outcome(None, False, False, {})
    assert isinstance(drawn, Resampled)
    found = stretched(drawn.estimate, drawn.error, by)
    side = found.lower > 0 or found.upper < 0
    wrong = side if effect == 0 else found.upper < 0
    others = {"uncorrected": bool(abs(drawn.estimate - effect) <= 1.96 * drawn.error)}
    return Outcome(found.lower <= effect <= found.upper, bool(wrong), effect > 0 and found.lower > 0, others)


def _judged(rng: np.random.Generator, hard: Floats, share: Floats) -> tuple[Floats, Floats]:
    claims = rng.poisson(1.5 * np.exp(0.4 * hard), share.shape)
    true = rng.binomial(claims, share)
    supported = rng.binomial(true, _SENSITIVITY) + rng.binomial(claims - true, 1 - _SPECIFICITY)
    return supported.astype(float), claims.astype(float)


def _labelled(rng: np.random.Generator, questions: int) -> tuple[Share, Share] | None:
    """Error rates of claims whose questions differ in how easy they are to judge; units count what they are worth."""
    hard = rng.normal(0, 1, questions)
    claims = 1 + rng.poisson(2.0 * np.exp(0.4 * hard))
    true = rng.binomial(claims, expit(0.6 + hard))
    if min((true > 0).sum(), (claims - true > 0).sum()) < MIN_QUESTIONS:
        return None
    caught_true = rng.binomial(true, _SENSITIVITY)
    caught_false = rng.binomial(claims - true, _SPECIFICITY)
    rates = ((caught_true, true), (caught_false, claims - true))
    sensitivity, specificity = (Share(float(c.sum() / n.sum()), float(n.sum())) for c, n in rates)
    return sensitivity, specificity


def spending_cells() -> Iterator[Cell]:
    """Every cell of catch-up, overconfidence and corrected KI."""
    strategies = (
        ("vote", "majority of 1 to 8", (200,), (0.01, -0.1)),
        ("best", "best of 1 to 8", (200,), (0.06,)),
        ("ways", "four ways of asking", (60, 300), (0.04, -0.1)),
    )
    for strategy, name, sizes, distances in strategies:
        for questions in sizes:
            for above, boundary in ((0.0, "below"), (0.0, "meets"), *((distance, "") for distance in distances)):
                told = f"best at the margin ({boundary})" if boundary else f"best {100 * above:+g} of the margin"
                make = partial(caught, questions=questions, strategy=strategy, above=above, boundary=boundary)
                yield Cell(f"catch-up {name} n={questions} {told}", make, discrete=True)
    for models in (6, 10):
        for questions in (100, 400):
            for excess, missing in ((0.0, "none"), (0.1, "none"), *([(0.0, "hard")] if models == 6 else [])):
                name = f"overconfidence models={models} n={questions} missing={missing} truth={100 * excess:+g}"
                told = {"models": models, "questions": questions, "excess": excess, "missing": missing}
                yield Cell(name, partial(overconfident, **told))  # type: ignore[arg-type]
