"""The prompts of each condition. What differs between two of them is what the diagnosis measures, and nothing else.

The right answer is never an argument here: no prompt can depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

VERSION = "1"
"""Changes with any word of a prompt, and is written beside the prompts."""

DIRECT, COT, FACTS, PLAN = "direct", "cot", "facts_given", "plan_given"
DIRECT_TOKENS = 64
"""Room for a bare answer."""

_BUDGET = re.compile(r"budget_(\d+)\Z")
_LETTER = "The answer is (X), where X is the letter of one option."
_FREE = "The answer is: X, where X is the answer alone."


def prompt_for(
    condition: str,
    question: str,
    options: dict[str, str] | None,
    *,
    facts: Sequence[str] = (),
    plan: str | None = None,
) -> str:
    """The whole user message of one question under one condition. Raises ValueError where its help is missing."""
    if condition == FACTS and not facts:
        raise ValueError("facts_given without facts is cot")
    if condition == PLAN and not plan:
        raise ValueError("plan_given without a plan is cot")
    help_ = ""
    if condition == FACTS:
        help_ = "These facts are true:\n" + "\n".join(f"- {fact}" for fact in facts) + "\n\n"
    elif condition == PLAN:
        help_ = f"This plan leads to the answer:\n{plan}\n\n"
    listed = "".join(f"\n{letter}. {text}" for letter, text in (options or {}).items())
    return f"{help_}Question: {question}{listed}\n\n{_instruction(condition, lettered=bool(options))}"


def tokens_for(condition: str, room: int) -> int:
    """The most tokens that a response may have: `room` unless the condition itself says."""
    found = _BUDGET.match(condition)
    return int(found[1]) if found else DIRECT_TOKENS if condition == DIRECT else room


def answer_pattern(*, lettered: bool) -> str:
    """A regular expression whose first group is the stated answer; the harness's own score rests on it."""
    return r"answer is:?\s*\(?([A-Za-z]+)\)?" if lettered else r"answer is:?\s*(.+?)\.?\s*$"


def _instruction(condition: str, *, lettered: bool) -> str:
    form = _LETTER if lettered else _FREE
    if condition == DIRECT:
        return f"Do not explain. Write one line and nothing else: {form}"
    found = _BUDGET.match(condition)
    limit = f" Use at most {int(found[1])} tokens in all." if found else ""
    return f"Think step by step.{limit} Then finish with one line: {form}"
