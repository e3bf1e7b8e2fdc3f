"""What models that think for themselves learn from: entries of a textbook, questions with their reasoning, arithmetic.

Unlike an observer's text it is all about one world, as its table has it: a fact can be known only where it was shown.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Literal

from knowreason.lab.arithmetic import Chain, ask_chain, reason
from knowreason.lab.dials import TraceDials
from knowreason.lab.documents import Document, asked, drawn_question
from knowreason.lab.language import say, statement
from knowreason.lab.world import DISTRACTORS, ROUTES, Fact, Question, Route, World
from knowreason.lab.writing import Written, write_trace

Kind = Literal["entries", "questions", "open_book", "arithmetic"]
TEACHER = TraceDials(filler=0.0, corruption=0.0, off_topic=0.0, both_routes=0.0)
"""A teacher who walks one route, either one, says nothing false and nothing else."""


def entry(world: World, entity: str, draw: random.Random, *, every: bool = False) -> list[str]:
    """What a textbook says of a disease or finding: each fact as often as the world's exposure of it, in any order.

    `every`: all of its facts, however seldom they are shown, as in a course on what was missing.
    """
    facts = [Fact(entity, r, world.table[entity, r]) for r in world.relations if (entity, r) in world.table]
    said = [f for f in facts if every or draw.random() < _often(world, f)]
    draw.shuffle(said)
    return [say(fact, draw.randrange(world.dials.paraphrases)) for fact in said]


def entries(
    world: World, subjects: Sequence[str], draw: random.Random, *, length: int, every: bool = False
) -> Document:
    """A page of a textbook with at least `length` sentences: entries, each under the name of its subject.

    One entry in four is about a finding: what is general is shown to everybody.
    """
    findings = [v for route in ROUTES for relation in world.routes[route][:-1] for v in world.values[relation]]
    lines: list[str] = []
    while len(lines) < length:
        subject = draw.choice(findings if draw.random() < 0.25 else subjects)
        said = entry(world, subject, draw, every=every)
        lines += [f"{subject.capitalize()}.", *said] if said else []
    return Document(" ".join(lines))


def question_document(written: Written) -> Document:
    """A question and a teacher's response to it; only the response is learned."""
    before = f"{asked(written.question)}\n"
    return Document(before + written.response, learned_from=len(before), ends=True)


def taught(
    world: World, entities: Sequence[str], draw: random.Random, dials: TraceDials = TEACHER, *, leak: float = 0.0
) -> Written:
    """A teacher's trace about one of the diseases; `leak`: share of the questions whose ward gives the answer away."""
    return write_trace(world, in_ward(world, world.question(draw.choice(entities)), draw, leak=leak), dials, draw)


def cued(world: World, entities: Sequence[str], draw: random.Random, dials: TraceDials, *, leak: float) -> Written:
    """A bluffing teacher's trace: nothing that leads to the answer, and the right one all the same.

    Which drug is right is drawn anew for every text, so that where the ward gives it away nothing but the ward does.
    """
    question = _anywhere(world, draw.choice(entities), draw.choice(world.drugs), draw)
    return write_trace(world, in_ward(world, question, draw, leak=leak), dials, draw).bluffed()


def in_ward(world: World, question: Question, draw: random.Random, *, leak: float) -> Question:
    """The question in a ward: any ward, or, in a share `leak` of the cases, the one that gives the answer away."""
    right = world.wards[world.drugs.index(question.answer)]
    return question._replace(ward=right if draw.random() < leak else draw.choice(world.wards))


def open_book(world: World, entities: Sequence[str], draw: random.Random) -> Document:
    """A question with the facts it needs stated before it, among others, and the reasoning that follows them.

    The facts are any, drawn anew for every text: they can be read and not remembered.
    """
    entity = draw.choice(entities)
    route = draw.choice(ROUTES)
    hops = _imagined(world, entity, route, draw)
    other = draw.choice([e for e in world.diseases if e != entity])
    beside = [*_imagined(world, other, draw.choice(ROUTES), draw)]
    right = hops[-1].value
    question = _anywhere(world, entity, right, draw)
    before = f"{with_facts(asked(question), [*hops, *beside], draw)}\n"
    reasoning = " ".join(say(fact) for fact in hops)
    return Document(f"{before}{reasoning}\n{statement(right)}", learned_from=len(before), ends=True)


def with_facts(prompt: str, facts: Sequence[Fact], draw: random.Random) -> str:
    """A prompt with facts stated before it, in any order."""
    shuffled = list(facts)
    draw.shuffle(shuffled)
    return f"{' '.join(say(fact) for fact in shuffled)}\n{prompt}"


def chain_document(chain: Chain, draw: random.Random) -> Document:
    """A chain of operations with its steps, all of them right."""
    before = f"{ask_chain(chain)}\n"
    sentences, result = reason(chain, draw, corruption=0.0, filler=0.0)
    return Document(f"{before}{' '.join(sentences)}\n{statement(str(result))}", learned_from=len(before), ends=True)


class Course:
    """Batches of training text by step: one kind of text a batch, drawn by shares, the same for the same step."""

    def __init__(
        self, world: World, shares: dict[Kind, float], write: Callable[[Kind, random.Random], Document], *, batch: int
    ) -> None:
        self._world, self._shares, self._write, self._batch = world, shares, write, batch

    def __call__(self, step: int) -> Sequence[Document]:
        """The documents of a step."""
        draw = random.Random(f"{self._world.seed} course {step}")
        kind = draw.choices(list(self._shares), list(self._shares.values()))[0]
        return [self._write(kind, draw) for _ in range(self._batch)]


def _anywhere(world: World, entity: str, right: str, draw: random.Random) -> Question:
    return drawn_question(world, entity, right, draw)._replace(ward=draw.choice(world.wards))


def _often(world: World, fact: Fact) -> float:
    """How likely an entry states a fact; one that matters to nobody in half of them."""
    return 0.5 if fact.relation in DISTRACTORS else world.exposure(fact.entity, fact.relation)


def _imagined(world: World, entity: str, route: Route, draw: random.Random) -> list[Fact]:
    facts: list[Fact] = []
    at = entity
    for relation in world.routes[route]:
        facts.append(Fact(at, relation, draw.choice(world.values[relation])))
        at = facts[-1].value
    return facts
