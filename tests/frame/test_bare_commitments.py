"""A bare answer reasons nowhere, so it commits neither early nor late: it counts on no side of a share."""

from __future__ import annotations

from knowreason.frame import summarise
from knowreason.records import Interval
from made_records import SENTENCES, make_audited, make_tables

BARE = ("Is it? ", "No. ", "A bat. ", "The answer is (B).")  # content before the statement, and next to no reasoning


def test_a_bare_answer_raises_no_share_of_early_commitments() -> None:
    placed = [make_audited(i) for i in range(8)]
    bare = [make_audited(20 + i, sentences=BARE) for i in range(4)]
    alone, beside = (summarise(make_tables(rows), seed=1).cells[0].commitment.early for rows in (placed, placed + bare))
    assert isinstance(alone, Interval)
    assert isinstance(beside, Interval)
    assert beside.estimate == alone.estimate <= 1
    assert beside.n == alone.n == 8
    assert len(SENTENCES) == 4
