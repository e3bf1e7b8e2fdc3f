"""The threshold of a refutation: the least one under which true claims are rarely called refuted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from knowreason.models.protocols import Thresholds

SUPPORTED, REFUTED, OPEN = 0, 1, 2
WRONG_REFUTATIONS = 0.05  # of true claims, at most
REFUTED_FROM = tuple(round(0.5 + 0.01 * step, 2) for step in range(50))
Floats = npt.NDArray[np.float64]


def deciding(probabilities: Floats) -> Floats:
    """The row of [passages, 3] that decides: the one surest of supported or refuted; no row is left open."""
    if not len(probabilities):
        return np.array([0.0, 0.0, 1.0])
    return probabilities[int(probabilities[:, :2].max(-1).argmax())]


def called(probabilities: Floats, least: Thresholds) -> int:
    """The verdict on one deciding row, by the rule of the audit: who is not sure leaves it open."""
    supported, refuted, _ = probabilities
    if supported >= refuted:
        return SUPPORTED if supported >= least.supported else OPEN
    return REFUTED if refuted >= least.refuted else OPEN


def least_threshold(
    claims: Sequence[Sequence[Floats]], *, limit: float = WRONG_REFUTATIONS, supported: float = 0.5
) -> Thresholds | None:
    """The thresholds with the least one for a refutation that keeps wrong ones rare in every set of true claims.

    Steps of .01 from .5 to .99 are tried; None where none does. `supported` is left as it is.
    """
    tried = (Thresholds(supported, refuted) for refuted in REFUTED_FROM)
    return next((t for t in tried if all(called_share(held, REFUTED, t) <= limit for held in claims)), None)


def called_share(claims: Sequence[Floats], label: int, least: Thresholds) -> float:
    """Share of claims that the audit's rule calls `label`; each is the probabilities of its passages, [passages, 3]."""
    return float(np.mean([called(deciding(rows), least) == label for rows in claims]))
