"""The printed tables say what the report holds, and what was not measured by its reason."""

from __future__ import annotations

import numpy as np
import pytest

from knowreason.models.protocols import Thresholds
from knowreason.train.judging import Judged, figures
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.train.scoreboard import reliability, table

SURE = {SUPPORTED: (0.9, 0.05, 0.05), REFUTED: (0.05, 0.9, 0.05), OPEN: (0.1, 0.1, 0.8)}


def report(labels: list[int], verdicts: list[int]) -> dict:
    items = [Judged(("p",), "c", label, "k", f"c{n}") for n, label in enumerate(labels)]
    held = figures(items, np.array([SURE[verdict] for verdict in verdicts]), Thresholds())
    return {
        "model": {"id": "owl"},
        "date": "2001-02-03",
        "example": {"notes": held},
        "human_claims": {"scifact_dev": held},
    }


def test_a_row_shows_the_counts_and_the_shares_called() -> None:
    labels = [SUPPORTED] * 20 + [REFUTED] * 10 + [OPEN] * 5
    verdicts = [SUPPORTED] * 15 + [REFUTED] * 5 + [REFUTED] * 6 + [OPEN] * 4 + [OPEN] * 5
    row = next(line for line in table(_plain(report(labels, verdicts))).splitlines() if "notes" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "20, 10, 5"
    assert cells[-5:] == ["0.75", "0.25", "0.60", "0.00", "1.00"]


def test_the_reports_quote_the_same_shares() -> None:
    told = reliability(_plain(report([SUPPORTED] * 8 + [REFUTED] * 8, [SUPPORTED] * 8 + [OPEN] * 4 + [REFUTED] * 4)))
    assert [(one.true, one.false) for one in told] == [(8, 8), (8, 8)]
    assert told[0].true_called_supported == 1
    assert told[0].false_called_refuted == pytest.approx(0.5)


def test_what_was_not_measured_is_no_number() -> None:
    printed = table(_plain(report([SUPPORTED] * 20, [SUPPORTED] * 20)))
    assert "not measured" in printed


def _plain(made: dict) -> dict:
    import msgspec

    return msgspec.to_builtins(made)
