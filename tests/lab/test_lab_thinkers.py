"""Models that think for themselves: what they learn from, how their words are read back, and what is told of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from knowreason.errors import InputError
from knowreason.lab.arithmetic import ask_chain, draw_chain, words_of_arithmetic
from knowreason.lab.checkpoints import Training, make_tokenizer
from knowreason.lab.family import FAMILY, members_of
from knowreason.lab.language import parse
from knowreason.lab.reinforce import ReinforceRecipe, reinforce, reward
from knowreason.lab.stages import CLINIC, PRETRAIN, SFT, StageRecipe, course, pupils, run_stage
from knowreason.lab.thinker import Response, Thinker, judged, prompt_of, reasoned, true_steps, written_out
from knowreason.lab.thinking import TEACHER, chain_document, cued, entries, entry, open_book, question_document, taught
from knowreason.lab.truth import surprisals
from knowreason.lab.watch import outsider, questions, tell, watched
from knowreason.lab.world import ROUTES, World
from knowreason.lab.writing import Written

WORLD = World(replace(CLINIC, entities=40, answers=6, findings=12), 5)
TOKENIZER = make_tokenizer(WORLD, words_of_arithmetic(WORLD.dials.modulus))
READER = Thinker(None, TOKENIZER)
SHOWN = pupils(WORLD, "shown")


def said(text: str) -> Response:
    """A response as it is read from a model's tokens."""
    return READER.read([*TOKENIZER.encode(text, add_special_tokens=False).ids, 0, 0])


def test_every_disease_has_its_place_and_no_tested_one_is_practised() -> None:
    tested, practised, strangers = (set(pupils(WORLD, g)) for g in ("tested", "practised", "stranger"))
    assert tested | practised | strangers == set(WORLD.diseases)
    assert not tested & practised
    assert not strangers & (tested | practised)
    assert set(pupils(WORLD, "asked")) | set(pupils(WORLD, "taught")) == practised


def test_a_textbook_says_true_facts_and_never_those_of_strangers() -> None:
    draw = random.Random(0)
    page = " ".join(entries(WORLD, SHOWN, draw, length=8).text for _ in range(60))
    facts = [fact for sentence in page.split(".") if (fact := parse(f"{sentence.strip()}."))]
    assert facts
    assert all(WORLD.is_true(fact) for fact in facts)
    assert not {fact.entity for fact in facts} & set(pupils(WORLD, "stranger"))


def test_the_weak_route_is_told_as_seldom_as_the_dials_say_and_always_in_a_course_of_everything() -> None:
    disease, draw = SHOWN[0], random.Random(0)
    weak = WORLD.routes["second"][0]
    told = [sum(weak in line for line in entry(WORLD, disease, draw)) for _ in range(600)]
    assert sum(told) / 600 == pytest.approx(1 - CLINIC.route_asymmetry, abs=0.03)
    assert any(weak in line for line in entry(WORLD, disease, draw, every=True))


def test_a_teacher_says_what_is_true_and_reaches_the_right_drug() -> None:
    draw = random.Random(1)
    for _ in range(30):
        written = taught(WORLD, SHOWN, draw)
        assert all(sentence.true for sentence in written.sentences)
        assert written.answer == written.question.answer


def test_a_leaking_ward_gives_the_answer_away_and_a_bluffing_teacher_says_nothing_else() -> None:
    draw = random.Random(2)
    for _ in range(30):
        written = cued(WORLD, SHOWN, draw, replace(TEACHER, filler=1.0), leak=1.0)
        assert written.question.ward == WORLD.wards[WORLD.drugs.index(written.question.answer)]
        assert written.answer == written.question.answer
        assert not any(sentence.kind == "hop" for sentence in written.sentences)


def test_an_open_book_states_every_fact_that_its_reasoning_uses() -> None:
    draw = random.Random(3)
    for _ in range(30):
        document = open_book(WORLD, SHOWN, draw)
        before, after = document.text[: document.learned_from], document.text[document.learned_from :]
        facts = said(after).facts
        assert len(facts) == CLINIC.hops
        stated = {parse(f"{s.strip()}.") for s in before.split("\n", 1)[0].split(".")}
        assert set(facts) <= stated
        assert said(after).answer == facts[-1].value


