"""Twins: a true claim and its false one, of which nothing tells which is which but the passage."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.planting.exchange import KINDS, Stated, make_twins, places_of

THINGS = "barn cellar chapel depot engine ferry gate harbour inn jetty kiln loom mill".split()


def stated(number: int, thing: str, rate: str) -> Stated:
    sentence = f"The {thing} of this town {rate} whenever the autumn storms have passed."
    return Stated(sentence, "", sentence, str(number))


RATES = [
    "increases its stores by 250 barrels",
    "decreases its stores by 310 barrels",
    "is not shut for visitors",
    "is shut for visitors",
    "holds 475 sacks of oats",
    "holds 520 sacks of oats",
    "has a primary owner in the county",
    "has a secondary owner in the county",
]
corpora = st.lists(st.tuples(st.sampled_from(THINGS), st.sampled_from(RATES)), min_size=1, max_size=40).map(
    lambda rows: [stated(number, *row) for number, row in enumerate(rows)]
)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@settings(max_examples=60, deadline=None)
@given(corpora, st.integers(2, 60), st.integers(0, 5))
def test_true_and_false_claims_are_made_of_the_same_words(corpus: list[Stated], count: int, seed: int) -> None:
    twins = make_twins(corpus, count, seed)
    assert len(twins) <= count
    assert len(twins) % 2 == 0
    assert Counter(w for one in twins for w in words(one.true)) == Counter(w for one in twins for w in words(one.false))


@settings(max_examples=60, deadline=None)
@given(corpora, st.integers(0, 5))
def test_a_false_claim_differs_in_one_place_and_a_passage_is_used_once(corpus: list[Stated], seed: int) -> None:
    twins = make_twins(corpus, 40, seed)
    assert len({one.stated.source for one in twins}) == len(twins)
    for one in twins:
        assert one.true != one.false
        assert one.kind in KINDS
        if one.kind == "number":
            new = next(iter(set(words(one.false)) - set(words(one.true))))
            assert new not in words(one.stated.passage)


def test_the_same_seed_gives_the_same_twins_and_another_one_others() -> None:
    corpus = [stated(n, THINGS[n % 13], RATES[n % 8]) for n in range(60)]
    assert make_twins(corpus, 20, 3) == make_twins(corpus, 20, 3)
    assert make_twins(corpus, 20, 3) != make_twins(corpus, 20, 4)


def test_every_kind_of_change_finds_its_place() -> None:
    found = {
        (p.kind, p.family, p.term) for p in places_of("Risk is not higher above 40% in mild acute cases before 1998.")
    }
    assert ("negation", "is", "is not") in found
    assert ("opposite", "higher/lower", "higher") in found
    assert ("held_opposite", "acute/chronic", "acute") in found
    assert ("quantifier", "mild/severe", "mild") in found
    assert ("number", "2 digits%", "40") in found
    assert ("number", "year", "1998") in found


def test_numbers_of_different_shapes_and_claims_of_one_passage_are_not_exchanged() -> None:
    year, count = stated(0, "mill", "was built in 1871"), stated(1, "inn", "holds 52 guests")
    assert not make_twins([year, count], 10, 0)
    twice = [stated(0, "mill", "holds 520 sacks"), stated(0, "mill", "holds 310 sacks")]
    assert not make_twins(twice, 10, 0)


def test_a_claim_that_is_denied_already_is_not_denied_twice() -> None:
    assert [p.term for p in places_of("No mill is old in town.") if p.kind == "negation"] == []
