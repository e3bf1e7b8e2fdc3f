"""What all cells of the simulation study share: a cell, its outcome, and questions that are hard for every model."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

DRAWS = 2000
HARD, OWN = 1.5, 0.8  # spread of the questions' difficulty, and of what one model alone finds hard (logits)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class Outcome(NamedTuple):
    """What one data set gave: the interval that holds the truth or not, the share of wrong verdicts among those that
    say something, whether what was planted was found, and which other methods were right."""

    covers: bool | None
    wrong: float
    found: bool
    others: dict[str, bool]


class Cell(NamedTuple):
    """One planted truth: `make` turns a generator into an outcome."""

    name: str
    make: Callable[[np.random.Generator], Outcome]
    covers: bool = True  # whether it is about an interval
    single: bool = True  # whether a data set has one verdict of this package, right or wrong
    discrete: bool = False  # whether the truth is one of a few points: an interval of points can only hold too much


def mean_right(shift: float, hard: Floats | float = 0.0) -> Floats:
    """The chance of a right answer at logit `shift` + `hard`, over what this model alone finds hard."""
    return np.asarray(expit(np.add.outer(np.asarray(hard) + shift, OWN * NODES)) @ WEIGHTS)


def seen(hard: Floats, missing: str) -> Floats:
    """The chance that one side's answer to a question is there: hard ones are lost more often."""
    return expit(2.0 + 0.8 * hard) if missing == "hard" else np.ones_like(hard)