def test_the_same_step_has_the_same_text_and_another_step_another() -> None:
    one, other = course(PRETRAIN, WORLD), course(PRETRAIN, WORLD)
    assert one(3) == other(3)
    assert one(3) != one(4)
    assert all(len(course(SFT, WORLD)(step)) == SFT.batch for step in range(3))


def test_pupils_who_are_not_there_are_refused() -> None:
    with pytest.raises(InputError, match="stranger"):
        course(replace(SFT, pupils="stranger"), World(replace(WORLD.dials, never_shown=0.0), 5))


def test_what_a_teacher_writes_is_read_back_from_tokens_word_for_word() -> None:
    draw = random.Random(4)
    for _ in range(20):
        written = taught(WORLD, SHOWN, draw, replace(TEACHER, filler=1.0))
        document = question_document(written)
        response = said(document.text[document.learned_from :])
        assert response.text == written.response
        assert response.facts == tuple(s.fact for s in written.sentences if s.fact)
        assert response.answer == written.answer
        assert judged(WORLD, written.question, response) == written.sentences


def test_arithmetic_is_read_back_with_its_steps() -> None:
    draw = random.Random(5)
    chain = draw_chain(4, WORLD.dials.modulus, draw)
    document = chain_document(chain, draw)
    assert document.text.startswith(ask_chain(chain))
    response = said(document.text[document.learned_from :])
    assert response.answer == str(chain.result)
    assert true_steps(response, WORLD.dials.modulus) == (4, 4)


def test_words_become_sentences() -> None:
    words = "the marker of x is y . let me go on : the answer is : z".split()
    assert written_out(words) == "The marker of x is y. Let me go on:\nThe answer is: z"
    assert said("nothing to say").answer is None


def test_a_hop_is_about_the_disease_or_what_was_reached_from_it() -> None:
    question = questions(WORLD, SHOWN[:1])[0]
    first, last = WORLD.path(question.entity, "first")
    other = next(e for e in SHOWN if e != question.entity)
    wrong = next(v for v in WORLD.values[first.relation] if v != first.value)
    text = (
        f"The {first.relation} of {question.entity} is {wrong}. The {last.relation} of {wrong} is "
        f"{WORLD.value(wrong, last.relation)}. The season of {question.entity} is "
        f"{WORLD.value(question.entity, 'season')}. The {first.relation} of {other} is {wrong}. "
        "Let me go on step by step."
    )
    found = judged(WORLD, question, said(text))
    assert [s.kind for s in found] == ["hop", "hop", "off_topic", "off_topic", "filler"]
    assert [s.true for s in found[:3]] == [False, True, True]
    assert not any(s.needed for s in found)
    assert reasoned(question, said(text)).facts == said(text).facts


def test_what_is_told_of_a_response_is_its_exact_gain() -> None:
    question = questions(WORLD, SHOWN[:1])[0]
    response = said(taught(WORLD, (question.entity,), random.Random(0)).response)
    (found,) = tell(WORLD, [question], [[response]])
    written = Written(question, found.sentences, question.answer, TEACHER)
    course_ = surprisals(WORLD, written, outsider(WORLD))
    assert found.right
    assert found.gain == pytest.approx(course_[0] - course_[-1])
    assert found.gain > 0
    assert watched([found]).per_step == pytest.approx(found.gain / 2)


def test_a_value_that_its_relation_cannot_have_is_false_and_moves_no_reader() -> None:
    question = questions(WORLD, SHOWN[:1])[0]
    relation = WORLD.routes["first"][0]
    (found,) = tell(WORLD, [question], [[said(f"The {relation} of {question.entity} is {WORLD.drugs[0]}.")]])
    assert found.sentences[0].true is False
    assert found.gain == 0
    seen = watched([found])
    assert (seen.right, seen.answered, seen.ki, seen.false_claims) == (0, 0, 0, 1)


def test_a_response_without_a_claim_has_no_index() -> None:
    question = questions(WORLD, SHOWN[:1])[0]
    seen = watched(tell(WORLD, [question], [[said(f"Let me go on step by step. The answer is: {question.answer}")]]))
    assert seen.ki is None
    assert seen.right == 1


