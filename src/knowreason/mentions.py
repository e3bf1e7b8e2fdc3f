"""Which option a sentence names, and whether it tells it as the result.

A mention is a whole-token match after normalising case, punctuation, LaTeX and units. The longest match wins
over options that it contains. A mention is *told* when no negation stands before it in its clause and the
sentence names no other option, or names it right after "so", "is" or "=". A numeric option counts only as a
right-hand side or as the last number of a sentence, never in a sentence copied from the question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from knowreason.records import ContentRule

VALUE = "value"  # what a free answer is called where options have letters

_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_LATEX_WORD = re.compile(r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf|it)|boxed|left|right|displaystyle|operatorname)\b")
_TOKEN = re.compile(r"(?P<number>\d+(?:\.\d+)?)|(?P<word>[^\W\d_]+)|(?P<sign>[=≈+*/^%<>-])|(?P<stop>[,;:.!?()—–])")
_NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?(?:\s*(?:x|×|\*|times)\s*10\s*\^\s*(-?\d+))?(?!\w*\d)")
_RIGHT_HAND = re.compile(r"(?:=|≈|\bequals?|\bis|\bare|\bgives?|\bget)\s*(?:to\s+)?(?:about\s+|approximately\s+)?$")
_UNREADABLE = re.compile(
    r"^\W*(?:all|none|both|neither|any|each|two|either)\b.{0,24}\b(?:above|these|those|options?|choices?|mentioned)\b"
    r"|^\W*(?:both\s+)?\(?[A-J]\)?\s*(?:,|and|or|&)\s*\(?[A-J]\)?\W*$"
    r"|^\W*(?:[IVX]+(?:\s*(?:,|and|&)\s*)?)+(?:only)?\W*$"
    r"|^\W*(?:all|none|both|neither|true|false|yes|no)\W*$",
    re.I,
)
_NEGATION = frozenset(
    "not no never without except unlike incorrect wrong false excluded exclude excludes excluding eliminate "
    "eliminated eliminates ruled rule rules cannot isn doesn don won wouldn aren can't rather instead neither nor "
    "unlikely incorrectly".split()
)
_CLAUSE = frozenset("but however although though whereas while because since so therefore thus hence".split())
_TELLS = frozenset("so is are be = ≈ equals therefore thus hence namely called".split())
_SKIPPED = frozenset(["a", "an", "the", "and", "-"])
_LETTER = re.compile(r"\(([A-Z])\)|\b(?:[Oo]ption|[Cc]hoice)s?\s+([A-Z])\b")
_STOP = frozenset(
    "a an the of in on at to for and or by with from is are was were be been being it its this that these those as "
    "not no can may also which who has have had do does did will than then there their they into such".split()
)


class Mentions(NamedTuple):
    """What a sentence says of the options: `any` named at all, and the one `told` as the result, by `rule`."""

    any: bool
    told: str | None
    rule: ContentRule


class _Words(NamedTuple):
    words: tuple[str, ...]
    clauses: tuple[int, ...]


class _Hit(NamedTuple):
    key: str
    start: int
    end: int


def normalise(text: str) -> str:
    """Lower case, NFKC, LaTeX commands and dollar signs removed, fractions as a/b, digits without commas."""
    text = unicodedata.normalize("NFKC", text)
    text = _FRACTION.sub(r" \1/\2 ", text)
    text = _LATEX_WORD.sub(" ", text).replace("\\times", "*").replace("\\cdot", "*").replace("\\approx", "≈")
    text = re.sub(r"\\[,;:! ()\[\]]|[${}\\]", " ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return re.sub(r"\s+", " ", text).strip().lower()


def value_of(text: str) -> float | None:
    """The number that `text` states with at most a unit beside it; None where it is no single number."""
    text = normalise(text).strip(" .*")
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) != 1:
        return None
    before, after = text[: numbers[0].start()], text[numbers[0].end() :]
    if re.search(r"[^\W\d_]{3,}|[=^(]", before) or re.search(r"[=^*(+\d]", after) or len(after.split()) > 3:
        return None
    return _number(numbers[0])


class OptionReader:
    """Reads sentences for mentions of the options of one question (or of one free numeric value)."""

    def __init__(
        self, question: str, options: Mapping[str, str] | None, letter: str | None, value: str | None
    ) -> None:
        self.chosen = letter if options else VALUE
        texts = dict(options) if options else {VALUE: value or ""}
        self._question = frozenset(_words(normalise(question)).words)
        self._texts = {k: _words(normalise(t)).words for k, t in texts.items()}
        self._values = _numeric_options(texts)
        self._distinctive = self._distinctive_words()
        chosen_text = texts.get(self.chosen or "", "")
        self.unreadable = self._cannot_read(self.chosen, chosen_text, question)

    def read(self, sentence: str) -> Mentions:
        """The options that one sentence names, and the one it tells as the result."""
        text = normalise(sentence)
        words = _words(text)
        numeric = self._numeric(text, words)
        hits = self._verbatim(words)
        told = self._told(words, hits)
        if told is not None:
            return Mentions(True, told, "verbatim")
        if numeric is not None and numeric.told is not None:
            return numeric
        paraphrased = None if hits else self._paraphrase(words)
        if paraphrased is not None:
            negated = bool(_NEGATION.intersection(words.words))
            return Mentions(True, None if negated else paraphrased, "paraphrase")
        named = bool(hits) or bool(numeric and numeric.any) or self._names_letter(sentence)
        return Mentions(named, None, "verbatim")

    def named_in(self, text: str) -> list[str]:
        """The keys of the options whose full text makes up at least half of `text`, which denies nothing."""
        words = _words(normalise(text))
        if _NEGATION.intersection(words.words):
            return []
        hits = [h for h in self._verbatim(words) if 2 * (h.end - h.start) >= len(words.words)]
        keys = list(dict.fromkeys(h.key for h in hits))
        number = value_of(text)
        if not keys and number is not None:
            keys = [k for k, v in self._values.items() if v == number]
        return keys

    def _names_letter(self, sentence: str) -> bool:
        return any((m[1] or m[2]) in self._texts for m in _LETTER.finditer(sentence))

    def _verbatim(self, words: _Words) -> list[_Hit]:
        hits = [
            _Hit(key, at, at + len(option))
            for key, option in self._texts.items()
            if option and key not in self._values
            for at in _occurrences(words.words, option)
        ]
        return [h for h in hits if not any(_contains(other, h) for other in hits)]

    def _told(self, words: _Words, hits: Sequence[_Hit]) -> str | None:
        told = [h for h in hits if not _negated(words, h)]
        keys = {h.key for h in told}
        if len(keys) == 1 and len({h.key for h in hits}) == 1:
            return keys.pop()
        after = {h.key for h in told if h.start and _TELLS.intersection(words.words[max(0, h.start - 3) : h.start])}
        return after.pop() if len(after) == 1 else None

    def _numeric(self, text: str, words: _Words) -> Mentions | None:
        """A sentence's result: its last right-hand side, else its last number."""
        if not self._values or self._is_copied(words):
            return None
        numbers = list(_NUMBER.finditer(text))
        if not numbers:
            return None
        right = [n for n in numbers if _RIGHT_HAND.search(text[max(0, n.start() - 24) : n.start()])]
        result = _number((right or numbers)[-1])
        named = any(self._with_value(_number(n)) for n in numbers)
        told = self._with_value(result)
        if told is None and self.chosen == VALUE:
            told = "other"  # a free answer has no other options: any other result ends the run
        return Mentions(named, told, "number")

    def _with_value(self, number: float | None) -> str | None:
        """The one option of this value, rounding of one per cent allowed where no other option is as near."""
        if number is None:
            return None
        near = [k for k, v in self._values.items() if abs(v - number) <= 0.01 * abs(v)]
        exact = [k for k in near if self._values[k] == number]
        return exact[0] if exact else near[0] if len(near) == 1 else None

    def _is_copied(self, words: _Words) -> bool:
        content = [w for w in words.words if w.isalpha() and len(w) > 1 and w not in _STOP]
        return len(content) >= 4 and sum(w in self._question for w in content) >= 0.9 * len(content)

    def _paraphrase(self, words: _Words) -> str | None:
        present = {_stem(w) for w in words.words}
        found = [k for k, d in self._distinctive.items() if len(d & present) >= 0.8 * len(d)]
        return found[0] if len(found) == 1 else None

    def _distinctive_words(self) -> dict[str, frozenset[str]]:
        """Per option: stems of its content words that stand in at most one other option, not in the question."""
        asked = {_stem(w) for w in self._question}
        content = {k: {_stem(w) for w in t if w not in _STOP and len(w) > 2} for k, t in self._texts.items()}
        own = {
            k: frozenset(w for w in words if w not in asked and sum(w in c for c in content.values()) <= 2)
            for k, words in content.items()
            if k not in self._values
        }
        return {k: d for k, d in own.items() if len(d) >= 2 or any(len(w) >= 5 for w in d)}

    def _cannot_read(self, chosen: str | None, text: str, question: str) -> bool:
        if chosen is None or not text.strip() or _UNREADABLE.search(text):
            return True
        if chosen == VALUE:
            return not self._values
        own = self._texts[chosen]
        if not own or sum(t == own for t in self._texts.values()) > 1:
            return True
        if chosen in self._values:
            return False
        return bool(_occurrences(_words(normalise(question)).words, own))


