"""Which option a sentence names, and whether it tells it as the result.

A mention is a whole-token match after normalising case, punctuation, LaTeX and units. The longest match wins
over options that it contains. A mention is *told* when nothing in its clause denies it and the sentence tells
no other option, or names it right after "so", "is" or "=". A numeric option counts only as a right-hand side or
as the last number of a sentence, never where a sentence copies the question's own number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from knowreason.answers.paraphrase import Paraphrases
from knowreason.answers.quantities import normalise, numbers_of, results_of, value_of
from knowreason.answers.wording import NEGATION, STOP, Words, occurrences, words_of
from knowreason.records import ContentRule

__all__ = ["VALUE", "Mentions", "OptionReader", "normalise", "value_of"]

VALUE = "value"  # what a free answer is called where options have letters
_BESIDE_LETTER = 0.25  # share of its content that suffices where the option is named by its letter
OTHER = "other"  # any other result, where a free answer has no other options

_LETTERS = r"\(?[A-J]\)?(?:\s*(?:,|and|or|nor|&|,\s*and)\s*\(?[A-J]\)?)+"
_ROMANS = r"(?:[IVX]{1,5}|\d)(?:\s*(?:,\s*and\b|,|and\b|&)\s*(?:[IVX]{1,5}|\d))*"
_UNREADABLE = re.compile(
    r"\W*(?:all|none|both|neither|any|each|two|either)\b.{0,24}\b(?:above|these|those|options?|choices?|mentioned)\b"
    rf"|\W*(?:both\s+|neither\s+|either\s+|only\s+)?(?:{_LETTERS}|(?:statements?\s+)?{_ROMANS}\s+only|[IVX]+\s*(?:,|and|&)\s*{_ROMANS})"
    r"(?:\s+only)?\W*$"
    r"|\W*(?:[IVX]{1,5}|all|none|both|neither|true|false|yes|no|maybe)\W*$",
    re.I,
)
_TELLS = frozenset("so is are be = ≈ ≡ equals therefore thus hence namely called".split())
_LETTER = re.compile(r"\(([A-Z])\)|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Ss]tatement)s?\s+\(?([A-Z])\b")
_SYMBOL = re.compile(r"^[^\d=]{1,8}=\s*")  # "t = 5 s" is the value 5 s
_OVER = re.compile(r"\bover\b")
_LISTED = re.compile(r"\s*(?:[-*]\s+)?(?:\*\*)?(?:[Oo]ption\s+)?\(?([A-Z])(?:[).:]|\*\*)+\s*(.*)", re.S)
_DENIED_AFTER = re.compile(
    r"(?:(?:option|choice|answer|this|that|it|which|statement|would|could|may|might) )*"
    r"(?:(?:is|are|was|were|be|can|does|do|has|have|seems?) )?(?:also |therefore |thus |clearly )?"
    r"(?:not|isn|aren|wasn|doesn|don|incorrect|false|wrong|unlikely|excluded|eliminated|ruled|cannot|untrue|inaccurate"
    r"|irrelevant|never|contraindicated)\b"
)


class Mentions(NamedTuple):
    """What a sentence says of the options: `any` named at all, the one `told` as the result, by `rule`, and
    those that it denies.
    """

    any: bool
    told: str | None
    rule: ContentRule
    denied: frozenset[str] = frozenset()


class _Hit(NamedTuple):
    key: str
    start: int
    end: int


class OptionReader:
    """Reads sentences for mentions of the options of one question (or of one free numeric value)."""

    def __init__(self, question: str, options: Mapping[str, str] | None, letter: str | None, value: str | None) -> None:
        self.chosen = letter if options else VALUE
        self._options = dict(options) if options else {VALUE: value or ""}
        self._query = normalise(question)
        self._words = {k: words_of(normalise(t)) for k, t in self._options.items()}
        self._texts = {k: w.words for k, w in self._words.items()}

    @cached_property
    def unreadable(self) -> bool:
        """Whether mentions of the chosen option cannot be told from others: "all of the above", "A and B", an
        option that occurs twice or stands in the question, a free answer that is no number.
        """
        text = self._options.get(self.chosen or "", "")
        if self.chosen is None or not text.strip() or _UNREADABLE.match(text):
            return True
        if self.chosen == VALUE:
            return not self._values
        if self.chosen in self._values:
            return False
        own = self._texts[self.chosen]
        return not own or sum(t == own for t in self._texts.values()) > 1 or self.chosen in self._asked

    @cached_property
    def _values(self) -> dict[str, float]:
        """Options that are single numbers, where no two of them have the same value."""
        values = {k: v for k, t in self._options.items() if (v := value_of(_SYMBOL.sub("", t))) is not None}
        repeated = {v for v in values.values() if sum(v == w for w in values.values()) > 1}
        return {k: v for k, v in values.items() if v not in repeated}

    @cached_property
    def _question(self) -> Words:
        return words_of(self._query)

    @cached_property
    def _asked(self) -> set[str]:
        """Options whose text stands in the question: to name them says nothing."""
        worded = ((k, t) for k, t in self._texts.items() if t and k not in self._values)
        return {k for k, t in worded if occurrences(self._question.words, t)}

    @cached_property
    def _asked_words(self) -> frozenset[str]:
        return frozenset(self._question.words)

    @cached_property
    def _asked_numbers(self) -> frozenset[float]:
        return frozenset(numbers_of(self._query))

    @cached_property
    def _parts(self) -> dict[float, str]:
        """Values that stand in one option only, among options made of several numbers and not of words."""
        owners: dict[float, set[str]] = {}
        for key, text in self._options.items():
            plain = key not in self._values and self.chosen != VALUE and not _OVER.search(text)
            numbers = numbers_of(normalise(text)) if plain else []
            content = [w for w in self._texts[key] if w.isalpha() and len(w) > 2 and w not in STOP]
            for number in numbers if len(content) <= 2 * len(numbers) else []:
                owners.setdefault(number, set()).add(key)
        return {v: next(iter(k)) for v, k in owners.items() if len(k) == 1 and v not in self._asked_numbers}

    @cached_property
    def _paraphrases(self) -> Paraphrases:
        worded = {k: w for k, w in self._words.items() if k not in self._values}
        return Paraphrases(worded, self._question.words)

    def read(self, sentence: str) -> Mentions:
        """The options that one sentence names, and the one it tells as the result."""
        text = normalise(sentence)
        words = words_of(text)
        hits = self._verbatim(words)
        denied = frozenset(h.key for h in hits if _is_denied(words, h))
        if self._is_listing(sentence, words):
            return Mentions(True, None, "verbatim")
        by_letter = self._by_letter(sentence, words)
        if by_letter is not None:
            return by_letter
        told = self._told(words, [h for h in hits if h.key not in denied])
        if told is not None:
            return Mentions(True, told, "verbatim", denied)
        numeric = self._numeric(text, words)
        if numeric is not None and numeric.told is not None:
            return numeric
        paraphrase = None if hits else self._paraphrases.read(words)
        if paraphrase is not None:
            gone = frozenset([paraphrase.key] if paraphrase.denied else [])
            return Mentions(True, None if gone else paraphrase.key, "paraphrase", gone)
        named = bool(hits) or bool(numeric and numeric.any) or self._names_letter(sentence)
        return Mentions(named, None, "verbatim", denied)

    def named_in(self, text: str) -> list[str]:
        """The keys of the options whose full text makes up at least half of `text`, which denies nothing."""
        words = words_of(normalise(text))
        if NEGATION.intersection(words.words):
            return []
        hits = [h for h in self._verbatim(words, asked=True) if 2 * (h.end - h.start) >= len(words.words)]
        keys = list(dict.fromkeys(h.key for h in hits))
        number = value_of(text)
        if not keys and number is not None:
            keys = [k for k, v in self._values.items() if v == number]
        return keys

    def _names_letter(self, sentence: str) -> bool:
        return any((m[1] or m[2]) in self._texts for m in _LETTER.finditer(sentence))

    def _by_letter(self, sentence: str, words: Words) -> Mentions | None:
        """What is said of the one option that a sentence names by its letter, beside some of its content."""
        named = [m for m in _LETTER.finditer(sentence) if (m[1] or m[2]) in self._texts]
        letters = {m[1] or m[2] for m in named}
        if len(letters) != 1:
            return None
        letter = letters.pop()
        if any(_DENIED_AFTER.match(sentence[m.end() : m.end() + 80].lstrip(" )*:,").lower()) for m in named):
            return Mentions(True, None, "verbatim", frozenset([letter]))
        if self._paraphrases.coverage(letter, words) < _BESIDE_LETTER:
            return None
        return Mentions(True, letter, "paraphrase")

    def _is_listing(self, sentence: str, words: Words) -> bool:
        """Whether the sentence only repeats an option under its letter, as the question lists it."""
        match = _LISTED.match(sentence)
        if match is None or match[1] not in self._texts:
            return False
        own = self._texts[match[1]]
        return bool(own) and words_of(normalise(match[2])).words == own

    def _verbatim(self, words: Words, *, asked: bool = False) -> list[_Hit]:
        hits = [
            _Hit(key, at, at + len(option))
            for key, option in self._texts.items()
            if option and key not in self._values and (asked or key not in self._asked)
            for at in occurrences(words.words, option)
        ]
        return _longest(hits)

    def _told(self, words: Words, hits: Sequence[_Hit]) -> str | None:
        keys = {h.key for h in hits}
        if len(keys) == 1:
            return keys.pop()
        ends = [0, *(h.end for h in hits)]
        after = {h.key for h, end in zip(hits, ends, strict=False) if _TELLS.intersection(_before(words, h, end))}
        return after.pop() if len(after) == 1 else None

    def _numeric(self, text: str, words: Words) -> Mentions | None:
        """A sentence's result: its last right-hand side, else its last number."""
        if not self._values and not self._parts:
            return None
        copied = self._is_copied(words)
        results = [r for r in results_of(text) if not (copied and r in self._asked_numbers)]
        told = next((k for r in results if (k := self._with_value(r)) is not None), None)
        if told is None and self.chosen == VALUE and results:
            told = OTHER
        named = any(self._with_value(n) is not None for n in numbers_of(text))
        return Mentions(named, told, "number")

    def _with_value(self, number: float) -> str | None:
        """The one option of this value, rounding of one per cent allowed where no other option is as near."""
        near = [k for k, v in self._values.items() if abs(v - number) <= 0.01 * abs(v)]
        exact = [k for k in near if self._values[k] == number]
        parts = [k for v, k in self._parts.items() if abs(v - number) <= 0.005 * abs(v)]
        return exact[0] if exact else near[0] if len(near) == 1 else parts[0] if len(parts) == 1 else None

    def _is_copied(self, words: Words) -> bool:
        content = [w for w in words.words if w.isalpha() and len(w) > 1 and w not in STOP]
        return len(content) >= 3 and sum(w in self._asked_words for w in content) >= 0.9 * len(content)


def _longest(hits: Sequence[_Hit]) -> list[_Hit]:
    """Hits that no longer hit contains."""
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        outer = kept[-1] if kept else None
        same = outer is not None and (outer.start, outer.end) == (hit.start, hit.end)
        if outer is None or hit.end > outer.end or same:
            kept.append(hit)
    return kept


def _before(words: Words, hit: _Hit, end: int) -> tuple[str, ...]:
    """The three words before a hit, from the end of the hit before it."""
    return words.words[max(end, hit.start - 3) : hit.start]


def _is_denied(words: Words, hit: _Hit) -> bool:
    after = " ".join(words.words[hit.end : hit.end + 8])
    return words.denied[hit.start] or _DENIED_AFTER.match(after) is not None
