from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile_text import REPEATED, repeated, texts
from knowreason.answers.quantities import normalise, numbers_of, results_of, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("−5", -5),
        ("–5", -5),
        ("-$5", -5),
        ("negative 5", -5),
        ("Minus $2.50", -2.5),
        ("$-5$", -5),
        ("$1,000", 1000),
        ("1{,}000", 1000),
        ("10\\,000", 10000),
        ("12\u202f500", 12500),
        ("½", 0.5),
        ("3½", 3.5),
        ("2\\frac{1}{2}", 2.5),
        ("\\frac{3}{4}", 0.75),
        ("3/4", 0.75),
        (".25 litres", 0.25),
        ("10²", 100),
        ("3 × 10⁸ m/s", 3e8),
        ("3 \\times 10^{-8}", 3e-8),
        ("9$10^7$ years", 9e7),
        ("10^5", 1e5),
        ("1.5e-3", 1.5e-3),
        ("25°C", 25),
        ("90^\\circ", 90),
        ("54%", 54),
        ("54\\%", 54),
        ("5 m/s^2", 5),
        ("40 cm²", 40),
        ("7 million", 7e6),
        ("(8)", 8),
        ("**18**", 18),
        ("about 30 hours", 30),
        ("\\text{12 cats}", 12),
        ("٣", 3),
    ],
)
def test_a_text_that_is_one_number_has_its_value(text: str, value: float) -> None:
    assert value_of(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "", "none", "2\\pi", "2π", "3x", "4d", "2\\sqrt{3}", "√3", "5!", "<5", "≥ 5", "±5", "x = 5", "5 or 6",
        "3-5", "8:05", "1.2.3", "17.5 in, 0.350", "5 + 2", "1/0", "10^999", "1" * 400, "5 x", "2^3", "(1, 2)",
        "5 and a half", "negative x + 2", "log 5", "5 choose 2", "2i",
    ],
)  # fmt: skip
def test_a_text_that_is_no_single_number_has_no_value(text: str) -> None:
    assert value_of(text) is None


@given(st.integers(-(10**9), 10**9))
def test_thousands_separators_leave_a_value_as_it_is(number: int) -> None:
    assert value_of(f"{number:,}") == value_of(str(number)) == number


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_fractions_have_the_value_of_their_division(above: int, below: int) -> None:
    assert value_of(f"\\frac{{{above}}}{{{below}}}") == value_of(f"{above}/{below}") == above / below


@given(texts)
def test_values_are_finite_or_absent(text: str) -> None:
    value = value_of(text)
    assert value is None or math.isfinite(value)
    assert all(math.isfinite(n) for n in (*numbers_of(normalise(text)), *results_of(normalise(text))))


@pytest.mark.parametrize(
    ("sentence", "results"),
    [
        ("Then 2 + 4 + 8 = 14 coins.", [14]),
        ("6 rows times 1000 seats, or 6,000 seats.", [6000]),
        ("The length is $2\\pi$.", []),
        ("So $x^2 = 9$.", [9]),
        ("We get $x = 3y$.", []),
        ("The sum is 3 + 4", [4]),
        ("F = 48 lb * 6 = 288 lb", [288]),
        ("72 ≡ 0 because 72 is divisible by 24", [0, 24]),
        ("No number here.", []),
        ("It gives about 0.306 grams", [0.306]),
    ],
)
def test_what_a_sentence_ends_up_with(sentence: str, results: list[float]) -> None:
    assert results_of(normalise(sentence)) == results


@given(texts)
def test_normalising_twice_changes_no_value(text: str) -> None:
    once = normalise(text)
    assert value_of(once) == value_of(text) or value_of(text) is None or "^" in once


@pytest.mark.parametrize("fragment", REPEATED)
def test_long_runs_of_one_fragment_end(fragment: str) -> None:
    text = repeated(fragment, 300_000)
    value_of(text)
    results_of(normalise(text))
