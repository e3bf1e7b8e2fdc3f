"""Short ways to take a text apart in a test."""

from __future__ import annotations

from collections.abc import Sequence

import made_records
from knowreason.decompose import Decomposition, decompose
from knowreason.records import Trace

HORMONES = {"A": "Glucagon", "B": "Insulin", "C": "Growth hormone", "D": "Cortisol"}
PLAIN = "Which hormone does the body need after a meal?"
CASE = (
    "A 64-year-old man with type 2 diabetes comes to the clinic with thirst. His glucose is 312 mg/dL and the "
    "examination shows dry skin. Which hormone is most likely missing?"
)
PROBLEM = "Nora buys 14 boxes with 12 eggs each and breaks 26 of them. How many eggs are left?"


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def make_trace(
    text: str, question: str = PLAIN, options: dict[str, str] | None = None, thinking_end: int | None = None
) -> Trace:
    return made_records.make_trace(
        question=question,
        options=options,
        gold=None,
        answer_type="option" if options else "free_text",
        reasoning=text,
        response=text,
        thinking_end=thinking_end,
    )


def take_apart(text: str, question: str = PLAIN, options: dict[str, str] | None = None) -> Decomposition:
    return decompose(make_trace(text, question, options), count_words)


def claimed(text: str, question: str = PLAIN, options: dict[str, str] | None = None) -> list[str]:
    """The normalised claims of `text`."""
    return [claim.normalised for claim in take_apart(text, question, options).claims]


def check_invariants(trace: Trace, found: Decomposition) -> None:
    """What holds for every trace whatever its text."""
    assert "".join(step.text for step in found.steps) == trace.reasoning
    assert [step.step for step in found.steps] == list(range(1, len(found.steps) + 1))
    ends = [0, *(step.end for step in found.steps)]
    assert [step.start for step in found.steps] == ends[:-1]
    assert all(step.text == trace.reasoning[step.start : step.end] != "" for step in found.steps)
    by_number = {step.step: step for step in found.steps}
    counts: dict[int, int] = {}
    last = 0
    for claim in found.claims:
        step = by_number[claim.step]
        assert claim.text == trace.reasoning[claim.start : claim.end] != ""
        assert max(last, step.start) <= claim.start < claim.end <= step.end
        assert claim.claim == counts.get(claim.step, 0)
        assert step.part != "statement"
        assert claim.normalised.strip() == claim.normalised != ""
        counts[claim.step] = claim.claim + 1
        last = claim.end
