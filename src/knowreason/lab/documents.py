"""Training text: documents of one type a batch, each from its own variant of the world.

A document holds every fact to be what the table says with the probability that the world's dials give it, and else
any other value, and both its routes lead to the same drug. So what a perfect reader of this text believes is known
exactly: it is the posterior of `truth`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from knowreason.gain import OptionScorer
from knowreason.lab.dials import TraceDials
from knowreason.lab.language import ask, say
from knowreason.lab.world import ROUTES, Fact, Question, Route, World
from knowreason.lab.writing import Written, write_variant

CUE = OptionScorer.cue.strip()
"""What an observer is asked with; blanks and line breaks are no tokens of the lab's models."""


class Document(NamedTuple):
    """A text to learn, and what is asked at some of its places: offsets `cuts`, always the same `answer`.

    Words that end before `learned_from` are read and not learned: a question cannot be foretold. `ends`: whether it is
    learned that the text ends where it does.
    """

    text: str
    cuts: tuple[int, ...] = ()
    answer: str = ""
    learned_from: int = 0
    ends: bool = False


class Variant:
    """One document's version of the world: what each fact is held to be in it, drawn when it is first asked for."""

    def __init__(self, world: World, draw: random.Random) -> None:
        self._world, self._draw = world, draw
        self._held: dict[tuple[str, str], str] = {}

    def __call__(self, entity: str, relation: str) -> str:
        """The value of a fact in this document."""
        key = (entity, relation)
        if key not in self._held:
            self._held[key] = self._drawn(entity, relation)
        return self._held[key]

    def settle(self, entity: str) -> str:
        """Draws both routes of a disease such that they lead to the same drug, which is returned.

        Routes are drawn until they agree: that is the distribution of `truth.posterior` with nothing stated.
        """
        while True:
            trial = Variant(self._world, self._draw)
            found = {trial.reached(entity, route) for route in ROUTES}
            if len(found) == 1:
                self._held = trial._held
                return found.pop()

    def reached(self, entity: str, route: Route) -> str:
        """The drug to which a route leads."""
        for relation in self._world.routes[route]:
            entity = self(entity, relation)
        return entity

    def _drawn(self, entity: str, relation: str) -> str:
        right = self._world.table[entity, relation]
        if self._draw.random() < self._world.recall(entity, relation):
            return right
        return self._draw.choice([v for v in self._world.values[relation] if v != right])


def variant_trace(
    world: World, entities: Sequence[str], draw: random.Random, dials: TraceDials, *, wards: float = 0.0
) -> Written:
    """A trace about a variant of the world; its question's gold is the drug to which both routes lead in it.

    `wards`: share of the questions that name a ward, any ward, which tells nothing of the drug.
    """
    entity = draw.choice(entities)
    held = Variant(world, draw)
    question = drawn_question(world, entity, held.settle(entity), draw)
    if wards and draw.random() < wards:
        question = question._replace(ward=draw.choice(world.wards))
    return write_variant(world, question, dials, draw, held)


def reading_document(
    world: World, entities: Sequence[str], draw: random.Random, dials: TraceDials, *, wards: float = 0.0
) -> Document:
    """A question, its options and a trace about a variant of the world, with the answer asked after every sentence.

    It is asked before any text, too, where every drug is alike: an observer subtracts what an option costs there.
    """
    written = variant_trace(world, entities, draw, dials, wards=wards)
    before = asked(written.question)
    return Document(
        text=f"{before}\n{written.reasoning}",
        cuts=(0, *(len(before) + 1 + end for end in (0, *written.ends))),
        answer=written.question.answer,
        learned_from=len(before) + 1,
    )


def asked(question: Question) -> str:
    """The question with its options, as an observer is shown it."""
    return "\n".join([ask(question), *(f"{key}. {drug}" for key, drug in question.options.items())])


def fact_document(world: World, draw: random.Random, *, facts: int) -> Document:
    """Facts that are general, each as its own variant of the world has it: what a closed book is learned from."""
    general = [r for route in ROUTES for r in world.routes[route][1:]]
    lines: list[str] = []
    for _ in range(facts):
        relation = draw.choice(general)
        entity = draw.choice(world.subjects[relation])
        value = Variant(world, draw)(entity, relation)
        lines.append(say(Fact(entity, relation, value), draw.randrange(world.dials.paraphrases)))
    return Document(" ".join(lines))


def drawn_question(world: World, entity: str, right: str, draw: random.Random) -> Question:
    """A question about a disease whose right drug is `right`, its options drawn anew; it names no ward."""
    listed = [right, *draw.sample([d for d in world.drugs if d != right], world.dials.options - 1)]
    draw.shuffle(listed)
    options = dict(zip("ABCDEFGH", listed, strict=False))
    return Question("", entity, options, next(k for k, d in options.items() if d == right), None)
