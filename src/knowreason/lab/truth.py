"""The true gain: what each sentence of a trace is worth to a reader whose knowledge is declared.

Nobody's gain is the gain: who knows everything gains nothing. So the reader is declared first. He recalls the value
of each fact with a probability c (and else holds all other values alike), takes a statement for true with a
probability t (and else for any other value of its relation), and knows that both routes lead to the same drug. His
posterior over the listed drugs is exact, by enumerating both routes:

    P(drug k | statements)  ~  R1(k) R2(k),     R(k) = sum over the paths of a route to k of the product of beliefs

where the belief in a value is what he recalls times what was stated, normalised for each fact. Facts are independent
but for the two routes of the question's own disease.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.errors import InputError
from knowreason.lab.world import ROUTES, Fact, Question, Route, World
from knowreason.lab.writing import Sentence, Written

Recall = Callable[[str, str], float]
"""How likely a reader is to recall the value of a fact, by entity and relation; 1 / number of values is chance."""
Beliefs = npt.NDArray[np.float64]


class Reader(NamedTuple):
    """A declared observer: what he recalls of each fact, and how far he trusts a statement, both in [0, 1]."""

    recall: Recall
    trust: float


def posterior(world: World, question: Question, stated: Iterable[Fact], reader: Reader) -> dict[str, float]:
    """The reader's exact probabilities over the listed drugs after what was stated; they sum to 1.

    What is stated again counts once. Raises `InputError` where the statements contradict what the reader is
    certain of, so that nothing is possible any more: declare a trust or a recall below 1.
    """
    said = _by_fact(stated)
    weights = np.ones(len(world.drugs))
    for route in ROUTES:
        weights = weights * _route(world, question.entity, route, said, reader)
    listed = np.array([weights[world.drugs.index(drug)] for drug in question.options.values()])
    if not listed.sum() > 0:
        raise InputError(
            f"what is stated about {question.entity} is impossible to this reader: declare a trust below 1"
        )
    return dict(zip(question.options.values(), (listed / listed.sum()).tolist(), strict=True))


def surprisals(world: World, written: Written, reader: Reader) -> list[float]:
    """Surprisal -ln P(right drug) before the trace and after each of its sentences, in nats."""
    out: list[float] = []
    stated: list[Fact] = []
    for sentence in (None, *written.sentences):
        if sentence is not None and sentence.fact is not None:
            stated.append(sentence.fact)
        known = posterior(world, written.question, stated, reader)[written.question.answer]
        out.append(-math.log(known) if known > 0 else math.inf)
    return out


def true_gains(world: World, written: Written, reader: Reader) -> list[float]:
    """The gain of every sentence, in nats: surprisal before it minus surprisal after it."""
    course = surprisals(world, written, reader)
    return [before - after for before, after in pairwise(course)]


def table_reader(world: World, *, trust: float) -> Reader:
    """The reader who recalls what the world's training text lets a perfect reader recall."""
    return Reader(world.recall, trust)


def probed_reader(probed: Mapping[tuple[str, str], float], *, trust: float) -> Reader:
    """The reader who recalls what a checkpoint's closed-book probe found, fact by fact."""

    def recall(entity: str, relation: str) -> float:
        return probed[entity, relation]

    return Reader(recall, trust)


def class_of(sentence: Sentence) -> str:
    """What a sentence is for the tables: true_hop, false_claim, other_hop, off_topic or filler.

    true_hop: a true fact that the question needs. false_claim: a hop that the table refutes. other_hop: a hop that is
    true but goes on from a false one. off_topic: a fact about something else, true or not.
    """
    if sentence.kind != "hop":
        return sentence.kind
    if not sentence.true:
        return "false_claim"
    return "true_hop" if sentence.needed else "other_hop"


def _by_fact(stated: Iterable[Fact]) -> dict[tuple[str, str], list[str]]:
    said: dict[tuple[str, str], list[str]] = {}
    for fact in dict.fromkeys(stated):
        said.setdefault((fact.entity, fact.relation), []).append(fact.value)
    return said


def _route(
    world: World, entity: str, route: Route, said: Mapping[tuple[str, str], Sequence[str]], reader: Reader
) -> Beliefs:
    """R over all drugs: the beliefs along the route multiplied, from the disease to the drugs."""
    at, subjects = np.ones(1), (entity,)
    for relation in world.routes[route]:
        rows = [belief(world, e, relation, said.get((e, relation), ()), reader) for e in subjects]
        at = at @ np.stack(rows)
        subjects = world.values[relation]
    return at


def belief(world: World, entity: str, relation: str, said: Sequence[str], reader: Reader) -> Beliefs:
    """What the reader holds of one fact: recall times what was said, over the relation's values, summing to 1.

    Raises `InputError` where nothing is possible any more.
    """
    values = world.values[relation]
    held = _around(values, world.table[entity, relation], reader.recall(entity, relation))
    for value in said:
        held = held * _around(values, value, reader.trust)
    if not held.sum() > 0:
        raise InputError(f"the {relation} of {entity}: what is stated is impossible to this reader; lower the trust")
    return held / held.sum()


def _around(values: Sequence[str], value: str, share: float) -> Beliefs:
    """`share` on one value, the rest evenly on the others."""
    if len(values) == 1:
        return np.ones(1)
    held = np.full(len(values), (1 - share) / (len(values) - 1))
    held[values.index(value)] = share
    return held
