"""Claims with the passage that decides them, one pair a row: label, kind of error, topic and deciding words.

The half that only measures and the half that may train are two files, of different topics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from knowreason.train.judging import Judged
from knowreason.train.lines import read_lines
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED, Pair
from knowreason.train.written import DEV_FIELDS, title_part

Label = Literal["supported", "refuted", "not_enough_info"]
LABELS: dict[Label, int] = {"supported": SUPPORTED, "refuted": REFUTED, "not_enough_info": OPEN}
KINDS: dict[Label, frozenset[str]] = {
    "supported": frozenset({"paraphrase", "inference"}),
    "refuted": frozenset({"value", "direction", "entity", "relation", "condition", "quantifier", "role"}),
    "not_enough_info": frozenset({"detail", "neighbour", "stronger"}),
}


class ClaimRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A claim and what one passage makes of it.

    `span` is the part of the passage that decides, null where nothing does; `label_2` a second labelling that
    did not see the first, null where there was none.
    """

    id: str
    topic: str
    title: str
    passage: str
    claim: str
    label: Label
    kind: str
    span: str | None
    author: str
    label_2: Label | None = None


def read_claims(path: Path) -> list[ClaimRow]:
    """All rows of a JSONL file.

    Raises `InputError` naming the line: no such row, a kind its label does not have, or a span that does not
    stand in the passage.
    """
    return list(read_lines(path, ClaimRow, _fault))


def as_judged(rows: Sequence[ClaimRow]) -> list[Judged]:
    """The rows as items to be judged against their own passage; rows of one passage vary together."""
    return [Judged((row.passage,), row.claim, LABELS[row.label], row.kind, row.title) for row in rows]


def claim_pairs(rows: Sequence[ClaimRow]) -> Iterator[Pair]:
    """Each claim with its own passage: `train` with and without the title, `dev` for the fields that choose.

    Left out are rows that were not labelled twice alike, and rows of passages that the written sets keep for dev or
    test: what is told of one passage stays in one part.
    """
    for row in rows:
        if row.label_2 != row.label:
            continue
        label, kind = LABELS[row.label], f"claims_{row.kind}"
        if row.topic in DEV_FIELDS:
            yield Pair(row.passage, row.claim, label, "claims", kind, "dev")
        elif title_part(row.title) == "train":
            for premise in (row.passage, f"{row.title}. {row.passage}"):
                yield Pair(premise, row.claim, label, "claims", kind, "train")


def _fault(row: ClaimRow) -> str | None:
    """What is wrong with a row whose fields have the right types."""
    if row.kind not in KINDS[row.label]:
        return f"{row.id}: no kind of {row.label} is called {row.kind!r}"
    if (row.span is None) != (row.label == "not_enough_info"):
        return f"{row.id}: a span decides every claim but those that are open"
    if row.span is not None and row.span not in row.passage:
        return f"{row.id}: the span does not stand in the passage"
    return None
