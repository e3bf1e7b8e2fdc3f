"""Which option a sentence puts in other words.

Every option is a bag of stems, each weighted by how few options share it; words of the question weigh little.
A sentence puts an option in other words when it covers enough of the option's weight, clearly more than of any
other option's, and denies the words that the option denies.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from knowreason.answers.wording import NEGATION, STOP, Words, stem

_COVERED = 0.5  # share of the option's weight that a sentence must hold
_LEAD = 0.12  # how far the best option must be ahead of the second
_MASS = 1.0  # least weight of what is held: one word that no other option has
_WHOLE, _WHOLE_MASS = 0.9, 0.5  # an option held as good as whole may share all its words with others
_CLAUSE_MASS = 1.0
_DENIED = "\N{NOT SIGN}"
_OPPOSITES = [
    (stem(a), stem(b))
    for x, y in map(
        str.split,
        (
            "increase decrease|increased decreased|increases decreases|raise lower|higher lower|high low|more less"
            "|greater smaller|gain lose|longer shorter|before after|above below|left right|positive negative"
            "|faster slower|overestimate underestimate|dominant recessive|active passive|anterior posterior"
            "|hot cold|warmer cooler|louder quieter|upper lower|medial lateral|superior inferior"
        ).split("|"),
    )
    for a, b in ((x, y), (y, x))
]
_ASKED = 0.2  # weight of a word that the question uses itself


class Paraphrase(NamedTuple):
    """The option that a sentence puts in other words, and whether it denies it."""

    key: str
    denied: bool


class _Profile(NamedTuple):
    weights: dict[str, float]
    clauses: tuple[frozenset[str], ...]
    pairs: frozenset[tuple[str, str]]
    numeric: bool  # mostly numbers: a part of them says little


class Paraphrases:
    """Reads sentences for options told in other words."""

    def __init__(self, options: Mapping[str, Words], question: Sequence[str]) -> None:
        asked = {stem(w) for w in question}
        bags = {key: frozenset(_features(words)) for key, words in options.items()}
        shared = Counter(f for bag in bags.values() for f in bag)
        weight = {f: (_ASKED if f.lstrip(_DENIED) in asked else 1.0) / n for f, n in shared.items()}
        told = {k: w for k, w in options.items() if bags[k] and not _is_formula(w, bags[k])}
        self._profiles = {k: _profile(w, {f: weight[f] for f in bags[k]}) for k, w in told.items()}

    def read(self, words: Words) -> Paraphrase | None:
        """The option that one sentence puts in other words; None where there is none, or more than one."""
        said = frozenset(_features(words))
        told = self._best(said, words)
        if told is not None:
            return Paraphrase(told, denied=False)
        denied = self._best(said | {_flipped(f) for f in said}, words)
        return None if denied is None else Paraphrase(denied, denied=True)

    def coverage(self, key: str, words: Words) -> float:
        """The share of an option's weight that a sentence holds, told or denied."""
        profile = self._profiles.get(key)
        if profile is None:
            return 0.0
        said = frozenset(_features(words))
        held = sum(w for f, w in profile.weights.items() if f in said or _flipped(f) in said)
        return held / sum(profile.weights.values())

    def _best(self, said: frozenset[str], words: Words) -> str | None:
        scores = sorted(((_score(p, said), k) for k, p in self._profiles.items()), reverse=True)
        if not scores or scores[0][0] < _COVERED:
            return None
        close = [k for score, k in scores if score > scores[0][0] - _LEAD]
        key = close[0] if len(close) == 1 else self._by_order(close, words)
        return None if key is None or _is_opposite(self._profiles[key], said) else key

    def _by_order(self, keys: Sequence[str], words: Words) -> str | None:
        """Of options with nearly the same words, the one whose pairs of neighbours the sentence shares."""
        said = _pairs(words)
        shared = {k: self._profiles[k].pairs & said for k in keys}
        times = Counter(pair for pairs in shared.values() for pair in pairs)
        own = {k: sum(times[pair] == 1 for pair in pairs) for k, pairs in shared.items()}
        ranked = sorted(keys, key=lambda k: -own[k])
        return ranked[0] if own[ranked[0]] > own[ranked[1]] else None


def _score(profile: _Profile, said: frozenset[str]) -> float:
    held = math.fsum(w for f, w in profile.weights.items() if f in said)  # exact: features come in any order
    score = held / math.fsum(profile.weights.values())
    if score >= _WHOLE and held >= _WHOLE_MASS:
        return score
    if held < _MASS or profile.numeric:
        return 0.0
    for clause in profile.clauses:
        mass = math.fsum(profile.weights[f] for f in clause)
        part = math.fsum(profile.weights[f] for f in clause if f in said)
        if part >= _CLAUSE_MASS:
            score = max(score, 0.8 * part / mass)
    return score


def _is_opposite(profile: _Profile, said: frozenset[str]) -> bool:
    """Whether the sentence says "decrease" where the option says "increase", and the like."""
    return any(
        one in profile.weights and other not in profile.weights and other in said and one not in said
        for one, other in _OPPOSITES
    )


def _features(words: Words) -> Iterator[str]:
    """Stems of the content words, marked where they are denied."""
    for word, denied in zip(words.words, words.denied, strict=True):
        if word not in STOP and word not in NEGATION and (len(word) > 2 or word.isdigit()):
            yield _DENIED + stem(word) if denied else stem(word)


def _is_formula(words: Words, bag: frozenset[str]) -> bool:
    """Whether an option is made of symbols and numbers, of which a sentence may hold a few by chance."""
    numbers = sum(f.lstrip(_DENIED)[0].isdigit() for f in bag)
    signs = sum(not w[0].isalnum() and w[0] != "." for w in words.words)
    return 2 * numbers >= len(bag) and (len(bag) < 3 or signs > 0)


def _flipped(feature: str) -> str:
    return feature[1:] if feature.startswith(_DENIED) else _DENIED + feature


def _pairs(words: Words) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(stem(w) for w in words.words))


def _profile(words: Words, weights: dict[str, float]) -> _Profile:
    clauses: dict[int, set[str]] = {}
    for word, clause in zip(words.words, words.clauses, strict=True):
        clauses.setdefault(clause, set()).update(f for f in (stem(word), _DENIED + stem(word)) if f in weights)
    parts = tuple(frozenset(c) for c in clauses.values() if c) if len(clauses) > 1 else ()
    numeric = 2 * sum(f[0].isdigit() for f in weights) >= len(weights)
    return _Profile(weights, parts, _pairs(words), numeric)
