"""What a training changed: models against a baseline on the same questions, with verdicts that can be defended."""

from knowreason.compare.comparison import (
    CatchUp,
    ClaimChange,
    Comparison,
    Contrast,
    Effect,
    Meeting,
    Pairing,
    Reliance,
    Side,
    Spending,
)
from knowreason.compare.matrix import MARGIN, compare_runs, write_comparison
from knowreason.compare.meaning import matcher
from knowreason.compare.sentences import claims_sentence, model_name

__all__ = [
    "MARGIN",
    "CatchUp",
    "ClaimChange",
    "Comparison",
    "Contrast",
    "Effect",
    "Meeting",
    "Pairing",
    "Reliance",
    "Side",
    "Spending",
    "claims_sentence",
    "compare_runs",
    "matcher",
    "model_name",
    "write_comparison",
]
