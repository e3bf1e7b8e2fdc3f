"""The true gain: worked out by hand where that is possible, and by its laws everywhere else."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.errors import InputError
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.truth import (
    Reader,
    class_of,
    posterior,
    probed_reader,
    surprisals,
    table_reader,
    true_gains,
)
from knowreason.lab.world import ROUTES, Fact, World
from knowreason.lab.writing import Written, write_trace

DIALS = WorldDials(entities=12, answers=4, findings=8, options=4, never_shown=0.5, reliability=(0.4,))
WORLD = World(DIALS, 5)


def reader(first: float, later: float, trust: float) -> Reader:
    """Recalls the facts of diseases with probability `first`, what is general with `later`."""
    return Reader(lambda entity, relation: first if entity in WORLD.splits else later, trust)


NOVICE = reader(1 / 8, 0.4, 0.85)


def written(seed: int, **dials: float) -> Written:
    draw = random.Random(seed)
    return write_trace(WORLD, WORLD.question(draw.choice(WORLD.diseases)), TraceDials(**dials), draw)  # type: ignore[arg-type]


def test_with_nothing_known_and_nothing_said_every_option_is_alike() -> None:
    question = WORLD.question(WORLD.diseases[0])
    found = posterior(WORLD, question, [], reader(1 / 8, 1 / 4, 0.9))
    assert list(found.values()) == pytest.approx([0.25] * 4)


def test_one_hop_is_worth_what_a_hand_calculation_gives() -> None:
    # four drugs, all listed. The marker is stated (trust .85) and eight markers were alike before, two for each drug:
    # .85 on the stated one and .15/7 on each other. The remedy of each is recalled with .4, .2 on each other drug.
    # Through the stated one and its twin, .85 + .15/7 lead to the right drug with .4; the other six to it with .2.
    entity = WORLD.diseases[0]
    (first, _) = WORLD.path(entity, "first")
    twin = 0.85 + 0.15 / 7
    right = twin * 0.4 + (1 - twin) * 0.2
    other = (1 - right) / 3
    found = posterior(WORLD, WORLD.question(entity), [first], NOVICE)
    # the other route says nothing: its carriers are alike, two for each drug
    assert found[WORLD.answers[entity]] == pytest.approx(right)
    assert sorted(found.values())[:3] == pytest.approx([other] * 3)


def test_a_false_hop_loses_what_a_hand_calculation_gives() -> None:
    entity = WORLD.diseases[0]
    false = next(v for v in WORLD.values["marker"] if WORLD.drug_reached("marker", v) != WORLD.answers[entity])
    led_to = WORLD.drug_reached("marker", false)
    twin = 0.85 + 0.15 / 7
    right = twin * 0.4 + (1 - twin) * 0.2
    found = posterior(WORLD, WORLD.question(entity), [Fact(entity, "marker", false)], NOVICE)
    assert found[led_to] == pytest.approx(right)
    assert found[WORLD.answers[entity]] == pytest.approx((1 - right) / 3)


def enumerated(world: World, entity: str, stated: list[Fact], who: Reader) -> dict[str, float]:
    """The posterior by brute force: every value of every fact on every path of both routes, one by one."""
    total = dict.fromkeys(world.drugs, 0.0)

    def belief(subject: str, relation: str, value: str) -> float:
        def weight(v: str) -> float:
            size = len(world.values[relation])
            c = who.recall(subject, relation)
            w = c if v == world.table[subject, relation] else (1 - c) / (size - 1)
            for fact in set(stated):
                if (fact.entity, fact.relation) == (subject, relation):
                    w *= who.trust if fact.value == v else (1 - who.trust) / (size - 1)
            return w

        return weight(value) / sum(weight(v) for v in world.values[relation])

    def ends(route: str) -> dict[str, float]:
        (one, two) = world.routes[route]  # type: ignore[index]
        out = dict.fromkeys(world.drugs, 0.0)
        for middle, drug in product(world.values[one], world.values[two]):
            out[drug] += belief(entity, one, middle) * belief(middle, two, drug)
        return out

    first, second = (ends(route) for route in ROUTES)
    for drug in world.drugs:
        total[drug] = first[drug] * second[drug]
    listed = {d: total[d] for d in world.question(entity).options.values()}
    return {d: p / sum(listed.values()) for d, p in listed.items()}


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.floats(0.3, 0.95), st.floats(0.5, 0.95))
def test_the_posterior_is_that_of_enumerating_every_path(seed: int, first: float, later: float, trust: float) -> None:
    trace = written(seed, corruption=0.4, off_topic=0.5)
    who = reader(first, later, trust)
    stated = [s.fact for s in trace.sentences if s.fact is not None]
    found = posterior(WORLD, trace.question, stated, who)
    assert found == pytest.approx(enumerated(WORLD, trace.question.entity, stated, who))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_gains_sum_to_the_total_drop_and_filler_gains_exactly_nothing(seed: int) -> None:
    trace = written(seed, filler=1.0, corruption=0.3, off_topic=0.5)
    gains, course = true_gains(WORLD, trace, NOVICE), surprisals(WORLD, trace, NOVICE)
    assert sum(gains) == pytest.approx(course[0] - course[-1])
    for sentence, gain in zip(trace.sentences, gains, strict=True):
        if class_of(sentence) in {"filler", "off_topic"}:
            assert gain == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_a_walk_of_true_hops_gains_and_a_repetition_gains_nothing(seed: int) -> None:
    trace = written(seed, corruption=0.0, off_topic=0.0, filler=0.0, both_routes=0.0)
    gains = true_gains(WORLD, trace, NOVICE)
    assert all(gain > 0 for gain in gains)
    twice = trace._replace(sentences=(*trace.sentences, *trace.sentences))
    assert true_gains(WORLD, twice, NOVICE)[len(gains) :] == pytest.approx([0.0] * len(gains))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_a_false_first_hop_misleads_whoever_can_follow_it(seed: int) -> None:
    trace = written(seed, corruption=1.0, off_topic=0.0, filler=0.0, both_routes=0.0)
    assert class_of(trace.sentences[0]) == "false_claim"
    assert true_gains(WORLD, trace, NOVICE)[0] < 0


def test_who_knows_everything_gains_nothing() -> None:
    trace = written(3, corruption=0.0)
    assert true_gains(WORLD, trace, reader(1.0, 1.0, 0.9)) == pytest.approx([0.0] * len(trace.sentences))


def test_an_untrusted_statement_says_nothing() -> None:
    entity = WORLD.diseases[0]
    blind = reader(1 / 8, 0.4, 1 / 8)  # one of eight values, all alike: a statement at chance
    before = posterior(WORLD, WORLD.question(entity), [], blind)
    after = posterior(WORLD, WORLD.question(entity), [WORLD.path(entity, "first")[0]], blind)
    assert after == pytest.approx(before)


def test_the_second_route_confirms_the_first() -> None:
    entity = WORLD.diseases[0]
    right = WORLD.answers[entity]
    one, both = list(WORLD.path(entity, "first")), [f for r in ROUTES for f in WORLD.path(entity, r)]
    found = [posterior(WORLD, WORLD.question(entity), said, NOVICE)[right] for said in ([], one, both)]
    assert found[0] < found[1] < found[2] < 1


def test_two_statements_that_certainty_forbids_are_refused_in_one_line() -> None:
    entity = WORLD.diseases[0]
    certain = reader(1 / 8, 0.4, 1.0)
    said = [Fact(entity, "marker", v) for v in WORLD.values["marker"][:2]]
    with pytest.raises(InputError, match="lower the trust"):
        posterior(WORLD, WORLD.question(entity), said, certain)


def test_a_probe_declares_the_reader_fact_by_fact() -> None:
    entity = WORLD.diseases[0]
    table = table_reader(WORLD, trust=0.85)
    probed = probed_reader({key: WORLD.recall(*key) for key in WORLD.table}, trust=0.85)
    said = [WORLD.path(entity, "second")[0]]
    assert posterior(WORLD, WORLD.question(entity), said, probed) == posterior(
        WORLD, WORLD.question(entity), said, table
    )


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 6), st.integers(0, 100))
def test_the_laws_hold_at_every_depth(hops: int, seed: int) -> None:
    world = World(WorldDials(entities=8, answers=3, findings=6, options=3, hops=hops, reliability=(0.6,)), seed)
    who = Reader(lambda entity, relation: 0.3 if entity in world.splits else 0.6, 0.9)
    draw = random.Random(seed)
    trace = write_trace(world, world.question(world.diseases[0]), TraceDials(corruption=0.0, both_routes=0.0), draw)
    course = surprisals(world, trace, who)
    assert all(map(math.isfinite, course))
    assert course[-1] < course[0]
