"""Writes the prompts of the conditions that a diagnosis compares, in the formats of two harnesses."""

from knowreason.conditions.facts import Fact, facts_of, gives_away
from knowreason.conditions.prompts import VERSION, prompt_for
from knowreason.conditions.written import Condition, Wanted, Written, write_conditions

__all__ = [
    "VERSION",
    "Condition",
    "Fact",
    "Wanted",
    "Written",
    "facts_of",
    "gives_away",
    "prompt_for",
    "write_conditions",
]
