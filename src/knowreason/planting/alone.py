"""What the wording of a claim tells of its label without any passage: a bag of words, taught on other topics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDS, RARE, PENALTY = 10, 2, 1.5  # parts by topic; claims that must use a word; weight of the squared coefficients
STEPS = 200  # of the minimiser
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def bag_of_words(claims: Sequence[str], *, neighbours: bool = False) -> Any:
    """Sparse matrix [claims, words]: 1 where a claim uses a word that at least two claims use, and a column of 1.

    With `neighbours` two words that follow each other count as a word too.
    """
    from scipy.sparse import csr_matrix

    said = [re.findall(r"[a-z0-9'-]+", claim.lower()) for claim in claims]
    more = [[f"{a} {b}" for a, b in pairwise(held)] if neighbours else [] for held in said]
    words = [sorted({*held, *pairs}) for held, pairs in zip(said, more, strict=True)]
    counts = Counter(word for held in words for word in held)
    places = {word: place for place, word in enumerate(sorted(counts), start=1) if counts[word] >= RARE}
    held = [[0, *(places[word] for word in row if word in places)] for row in words]
    ends = np.cumsum([0, *(len(row) for row in held)])
    columns = np.array([column for row in held for column in row])
    width = max(places.values(), default=0) + 1
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(claims), width))


def out_of_fold(features: Any, labels: Ints, groups: Sequence[str]) -> Floats:
    """Probabilities [rows, 3] of a penalised logistic model that never saw a row's group."""
    names = {name: place % FOLDS for place, name in enumerate(sorted(set(groups)))}
    folds = np.array([names[group] for group in groups])
    out = np.full((len(labels), 3), 1 / 3)
    for fold in sorted(set(names.values())):
        apart = folds == fold
        if len(names) > 1:
            out[apart] = _probabilities(features[apart], _fitted(features[~apart], labels[~apart]))
    return out


def _fitted(features: Any, labels: Ints) -> Floats:
    """Coefficients [columns, 3] that minimise log-loss plus `PENALTY` times their squares."""
    from scipy.optimize import minimize

    targets = np.eye(3)[labels]
    shape = (features.shape[1], 3)

    def loss(flat: Floats) -> tuple[float, Floats]:
        held = flat.reshape(shape)
        found = _probabilities(features, held)
        slope = features.T @ (found - targets) + 2 * PENALTY * held
        missed = -np.log(np.maximum((found * targets).sum(1), 1e-300)).sum()
        return float(missed + PENALTY * (held**2).sum()), np.asarray(slope).ravel()

    found = minimize(loss, np.zeros(shape[0] * 3), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x, np.float64).reshape(shape)


def _probabilities(features: Any, coefficients: Floats) -> Floats:
    scores = np.asarray(features @ coefficients)
    grown = np.exp(scores - scores.max(1, keepdims=True))
    return grown / grown.sum(1, keepdims=True)
