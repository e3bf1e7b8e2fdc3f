from __future__ import annotations

import pytest
from hypothesis import given

from hostile_text import OPTIONS, REPEATED, repeated, texts
from knowreason.answers.mentions import OTHER, VALUE, Mentions, OptionReader

METALS = {"A": "iron", "B": "iron oxide", "C": "zinc", "D": "sodium chloride", "E": "copper wire"}
NUMBERS = {"A": "12 m", "B": "15 m", "C": "2\\pi m", "D": "-15 m", "E": "3.0 × 10^8 m", "F": "0.5 m"}


def read(sentence: str, options: dict[str, str] = METALS, question: str = "What rusts?") -> Mentions:
    return OptionReader(question, options, "A", None).read(sentence)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("It is iron.", "A"),
        ("IRON, as everybody knows.", "A"),
        ("The **iron** bar.", "A"),
        ("$\\text{iron}$ it is", "A"),
        ("Rust is iron oxide.", "B"),  # the longest match wins over the option it contains
        ("Environment and environs.", None),  # a match is of whole words
        ("It is not iron.", None),
        ("We can rule out iron.", None),
        ("Every metal except iron.", None),
        ("It would be incorrect to say iron.", None),
        ("Zinc rather than iron.", "C"),
        ("Iron is not the answer.", None),
        ("Iron is incorrect, as it rusts.", None),
        ("It is not iron, but zinc.", "C"),
        ("It shows no iron, zinc, or copper wire.", None),
        ("Iron and zinc are both metals.", None),  # two options, and no word that picks one
        ("Of iron and zinc the one we want is zinc.", "C"),
        ("So zinc beats iron.", "C"),
        ("Nothing is named here.", None),
        ("B) iron oxide", None),  # only repeats the option under its letter
        ("(C) zinc", None),
        ("Option (C) is incorrect.", None),
        ("Option (D) fits: chloride of sodium.", "D"),
        ("A wire made of copper.", "E"),
        ("", None),
    ],
)
def test_which_option_a_sentence_tells_as_the_result(sentence: str, told: str | None) -> None:
    assert read(sentence).told == told


@pytest.mark.parametrize(
    ("sentence", "any_named"),
    [
        ("It is not iron.", True),
        ("Iron and zinc are both metals.", True),
        ("Option (C) is incorrect.", True),
        ("See choice B.", True),
        ("See option Z.", False),
        ("Environment.", False),
        ("We think about it.", False),
    ],
)
def test_denied_options_and_letters_are_named_all_the_same(sentence: str, any_named: bool) -> None:
    assert read(sentence).any is any_named


def test_a_denied_option_is_reported_as_denied() -> None:
    assert read("It is not zinc.").denied == {"C"}
    assert read("Option (C) is incorrect.").denied == {"C"}


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("So x = 12.", "A"),
        ("Then 3 + 9 = 12 metres in all.", "A"),
        ("The height is 15.0 m.", "B"),
        ("The height is -15 m.", "D"),
        ("The height is −15 m.", "D"),
        ("The length is 2π m.", "C"),
        ("It weighs 2 kg.", None),
        ("The speed is 3 × 10⁸ m.", "E"),
        ("The share is 1/2.", "F"),
        ("We add 12 and 4 = 16.", None),  # 12 is neither a right-hand side nor the last number
        ("x = 12y", None),
        ("x^{12}", None),
        ("So it is 15.1 m.", "B"),  # rounded
        ("So it is not 12.", None),
    ],
)
def test_a_number_counts_as_a_right_hand_side_or_as_the_last_number(sentence: str, told: str | None) -> None:
    assert read(sentence, NUMBERS, "How high is the tower?").told == told


def test_a_number_copied_from_the_question_is_no_result() -> None:
    question = "A farmer with 12 sheep buys some more sheep until the farmer owns a flock. How many does he buy?"
    assert read("The farmer has a flock with 12 sheep.", NUMBERS, question).told is None
    assert read("The farmer has a flock with 15 sheep.", NUMBERS, question).told == "B"


