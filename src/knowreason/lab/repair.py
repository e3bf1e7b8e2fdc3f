"""What a wrong answer was due to, by oracle repair: mend the claims and see, mend the inferences and see.

Knowledge deficit: errors that vanish when every claim is replaced by the table's look-up, the inferences left as they
are. Reasoning deficit: errors that vanish when every hop goes on from what the one before reached and the answer from
the last one, the claims left as true or false as they are. Those that only both repairs mend are neither alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from knowreason.lab.world import ROUTES, Fact, Question, World

Regime = Literal["knowledge_bound", "reasoning_bound", "not_separable"]


class Reasoned(NamedTuple):
    """What is repaired: the facts that a trace states, in order, and the drug it answers (None: it answers none)."""

    question: Question
    facts: tuple[Fact, ...]
    answer: str | None


class Deficits(NamedTuple):
    """Counts of traces. An error that either repair mends counts in both deficits."""

    traces: int
    errors: int
    knowledge: int
    reasoning: int

    @property
    def regime(self) -> Regime:
        """Which deficit is the larger one; not_separable where they are equal."""
        if self.knowledge == self.reasoning:
            return "not_separable"
        return "knowledge_bound" if self.knowledge > self.reasoning else "reasoning_bound"


def deficits(world: World, traces: Iterable[Reasoned]) -> Deficits:
    """The deficits of a set of traces."""
    total = errors = knowledge = reasoning = 0
    for trace in traces:
        total += 1
        if trace.answer == trace.question.answer:
            continue
        errors += 1
        knowledge += claims_repaired(world, trace) == trace.question.answer
        reasoning += inferences_repaired(world, trace) == trace.question.answer
    return Deficits(total, errors, knowledge, reasoning)


def claims_repaired(world: World, trace: Reasoned) -> str | None:
    """The answer when each claim is looked up, and what went on from a claim goes on from what was looked up."""
    moved: dict[str, str] = {}
    for fact in trace.facts:
        if _is_aside(world, trace, fact):
            continue
        entity = moved.get(fact.entity, fact.entity)
        moved[fact.value] = world.value(entity, fact.relation) or fact.value
    return None if trace.answer is None else moved.get(trace.answer, trace.answer)


def inferences_repaired(world: World, trace: Reasoned) -> str | None:
    """The answer when each hop goes on from the one before; the stated answer where no route is walked to its end.

    A hop that was about something else is about what it should be: as the table has it if it was true, with the value
    that it stated if it was false. Where both routes are walked the later one decides, as it does for its writer.
    """
    found = trace.answer
    at = dict.fromkeys(ROUTES, trace.question.entity)
    done = dict.fromkeys(ROUTES, 0)
    for fact in trace.facts:
        for route in ROUTES:
            if _next(world.routes[route], done[route]) == fact.relation and not _is_aside(world, trace, fact):
                at[route] = _followed(world, fact, at[route])
                done[route] += 1
                if done[route] == len(world.routes[route]):
                    found = at[route]
    return found


def _next(relations: Sequence[str], done: int) -> str | None:
    return relations[done] if done < len(relations) else None


def _is_aside(world: World, trace: Reasoned, fact: Fact) -> bool:
    """A fact about another disease is no part of a route of this one."""
    return fact.entity in world.splits and fact.entity != trace.question.entity


def _followed(world: World, fact: Fact, entity: str) -> str:
    if fact.entity == entity or not world.is_true(fact):
        return fact.value
    return world.value(entity, fact.relation) or fact.value
