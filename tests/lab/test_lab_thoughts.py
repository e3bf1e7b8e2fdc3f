"""Thoughts: what a text sees of them, what they are rewarded by, and what a corpus leaves out."""

from __future__ import annotations

import random
import re
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'knowreason[lab]'")
pytest.importorskip("transformers", reason="transformers is not installed: pip install 'knowreason[lab]'")

import torch

from knowreason.errors import InputError
from knowreason.lab.checkpoints import Size, make_model, make_tokenizer
from knowreason.lab.dials import WorldDials
from knowreason.lab.language import say
from knowreason.lab.results import Cell
from knowreason.lab.thought_text import SECOND, Corpus, passage, stated_in
from knowreason.lab.thought_training import MARKS, Rows, foretell, make_head, policy_loss, rewards, rows_of, sample
from knowreason.lab.thoughts import ThoughtsPlan, run_thoughts
from knowreason.lab.world import ROUTES, Route, World

WORLD = World(WorldDials(entities=24, answers=5, findings=6, never_shown=0.25, asked=0.5), 3)
IDS = make_tokenizer(WORLD).get_vocab()
WORDS = len(IDS)
SIZE = Size(width=16, inner=32, layers=2, heads=2)
MODEL = make_model(WORDS + MARKS, SIZE, 1).eval()
HEAD = make_head(16, 0.0)
PLAN = ThoughtsPlan(
    world=WORLD.dials, wards=2, size=SIZE, texts=4, read_steps=3, think_steps=4, asked=6, save_every=2, samples=2
)


def corpus(types: tuple[Route, ...] = ROUTES, share: float = 0.5) -> Corpus:
    return Corpus(WORLD, types, wards=2, share=share, stated=0.3)


def rows(count: int, branches: int) -> Rows:
    draw = random.Random(5)
    texts = [corpus().passage(draw) for _ in range(count)]
    places = [draw.choices(text.places, k=branches) for text in texts]
    return rows_of([[0, *(IDS[word] for word in text.words)] for text in texts], places)


