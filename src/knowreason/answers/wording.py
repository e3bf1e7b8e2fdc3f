"""Words of a sentence as mentions are read: tokens, their stems, and which of them are denied.

A word is denied when a negation cue stands before it in its clause. Clauses end at punctuation and begin anew
at "but", "because", "so" and their kin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+|/\d+)?|\.\d+)|(?P<word>[^\W\d_]+)|(?P<sign>[=≈≡+*/^%<>-])|(?P<stop>[,;:.!?()—–]|\n)"
)
_LONGEST = 100  # words: nobody repeats more than that word for word, and the search stays linear
_LISTED_ON = re.compile(r"[^.;:!?]{0,200}?\b(?:or|nor)\b")  # "no fever, cough, or rash": the denial goes on
NEGATION = frozenset(
    "not no never without except unlike incorrect excluded exclude excludes excluding eliminate "
    "eliminated eliminates ruled rule rules cannot isn doesn don won wouldn aren wasn weren didn couldn rather "
    "instead neither nor unlikely incorrectly untrue".split()
)
_CLAUSE = frozenset("but however although though whereas while because since so therefore thus hence which".split())
_SKIPPED = frozenset(["an", "the", "and", "-"])
_NAMED_A = frozenset(
    "vitamin hepatitis type group class factor influenza hemophilia haemophilia coenzyme phase point"
    " statement option choice blood".split()
)
STOP = frozenset(
    "a an the of in on at to for and or by with from is are was were be been being it its this that these those as "
    "not no can may also which who has have had do does did will than then there their they into such must would "
    "should more most some any all each other only very so if when within".split()
)
_IRREGULAR = {"women": "woman", "men": "man", "children": "child", "feet": "foot", "teeth": "tooth", "mice": "mouse"}
_ENDING = re.compile(r"(?:ings?|edly|ed|ies|es|s|ly|y|e|al|ic|ation|tion|ion|ive|ous|ity|ment|er|or)$")


class Words(NamedTuple):
    """Tokens in order; for each the number of its clause and whether a negation stands before it there."""

    words: tuple[str, ...]
    clauses: tuple[int, ...]
    denied: tuple[bool, ...]


def words_of(text: str) -> Words:
    """The words, numbers and signs of a normalised text, without articles and "and"."""
    words: list[str] = []
    clauses: list[int] = []
    denied: list[bool] = []
    clause, negated = 0, False
    for match in _TOKEN.finditer(text):
        token, kind = match.group(), match.lastgroup
        if kind == "stop" or token in _CLAUSE:
            clause += 1
            negated = negated and token == "," and _LISTED_ON.match(text, match.end()) is not None
        if kind == "stop" or token in _SKIPPED or (token == "a" and _is_article(text, match.end(), words)):
            continue
        words.append(_canonical(token) if kind == "number" else token)
        clauses.append(clause)
        denied.append(negated)
        negated = negated or token in NEGATION
    return Words(tuple(words), tuple(clauses), tuple(denied))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A crude stem: inflections and common suffixes removed, at most seven letters kept."""
    word = _IRREGULAR.get(word, word)
    if len(word) <= 4 or not word.isalpha():
        return word[:-1] if len(word) == 4 and word.endswith("s") and word.isalpha() else word
    short = _ENDING.sub("", word)
    return (short if len(short) >= 3 else word)[:7]


def occurrences(words: Sequence[str], wanted: tuple[str, ...]) -> list[int]:
    """Where the words of `wanted` stand in a row; nowhere where they are none or more than a hundred."""
    if not 0 < len(wanted) <= _LONGEST:
        return []
    first, length = wanted[0], len(wanted)
    return [i for i, w in enumerate(words) if w == first and tuple(words[i : i + length]) == wanted]


def _is_article(text: str, end: int, words: Sequence[str]) -> bool:
    """Whether this "a" is an article: a word follows, and no "vitamin" or "type" stands before."""
    follows = text[end : end + 2]
    return len(follows) == 2 and follows[0] == " " and follows[1].isalnum() and not (words and words[-1] in _NAMED_A)


def _canonical(number: str) -> str:
    if "/" in number:
        return number
    whole, _, decimals = number.partition(".")
    decimals = decimals.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{decimals}" if decimals else "")
