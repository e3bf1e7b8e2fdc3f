"""Cleaning, cutting and marking: passages are slices of the document's text, and only assertions are evidence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.retrieve.clean import clean
from knowreason.retrieve.passages import MAX_WORDS, duplicate_key, windows
from knowreason.retrieve.terms import fold, terms


def kinds(text: str) -> list[tuple[str, str]]:
    cleaned = clean(text)
    return [(window.kind, cleaned[window.start : window.end]) for window in windows(cleaned)]


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Salt &amp;amp; water", "Salt & water"),
        ("H<sub>2</sub>O at p < 0.05 and x > 3", "H2O at p < 0.05 and x > 3"),
        ("one<br/>two", "one\ntwo"),
        ("**Peat** holds [water](http://w.org/a) and [carbon][3].", "Peat holds water and carbon."),
        ("Moss grows ([\\[link\\]](#fig-1) and [\\[link\\]](#fig-2)).", "Moss grows."),
        ("f(x) and g() stay", "f(x) and g() stay"),
        ("bog : wet place ^", "bog : wet place"),
        ("soft\u00adhyphen and zero\u200bwidth", "softhyphen and zerowidth"),
        ("a\u00a0wide\x00gap", "a wide gap"),
        ("wrapped\nline goes on", "wrapped line goes on"),
        ("Causes include:   - cold   - rain", "Causes include:\n- cold\n- rain"),
        ("It ends.\nIt begins.", "It ends.\nIt begins."),
    ],
)
def test_cleaning_takes_markup_away_and_leaves_words(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


NOT_EVIDENCE = [
    ("reference", "Marsh, T. R. (2019). On the acidity of bogs. Journal of Wet Places, 12(3), 44–51."),
    ("reference", "Bureau of Bogs. (2021, May 4). Peat and you. https://bogs.example.org/peat"),
    ("reference", "Fenn AB, Moor C. Moss and men. Wetland Lett [Internet]. 2011;4(2):17. Available from: http://w.org"),
    ("reference", "[1]: http://example.org/a [2]: http://example.org/b"),
    ("question", "Which moss holds the most water?"),
    ("question", "Explain how a bog differs from a fen."),
    ("question", "Watch this video to learn how peat forms, and then respond to the following questions."),
    ("question", "1. sphagnum 2. sedge 3. heather 4. cotton grass"),
    ("question", "1. Bogs are alkaline. 2. Fens are dry. 3. Peat is a rock. 4. Moss has roots."),
    ("objective", "By the end of this section, you will be able to: Name three mosses Describe how peat forms"),
    ("caption", "Figure 3.2: Cross section of a raised bog"),
    ("caption", "Table 4. Water held by moss"),
    ("fragment", "The walker who crosses a bog should not:"),
    ("fragment", 'class="exercise" title="Questions"'),
    ("fragment", "..."),
]


@pytest.mark.parametrize(("kind", "text"), NOT_EVIDENCE)
def test_text_that_asserts_nothing_is_marked_by_its_own_words(kind: str, text: str) -> None:
    assert {found for found, _ in kinds(text)} == {kind}


EVIDENCE = [
    "Bogs are acid. Marsh and others (2019) measured a pH of 4 in July 2018.",
    "sphagnum: a moss that holds twenty times its weight in water",
    "Figure 3 shows that peat depth grows with age. Deep peat is older than shallow peat.",
    "Compare the two water levels. The higher one drives the flow.",
    "List price changes do not alter the demand for peat.",
    "Peat grows by a millimetre a year (Fenn, 2011).",
    "1. Drain the field slowly.",
    "Moss is antiseptic.",
]


@pytest.mark.parametrize("text", EVIDENCE)
def test_assertions_stay_evidence(text: str) -> None:
    assert {kind for kind, _ in kinds(text)} == {""}


def test_a_question_between_assertions_is_left_out_alone() -> None:
    assert kinds("Bogs are acid. Why is that so? Moss gives off acid.") == [
        ("", "Bogs are acid."),
        ("question", "Why is that so?"),
        ("", "Moss gives off acid."),
    ]


def test_list_items_share_the_kind_of_the_line_that_announces_them() -> None:
    text = "Further reading:\n\n- The Book of Bogs\n- Moss at Night\n\nPeat is a soil."
    assert [kind for kind, _ in kinds(text)] == ["reference", ""]


def test_passages_have_three_sentences_and_share_one() -> None:
    text = " ".join(f"The moss on site {n} holds water." for n in range(1, 8))
    numbers = [[word for word in passage.replace("site ", "").split() if word.isdigit()] for _, passage in kinds(text)]
    assert numbers == [["1", "2", "3"], ["3", "4", "5"], ["5", "6", "7"]]


def test_a_sentence_without_end_is_cut_into_passages_of_bounded_length() -> None:
    passages = [passage for _, passage in kinds("moss " * 5000)]
    assert all(len(passage.split()) <= MAX_WORDS for passage in passages)
    assert sum(len(passage.split()) for passage in passages) >= 5000


TEXTS = st.text(alphabet="ab .?!:\n-1)[](#<>&*_\\^é\u00a0\u200b", max_size=400) | st.text(max_size=300)


@settings(deadline=None, max_examples=300)
@given(raw=TEXTS)
def test_windows_are_slices_in_order_that_leave_out_only_white_space(raw: str) -> None:
    text = clean(raw)
    reached = 0
    for start, end, _ in windows(text):
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert text[reached:start].strip() == ""
        reached = max(reached, end)
    assert text[reached:].strip() == ""


@settings(deadline=None, max_examples=200)
@given(raw=TEXTS)
def test_clean_text_has_single_spaces_and_single_line_breaks(raw: str) -> None:
    text = clean(raw)
    assert not any(pair in text for pair in ("  ", " \n", "\n ", "\n\n", "\t", "\r"))
    assert text == text.strip()


@pytest.mark.parametrize(
    "unit",
    ["[", "![", "\\[", "$$", "(", "<a", "&amp;", "**", " \n", "a.", "1. ", "```", "\\begin{a}", "A. ", "é "],
)
def test_hostile_repetition_is_cleaned_and_cut_in_linear_time(unit: str) -> None:
    raw = unit * (200_000 // len(unit))
    began = time.perf_counter()
    for _ in windows(clean(raw)):
        pass
    assert time.perf_counter() - began < 10


def test_a_passage_that_leans_on_its_title_repeats_only_under_that_title() -> None:
    leaning, whole = "This plant is poisonous.", "Hemlock is poisonous."
    assert duplicate_key("Hemlock", leaning) != duplicate_key("Parsley", leaning)
    assert duplicate_key("Hemlock", whole) == duplicate_key("Poisons", whole.upper())


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("bogs", "bog"), ("berries", "berry"), ("moss", "moss"), ("virus", "virus"), ("sepsis", "sepsis"), ("gas", "gas")],
)
def test_regular_plurals_fold(plural: str, singular: str) -> None:
    assert fold(plural) == singular


def test_terms_keep_numbers_and_vitamin_letters_and_drop_stop_words_and_accents() -> None:
    assert terms("The patient's Vitamin D was 12.5 in Sjögren's, wasn't it?") == [
        *("patient", "vitamin", "d", "12.5", "sjogren"),
    ]
