"""Sentences: a difference is named only where the intervals do not meet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.frame import summarise
from knowreason.records import Interval
from knowreason.report.readings import apart, readings
from knowreason.report.text import clip, visible
from knowreason.report.words import nats, percent, reason_words
from knowreason.stats import wilson
from made_records import make_audited, make_tables


def said(right: dict[str, int], **changes: object) -> str:
    audited = [
        make_audited(100 * m + i, model=model, grade="correct" if i < count else "incorrect", **changes)  # type: ignore[arg-type]
        for m, (model, count) in enumerate(right.items())
        for i in range(40)
    ]
    (reading,) = readings(summarise(make_tables(audited), draws=200))
    return reading.sentences[0]


def test_a_clear_lead_is_named_and_a_narrow_one_is_not() -> None:
    sentence = said({"owl": 38, "finch": 35, "wren": 8})
    assert sentence.startswith("owl (base) answers most questions right: 95%")
    assert "clearly above wren" in sentence
    assert "not told apart from finch" in sentence


def test_without_a_clear_lead_no_model_is_put_first() -> None:
    assert said({"owl": 21, "finch": 20, "wren": 20}).startswith("Right answers do not tell the models apart: owl (")


def test_ten_equal_models_seldom_look_different() -> None:
    rng = np.random.default_rng(0)
    pairs, named = 2 * 45, 0
    for _ in range(400):
        found = [interval(int(n)) for n in rng.binomial(200, 0.4, size=10)]
        named += apart(max(found, key=lambda i: i.estimate), min(found, key=lambda i: i.estimate), pairs)
    assert named / 400 <= 0.05


def test_models_far_apart_do_look_different_and_equal_ones_do_not() -> None:
    assert apart(interval(150), interval(60), 90)
    assert not apart(interval(101), interval(100), 1)
    assert not apart(interval(100), interval(100), 1)


def interval(right: int) -> Interval:
    found = wilson(right, 200)
    assert found is not None
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=0.95, n=200)


def test_a_single_model_is_described_without_a_comparison() -> None:
    assert said({"owl": 20}) == "owl (base) answers 50% [35–65] right."


def test_a_low_coverage_is_said_at_once() -> None:
    verdicts = ("supported", "not_enough_info", "not_enough_info")
    audited = [make_audited(i, verdicts=verdicts) for i in range(20)]
    (reading,) = readings(summarise(make_tables(audited), draws=200))
    assert any("Only 33% of the claims could be decided" in sentence for sentence in reading.sentences)


def test_ways_of_asking_are_named_in_the_title() -> None:
    audited = [make_audited(i, condition="facts_given") for i in range(6)]
    assert readings(summarise(make_tables(audited)))[0].title == "animals (facts given)"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1.0, "100%"), (0.995, ">99%")]
)
def test_a_share_is_never_rounded_to_none_or_all(value: float, text: str) -> None:
    assert percent(value) == text


def test_nats_have_a_true_minus_and_zero_has_no_sign() -> None:
    assert (nats(-0.5), nats(0.25), nats(-0.001), nats(0.0)) == ("−0.50", "+0.25", "0.00", "0.00")


def test_a_reason_of_another_instrument_is_shown_as_it_is() -> None:
    assert reason_words("server_was_busy") == "server was busy"


@given(st.text())
def test_visible_text_has_no_acting_characters_and_is_stable(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not any(ord(c) < 32 and c not in "\t\n" for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f\x9b")
    shown.encode("utf-8")


def test_plain_text_in_any_script_stays_as_it_is() -> None:
    for text in ("α → β, 5 µg", "诊断：肺炎", "שלום", "👩‍⚕️ tab\tand\nline"):
        assert visible(text) == text


def test_clipped_text_says_how_much_is_missing() -> None:
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdefgh", 6) == "abcdef … (2 more characters)"
