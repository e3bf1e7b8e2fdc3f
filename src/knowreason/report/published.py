"""The published figures in words: a block of its own, labelled, with the reason why they mislead."""

from __future__ import annotations

from collections.abc import Iterable

from knowreason.frame import Cell, Measure, Summary
from knowreason.frame.summary import PaperSummary
from knowreason.records import Interval

PAPER_TITLE = "Published formulas, for comparison only"
_WHY = (
    "The published KI gives every step without a decided claim 1: a trace that states no fact at all scores 1. The "
    "published InfoGain, (PPL_0 - PPL_n) / n, divides by the number of steps what does not depend on it: the same "
    "text cut into twice as many steps scores half. And perplexity is exponential: one surprising answer can outweigh "
    "all others. Conclude nothing from them."
)
_COMMITMENT = " From the built-in observer even the perplexities are those of commitment."


def paper_note(summary: Summary) -> str:
    """Why the published figures mislead, and what they rest on here."""
    return _WHY + (_COMMITMENT if summary.instruments.gain_means == "commitment" else "")


def paper_cells(cells: Iterable[Cell]) -> list[tuple[Cell, PaperSummary]]:
    """The cells that hold the published figures: none unless the audit was asked for them."""
    return [(cell, cell.paper) for cell in cells if cell.paper is not None]


def plain_number(value: float) -> str:
    """Three digits and a true minus sign, for a figure of any size."""
    return f"{value:,.0f}".replace("-", "−") if abs(value) >= 1000 else f"{value:.3g}".replace("-", "−")


def plain_text(measure: Measure) -> str:
    """A figure of any size with its interval: "0.0412 [0.03, 0.055]"."""
    if not isinstance(measure, Interval):
        return "–"
    return f"{plain_number(measure.estimate)} [{plain_number(measure.lower)}, {plain_number(measure.upper)}]"
