"""Candidate answers for free numeric questions: from the gold and the question, never from the trace.

A candidate taken from the trace would make the surprisal before any reasoning depend on the reasoning.
"""

from __future__ import annotations

import random
import re

from knowreason.answers import value_of

SIZE = 10
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")


def numeric_candidates(gold: str, question: str, question_key: str) -> tuple[str, ...] | None:
    """Up to `SIZE` different numbers, the gold among them, in an order fixed by the question's key.

    Half of the others stand in the question, the rest are perturbations of the gold (a unit off, doubled,
    halved, ten times). None where the gold is no single number.
    """
    value = value_of(gold)
    if value is None:
        return None
    draw = random.Random(question_key)
    asked = [v for m in _NUMBER.findall(question) if (v := value_of(m)) is not None]
    slips = [value + d for d in (1, -1, 2, -2, 5, -5, 10, -10)]
    slips += [value * f for f in (2, 0.5, 10, 0.1, 3, 1.5, 4)]
    draw.shuffle(slips)
    whole = value == int(value)
    kinder = [s for s in slips if (s > 0) == (value > 0) and (s == int(s) or not whole)]
    texts = list(dict.fromkeys(number_text(v) for v in [value, *asked[: SIZE // 2], *kinder, *slips]))[:SIZE]
    draw.shuffle(texts)
    return tuple(texts)


def number_text(value: float) -> str:
    """A number as a person writes it: no trailing zeros, at most four decimals (more where it is small)."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 0.001 else f"{value:.4g}"