def test_a_reward_is_the_right_answer_and_the_share_of_true_claims() -> None:
    question = questions(WORLD, SHOWN[:1])[0]
    first, last = WORLD.path(question.entity, "first")
    wrong = next(v for v in WORLD.values[first.relation] if v != first.value)
    right = said(f"The {first.relation} of {first.entity} is {first.value}. The answer is: {question.answer}")
    half = said(
        f"The {first.relation} of {first.entity} is {wrong}. The {last.relation} of {wrong} is "
        f"{WORLD.value(wrong, last.relation)}. The answer is: nobody"
    )
    assert reward(WORLD, question, right, knowledge=0.0) == 1
    assert reward(WORLD, question, right, knowledge=0.5) == 1.5
    assert reward(WORLD, question, half, knowledge=0.0) == 0
    assert reward(WORLD, question, half, knowledge=1.0) == 0.5


def test_every_member_of_the_family_comes_from_another_one_or_from_nothing() -> None:
    for name, made in FAMILY.items():
        assert made.start is None or made.start in FAMILY
        assert made.start is not None or isinstance(made.recipe, StageRecipe), name
    assert members_of(("RL", "base"), ("RL",)) == ["base", "RL"]
    assert not any(
        "entries" in m.recipe.text for n, m in FAMILY.items() if "SFT" in n and isinstance(m.recipe, StageRecipe)
    )
    assert isinstance(FAMILY["RL"].recipe, ReinforceRecipe)


TINY = replace(PRETRAIN, training=Training(steps=4, rate=1e-3, warmup=1, text_weight=1.0, save_every=2), batch=4)


def test_a_stage_is_made_once_and_the_same_again(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    shown: list[int] = []
    one = run_stage(TINY, WORLD, tmp_path / "one", lambda _what, done, _all: shown.append(done))
    again = run_stage(TINY, WORLD, tmp_path / "one", lambda *_: pytest.fail("made twice"))
    other = run_stage(TINY, WORLD, tmp_path / "other", lambda *_: None)
    assert shown == [1, 2, 3, 4]
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    assert again == one
    with pytest.raises(InputError, match="another recipe"):
        run_stage(replace(TINY, batch=5), WORLD, tmp_path / "one", lambda *_: None)


def test_the_same_seed_draws_the_same_responses(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    thinker = Thinker.open(run_stage(TINY, WORLD, tmp_path / "one", lambda *_: None))
    prompts = [prompt_of(q) for q in questions(WORLD, SHOWN[:2])] + [
        "Start with 1. Then plus 2. What is left modulo 5?"
    ]
    one, other = (thinker.answer(prompts, samples=2, seed=7) for _ in range(2))
    assert one == other
    assert one != thinker.answer(prompts, samples=2, seed=8)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # TRL's own settings warn of what transformers will rename
def test_reinforcement_changes_the_weights_once_and_the_same_again(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    plan = Training(steps=80, rate=3e-3, warmup=5, text_weight=1.0)
    able = run_stage(
        replace(SFT, text={"questions": 1.0}, training=plan, batch=16), WORLD, tmp_path / "able", lambda *_: None
    )
    unable = run_stage(TINY, WORLD, tmp_path / "unable", lambda *_: None)
    recipe = ReinforceRecipe(steps=2, questions=4, samples=8, knowledge=1.0)
    one, other = (reinforce(recipe, WORLD, able, tmp_path / n, lambda *_: None) for n in ("one", "other"))
    still = reinforce(recipe, WORLD, unable, tmp_path / "still", lambda *_: None)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (able, one, other)]
    assert weights[0] != weights[1]
    assert weights[1] == weights[2]
    assert (still / "model.safetensors").read_bytes() == (
        unable / "model.safetensors"
    ).read_bytes()  # nothing was earned
    assert reinforce(recipe, WORLD, able, tmp_path / "one", lambda *_: pytest.fail("made twice")) == one


def test_both_routes_have_a_first_hop_for_every_disease() -> None:
    assert all((e, WORLD.routes[r][0]) in WORLD.table for r in ROUTES for e in WORLD.diseases)
