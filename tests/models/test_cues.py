"""The cues of a text beside the answer head: each found where it should be, none where it should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.models.builtin import WEIGHTS, BuiltinModel, Settings
from knowreason.models.cues import CueReader, CueWeights, read_all, weigh
from knowreason.records import Observation

METALS = ("copper", "tin", "a mixture of lead and zinc")
LABELS = ("A", "B", "C")


def metals(text: str) -> dict[str, list[float]]:
    reader = CueReader("Which metal is it?", METALS, LABELS)
    return {name: [round(float(v), 3) for v in values] for name, values in reader.read(text).items()}


def test_a_telling_fades_until_another_one_takes_its_place() -> None:
    assert metals("So it is tin.")["told"] == [0, 1, 0]
    assert metals("So it is tin. The sample is cold. It was found in May.")["told"] == [0, 0.64, 0]
    assert metals("So it is tin. No, it is copper.")["told"] == [1, 0, 0]
    assert metals("So it is tin.")["word_for_word"] == [0, 1, 0]


def test_a_telling_that_is_taken_back_tells_nothing() -> None:
    assert metals("So it is tin. But it is not tin.")["told"] == [0, 0, 0]


def test_shared_words_are_those_of_the_option_that_the_question_does_not_hold() -> None:
    assert metals("Lead melts early.")["shared"] == [0, 0, pytest.approx(1 / 3, abs=0.001)]
    reader = CueReader("Is it tin or copper?", ("tin", "copper"), ("A", "B"))
    assert reader.read("Tin is cheap.")["shared"].tolist() == [0, 0]


def test_the_last_number_counts_with_its_rounding() -> None:
    reader = CueReader("How fast is it?", ("16 m/s", "25 m/s"), ("A", "B"))
    assert reader.read("It falls for 2 s. Then v = 16.0 m/s.")["number"].tolist() == [1, 0]
    assert reader.read("It falls for 2 s.")["number"].tolist() == [0, 0]


def test_a_formal_statement_counts_by_letter_or_by_value() -> None:
    assert metals("The answer is (C).")["stated"] == [0, 0, 1]
    reader = CueReader("How much is it?", ("12", "15"))
    assert reader.read("The answer is 15.")["stated"].tolist() == [0, 1]
    assert reader.read("It may be 15.")["stated"].tolist() == [0, 0]


def test_nothing_is_read_from_an_empty_text() -> None:
    assert all(values == [0, 0, 0] for values in metals("").values())


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_any_text_gives_a_finite_number_for_every_option(text: str, candidates: list[str]) -> None:
    for labels in ((), tuple("ABCDE"[: len(candidates)])):
        found = CueReader("Which one?", candidates, labels).read(text)
        assert set(found) == set(CueWeights.__struct_fields__) - {"belief"}
        assert all(values.shape == (len(candidates),) and np.isfinite(values).all() for values in found.values())


def test_belief_alone_is_the_head_alone() -> None:
    belief = np.log(np.array([0.2, 0.3, 0.5]))
    cues = CueReader("Which metal is it?", METALS, LABELS).read("So it is tin.")
    assert weigh(CueWeights(), belief, cues).tolist() == belief.tolist()
    leaning = weigh(CueWeights(belief=0.5, told=2.0), belief, cues)
    assert leaning == pytest.approx(0.5 * belief + np.array([0, 2.0, 0]))


def test_options_change_their_places_and_keep_their_cues() -> None:
    text = "Tin is soft. So it is tin. It weighs 16 g."
    turned = CueReader("Which metal is it?", METALS[::-1], LABELS).read(text)
    for name, values in CueReader("Which metal is it?", METALS, LABELS).read(text).items():
        assert values.tolist() == turned[name][::-1].tolist(), name


def test_texts_of_one_question_are_read_alike_together_and_alone() -> None:
    one = Observation(question="Which metal is it?", prefix="", candidates=METALS, labels=LABELS)
    texts = ["", "So it is tin.", "So it is tin. No, it is copper."]
    together = read_all([(one, text) for text in texts])
    for text, found in zip(texts, together, strict=True):
        (alone,) = read_all([(one, text)])
        assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in alone.items()}


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
    found = CueReader("Which metal is it?", METALS, labels).read("So it is tin. The answer is (A).")
    assert {values.shape for values in found.values()} == {(3,)}
    assert found["told"].tolist() == [0, 0.8, 0]
    assert found["stated"].tolist() == [0, 0, 0]
    one = Observation(question="Which metal is it?", prefix="So it is tin.", candidates=METALS, labels=labels)
    assert np.exp(BuiltinModel().observe([one])[0]).sum() == pytest.approx(1)


def test_equal_options_have_equal_cues() -> None:
    found = CueReader("Which metal is it?", ("tin", "zinc", "tin")).read("So it is tin.")
    assert found["told"].tolist() == found["word_for_word"].tolist() == [1, 0, 1]


def test_a_text_that_states_two_answers_states_none() -> None:
    text = "The answer is (A). Wait, copper does not fit. The answer is (C)."
    assert metals(text)["stated"] == [0, 0, 0]
    assert metals("The answer is (C). So the answer is (C).")["stated"] == [0, 0, 1]


def test_a_letter_that_only_looks_like_a_key_states_nothing() -> None:
    found = CueReader("Is it?", ("right", "wrong"), ("yi", "no")).read("The answer is y\u0131. ")
    assert found["stated"].tolist() == [0, 0]


def test_an_exact_number_goes_before_a_near_one() -> None:
    reader = CueReader("When did it end?", ("1914", "1918", "1939"), LABELS)
    assert reader.read("It ended in 1918.")["number"].tolist() == [0, 1, 0]
    assert reader.read("It ended in 1916.")["number"].tolist() == [1, 1, 0]


def test_the_model_weighs_the_cues_as_its_settings_say(tmp_path: Path) -> None:
    for file in WEIGHTS.iterdir():
        (tmp_path / file.name).symlink_to(file)
    settings = msgspec.json.decode((WEIGHTS / "settings.json").read_bytes(), type=Settings)
    asked = Observation(question="Which metal is it?", prefix="So it is tin.", candidates=METALS, labels=LABELS)

    def observed(cues: CueWeights) -> np.ndarray[Any, Any]:
        (tmp_path / "settings.json").unlink()
        (tmp_path / "settings.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(settings, cues=cues)))
        return np.array(BuiltinModel(tmp_path).observe([asked])[0])

    belief, weights = observed(CueWeights()), CueWeights(belief=0.5, told=2.0, shared=1.0)
    scores = weigh(weights, belief, CueReader(asked.question, METALS, LABELS).read(asked.prefix))
    assert observed(weights) == pytest.approx(scores - np.logaddexp.reduce(scores))
    assert observed(weights).argmax() == 1
