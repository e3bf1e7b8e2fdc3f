"""The cues of a text beside the answer head: each found where it should be, none where it should not."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.models.builtin import WEIGHTS, BuiltinModel, Settings
from knowreason.models.cues import CueReader, CueWeights, parts, read_all, weigh
from knowreason.records import Observation

METALS = ("copper", "tin", "a mixture of lead and zinc")
LABELS = ("A", "B", "C")


def metals(text: str) -> dict[str, list[float]]:
    reader = CueReader("Which metal is it?", METALS, LABELS)
    return {name: [round(float(v), 3) for v in values] for name, values in reader.read(text).values.items()}


def test_a_telling_fades_until_another_one_takes_its_place() -> None:
    late = "So the metal is tin. The sample is cold. It was found in May."
    assert metals(late)["told_late"] == [0, pytest.approx(0.64 * math.log1p(len(late) / 200), abs=0.001), 0]
    assert metals(late)["told_last"] == [0, 0, 0]
    assert metals("So it is tin.")["told_last"] == metals("So it is tin.")["word_for_word"] == [0, 1, 0]
    assert metals("So it is tin. No, it is copper.")["told_last"] == [1, 0, 0]


def test_a_text_counts_as_far_as_it_is_about_the_question_and_its_options() -> None:
    question = "Which of the soft metals melts at the lowest temperature under normal pressure, tested in dry air?"
    reader = CueReader(question, METALS, LABELS)
    about = [reader.read(text).relevance for text in ("", "It is cold.", "Tin.", "Soft tin.", "Soft metals melt: tin.")]
    assert about[:2] == [0, 0]
    assert 0 < about[2] < about[3] < about[4] == 1
    whole, part = (
        reader.read(text).values["told_late"][1] for text in ("So the soft metals are tin.", "So it is tin.")
    )
    assert 0 < part < whole / 2
    assert CueReader("Is it?", ("", ""), LABELS[:2]).read("So it is.").relevance == 1


def test_after_a_text_about_something_else_the_belief_is_that_before_any() -> None:
    after, before = np.log([0.7, 0.2, 0.1]), np.log([0.2, 0.3, 0.5])
    cues = CueReader("Which metal is it?", METALS, LABELS).read("The weather was fine.")
    assert cues.relevance == 0
    assert weigh(CueWeights(), parts(cues, after, before)).tolist() == before.tolist()


def test_a_telling_that_is_taken_back_tells_nothing() -> None:
    assert metals("So the metal is tin. But it is not tin.")["told_late"] == [0, 0, 0]


def test_shared_words_are_those_of_the_option_that_the_question_does_not_hold() -> None:
    assert metals("The metal lead melts early.")["shared"] == [0, 0, pytest.approx(1 / 3, abs=0.001)]
    reader = CueReader("Is it tin or copper?", ("tin", "copper"), ("A", "B"))
    assert reader.read("Tin is cheap.").values["shared"].tolist() == [0, 0]


def test_the_last_number_counts_with_its_rounding() -> None:
    reader = CueReader("How fast does it fall?", ("16 m/s", "25 m/s"), ("A", "B"))
    assert reader.read("It falls fast for 2 s. Then v = 16.0 m/s.").values["number"].tolist() == [1, 0]
    assert reader.read("It falls for 2 s.").values["number"].tolist() == [0, 0]


def test_a_formal_statement_counts_by_letter_or_by_value() -> None:
    assert metals("The answer is (C).")["stated"] == [0, 0, 1]
    reader = CueReader("How much is it?", ("12", "15"))
    assert reader.read("The answer is 15.").values["stated"].tolist() == [0, 1]
    assert reader.read("It may be 15.").values["stated"].tolist() == [0, 0]


def test_nothing_is_read_from_an_empty_text() -> None:
    assert all(values == [0, 0, 0] for values in metals("").values())


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_any_text_gives_a_finite_number_for_every_option(text: str, candidates: list[str]) -> None:
    for labels in ((), tuple("ABCDE"[: len(candidates)])):
        found = CueReader("Which one?", candidates, labels).read(text)
        assert 0 <= found.relevance <= 1
        assert set(found.values) == set(CueWeights.__struct_fields__) - {"belief", "before"}
        assert all(values.shape == (len(candidates),) and np.isfinite(values).all() for values in found.values.values())


def test_belief_alone_is_the_head_alone() -> None:
    belief = np.log(np.array([0.2, 0.3, 0.5]))
    cues = CueReader("Which metal is it?", METALS, LABELS).read("So the metal is tin.")
    assert weigh(CueWeights(), parts(cues, belief, -belief)).tolist() == belief.tolist()
    leaning = weigh(CueWeights(belief=0.5, told_last=2.0), parts(cues, belief, -belief))
    assert leaning == pytest.approx(0.5 * belief + np.array([0, 2.0, 0]))


def test_options_change_their_places_and_keep_their_cues() -> None:
    text = "Tin is soft. So it is tin. It weighs 16 g."
    turned = CueReader("Which metal is it?", METALS[::-1], LABELS).read(text).values
    for name, values in CueReader("Which metal is it?", METALS, LABELS).read(text).values.items():
        assert values.tolist() == turned[name][::-1].tolist(), name


def test_texts_of_one_question_are_read_alike_together_and_alone() -> None:
    one = Observation(question="Which metal is it?", prefix="", candidates=METALS, labels=LABELS)
    texts = ["", "So it is tin.", "So it is tin. No, it is copper."]
    together = read_all([(one, text) for text in texts])
    for text, found in zip(texts, together, strict=True):
        (alone,) = read_all([(one, text)])
        assert found.relevance == alone.relevance
        assert {k: v.tolist() for k, v in found.values.items()} == {k: v.tolist() for k, v in alone.values.items()}


def test_the_shipped_observer_follows_what_is_told_and_what_is_stated() -> None:
    model = BuiltinModel()
    question = "Which metal is it?"
    before, told, stated = (
        np.exp(model.observe([Observation(question=question, prefix=text, candidates=METALS, labels=LABELS)])[0])
        for text in ("It is a soft metal. ", "It is a soft metal. So it is tin. ", "It is soft. The answer is (C). ")
    )
    assert told[1] > before[1]
    assert stated[2] > 0.9
    assert before.sum() == pytest.approx(1)


@pytest.mark.parametrize("labels", [("A", "A", "C"), ("", "", ""), ("", "B", "C")])
def test_labels_that_tell_no_options_apart_are_not_read(labels: tuple[str, ...]) -> None:
    found = CueReader("Which metal is it?", METALS, labels).read("The metal is tin. The answer is (A).").values
    assert {values.shape for values in found.values()} == {(3,)}
    assert found["told_late"][1] > 0
    assert found["stated"].tolist() == [0, 0, 0]
    one = Observation(question="Which metal is it?", prefix="So it is tin.", candidates=METALS, labels=labels)
    assert np.exp(BuiltinModel().observe([one])[0]).sum() == pytest.approx(1)


def test_equal_options_have_equal_cues() -> None:
    found = CueReader("Which metal is it?", ("tin", "zinc", "tin")).read("So it is tin.").values
    assert found["told_last"].tolist() == found["word_for_word"].tolist() == [1, 0, 1]


def test_a_text_that_states_two_answers_states_none() -> None:
    text = "The answer is (A). Wait, copper does not fit. The answer is (C)."
    assert metals(text)["stated"] == [0, 0, 0]
    assert metals("The answer is (C). So the answer is (C).")["stated"] == [0, 0, 1]


def test_a_letter_that_only_looks_like_a_key_states_nothing() -> None:
    found = CueReader("Is it?", ("right", "wrong"), ("yi", "no")).read("The answer is y\u0131. ").values
    assert found["stated"].tolist() == [0, 0]


def test_an_exact_number_goes_before_a_near_one() -> None:
    reader = CueReader("When did it end?", ("1914", "1918", "1939"), LABELS)
    assert reader.read("It did end in 1918.").values["number"].tolist() == [0, 1, 0]
    assert reader.read("It did end in 1916.").values["number"].tolist() == [1, 1, 0]


def test_the_model_weighs_the_cues_as_its_settings_say(tmp_path: Path) -> None:
    for file in WEIGHTS.iterdir():
        (tmp_path / file.name).symlink_to(file)
    settings = msgspec.json.decode((WEIGHTS / "settings.json").read_bytes(), type=Settings)
    asked = Observation(
        question="Which soft metal is it?", prefix="The metal is tin.", candidates=METALS, labels=LABELS
    )

    def model(cues: CueWeights) -> BuiltinModel:
        (tmp_path / "settings.json").unlink()
        (tmp_path / "settings.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(settings, cues=cues)))
        return BuiltinModel(tmp_path)

    weights = CueWeights(belief=0.5, before=0.25, told_last=2.0, shared=1.0)
    weighing = model(weights)
    after, before = weighing.beliefs([asked, msgspec.structs.replace(asked, prefix="")])
    scores = weigh(weights, parts(CueReader(asked.question, METALS, LABELS).read(asked.prefix), after, before))
    observed = np.array(weighing.observe([asked])[0])
    assert observed == pytest.approx(scores - np.logaddexp.reduce(scores))
    assert observed.argmax() == 1
