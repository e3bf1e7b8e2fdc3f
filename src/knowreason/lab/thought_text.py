"""Text from which a model may learn to think: what it says is true of the world, and a dial says what it leaves out.

A hop type is a route of the world: `marker` then `remedy`, or `carrier` then `antidote`. The first hop of a disease is
a fact of the world. The second one depends on the ward, too, by a table of its own. Both are stated in many texts, so
they are learned by heart. A composed sentence needs both:

    The marker of gikemba is fomivon. In ward bolurg the remedy of fomivon is gimamir.
    In ward bolurg the remedy of the marker of gikemba is gimamir.

There are many pairs of a ward and a disease, so composed sentences are too many to be learned by heart.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from knowreason.errors import InputError
from knowreason.lab.language import say
from knowreason.lab.world import DISTRACTORS, ROUTES, Fact, Route, Split, World

STOP = "."
_IDLE = DISTRACTORS[0]


class Passage(NamedTuple):
    """A text as the words that a model reads, signs among them; `places`: the indices of its sentences' last words."""

    words: tuple[str, ...]
    places: tuple[int, ...]


class Composed(NamedTuple):
    """A composed sentence: `middle` is the fact of the world that it needs, `answer` its last word."""

    route: Route
    ward: str
    middle: Fact
    answer: str

    def say(self) -> str:
        """The sentence."""
        first, second = self.middle.relation, SECOND[self.route]
        return f"In ward {self.ward} the {second} of the {first} of {self.middle.entity} is {self.answer}."


SECOND: dict[Route, str] = {"first": "remedy", "second": "antidote"}


class Corpus:
    """The text of a world in which composed sentences are of the hop types `types` alone.

    All else is the same whatever the types: facts of diseases, and second hops of both types. Composed sentences are
    about the diseases of the split "asked". Of those of the split "stranger" no text states a first hop, so that
    nothing composed about them can be foretold.
    """

    def __init__(self, world: World, types: Sequence[Route], *, wards: int, share: float, stated: float) -> None:
        """`wards`: how many there are; `share`: of the texts that hold a composed sentence where all types may;
        `stated`: of those, the share in which the first hop is stated before it, not only some fact of the disease.

        Raises `InputError` where the world has fewer wards, or the share is none.
        """
        if not 1 <= wards <= len(world.wards):
            raise InputError(f"wards {wards}: choose 1 to {len(world.wards)}, as many as there are answers")
        for name, value in (("share", share), ("stated", stated)):
            if not 0 <= value <= 1:
                raise InputError(f"{name} {value}: a share lies between 0 and 1")
        self.world, self.types, self._share, self._stated = world, tuple(types), share, stated
        self.wards = world.wards[:wards]
        self._second = {
            (route, ward): _dealt(world, route, ward, order)
            for route in ROUTES
            for order, ward in enumerate(self.wards)
        }

    def drug(self, route: Route, ward: str, finding: str) -> str:
        """The second hop: where a finding leads in a ward."""
        return self._second[route, ward][finding]

    def composed(self, route: Route, entity: str, ward: str) -> Composed:
        """What follows for a disease in a ward."""
        first = self.world.routes[route][0]
        middle = Fact(entity, first, self.world.table[entity, first])
        return Composed(route, ward, middle, self.drug(route, ward, middle.value))

    def facts(self, entity: str) -> list[Fact]:
        """What the text may state of a disease: its first hops unless it is a stranger, and what matters to nobody."""
        hidden = self.world.splits[entity] == "stranger"
        firsts = [] if hidden else [self.world.routes[route][0] for route in ROUTES]
        return [Fact(entity, relation, self.world.table[entity, relation]) for relation in (*firsts, _IDLE)]

    def passage(self, draw: random.Random, *, later: bool = False) -> Passage:
        """One text: about a disease, about a ward, or, of the hop types of this corpus, what follows from both.

        Composed sentences are about the first half of the asked diseases, and of later texts about the other half:
        what a later text composes was in no earlier one.
        Where a text would compose and its type is left out, it states facts about a disease instead.
        """
        composes = draw.random() < self._share
        route, ward = draw.choice(ROUTES), draw.choice(self.wards)
        if not composes and draw.random() < 0.5:
            return passage([self._hop(route, ward, draw) for _ in range(3)])
        if not composes or route not in self.types:
            return passage(self._about(draw.choice(self.world.diseases), draw))
        asked = self.world.of_split("asked")
        entity = draw.choice(asked[len(asked) // 2 :] if later else asked[: len(asked) // 2])
        told = self.composed(route, entity, ward)
        before = say(told.middle) if draw.random() < self._stated else self._about(entity, draw)[0]
        return passage([before, told.say(), self._about(entity, draw)[0]])

    def _about(self, entity: str, draw: random.Random) -> list[str]:
        facts = self.facts(entity)
        return [say(fact) for fact in draw.sample(facts, len(facts))]

    def _hop(self, route: Route, ward: str, draw: random.Random) -> str:
        finding = draw.choice(self.world.values[self.world.routes[route][0]])
        return f"In ward {ward} the {SECOND[route]} of {finding} is {self.drug(route, ward, finding)}."

    def asked(self, route: Route, split: Split, count: int) -> list[Composed]:
        """`count` composed sentences about the diseases of a split in turn; the wards are drawn by the world's seed."""
        about = self.world.of_split(split)
        draw = random.Random(f"{self.world.seed} asked {route} {split}")
        return [self.composed(route, about[i % len(about)], draw.choice(self.wards)) for i in range(count)]


def passage(sentences: Sequence[str]) -> Passage:
    """Sentences as words; each ends in a full stop, which is a word of its own."""
    words: list[str] = []
    places: list[int] = []
    for sentence in sentences:
        words += [*sentence.lower().rstrip(STOP).split(), STOP]
        places.append(len(words) - 2)
    return Passage(tuple(words), tuple(places))


def stated_in(words: Sequence[str], fact: Fact) -> bool:
    """Whether words state a fact, as the text of the corpus states it."""
    wanted = say(fact).lower().rstrip(STOP).split()[1:]
    return any(list(words[i : i + len(wanted)]) == wanted for i in range(len(words) - len(wanted) + 1))


def _dealt(world: World, route: Route, ward: str, order: int) -> dict[str, str]:
    """The drug of every finding of a hop type in a ward: drawn at random, each drug about as often as any other."""
    findings = world.values[world.routes[route][0]]
    drugs = [world.drugs[i % len(world.drugs)] for i in range(len(findings))]
    random.Random(f"{world.seed} {route} {order} {ward}").shuffle(drugs)
    return dict(zip(findings, drugs, strict=True))
