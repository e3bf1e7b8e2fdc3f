"""Verdicts of the entailment head, and every figure of them that is reported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.models.protocols import Entailer, Thresholds
from knowreason.planting.shared_words import overlap
from knowreason.train.measures import Floats, Ints, Measured, macro_f1, mean, resampled, separation
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.verify.thresholds import called, deciding

FLOOR = 1e-9  # probabilities below it say nothing more
KIND_LEAST = 20  # items of a kind of error below which its shares are not told


class Judged(NamedTuple):
    """A claim with the passages that were found for it, its label, what kind it is, and its cluster."""

    passages: tuple[str, ...]
    claim: str
    label: int
    kind: str
    cluster: str


def judge(model: Entailer, items: Sequence[Judged]) -> Floats:
    """Deciding probabilities of every item: [items, 3]."""
    pairs = [(passage, item.claim) for item in items for passage in item.passages]
    rows = np.array(model.entail(pairs), np.float64).reshape(-1, 3)
    ends = np.cumsum([0, *(len(item.passages) for item in items)])
    return np.stack([deciding(rows[start:end]) for start, end in pairwise(ends)])


def lean(probabilities: Floats) -> Floats:
    """Log odds of supported against refuted."""
    return np.log(probabilities[:, 0] + FLOOR) - np.log(probabilities[:, 1] + FLOOR)


def figures(items: Sequence[Judged], probabilities: Floats, least: Thresholds) -> dict[str, Any]:
    """All figures of one set of items; the counts by label stand beside them."""
    labels = np.array([item.label for item in items], np.int64)
    calls = np.array([called(row, least) for row in probabilities], np.int64)
    clusters = np.array([item.cluster for item in items])
    out: dict[str, Any] = {"items": len(items), "labels": np.bincount(labels, minlength=3).tolist()}
    decidable = labels != OPEN
    out["auroc_supported_refuted"] = _lean_separation(lean(probabilities), labels, clusters)
    out["macro_f1"] = resampled(lambda rows: macro_f1(labels[rows], calls[rows]), clusters.tolist())
    out["sensitivity"] = share(calls, SUPPORTED, labels == SUPPORTED, clusters)
    out["specificity"] = share(calls, REFUTED, labels == REFUTED, clusters)
    out["abstention"] = share(calls, OPEN, decidable, clusters)
    out["true_called_refuted"] = share(calls, REFUTED, labels == SUPPORTED, clusters)
    out["false_called_supported"] = share(calls, SUPPORTED, labels == REFUTED, clusters)
    if (labels == OPEN).any():
        out["open_left_open"] = share(calls, OPEN, labels == OPEN, clusters)
    return out


def by_kind(items: Sequence[Judged], probabilities: Floats, least: Thresholds) -> list[dict[str, Any]]:
    """For every kind and label with enough items: how many, and the shares called (supported, refuted, open)."""
    calls = np.array([called(row, least) for row in probabilities])
    kinds = [(item.kind, item.label) for item in items]
    out: list[dict[str, Any]] = []
    for kind, label in sorted(set(kinds)):
        held = calls[[one == (kind, label) for one in kinds]]
        if len(held) >= KIND_LEAST:
            shares = [round(float((held == verdict).mean()), 3) for verdict in range(3)]
            out.append({"kind": kind, "label": label, "items": len(held), "called": shares})
    return out


def baselines(model: Entailer, items: Sequence[Judged]) -> dict[str, Measured]:
    """AUROC supported against refuted of what needs no verifier: shared words, and the claim without a passage."""
    labels = np.array([item.label for item in items])
    clusters = np.array([item.cluster for item in items])
    shared = np.array([max((overlap(item.claim, p) for p in item.passages), default=0.0) for item in items])
    alone = lean(np.array(model.entail([("", item.claim) for item in items]), np.float64))
    return {
        "overlap": _lean_separation(shared, labels, clusters),
        "claim_only": _lean_separation(alone, labels, clusters),
    }


def _lean_separation(scores: Floats, labels: Ints, clusters: npt.NDArray[Any]) -> Measured:
    known = labels != OPEN
    return separation(scores[known], labels[known] == SUPPORTED, clusters[known].tolist())


def share(calls: Ints, label: int, where: npt.NDArray[np.bool_], clusters: npt.NDArray[Any]) -> Measured:
    """Share of the rows `where` that are called `label`, resampled by cluster."""
    return mean(calls[where] == label, clusters[where].tolist())
