"""Resampling so that the words that a claim shares with its passage predict no label."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from knowreason.planting.shared_words import overlap
from knowreason.stats import area_above
from knowreason.train.pair import Pair

BINS = 12


def balance(pairs: Sequence[Pair], rng: random.Random, slack: float = 1.15) -> list[Pair]:
    """A subset in which, bin by bin of overlap, no label has more than `slack` times the rarest one's rows.

    Open claims may have half as many more where little overlaps: that is where retrieval most often leads.
    """
    bins: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    kept: list[Pair] = []
    for pair in pairs:
        bins[min(BINS - 1, int(overlap(pair.claim, pair.premise) * BINS)), pair.label].append(pair)
    for index in range(BINS):
        least = min(len(bins[index, label]) for label in range(3))
        for label in range(3):
            more = 1.5 if label == 2 and index < BINS // 2 else 1.0
            kept.extend(_first(bins[index, label], int(least * slack * more) + 1, rng))
    rng.shuffle(kept)
    return kept


def _first(held: Sequence[Pair], count: int, rng: random.Random) -> list[Pair]:
    """`count` pairs at random; those with an added condition first, so that a condition tells no label."""
    order = sorted(held, key=lambda pair: ("condition" not in pair.kind, rng.random()))
    return order[:count]


def leakage(pairs: Sequence[Pair]) -> dict[str, float]:
    """AUROC of what should predict nothing: overlap, the claim's length, and the claim's own words."""
    labels = np.array([pair.label for pair in pairs])
    share = np.array([overlap(pair.claim, pair.premise) for pair in pairs])
    words = _claim_only(pairs, labels)
    length = np.array([float(len(pair.claim)) for pair in pairs])
    half = np.array([pair.part != "train" for pair in pairs])
    out: dict[str, float] = {}
    for name, values in (("overlap", share), ("claim_words", words), ("claim_length", length)):
        supported, refuted, open_ = (values[half & (labels == label)] for label in range(3))
        out[f"{name}_supported_refuted"] = round(area_above(supported, refuted), 3)
        out[f"{name}_decided_open"] = round(area_above(np.concatenate([supported, refuted]), open_), 3)
    return out


def _claim_only(pairs: Sequence[Pair], labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Naive Bayes log odds supported : refuted from the claim's words, learned on the train part."""
    counts: dict[str, list[float]] = defaultdict(lambda: [1.0, 1.0])
    words = [set(pair.claim.lower().split()) for pair in pairs]
    for index, pair in enumerate(pairs):
        if labels[index] < 2 and pair.part == "train":
            for word in words[index]:
                counts[word][labels[index]] += 1.0
    odds = {word: float(np.log(pair[0] / pair[1])) for word, pair in counts.items()}
    return np.array([sum(odds.get(word, 0.0) for word in held) for held in words])
