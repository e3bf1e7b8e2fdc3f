"""The world: what its dials promise, that it reads what it says, and that a seed fixes every byte."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.errors import InputError
from knowreason.lab.dials import MOST_ENTITIES, TraceDials, WorldDials
from knowreason.lab.language import FILLERS, ask, parse, say, statement
from knowreason.lab.names import names
from knowreason.lab.world import DISTRACTORS, ROUTES, Fact, World

SMALL = WorldDials(entities=40, answers=6, findings=12)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    answers = draw(st.integers(2, 8))
    dials = WorldDials(
        entities=draw(st.integers(8, 60)),
        answers=answers,
        findings=draw(st.integers(answers, 20)),
        hops=draw(st.integers(1, 6)),
        options=draw(st.integers(2, answers)),
        never_shown=draw(st.sampled_from([0.0, 0.25, 0.9])),
        exposure=draw(st.sampled_from(["uniform", "zipf"])),
        route_asymmetry=draw(st.sampled_from([0.0, 0.5, 1.0])),
    )
    return World(dials, draw(st.integers(0, 10_000)))


@settings(deadline=None, max_examples=40)
@given(worlds(), st.integers(0, 2), st.randoms())
def test_what_is_printed_is_read_back_in_every_wording(world: World, wording: int, draw: object) -> None:
    for (entity, relation), value in list(world.table.items())[:60]:
        fact = Fact(entity, relation, value)
        assert parse(say(fact, wording)) == fact
        assert parse(say(fact, wording).rstrip(".").lower()) == fact  # a claim is cited without its stop
        assert world.is_true(fact) is True


@settings(deadline=None, max_examples=40)
@given(worlds())
def test_both_routes_lead_to_the_same_drug_and_every_drug_is_reached(world: World) -> None:
    for entity in world.diseases:
        ends = {world.path(entity, route)[-1].value for route in ROUTES}
        assert ends == {world.answers[entity]}
        assert all(len(world.path(entity, route)) == world.dials.hops for route in ROUTES)
    for route in ROUTES:
        last = world.routes[route][-1]
        if world.dials.hops > 1:
            reached = {world.drug_reached(world.routes[route][0], v) for v in world.values[world.routes[route][0]]}
            assert reached == set(world.drugs) == set(world.values[last])


@settings(deadline=None, max_examples=30)
@given(worlds())
def test_a_claim_that_is_changed_is_false_and_one_about_nothing_is_neither(world: World) -> None:
    (entity, relation), value = next(iter(world.table.items()))
    other = next(v for v in world.values[relation] if v != value)
    assert world.is_true(Fact(entity, relation, other)) is False
    assert world.is_true(Fact(entity, "colour", other)) is None
    assert world.is_true(Fact("nobody", relation, value)) is None


@settings(deadline=None, max_examples=30)
@given(worlds())
def test_a_question_lists_its_answer_once_under_its_key(world: World) -> None:
    for entity in world.diseases[:8]:
        question = world.question(entity)
        assert question.options[question.gold] == question.answer == world.answers[entity]
        assert len(set(question.options.values())) == len(question.options) == world.dials.options
        assert entity in ask(question)


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    one, again, other = World(SMALL, 3), World(SMALL, 3), World(SMALL, 4)
    assert one.table == again.table
    assert [one.question(e) for e in one.diseases] == [again.question(e) for e in again.diseases]
    assert one.splits == again.splits
    assert one.diseases != other.diseases


def test_no_name_stands_for_two_things() -> None:
    world = World(WorldDials(entities=400), 1)
    named = [*world.diseases, *world.drugs, *world.wards]
    named += [v for r in world.relations if world.values[r] is not world.drugs for v in world.values[r]]
    assert len(set(named)) == len(named)
    assert not set(named) & set(world.relations)


def test_fillers_and_statements_state_no_fact() -> None:
    assert all(parse(filler) is None for filler in FILLERS)
    assert parse(statement("vodamir")) is None


def test_the_splits_have_the_shares_that_the_dials_ask_for() -> None:
    world = World(WorldDials(entities=400, never_shown=0.25, asked=0.4), 2)
    assert Counter(world.splits.values()) == {"stranger": 100, "asked": 120, "held_out": 180}


def test_a_stranger_is_never_shown_and_its_facts_are_recalled_by_chance_alone() -> None:
    world = World(WorldDials(entities=40, never_shown=0.5), 2)
    for entity in world.of_split("stranger"):
        assert all(world.exposure(entity, world.routes[route][0]) == 0 for route in ROUTES)
        assert world.recall(entity, "marker") == 1 / 40


def test_exposure_follows_its_law_and_the_weak_route_is_shown_less() -> None:
    world = World(WorldDials(entities=40, never_shown=0, exposure="zipf", route_asymmetry=0.5), 2)
    for rank, entity in enumerate(world.diseases, start=1):
        strong = world.strong_route(entity)
        weak = next(route for route in ROUTES if route != strong)
        assert world.exposure(entity, world.routes[strong][0]) == pytest.approx(1 / rank)
        assert world.exposure(entity, world.routes[weak][0]) == pytest.approx(0.5 / rank)
    assert {world.strong_route(e) for e in world.diseases} == set(ROUTES)


def test_a_route_that_is_never_shown_is_recalled_by_chance_alone() -> None:
    world = World(WorldDials(entities=40, never_shown=0, route_asymmetry=1), 2)
    entity = world.diseases[0]
    strong = world.strong_route(entity)
    weak = next(route for route in ROUTES if route != strong)
    assert world.recall(entity, world.routes[strong][0]) == 1
    assert world.recall(entity, world.routes[weak][0]) == 1 / 40


def test_the_reliability_is_dealt_to_what_is_general_in_turn() -> None:
    world = World(WorldDials(entities=40, reliability=(0.2, 0.9)), 2)
    dealt = [world.recall(finding, "remedy") for finding in world.values["marker"]]
    assert dealt == [0.2, 0.9] * 20


def test_a_ward_gives_the_answer_away_as_often_as_the_dial_says() -> None:
    world = World(WorldDials(entities=400, answers=20), 2)

    def leaks(shortcut: float) -> int:
        asked = [world.question(e, shortcut=shortcut) for e in world.diseases]
        return sum(q.ward == world.wards[world.drugs.index(q.answer)] for q in asked)

    assert leaks(1.0) == 400
    assert leaks(0.0) < 50  # a ward drawn at random is the right one in one of twenty
    assert 190 < leaks(0.5) < 270
    assert world.question(world.diseases[0]).ward is None


IMPOSSIBLE = [
    ({"entities": MOST_ENTITIES + 1}, "entities 2401: choose 8 to 2400"),
    ({"entities": 0}, "entities 0"),
    ({"hops": 0}, "hops 0: choose 1 to 6"),
    ({"hops": 7}, "hops 7"),
    ({"answers": 1}, "answers 1"),
    ({"findings": 10}, "fewer than the answers"),
    ({"options": 8, "answers": 4}, "more than there are answers"),
    ({"never_shown": 1.0}, "would show nothing"),
    ({"never_shown": 1.5}, "a share lies between 0 and 1"),
    ({"exposure": "often"}, "choose uniform or zipf"),
    ({"reliability": ()}, "names no share"),
    ({"reliability": (0.5, 1.2)}, "reliability 1.2"),
    ({"paraphrases": 4}, "paraphrases 4"),
    ({"modulus": 1}, "modulus 1"),
]


@pytest.mark.parametrize(("dials", "told"), IMPOSSIBLE)
def test_an_impossible_world_is_refused_in_one_line(dials: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as refused:
        WorldDials(**dials)  # type: ignore[arg-type]
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "dials", [{"filler": -0.1}, {"filler": 6}, {"corruption": 2}, {"shortcut": -1}, {"off_topic": 9}, {"slips": 1.1}]
)
def test_impossible_traces_are_refused_in_one_line(dials: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(dials))):
        TraceDials(**dials)  # type: ignore[arg-type]


def test_the_largest_world_has_names_for_all() -> None:
    world = World(WorldDials(entities=MOST_ENTITIES, findings=240, answers=60, hops=3), 1)
    assert len(set(world.diseases)) == MOST_ENTITIES


def test_more_things_than_names_are_refused() -> None:
    with pytest.raises(InputError, match="choose fewer"):
        names("drug", 3_000, 1)


def test_distractors_are_facts_that_no_question_needs() -> None:
    world = World(SMALL, 1)
    entity = world.diseases[0]
    needed = {fact.relation for fact in world.required(entity)}
    assert needed == {"marker", "remedy", "carrier", "antidote"}
    assert all(world.value(entity, relation) is not None and relation not in needed for relation in DISTRACTORS)