def _numeric_options(texts: Mapping[str, str]) -> dict[str, float]:
    """Options that are single numbers, where no two of them have the same value."""
    values = {k: v for k, t in texts.items() if (v := value_of(t)) is not None}
    repeated = {v for v in values.values() if sum(v == w for w in values.values()) > 1}
    return {k: v for k, v in values.items() if v not in repeated}


@lru_cache(maxsize=4096)
def _words(text: str) -> _Words:
    words: list[str] = []
    clauses: list[int] = []
    clause = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if match["stop"]:
            clause += 1
            continue
        clause += token in _CLAUSE
        if token in _SKIPPED:
            continue
        words.append(token)
        clauses.append(clause)
    return _Words(tuple(words), tuple(clauses))


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|edly|ed|es|s|ly)$", "", word)[:7] if len(word) > 4 else word


def _occurrences(words: Sequence[str], option: tuple[str, ...]) -> list[int]:
    first, length = option[0], len(option)
    return [i for i, w in enumerate(words) if w == first and tuple(words[i : i + length]) == option]


def _contains(outer: _Hit, inner: _Hit) -> bool:
    longer = outer.end - outer.start > inner.end - inner.start
    return longer and outer.start <= inner.start and inner.end <= outer.end


def _negated(words: _Words, hit: _Hit) -> bool:
    clause = words.clauses[hit.start]
    before = (w for w, c in zip(words.words[: hit.start], words.clauses, strict=False) if c == clause)
    return not _NEGATION.isdisjoint(before)


def _number(match: re.Match[str]) -> float | None:
    value = float(match[1])
    if match[2]:
        if not float(match[2]):
            return None
        value /= float(match[2])
    return round(value * 10.0 ** max(-300, min(300, int(match[3] or 0))), 9)
