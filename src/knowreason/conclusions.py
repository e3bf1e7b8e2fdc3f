"""What a diagnosis or a comparison concludes: an outcome, all it rests on, and one sentence."""

from __future__ import annotations

from typing import Literal

from knowreason.records import Interval, Record, Unscored

Question = Literal["transfer", "sft_trap", "need", "compute", "overconfidence"]
ConclusionOutcome = Literal[
    "transfers",
    "does_not_transfer",
    "harms",
    "trap",
    "no_trap",
    "longer_not_emptier",
    "length_only",
    "knowledge_bound",
    "reasoning_bound",
    "not_separable",
    "catches_up",
    "not_within_budget",
    "overconfident",
    "underconfident",
    "about_right",
    "not_enough_evidence",
    "cannot_be_judged",
]


class Assumption(Record, frozen=True):
    """Something a verdict rests on: whether it held, and the figures behind that."""

    name: str
    held: bool
    detail: str


class Conclusion(Record, frozen=True):
    """An answer with all it rests on, and one sentence for a reader who reads nothing else.

    `reason` is empty unless the question cannot be judged; `questions_needed` is None unless the evidence does not
    do, or no number can be named.
    """

    about: Question
    outcome: ConclusionOutcome
    reason: str
    effects: dict[str, Interval | Unscored]
    questions: int
    questions_needed: int | None
    assumptions: tuple[Assumption, ...]
    sentence: str
