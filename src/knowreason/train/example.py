"""The claims of the example, found and checked against its notes as an audit does, with the truth beside them.

The example was written before any training and by nobody who wrote a training pair: of all labelled claims these are
nearest to those of real traces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from knowreason.decompose import decompose
from knowreason.read import read_traces
from knowreason.records import Claim, Trace
from knowreason.retrieve import Index
from knowreason.train.judging import Judged
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.verify import PASSAGES
from knowreason.verify.verdicts import premise

LABELS = {"supported": SUPPORTED, "refuted": REFUTED, "not_enough_info": OPEN}
SHARED = 0.5  # of the shorter of a claim and a quote, from which on they are the same


def example_claims(folder: Path, index: Index) -> list[Judged]:
    """The claims that are found in the traces of `folder` and stand in its truth, with the passages for them."""
    told = told_claims(folder)
    found = index.search([claim.normalised for _, _, claim in told], PASSAGES)
    return [
        Judged(
            tuple(premise(hit.passage) for hit in hits if hit.above_floor),
            claim.normalised,
            LABELS[quote["verdict"]],
            trace.domain,
            trace.question_id,
        )
        for (trace, quote, claim), hits in zip(told, found, strict=True)
    ]


def told_claims(folder: Path) -> list[tuple[Trace, dict[str, Any], Claim]]:
    """The claims that are found in the traces of `folder` and stand in its truth, each with its line of the truth."""
    return [(trace, quote, claim) for trace, quotes in _told(folder) for quote, claim in _matched(trace, quotes)]


def _told(folder: Path) -> Iterator[tuple[Trace, list[dict[str, Any]]]]:
    lines = (folder / "truth.jsonl").read_text("utf-8").splitlines()
    truth = {(row["question_id"], row["model"]): row["claims"] for row in map(json.loads, lines)}
    for trace in read_traces([folder / "traces.jsonl"]):
        if isinstance(trace, Trace):
            yield trace, truth[trace.question_id, trace.model]


def _matched(trace: Trace, quotes: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Claim]]:
    claims = decompose(trace, lambda texts: [len(text.split()) for text in texts]).claims
    for quote in quotes:
        start = trace.reasoning.find(quote["quote"])
        same = (claim for claim in claims if start >= 0 and _same(claim, start, start + len(quote["quote"])))
        claim = next(same, None)
        if claim is not None:
            yield quote, claim


def _same(claim: Claim, start: int, end: int) -> bool:
    shared = min(end, claim.end) - max(start, claim.start)
    return shared >= SHARED * min(end - start, claim.end - claim.start)
