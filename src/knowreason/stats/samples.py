"""Several answers to one question: how often one of k is right, and how often a vote among k is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowreason.records import Unscored
from knowreason.stats.bootstrap import Estimate, bootstrap_mean
from knowreason.stats.preconditions import too_few

Floats = NDArray[np.float64]


def pass_at_k(samples: ArrayLike, correct: ArrayLike, k: int) -> Floats:
    """Per question the chance that one of k answers is right: 1 - C(n - c, k) / C(n, k).

    `samples` n and `correct` c are (questions,). Unbiased for the chance of k fresh answers. Source: Chen et al. 2021,
    arXiv 2107.03374, equation 1. Raises ValueError where k is not in [1, n] or c not in [0, n].
    """
    n, c = np.asarray(samples, dtype=np.int64), np.asarray(correct, dtype=np.int64)
    if k < 1 or (n < k).any() or (c < 0).any() or (c > n).any():
        raise ValueError(f"pass@{k} needs 1 <= k <= samples and 0 <= correct <= samples")
    steps = np.arange(k)
    missed = np.clip((n - c)[:, None] - steps, 0, None) / (n[:, None] - steps)
    return 1.0 - missed.prod(axis=1)


def pass_curve(
    samples: ArrayLike, correct: ArrayLike, ks: Sequence[int], *, seed: int, draws: int = 2000
) -> list[Estimate | Unscored]:
    """pass@k for each of `ks`, the mean over questions with its interval.

    Questions with fewer than k samples are left out of that point; Unscored under `MIN_QUESTIONS` questions.
    """
    n, c = np.asarray(samples, dtype=np.int64), np.asarray(correct, dtype=np.int64)
    return [_mean(pass_at_k(n[n >= k], c[n >= k], k), seed=seed, draws=draws) for k in ks]


def majority_votes(
    answers: Sequence[Sequence[str | None]], gold: Sequence[str], ks: Sequence[int], *, seed: int, votes: int = 400
) -> Floats:
    """Per question and k the chance that the majority of k of its answers is right: (questions, len(ks)).

    k answers are drawn without replacement, `votes` times, exactly where k is the number of samples. None does not
    vote; a tie is won by each of its answers alike; where nobody votes the question is lost. Raises ValueError where a
    question has fewer than k samples.
    """
    generator = np.random.default_rng(seed)
    rows = [_votes(given, right, ks, generator, votes) for given, right in zip(answers, gold, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(ks))


def majority_curve(
    answers: Sequence[Sequence[str | None]], gold: Sequence[str], ks: Sequence[int], *, seed: int, draws: int = 2000
) -> list[Estimate | Unscored]:
    """The accuracy of a vote among k for each of `ks`, the mean over questions with its interval.

    Questions with fewer than k samples are left out of that point; Unscored under `MIN_QUESTIONS` questions.
    """
    found: list[Estimate | Unscored] = []
    for k in ks:
        kept = [(given, right) for given, right in zip(answers, gold, strict=True) if len(given) >= k]
        won = majority_votes([given for given, _ in kept], [right for _, right in kept], [k], seed=seed)
        found.append(_mean(won[:, 0], seed=seed, draws=draws))
    return found


def _mean(values: Floats, *, seed: int, draws: int) -> Estimate | Unscored:
    if refusal := too_few(len(values)):
        return refusal
    found = bootstrap_mean(values, np.arange(len(values)), seed=seed, draws=draws)
    assert found is not None  # there are more questions than the bootstrap asks for
    return found


def _votes(
    given: Sequence[str | None], right: str, ks: Sequence[int], generator: np.random.Generator, votes: int
) -> list[float]:
    if min(ks) < 1 or max(ks) > len(given):
        raise ValueError(f"a vote among {max(ks)} needs as many samples, not {len(given)}")
    names = sorted({answer for answer in given if answer is not None} | {right})
    ballots = np.array([[answer == name for name in names] for answer in given], dtype=np.int64)
    orders = generator.permuted(np.tile(np.arange(len(given)), (votes, 1)), axis=1)
    running = ballots[orders].cumsum(axis=1)  # (votes, samples, answers)
    return [_won(running[:, k - 1], names.index(right)) for k in ks]


def _won(counts: NDArray[np.int64], right: int) -> float:
    """The share of votes (rows of counts) that the answer `right` wins, ties shared."""
    most = counts.max(axis=1)
    winners = (counts == most[:, None]).sum(axis=1)
    return float(np.where((most > 0) & (counts[:, right] == most), 1 / winners, 0.0).mean())