def thoughts_for(made: Rows, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(2, WORDS, (*made.places.shape, count), generator=generator)


def test_a_text_with_an_empty_thought_has_the_loss_of_the_text() -> None:
    made = rows(6, 3)
    told = foretell(MODEL, HEAD, made, thoughts_for(made, 0), WORDS, ahead=2)
    torch.testing.assert_close(told.after, told.without, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(told.mixed, told.without, atol=1e-5, rtol=1e-5)
    plain = MODEL(input_ids=made.ids[:1, : made.lengths[0]]).logits[0, :, :WORDS].log_softmax(-1)
    at = int(made.places[0, 0])
    expected = [-plain[at + i, made.ids[0, at + i + 1]] for i in range(2)]
    torch.testing.assert_close(told.without[0, 0], torch.stack(expected), atol=1e-5, rtol=1e-5)


def test_the_text_sees_no_thought_and_no_thought_sees_another_or_the_text_that_follows() -> None:
    made = rows(4, 2)
    thoughts = thoughts_for(made, 5)
    told = foretell(MODEL, HEAD, made, thoughts, WORDS, ahead=2)
    other = thoughts.clone()
    other[:, 1] = 2 + (other[:, 1] - 1) % (WORDS - 2)
    changed = foretell(MODEL, HEAD, made, other, WORDS, ahead=2)
    assert torch.equal(changed.text, told.text)
    assert torch.equal(changed.without, told.without)
    torch.testing.assert_close(changed.after[:, 0], told.after[:, 0])
    assert (changed.after[:, 1] - told.after[:, 1]).abs().min() > 0
    later = made.ids.clone()
    for row in range(len(later)):
        at = int(made.places[row].max()) + 3  # what is foretold stands at the two places before
        later[row, at:] = 3
    same = foretell(MODEL, HEAD, made._replace(ids=later), thoughts, WORDS, ahead=2)
    torch.testing.assert_close(same.after, told.after)
    torch.testing.assert_close(same.without, told.without)


def test_a_thought_is_read_as_if_it_stood_in_a_text_of_its_own() -> None:
    made = rows(1, 1)
    thoughts = thoughts_for(made, 4)
    told = foretell(MODEL, HEAD, made, thoughts, WORDS, ahead=1)
    at = int(made.places[0, 0])
    alone = torch.cat([made.ids[0, : at + 1], torch.tensor([WORDS]), thoughts[0, 0], torch.tensor([WORDS + 1])])
    logits = MODEL(input_ids=alone[None]).logits[0, -1, :WORDS]
    expected = -logits.log_softmax(-1)[made.ids[0, at + 1]]
    torch.testing.assert_close(told.after[0, 0, 0], expected, atol=1e-5, rtol=1e-5)


def test_the_likeliest_thought_is_the_one_that_a_text_of_its_own_would_go_on_with() -> None:
    made = rows(3, 2)
    found = sample(MODEL, made, 3, WORDS, None)
    for row in range(3):
        for branch in range(2):
            text = torch.cat([made.ids[row, : int(made.places[row, branch]) + 1], torch.tensor([WORDS])])
            for word in found[row, branch]:
                logits = MODEL(input_ids=text[None]).logits[0, -1, :WORDS]
                logits[:2] = -torch.inf
                assert int(logits.argmax()) == int(word)
                text = torch.cat([text, word[None]])


def test_only_words_are_thought_and_the_same_draw_thinks_the_same() -> None:
    made = rows(8, 4)
    one, again = (sample(MODEL, made, 6, WORDS, torch.Generator().manual_seed(s)) for s in (9, 9))
    assert torch.equal(one, again)
    assert not torch.equal(one, sample(MODEL, made, 6, WORDS, torch.Generator().manual_seed(10)))
    assert int(one.min()) >= 2
    assert int(one.max()) < WORDS


def test_a_thought_that_changes_nothing_or_harms_has_no_reward() -> None:
    without = torch.tensor([[[1.0, 0.5]] * 4])
    thought = without + torch.tensor([0.0, 0.7, -0.4, -0.1])[None, :, None]
    assert rewards(without, thought)[0].tolist() == pytest.approx([0.0, 0.0, 0.8, 0.2])


def test_thoughts_of_a_place_are_compared_among_themselves() -> None:
    sampled = torch.zeros(1, 4, 3, requires_grad=True)
    alike = policy_loss(torch.tensor([[2.0, 2.0, 0.5, 0.5]]), sampled, 2)
    alike.backward()
    assert sampled.grad is not None
    assert sampled.grad.abs().max() == 0
    sampled.grad = None
    policy_loss(torch.tensor([[2.0, 0.0, 0.5, 0.5]]), sampled, 2).backward()
    assert torch.sign(sampled.grad[0, :, 0]).tolist() == [-1, 1, 0, 0]  # what falls with the loss is made likelier


@pytest.mark.parametrize("types", [ROUTES, ("first",), ("second",), ()])
def test_a_corpus_composes_the_types_it_holds_and_no_other(types: tuple[Route, ...]) -> None:
    made, draw = corpus(types), random.Random(1)
    texts = [" ".join(made.passage(draw).words) for _ in range(400)]
    for route in ROUTES:
        first, second = WORLD.routes[route]
        assert any(f"the {second} of the {first} of" in text for text in texts) == (route in types)
        assert any(f"the {first} of" in text for text in texts)
        assert any(f"the {SECOND[route]} of" in text for text in texts)


def test_no_text_states_a_first_hop_of_a_stranger_and_composed_sentences_are_about_asked_diseases() -> None:
    made, draw = corpus(share=0.8), random.Random(2)
    texts = [made.passage(draw).words for _ in range(600)]
    for entity in WORLD.of_split("stranger"):
        for first in ("marker", "carrier"):
            assert not any(f"{first} of {entity}" in " ".join(text) for text in texts)
    composed = re.compile(r"(?:remedy|antidote) of the (?:marker|carrier) of (\w+)")
    about = {entity for text in texts for entity in composed.findall(" ".join(text))}
    later = [" ".join(made.passage(draw, later=True).words) for _ in range(400)]
    after = {entity for text in later for entity in composed.findall(text)}
    assert about | after == set(WORLD.of_split("asked"))
    assert not about & after


@pytest.mark.parametrize("route", ROUTES)
def test_a_composed_sentence_follows_from_its_two_facts(route: Route) -> None:
    made = corpus()
    for told in made.asked(route, "held_out", 12):
        assert WORLD.is_true(told.middle)
        assert told.answer == made.drug(route, told.ward, told.middle.value)
        assert told.say().endswith(f"of the {told.middle.relation} of {told.middle.entity} is {told.answer}.")
        stated = passage([say(told.middle)]).words
        assert stated_in(stated[1:], told.middle)
        assert not stated_in(stated[:-2], told.middle)


def test_wards_and_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="wards 9: choose 1 to 5"):
        Corpus(WORLD, ROUTES, wards=9, share=0.5, stated=0.5)
    with pytest.raises(InputError, match="lies between 0 and 1"):
        Corpus(WORLD, ROUTES, wards=2, share=1.5, stated=0.5)


class Stopped(Exception):  # noqa: N818 - what a user does, not a fault
    """Somebody pressed Ctrl-C."""


def test_an_interrupted_experiment_goes_on_to_the_same_figures(tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int | None) -> None:
        if stage == "both types, thoughts" and done == 3:
            raise Stopped

    whole = run_thoughts(PLAN, 3, tmp_path / "whole", lambda *_: None)
    with pytest.raises(Stopped):
        run_thoughts(PLAN, 3, tmp_path / "cut", stop)
    assert run_thoughts(PLAN, 3, tmp_path / "cut", lambda *_: None) == whole
    assert {cell.arm for cell in whole} == {
        f"{name}, {way}" for name, _ in PLAN.corpora for way in ("text", "thoughts", "pauses")
    }
    assert all(isinstance(cell, Cell) and cell.n > 0 and isinstance(cell.value, float) for cell in whole)
    with pytest.raises(InputError, match="another experiment on thoughts"):
        run_thoughts(msgspec.structs.replace(PLAN, thought=4), 3, tmp_path / "cut", lambda *_: None)
