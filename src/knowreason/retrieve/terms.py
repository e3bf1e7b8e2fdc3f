"""Index terms: what counts as the same word in a query and in a passage."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bm25s.stopwords import STOPWORDS_EN_PLUS

_SINGLE_LETTERS_KEPT = frozenset("dmoty")  # vitamin D, O antigen, T cell: left over letters of "I'd" are cut off
_STOP = frozenset(STOPWORDS_EN_PLUS) - _SINGLE_LETTERS_KEPT
_TOKEN = re.compile(r"['’](?:s|t|d|m|ll|re|ve)\b|(\d+(?:\.\d+)+|[^\W_]{1,64})")


def terms(text: str) -> list[str]:
    """The index terms of a text in their order: lower case, no accents, no English stop words, no plurals."""
    lowered = text.casefold()
    if not lowered.isascii():
        lowered = _without_accents(lowered)
    return [folded for token in _TOKEN.findall(lowered) if (folded := _FOLDED[token])]


def distinct_terms(text: str) -> list[str]:
    """The distinct index terms of a text in alphabetical order: word order must not change a sum of scores."""
    return sorted(set(terms(text)))


def fold(word: str) -> str:
    """The singular of a regular English plural (Harman's S-rule: -ies, -es, -s); other words unchanged."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    return word[:-1]


class _Folding(dict[str, str]):
    """Folded form of each token seen; stop words and cut-off endings fold to nothing."""

    _LIMIT = 2_000_000  # a hostile corpus of random words must not fill the memory

    def __missing__(self, token: str) -> str:
        folded = "" if not token or token in _STOP else fold(token)
        if len(self) < self._LIMIT:
            self[token] = folded
        return folded


_FOLDED = _Folding()


def _without_accents(text: str) -> str:
    parts: Iterable[str] = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))
