"""The training text: what a perfect reader of it believes is the declared posterior, and how it becomes arrays."""

from __future__ import annotations

import random
from collections import Counter
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.errors import InputError
from knowreason.lab.batches import IGNORED, batch
from knowreason.lab.checkpoints import BEGIN, UNKNOWN, make_tokenizer
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.documents import CUE, Document, Variant, asked, fact_document, reading_document, variant_trace
from knowreason.lab.probe import opening, probe
from knowreason.lab.recipes import ObserverRecipe, observer_text
from knowreason.lab.truth import posterior, table_reader
from knowreason.lab.world import ROUTES, World
from knowreason.models.scripted import Scripted
from knowreason.records import Continuation

WORLD = World(
    WorldDials(entities=24, answers=5, findings=10, never_shown=0.5, reliability=(0.3, 0.8), paraphrases=3), 9
)
STRANGERS = WORLD.of_split("stranger")
DIALS = TraceDials(filler=0.5, corruption=0.2, off_topic=0.5)
TOKENIZER = make_tokenizer(WORLD)


def text_of(seed: int) -> Document:
    return reading_document(WORLD, STRANGERS, random.Random(seed), DIALS)


def test_a_fact_stands_as_the_table_has_it_as_often_as_the_dials_say() -> None:
    draw = random.Random(1)
    for finding in WORLD.values["marker"][:2]:
        right = WORLD.table[finding, "remedy"]
        seen = Counter(Variant(WORLD, draw)(finding, "remedy") for _ in range(2000))
        assert seen[right] / 2000 == pytest.approx(WORLD.recall(finding, "remedy"), abs=0.035)
        assert set(seen) == set(WORLD.drugs)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_both_routes_of_a_document_lead_to_its_answer(seed: int) -> None:
    draw = random.Random(seed)
    held = Variant(WORLD, draw)
    entity = draw.choice(STRANGERS)
    right = held.settle(entity)
    assert {held.reached(entity, route) for route in ROUTES} == {right}


def test_the_declared_reader_is_calibrated_on_the_text() -> None:
    # he is right as often as he is sure: the chance he gives to what is true is on average sum of p squared
    draw = random.Random(4)
    reader = table_reader(WORLD, trust=1 - DIALS.corruption)
    apart: list[float] = []
    for _ in range(1500):
        trace = variant_trace(WORLD, STRANGERS, draw, DIALS)
        read = trace.sentences[: draw.randint(0, len(trace.sentences))]
        found = posterior(WORLD, trace.question, [s.fact for s in read if s.fact], reader)
        apart.append(found[trace.question.answer] - sum(p * p for p in found.values()))
    error = stdev(apart) / len(apart) ** 0.5
    assert abs(fmean(apart)) < 3 * error
    assert error < 0.01


def test_a_reader_who_trusts_too_much_is_not_calibrated_on_it() -> None:
    draw = random.Random(4)
    reader = table_reader(WORLD, trust=0.999)
    apart: list[float] = []
    for _ in range(1500):
        trace = variant_trace(WORLD, STRANGERS, draw, DIALS)
        found = posterior(WORLD, trace.question, [s.fact for s in trace.sentences if s.fact], reader)
        apart.append(found[trace.question.answer] - sum(p * p for p in found.values()))
    assert fmean(apart) < -3 * stdev(apart) / len(apart) ** 0.5


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_every_word_that_the_lab_writes_is_one_token_of_its_models(seed: int) -> None:
    draw = random.Random(seed)
    for document in (text_of(seed), fact_document(WORLD, draw, facts=4)):
        encoded = TOKENIZER.encode(document.text)
        assert UNKNOWN not in encoded.tokens
        assert encoded.tokens[0] == BEGIN
    entity = draw.choice(WORLD.diseases)
    assert len(TOKENIZER.encode(entity, add_special_tokens=False).ids) == 1
    assert TOKENIZER.encode(entity.capitalize()).ids == TOKENIZER.encode(entity).ids
    assert UNKNOWN not in TOKENIZER.encode(asked(WORLD.question(entity, shortcut=0.5))).tokens


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4))
def test_each_answer_is_asked_with_the_text_before_it_and_nothing_else(seeds: list[int]) -> None:
    documents = [text_of(seed) for seed in seeds]
    made = batch(documents, TOKENIZER, 0)
    cue = TOKENIZER.encode(CUE, add_special_tokens=False).ids
    for row, document in enumerate(documents):
        places = np.flatnonzero(made.answers[row])
        assert len(places) == len(document.cuts)
        for place, cut in zip(places, document.cuts, strict=True):
            seen = np.flatnonzero(made.sees[row, place])
            before = TOKENIZER.encode(document.text[:cut]).ids  # opens with the mark of the beginning
            assert made.ids[row, seen].tolist() == [*before, *cue]
            assert made.positions[row, seen].tolist() == list(range(len(before) + len(cue)))
            assert made.labels[row, place] == TOKENIZER.encode(document.answer, add_special_tokens=False).ids[0]


def test_the_text_is_learned_from_the_reasoning_on() -> None:
    document = text_of(3)
    made = batch([document], TOKENIZER, 0)
    trunk = TOKENIZER.encode(document.text).ids
    question = len(TOKENIZER.encode(document.text[: document.learned_from]).ids)
    labels = made.labels[0, : len(trunk)]
    assert (labels[: question - 1] == IGNORED).all()
    assert labels[question - 1 : -1].tolist() == trunk[question:]
    assert labels[-1] == IGNORED


def test_the_text_of_a_step_depends_on_the_step_and_the_seed_alone() -> None:
    recipe = ObserverRecipe(world=WORLD.dials, documents=4)
    one, other = observer_text(recipe, WORLD), observer_text(recipe, World(WORLD.dials, 9))
    assert one(7) == other(7)
    assert one(7) != one(8)
    assert all(not d.cuts for d in one(recipe.facts_every - 1))
    assert {d.text.split("?")[0].split(" in ward")[0].split()[-1] for d in one(0)} <= set(STRANGERS)


def test_a_world_without_strangers_can_train_no_observer() -> None:
    world = World(WorldDials(entities=24, answers=5, findings=10, never_shown=0.0), 9)
    with pytest.raises(InputError, match="this world has none"):
        observer_text(ObserverRecipe(world=world.dials), world)


def test_the_closed_book_reads_the_probability_of_the_tables_value() -> None:
    finding = WORLD.values["marker"][0]
    right = WORLD.table[finding, "remedy"]

    def knows_one(asked_for: Continuation) -> list[float]:
        known = asked_for.context == opening(finding, "remedy") and asked_for.target == f" {right}"
        return [0.0 if known else -3.0]

    other = WORLD.values["marker"][1]
    found = probe(WORLD, Scripted(logprobs=knows_one), [(finding, "remedy"), (other, "remedy")])
    assert found.recall[finding, "remedy"] == pytest.approx(1 / (1 + 4 * np.exp(-3)))
    assert found.recall[other, "remedy"] == pytest.approx(1 / 5)
    assert found.knows(finding, "remedy")
    assert not found.knows(other, "remedy")
    assert found.mean(found.recall) == pytest.approx((1 / (1 + 4 * np.exp(-3)) + 0.2) / 2)


def test_the_opening_of_a_fact_ends_before_its_value() -> None:
    assert opening("belora", "marker") == "The marker of belora is"
