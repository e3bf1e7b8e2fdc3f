"""`python -m knowreason.train.shortcuts FILE`: what predicts the labels of a set of claims without judging any.

Shared words, the claim's length, and the claim's wording: a bag of words without its passage. A set in which one of
these tells true from false rewards a verifier that reads nothing.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from knowreason.planting.alone import bag_of_words, out_of_fold
from knowreason.planting.shared_words import overlap
from knowreason.train.claims import LABELS, ClaimRow, read_claims
from knowreason.train.contrasts import as_rows, read_contrasts
from knowreason.train.measures import Floats, Ints, Measured, macro_f1, resampled, separation
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED

SIDES = {
    "supported_refuted": (SUPPORTED, REFUTED),
    "supported_open": (SUPPORTED, OPEN),
    "refuted_open": (REFUTED, OPEN),
}
NEGATION = re.compile(r"\b(not|no|never|nor|cannot|without|none|neither|nothing|nobody|hardly)\b|n't", re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of one file of claims as JSON."""
    parser = argparse.ArgumentParser(description="What predicts the labels of a set of claims without judging any.")
    parser.add_argument("file", type=Path, help="claims, one pair a row (JSONL)")
    parser.add_argument("--contrasts", action="store_true", help="the file holds contrast sets")
    given = parser.parse_args(arguments)
    rows = as_rows(read_contrasts(given.file)) if given.contrasts else read_claims(given.file)
    print(msgspec.json.format(msgspec.json.encode(shortcuts(rows)), indent=1).decode())


def shortcuts(rows: Sequence[ClaimRow]) -> dict[str, Any]:
    """Counts, overlap, words and share of negations by label; AUROC of every shortcut for every two labels.

    AUROC .5 is chance, the interval resamples passages. What has to be learned, the wording and the label that an
    overlap or a length makes likeliest, is learned on nine tenths of the topics and applied to the others.
    """
    labels = np.array([LABELS[row.label] for row in rows], np.int64)
    titles = [row.title for row in rows]
    shared = np.array([overlap(row.claim, row.passage) for row in rows])
    length = np.array([float(len(row.claim.split())) for row in rows])
    topics = [row.topic for row in rows]
    learned = out_of_fold(bag_of_words([row.claim for row in rows]), labels, topics)
    return {
        "rows": len(rows),
        "passages": len(set(titles)),
        "by_label": {name: _of_label(rows, labels == number, shared, length) for name, number in LABELS.items()},
        "overlap": _of_values(shared, labels, titles, topics),
        "length": _of_values(length, labels, titles, topics),
        "wording": {
            **{name: _two(_odds(learned, sides), labels, titles, sides) for name, sides in SIDES.items()},
            "macro_f1": _of_calls(learned, labels, titles),
        },
    }


def _of_values(values: Floats, labels: Ints, titles: Sequence[str], topics: Sequence[str]) -> dict[str, Measured]:
    """AUROC of one number for every two labels, and macro-F1 of the label it makes likeliest."""
    learned = out_of_fold(np.column_stack([np.ones(len(values)), values]), labels, topics)
    sides = {name: _two(values, labels, titles, two) for name, two in SIDES.items()}
    return {**sides, "macro_f1": _of_calls(learned, labels, titles)}


def _of_calls(probabilities: Floats, labels: Ints, titles: Sequence[str]) -> Measured:
    """Macro-F1 of the likeliest label, resampled by passage."""
    called = probabilities.argmax(1)
    return resampled(lambda drawn: macro_f1(labels[drawn], called[drawn]), titles)


def _odds(probabilities: Floats, sides: tuple[int, int]) -> Floats:
    first, second = sides
    return np.log(probabilities[:, first]) - np.log(probabilities[:, second])


def _two(values: Floats, labels: Ints, titles: Sequence[str], sides: tuple[int, int]) -> Measured:
    """AUROC of `values` for the first of two labels against the second."""
    held = (labels == sides[0]) | (labels == sides[1])
    clusters = [title for title, kept in zip(titles, held, strict=True) if kept]
    return separation(values[held], labels[held] == sides[0], clusters)


def _of_label(rows: Sequence[ClaimRow], where: Any, shared: Floats, length: Floats) -> dict[str, float]:
    if not where.any():
        return {"rows": 0}
    negated = [bool(NEGATION.search(row.claim)) for row, held in zip(rows, where, strict=True) if held]
    return {
        "rows": int(where.sum()),
        "overlap": round(float(shared[where].mean()), 3),
        "words": round(float(length[where].mean()), 1),
        "negated": round(float(np.mean(negated)), 3),
    }


if __name__ == "__main__":
    main()
