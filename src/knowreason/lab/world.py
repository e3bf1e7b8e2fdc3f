"""A world: diseases, two redundant routes from each to its drug, and facts that matter to nobody.

    disease --marker--> m --remedy--> drug          (the first route, with two hops)
    disease --carrier--> c --antidote--> drug       (the second route, to the same drug)

Everything follows from the dials and one seed: same seed, same world. Truth is a look-up.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cached_property
from typing import Literal, NamedTuple

from knowreason.lab.dials import WorldDials
from knowreason.lab.names import names

Route = Literal["first", "second"]
Split = Literal["asked", "held_out", "stranger"]
ROUTES: tuple[Route, ...] = ("first", "second")

# What a route's relations are called; a route of n hops takes the last n of them.
_NOUNS: dict[Route, tuple[str, ...]] = {
    "first": ("organ", "tissue", "gland", "enzyme", "marker", "remedy"),
    "second": ("climate", "habitat", "prey", "host", "carrier", "antidote"),
}
DISTRACTORS = ("season", "region")


class Fact(NamedTuple):
    """`relation` of `entity` is `value`."""

    entity: str
    relation: str
    value: str


class Question(NamedTuple):
    """Which drug is right for `entity`? `options` are keyed by letters; `gold` is the key of the right one.

    `ward` is a surface cue, None where there is none.
    """

    question_id: str
    entity: str
    options: dict[str, str]
    gold: str
    ward: str | None

    @property
    def answer(self) -> str:
        """The right drug."""
        return self.options[self.gold]


class World:
    """One world. `relations` name all relations; `values` the values that each can have."""

    def __init__(self, dials: WorldDials, seed: int) -> None:
        """Raises `InputError` for dials that cannot be."""
        self.dials, self.seed = dials, seed
        self.diseases = names("disease", dials.entities, seed)
        self._place = {disease: i for i, disease in enumerate(self.diseases)}
        self.drugs = names("drug", dials.answers, seed)
        self.wards = names("place", dials.answers, seed)
        self.routes: dict[Route, tuple[str, ...]] = {r: _NOUNS[r][-dials.hops :] for r in ROUTES}
        self.values: dict[str, tuple[str, ...]] = self._values()
        self.subjects: dict[str, tuple[str, ...]] = self._subjects()
        draw = random.Random(f"{seed} facts")
        self._reached = {
            relation: {v: self.drugs[i % len(self.drugs)] for i, v in enumerate(self.values[relation])}
            for route in ROUTES
            for relation in self.routes[route]
        }
        self.answers: dict[str, str] = {e: draw.choice(self.drugs) for e in self.diseases}
        self.table: dict[tuple[str, str], str] = dict(self._facts(draw))

    @property
    def relations(self) -> tuple[str, ...]:
        """Every relation: those of the routes, then those that matter to nobody."""
        return (*self.routes["first"], *self.routes["second"], *DISTRACTORS)

    def value(self, entity: str, relation: str) -> str | None:
        """What the table says, None where it says nothing of this entity and relation."""
        return self.table.get((entity, relation))

    def is_true(self, fact: Fact) -> bool | None:
        """Whether the table agrees with the fact; None where it says nothing."""
        held = self.value(fact.entity, fact.relation)
        return None if held is None else held == fact.value

    def path(self, entity: str, route: Route) -> tuple[Fact, ...]:
        """The true facts that lead from a disease to its drug on a route."""
        facts: list[Fact] = []
        at = entity
        for relation in self.routes[route]:
            facts.append(Fact(at, relation, self.table[at, relation]))
            at = facts[-1].value
        return tuple(facts)

    def drug_reached(self, relation: str, value: str) -> str:
        """The drug to which a value of a route's relation leads by the table."""
        return self._reached[relation][value]

    def required(self, entity: str) -> frozenset[Fact]:
        """The true facts of both routes of a disease: those that a question about it can need."""
        return frozenset(fact for route in ROUTES for fact in self.path(entity, route))

    def question(self, entity: str, *, shortcut: float | None = None) -> Question:
        """The one question about a disease; its options and their order are fixed by the seed.

        `shortcut`: how likely the ward is that of the right drug; None names no ward.
        """
        draw = random.Random(f"{self.seed} question {entity}")
        right = self.answers[entity]
        listed = [right, *draw.sample([d for d in self.drugs if d != right], self.dials.options - 1)]
        draw.shuffle(listed)
        options = dict(zip("ABCDEFGH", listed, strict=False))
        gold = next(key for key, drug in options.items() if drug == right)
        leaks = shortcut is not None and draw.random() < shortcut
        ward = self.wards[self.drugs.index(right)] if leaks else draw.choice(self.wards)
        return Question(f"clinic-{self.seed}-{entity}", entity, options, gold, None if shortcut is None else ward)

    @cached_property
    def splits(self) -> Mapping[str, Split]:
        """Which diseases training questions ask about, which are shown only in facts, and which never."""
        order = list(self.diseases)
        random.Random(f"{self.seed} splits").shuffle(order)
        hidden = round(self.dials.never_shown * len(order))
        asked = round(self.dials.asked * (len(order) - hidden))
        return {
            e: "stranger" if i < hidden else "asked" if i < hidden + asked else "held_out" for i, e in enumerate(order)
        }

    def of_split(self, split: Split) -> tuple[str, ...]:
        """The diseases of a split, in the order of the world."""
        return tuple(e for e in self.diseases if self.splits[e] == split)

    def strong_route(self, entity: str) -> Route:
        """The route on which a disease is shown more often; by the dials half of them have the one, half the other."""
        if self.dials.strong == "first":
            return ROUTES[0]
        return ROUTES[self._place[entity] % 2]

    def exposure(self, entity: str, relation: str) -> float:
        """How often training text shows a fact, relative to the fact that is shown most; 0: never.

        It is the exposure of the disease, less the route's asymmetry on the weak route. What is general, the later
        hops, is always shown.
        """
        if entity not in self.splits:
            return 1.0
        if self.splits[entity] == "stranger":
            return 0.0
        rank = self._place[entity] + 1
        often = 1.0 if self.dials.exposure == "uniform" else 1.0 / rank
        weak = relation in self.routes[ROUTES[1 - ROUTES.index(self.strong_route(entity))]]
        return often * (1 - self.dials.route_asymmetry) if weak else often

    def recall(self, entity: str, relation: str) -> float:
        """The share of training texts in which a fact stands as the table has it: what a perfect reader can recall.

        1 for a shown disease; chance (1 / number of values) where nothing is shown; the dealt reliability of what
        is general. It is never below chance.
        """
        chance = 1 / len(self.values[relation])
        if entity in self.splits:
            return 1.0 if self.exposure(entity, relation) > 0 else chance
        place = self.subjects[relation].index(entity)
        levels = self.dials.reliability
        return max(levels[place % len(levels)], chance)

    def _values(self) -> dict[str, tuple[str, ...]]:
        """The values of each relation: findings of its own, and the drugs at the end of both routes."""
        inner = [relation for route in ROUTES for relation in self.routes[route][:-1]]
        pool = names("finding", self.dials.findings * len(inner) + 8 * len(DISTRACTORS), self.seed)
        size = self.dials.findings
        values = {relation: pool[i * size : (i + 1) * size] for i, relation in enumerate(inner)}
        values |= {self.routes[route][-1]: self.drugs for route in ROUTES}
        rest = pool[size * len(inner) :]
        return values | {relation: rest[i * 8 : (i + 1) * 8] for i, relation in enumerate(DISTRACTORS)}

    def _subjects(self) -> dict[str, tuple[str, ...]]:
        """What each relation is a relation of."""
        subjects: dict[str, tuple[str, ...]] = dict.fromkeys(DISTRACTORS, self.diseases)
        for route in ROUTES:
            at = self.diseases
            for relation in self.routes[route]:
                subjects[relation], at = at, self.values[relation]
        return subjects

    def _facts(self, draw: random.Random) -> list[tuple[tuple[str, str], str]]:
        """Every fact. A finding leads to the drug of its place modulo K, by whatever way."""
        facts: list[tuple[tuple[str, str], str]] = []
        for route in ROUTES:
            leads = self.answers
            for relation in self.routes[route]:
                values = self.values[relation]
                drug_of = self._reached[relation]
                ways = {drug: [v for v in values if drug_of[v] == drug] for drug in self.drugs}
                facts += [((entity, relation), draw.choice(ways[drug])) for entity, drug in leads.items()]
                leads = drug_of
        return facts + [((e, r), draw.choice(self.values[r])) for r in DISTRACTORS for e in self.diseases]
