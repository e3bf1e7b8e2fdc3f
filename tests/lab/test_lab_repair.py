"""Oracle repair: what was broken on purpose is what the repair finds."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.repair import Reasoned, claims_repaired, deficits, inferences_repaired
from knowreason.lab.world import Fact, World
from knowreason.lab.writing import Written, write_trace

WORLD = World(WorldDials(entities=60, answers=6, findings=12), 3)


def reasoned(written: Written) -> Reasoned:
    return Reasoned(written.question, tuple(s.fact for s in written.sentences if s.fact), written.answer)


def traces(seed: int, **dials: float) -> list[Reasoned]:
    draw = random.Random(seed)
    chosen = TraceDials(**{"off_topic": 0.4, **dials})  # type: ignore[arg-type]
    return [reasoned(write_trace(WORLD, WORLD.question(e), chosen, draw)) for e in WORLD.diseases]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 1.0]))
def test_looking_every_claim_up_mends_all_that_false_claims_broke(seed: int, both: float) -> None:
    broken = traces(seed, corruption=0.5, slips=0.0, both_routes=both)
    assert all(claims_repaired(WORLD, t) == t.question.answer for t in broken)
    found = deficits(WORLD, broken)
    assert found.errors > 0
    assert found.knowledge == found.errors
    assert found.reasoning == 0
    assert found.regime == "knowledge_bound"


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 1.0]))
def test_going_on_from_the_hop_before_mends_all_that_slips_broke(seed: int, both: float) -> None:
    broken = traces(seed, corruption=0.0, slips=0.5, both_routes=both)
    assert all(inferences_repaired(WORLD, t) == t.question.answer for t in broken)
    found = deficits(WORLD, broken)
    assert found.errors > 0
    assert found.reasoning == found.errors
    assert found.regime == "reasoning_bound"


def test_right_answers_have_no_deficit_and_equal_deficits_separate_nothing() -> None:
    found = deficits(WORLD, traces(1, corruption=0.0, slips=0.0))
    assert (found.errors, found.knowledge, found.reasoning) == (0, 0, 0)
    assert found.regime == "not_separable"


def test_a_false_claim_and_a_slip_together_are_mended_by_neither_alone() -> None:
    entity = WORLD.diseases[0]
    question = WORLD.question(entity)
    right = WORLD.answers[entity]
    false = next(v for v in WORLD.values["marker"] if WORLD.drug_reached("marker", v) != right)
    other = next(
        v
        for v in WORLD.values["marker"]
        if WORLD.drug_reached("marker", v) not in {right, WORLD.drug_reached("marker", false)}
    )
    drug = WORLD.drug_reached("marker", other)
    facts = (Fact(entity, "marker", false), Fact(other, "remedy", drug))  # a false claim, then a slip to a third marker
    both = Reasoned(question, facts, drug)
    assert claims_repaired(WORLD, both) == drug != right
    assert inferences_repaired(WORLD, both) == WORLD.drug_reached("marker", false) != right
    assert deficits(WORLD, [both]) == (1, 1, 0, 0)


def test_a_trace_that_states_no_claim_can_be_mended_by_nothing() -> None:
    question = WORLD.question(WORLD.diseases[0])
    wrong = next(d for d in question.options.values() if d != question.answer)
    assert deficits(WORLD, [Reasoned(question, (), wrong)]) == (1, 1, 0, 0)
    assert deficits(WORLD, [Reasoned(question, (), None)]) == (1, 1, 0, 0)
