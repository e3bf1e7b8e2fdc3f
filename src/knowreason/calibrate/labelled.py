"""Claims of real traces that somebody labelled, with the passages that an audit would judge them by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from knowreason.calibrate.sampling import Item
from knowreason.frame import labelled_claims
from knowreason.read.labels import read_labels
from knowreason.retrieve import Index
from knowreason.verify import PASSAGES


class LabelledItems(NamedTuple):
    """Labelled claims to be judged anew, those of one question in one cluster, and the traces that they are of."""

    items: list[Item]
    traces: tuple[str, ...]


def read_labelled(labels: Sequence[Path], runs: Sequence[Path], index: Index) -> LabelledItems:
    """The labelled claims of `runs` in the wording that was verified.

    Raises InputError for labels that cannot be read or are of no claim of the runs, StoreError for unfinished runs.
    """
    rows = labelled_claims(pl.concat([read_labels(path) for path in labels]), labels, runs)
    queries = [row["query"] or row["normalised"] for row in rows.iter_rows(named=True)]
    found = index.search(queries, PASSAGES)
    items = [
        Item(row["normalised"], row["truth"], "labelled", row["question_key"], tuple(hits))
        for row, hits in zip(rows.iter_rows(named=True), found, strict=True)
    ]
    return LabelledItems(items, tuple(rows["trace_id"].unique().sort()))
