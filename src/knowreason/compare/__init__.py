"""What a training changed: models against a baseline on the same questions, with verdicts that can be defended."""

from knowreason.compare.comparison import (
    Assumption,
    Comparison,
    Contrast,
    Effect,
    Pairing,
    Side,
    Verdict,
)
from knowreason.compare.matrix import MARGIN, compare_runs, write_comparison

__all__ = [
    "MARGIN",
    "Assumption",
    "Comparison",
    "Contrast",
    "Effect",
    "Pairing",
    "Side",
    "Verdict",
    "compare_runs",
    "write_comparison",
]
