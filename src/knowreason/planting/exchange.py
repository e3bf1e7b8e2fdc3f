"""True claims and their false twins, made so that the claim alone tells nothing.

Two claims of different passages exchange one term: "rises" and "falls", two numbers of one shape, "is" and "is not".
Each term is then taken from as many claims as it is put into, so that true and false claims are made of the same
words, and their lengths are the same. Terms of one kind, such as organs or drugs, are not exchanged, nor are agent
and patient: what takes their place may be true as well, and a passage that does not say so refutes nothing.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from knowreason.planting.claims import claim_of
from knowreason.planting.contradict import AUXILIARY, NEGATED, NUMBER, NUMBER_WORD, like
from knowreason.planting.wording import HELD_OPPOSITES, HELD_QUANTIFIERS, OPPOSITES

Kind = str
KINDS: tuple[Kind, ...] = ("number", "opposite", "held_opposite", "quantifier", "negation")
_NO_OTHER = re.compile(r"\b(?:not|never|no|neither|nor|without|n't)\b", re.I)


class Stated(NamedTuple):
    """A sentence of a passage, with what is needed to make a claim of it: `passage` is all text judged with it."""

    sentence: str
    title: str
    passage: str
    source: str


class Twins(NamedTuple):
    """A claim that its sentence supports, the same claim with one term of another sentence, and the kind of change."""

    true: str
    false: str
    kind: Kind
    stated: Stated


class Place(NamedTuple):
    """Where a claim offers a term for exchange; terms of one `family` can stand for each other."""

    owner: int
    start: int
    end: int
    kind: Kind
    family: str
    term: str


def make_twins(stated: Sequence[Stated], count: int, seed: int) -> list[Twins]:
    """At most `count` twins, at most one of each statement, the kinds in turn; the same seed gives the same twins.

    Their number is even: claims are changed two by two. Every source is taken to be another passage.
    """
    rng = random.Random(seed)
    claims = [claim_of(one.sentence, one.title, rng)[0] for one in stated]
    places = _families(claims)
    used: set[int] = set()
    out: list[Twins] = []
    makers = [_pairs(places[kind], claims, stated, used, rng) for kind in KINDS]
    while makers and len(out) + 2 <= count:
        for maker in list(makers):
            found = next(maker, None)
            if found is None:
                makers.remove(maker)
            elif len(out) + 2 <= count:
                used.update(place.owner for place in found)
                out.extend(_twins(found, claims, stated))
    return out


def places_of(claim: str, owner: int = 0) -> Iterator[Place]:
    """Every place where a term of the claim can be exchanged, kind by kind."""
    for kind, table in _TABLES.items():
        for match in _WORDS[kind].finditer(claim):
            old = match.group().lower()
            yield from (Place(owner, *match.span(), kind, pair, old) for pair in table[old])
    for pattern in (NUMBER, NUMBER_WORD):
        for match in pattern.finditer(claim):
            yield Place(owner, *match.span(), "number", _shape(match.group(), claim, match.end()), match.group())
    negated = NEGATED.search(claim)
    plain = None if _NO_OTHER.search(claim) else AUXILIARY.search(claim)
    for match, family in ((negated, negated and negated.group(1)), (plain, plain and plain.group())):
        if match is not None and family is not None:
            yield Place(owner, *match.span(), "negation", family.lower(), match.group().lower())


def _by_word(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Pairs "left/right" by each of their words."""
    table: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        for word in pair.split("/"):
            table[word] = (*table.get(word, ()), pair)
    return table


_TABLES: dict[Kind, dict[str, tuple[str, ...]]] = {
    # "lower" is far more often the opposite of "higher" than of "raise"
    "opposite": _by_word(pair for pair in OPPOSITES if pair != "raise/lower"),
    "held_opposite": _by_word(HELD_OPPOSITES),
    # "all" and "only" are left out: "no" and "not only" rarely stand where they could
    "quantifier": _by_word(
        {"/".join(sorted(pair)): None for pair in HELD_QUANTIFIERS.items() if "all" not in pair and " " not in pair[1]}
    ),
}
_WORDS = {kind: re.compile(rf"\b(?:{'|'.join(table)})\b", re.I) for kind, table in _TABLES.items()}


def _shape(number: str, claim: str, end: int) -> str:
    """Numbers of one shape can stand for each other without looking odd: years, decimals, percentages, counts."""
    if number.isalpha():
        return "word"
    unit = "%" if re.match(r"\s?%|\s?per ?cent", claim[end:]) else ""
    if "." in number:
        return f"decimal{unit}"
    digits = len(number.replace(",", ""))
    year = digits == 4 and "," not in number and "1500" <= number <= "2030"
    return "year" if year else f"{digits} digits{unit}"


def _families(claims: Sequence[str]) -> dict[Kind, dict[str, list[Place]]]:
    held: dict[Kind, dict[str, list[Place]]] = {kind: defaultdict(list) for kind in KINDS}
    for owner, claim in enumerate(claims):
        for place in places_of(claim, owner):
            held[place.kind][place.family].append(place)
    return held


def _pairs(
    families: dict[str, list[Place]],
    claims: Sequence[str],
    stated: Sequence[Stated],
    used: set[int],
    rng: random.Random,
) -> Iterator[tuple[Place, Place]]:
    """Two places of one family whose terms differ, of statements not yet used; the families in random order."""
    for family in rng.sample(sorted(families), len(families)):
        waiting: list[Place] = []
        for place in rng.sample(families[family], len(families[family])):
            if place.owner in used:
                continue
            waiting = [other for other in waiting if other.owner not in used]
            partner = next((other for other in waiting if _exchangeable(place, other, claims, stated)), None)
            if partner is None:
                waiting.append(place)
                continue
            waiting.remove(partner)
            yield place, partner


def _exchangeable(one: Place, other: Place, claims: Sequence[str], stated: Sequence[Stated]) -> bool:
    """Whether both claims are false once the terms have changed places, as far as their passages tell."""
    if one.owner == other.owner or one.term == other.term or stated[one.owner].source == stated[other.owner].source:
        return False
    if one.kind == "negation":
        return claims[one.owner] != claims[other.owner]
    return not _holds(stated[one.owner], claims[one.owner], other) and not _holds(
        stated[other.owner], claims[other.owner], one
    )


def _holds(stated: Stated, claim: str, place: Place) -> bool:
    """Whether the term stands in the claim, or, a number, anywhere in the passage: it could be true there."""
    text = f"{claim} {stated.passage}" if place.kind == "number" else claim
    return re.search(rf"(?<![\w.,]){re.escape(place.term)}(?!\w)", text, re.I) is not None


def _twins(pair: tuple[Place, Place], claims: Sequence[str], stated: Sequence[Stated]) -> Iterator[Twins]:
    for own, other in (pair, pair[::-1]):
        claim = claims[own.owner]
        shown = claim[own.start : own.end]
        new = other.term if own.kind == "negation" else like(shown, other.term)
        yield Twins(claim, claim[: own.start] + new + claim[own.end :], own.kind, stated[own.owner])
