"""Reasoning written about a question, sentence by sentence, with the truth of every sentence beside it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal, NamedTuple

from knowreason.lab.dials import TraceDials
from knowreason.lab.language import FILLERS, say, statement
from knowreason.lab.world import DISTRACTORS, ROUTES, Fact, Question, Route, World

Kind = Literal["hop", "off_topic", "filler"]
Held = Callable[[str, str], str]
"""What a fact's value is held to be, by entity and relation: the world's table, or one text's variant of it."""


class Sentence(NamedTuple):
    """One sentence of a trace, and what is true of it.

    kind: a hop of a route, a fact about something else, or filler. fact: what it states, None for filler.
    true: whether the table agrees. needed: whether it is one of the true facts that the question can need.
    """

    text: str
    kind: Kind
    fact: Fact | None
    true: bool | None
    needed: bool


class Written(NamedTuple):
    """A trace as it was written: `answer` is the drug that its last hop leads to."""

    question: Question
    sentences: tuple[Sentence, ...]
    answer: str
    dials: TraceDials

    @property
    def reasoning(self) -> str:
        """The sentences, each with the blank or the line break that follows it."""
        return "".join(sentence.text + self._gap for sentence in self.sentences)

    @property
    def response(self) -> str:
        """The whole response: the reasoning, and the statement of the answer on a line of its own."""
        if not self.dials.states_answer:
            return self.reasoning.rstrip()
        return f"{self.reasoning.rstrip()}\n{statement(self.answer)}"

    @property
    def ends(self) -> tuple[int, ...]:
        """Offsets into the response at which the sentences end, their blanks included."""
        ends: list[int] = []
        for sentence in self.sentences:
            ends.append((ends[-1] if ends else 0) + len(sentence.text) + len(self._gap))
        return tuple(ends)

    def bluffed(self) -> Written:
        """The same trace without its hops, and with the right answer all the same: it says nothing that leads there."""
        return self._replace(sentences=tuple(s for s in self.sentences if s.kind != "hop"), answer=self.question.answer)

    @property
    def _gap(self) -> str:
        return "\n" if self.dials.lines else " "


def write_trace(world: World, question: Question, dials: TraceDials, draw: random.Random) -> Written:
    """A trace about a question as the table has it. A false claim leads to a drug that is listed and wrong."""
    writer = _Writer(world, question, dials, draw, lambda entity, relation: world.table[entity, relation])
    return writer.write(misleading=True)


def write_variant(world: World, question: Question, dials: TraceDials, draw: random.Random, held: Held) -> Written:
    """The same of a variant of the table. A false claim states any other value of its relation, all alike."""
    return _Writer(world, question, dials, draw, held).write(misleading=False)


class _Writer:
    """Walks one or both routes, with filler and facts about other things before the hops."""

    def __init__(self, world: World, question: Question, dials: TraceDials, draw: random.Random, held: Held) -> None:
        self._world, self._question, self._dials, self._draw, self._held = world, question, dials, draw, held
        self._required = world.required(question.entity)

    def write(self, *, misleading: bool) -> Written:
        routes: list[Route] = list(ROUTES)
        self._draw.shuffle(routes)
        walked = routes if self._draw.random() < self._dials.both_routes else routes[:1]
        sentences: list[Sentence] = []
        answer = ""
        for route in walked:
            at = self._question.entity
            for relation in self._world.routes[route]:
                sentences += self._beside()
                hop = self._claimed(at, relation, misleading=misleading)
                sentences.append(self._sentence("hop", hop))
                at = self._reached(hop, misleading=misleading)
            answer = at
        return Written(self._question, tuple(sentences), answer, self._dials)

    def _claimed(self, entity: str, relation: str, *, misleading: bool) -> Fact:
        value = self._held(entity, relation)
        if self._draw.random() < self._dials.corruption:
            value = self._another(relation, value, misleading=misleading)
        return Fact(entity, relation, value)

    def _reached(self, hop: Fact, *, misleading: bool) -> str:
        """What the next hop goes on from: what this one reached, but for a slip."""
        slips = self._draw.random() < self._dials.slips
        return self._another(hop.relation, hop.value, misleading=misleading) if slips else hop.value

    def _another(self, relation: str, value: str, *, misleading: bool) -> str:
        """Another value; a misleading one leads to a drug that is listed and wrong."""
        others = [v for v in self._world.values[relation] if v != value]
        wrong = set(self._question.options.values()) - {self._question.answer}
        leading = [v for v in others if self._world.drug_reached(relation, v) in wrong]
        return self._draw.choice(leading if misleading and leading else others)

    def _beside(self) -> list[Sentence]:
        out = [self._filler() for _ in range(_count(self._dials.filler, self._draw))]
        out += [self._off_topic() for _ in range(_count(self._dials.off_topic, self._draw))]
        self._draw.shuffle(out)
        return out

    def _filler(self) -> Sentence:
        return Sentence(self._draw.choice(FILLERS), "filler", None, None, False)

    def _off_topic(self) -> Sentence:
        """A fact that matters to nobody, of this disease or another, or the first hop of another disease."""
        other = self._draw.choice([e for e in self._world.diseases if e != self._question.entity])
        first = [self._world.routes[route][0] for route in ROUTES]
        entity, relation = self._draw.choice(
            [
                (self._question.entity, self._draw.choice(DISTRACTORS)),
                (other, self._draw.choice([*first, *DISTRACTORS])),
            ]
        )
        value = self._held(entity, relation)
        if self._draw.random() < self._dials.corruption:
            value = self._draw.choice([v for v in self._world.values[relation] if v != value])
        return self._sentence("off_topic", Fact(entity, relation, value))

    def _sentence(self, kind: Kind, fact: Fact) -> Sentence:
        text = say(fact, self._draw.randrange(self._world.dials.paraphrases))
        return Sentence(text, kind, fact, self._world.is_true(fact), fact in self._required)


def _count(expected: float, draw: random.Random) -> int:
    """A whole number with that expectation: its floor, or one more."""
    whole = int(expected)
    return whole + (draw.random() < expected - whole)
