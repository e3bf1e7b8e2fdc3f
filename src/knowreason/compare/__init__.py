"""What a training changed: models against a baseline on the same questions, with verdicts that can be defended."""

from knowreason.compare.comparison import (
    ClaimChange,
    Comparison,
    Contrast,
    Effect,
    Pairing,
    Side,
)
from knowreason.compare.matrix import MARGIN, compare_runs, write_comparison
from knowreason.compare.meaning import matcher
from knowreason.compare.sentences import claims_sentence

__all__ = [
    "MARGIN",
    "ClaimChange",
    "Comparison",
    "Contrast",
    "Effect",
    "Pairing",
    "Side",
    "claims_sentence",
    "compare_runs",
    "matcher",
    "write_comparison",
]