def test_a_number_of_one_option_among_several_counts() -> None:
    options = {"A": "17.5 in, 0.35", "B": "18 in, 0.36", "C": "17 in, 0.36"}
    assert read("So d = 17.5 in.", options, "Where is the image?").told == "A"
    assert read("So the ratio is 0.36.", options, "Where is the image?").told is None


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("The heart draws its blood from the coronary vessels.", "A"),
        ("Patients who keep a steady income rarely relapse.", None),
        ("They had no earlier history of fits.", "B"),
        ("They had an earlier history of fits.", None),  # the option denies what the sentence says
        ("The dose would increase the pressure of the eye.", "C"),
        ("The dose would decrease the pressure of the eye.", "D"),
        ("More frequent in women than in men.", "F"),
    ],
)
def test_an_option_told_in_other_words(sentence: str, told: str | None) -> None:
    options = {
        "A": "The heart depends on blood supplied by its own coronary vessels",
        "B": "No earlier history of fits",
        "C": "Increased pressure of the eye",
        "D": "Decreased pressure of the eye",
        "E": "More frequent in men than women",
        "F": "More frequent in women than men",
    }
    assert OptionReader("What do we know?", options, "A", None).read(sentence).told == told


@pytest.mark.parametrize(
    "text",
    [
        "All of the above", "None of these", "None of the options are correct", "Both of the above", "A and B",
        "(a) and (c)", "A, B, and C", "Both B and C", "I and II", "I, II and III only", "II only", "1 and 2 only",
        "Neither A nor B", "Yes", "no", "maybe", "True", "Both", "", "  ",
    ],
)  # fmt: skip
def test_options_that_cannot_be_read_by_their_content(text: str) -> None:
    assert OptionReader("What?", {"A": text, "B": "zinc"}, "A", None).unreadable


@pytest.mark.parametrize(
    "text", ["vitamin A", "iron", "-14", "1.0", "All bones", "Ivy", "Vitamins A and C", "Civic pride"]
)
def test_options_that_can_be_read(text: str) -> None:
    assert not OptionReader("What?", {"A": text, "B": "zinc", "C": "14"}, "A", None).unreadable


def test_an_option_that_stands_twice_or_in_the_question_cannot_be_read() -> None:
    assert OptionReader("What?", {"A": "zinc", "B": "Zinc."}, "A", None).unreadable
    assert OptionReader("Is zinc heavy, or what?", {"A": "zinc", "B": "iron"}, "A", None).unreadable
    assert not OptionReader("Is zinc heavy, or what?", {"A": "zinc", "B": "iron"}, "B", None).unreadable


def test_naming_an_option_that_the_question_names_says_nothing() -> None:
    assert read("So, unlike zinc, iron rusts.", question="Does zinc rust?").told == "A"
    assert not read("Zinc is a metal.", question="Does zinc rust?").any


def test_vitamin_a_is_not_vitamin_d() -> None:
    options = {"A": "vitamin A", "B": "vitamin D"}
    assert read("It is vitamin D.", options).told == "B"
    assert read("It is vitamin A.", options).told == "A"


def test_the_longest_of_three_options_contained_in_one_another_wins() -> None:
    options = {"A": "nerve", "B": "optic nerve", "C": "optic nerve sheath"}
    assert read("It is the optic nerve.", options).told == "B"
    assert read("It is the optic nerve sheath.", options).told == "C"


def test_a_free_number_is_told_and_any_other_result_ends_its_run() -> None:
    reader = OptionReader("How many?", None, None, "42")
    assert reader.read("So 6 * 7 = 42.").told == VALUE
    assert reader.read("So 6 * 6 = 36.").told == OTHER
    assert reader.read("We multiply.").told is None


def test_a_free_text_cannot_be_read() -> None:
    assert OptionReader("Why?", None, None, "because of the wind").unreadable


@given(texts, texts)
def test_reading_never_raises_and_tells_only_what_it_names(question: str, sentence: str) -> None:
    for letter in OPTIONS:
        mentions = OptionReader(question, OPTIONS, letter, None).read(sentence)
        assert mentions.told is None or (mentions.any and mentions.told in OPTIONS)
        assert mentions.told not in mentions.denied


@given(texts, texts, texts)
def test_any_text_may_be_an_option(one: str, other: str, sentence: str) -> None:
    reader = OptionReader("", {"A": one, "B": other}, "A", None)
    assert reader.unreadable in (True, False)
    assert reader.read(sentence).told in (None, "A", "B")


@pytest.mark.parametrize("fragment", REPEATED)
def test_long_sentences_and_long_options_end(fragment: str) -> None:
    text = repeated(fragment, 200_000)
    assert OptionReader(text, {"A": text, "B": "zinc"}, "A", None).read(text + " zinc").told in (None, "A", "B")
