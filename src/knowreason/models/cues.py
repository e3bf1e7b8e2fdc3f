"""What the words of a text say of each option: cues that are read by rule and weighed beside the answer head.

An encoder of this size sees that an option stands in a text, but not whether a sentence tells it as the result, nor
that 16.0 m/s is the option "16 m/s". The rules that find where a trace commits see both. A cue is a number for every
option; only differences between options count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from knowreason.answers import find_statements, value_of
from knowreason.answers.mentions import OptionReader
from knowreason.answers.quantities import normalise, numbers_of
from knowreason.answers.wording import STOP, stem, words_of
from knowreason.records import Observation
from knowreason.sentences import split_sentences

FADE = 0.8  # of a telling with every sentence that follows
SENTENCES = 30  # from the end that are read for tellings
LATE = 2  # sentences from the end in which the last number counts
LENGTH = 200.0  # characters: the unit of the logarithm of the text's length
Floats = npt.NDArray[np.float64]


class CueWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weight of each cue in the score of an option, in nats; fitted on questions that trained nothing.

    `belief`: the log-probability that the answer head gives it. `told`: a sentence tells it as the result and no later
    one tells another, FADE for every sentence since; `told_late`: the same times the logarithm of the text's length;
    `word_for_word`: 1 if that telling is no paraphrase and no number. `shared`: the part of its content words, those of
    the question left out, that the text holds. `number`: 1 if the last number of the last sentences is its number.
    `stated`: 1 if the text formally states it and no other. Equal options share what is told of one of them.
    """

    belief: float = 1.0
    told: float = 0.0
    told_late: float = 0.0
    word_for_word: float = 0.0
    shared: float = 0.0
    number: float = 0.0
    stated: float = 0.0


class CueReader:
    """Reads texts for the cues of the options of one question; a sentence that recurs is read once."""

    def __init__(self, question: str, candidates: Sequence[str], labels: Sequence[str] = ()) -> None:
        self._lettered = len({label.casefold() for label in labels if label}) == len(candidates)
        keys = labels if self._lettered else [str(number) for number in range(len(candidates))]
        self._options = dict(zip(keys, candidates, strict=True))
        self._reader = OptionReader(question, self._options, None, None)
        asked = _content(question)
        self._words = [_content(candidate) - asked for candidate in candidates]
        self._numbers = [numbers_of(normalise(candidate)) for candidate in candidates]
        self._values = [[value] if (value := value_of(candidate)) is not None else [] for candidate in candidates]
        self._told: dict[str, tuple[str | None, bool, frozenset[str]]] = {}

    def read(self, text: str) -> dict[str, Floats]:
        """Every cue but the belief: for each its value at every option, in their order."""
        sentences = [text[start:end] for start, end in split_sentences(text)][-SENTENCES:]
        told, word_for_word = self._tellings(sentences)
        return {
            "told": told,
            "told_late": told * math.log1p(len(text) / LENGTH),
            "word_for_word": word_for_word,
            "shared": self._shared(text),
            "number": self._last_number(" ".join(sentences[-LATE:])),
            "stated": self._stated(text),
        }

    def _tellings(self, sentences: Sequence[str]) -> tuple[Floats, Floats]:
        """The last telling that no later sentence takes back, faded by its distance from the end."""
        told, verbatim = np.zeros(len(self._options)), np.zeros(len(self._options))
        last: tuple[str, bool, int] | None = None
        for place, sentence in enumerate(sentences):
            key, word_for_word, denied = self._sentence(sentence)
            if key is not None:
                last = key, word_for_word, place
            if last is not None and last[0] in denied:
                last = None
        if last is not None:
            chosen = self._chosen(last[0])
            return chosen * FADE ** (len(sentences) - 1 - last[2]), chosen * float(last[1])
        return told, verbatim

    def _chosen(self, key: str | None) -> Floats:
        """1 at the option of a key and at those of the same text."""
        text = self._options.get(key) if key is not None else None
        return np.array([float(text is not None and other == text) for other in self._options.values()])

    def _sentence(self, sentence: str) -> tuple[str | None, bool, frozenset[str]]:
        if sentence not in self._told:
            said = self._reader.read(sentence)
            self._told[sentence] = said.told, said.rule == "verbatim", said.denied
        return self._told[sentence]

    def _shared(self, text: str) -> Floats:
        held = _content(text)
        return np.array([len(words & held) / len(words) if words else 0.0 for words in self._words])

    def _last_number(self, text: str) -> Floats:
        found = numbers_of(normalise(text))
        if not found:
            return np.zeros(len(self._options))
        return _nearest(found[-1], self._numbers)

    def _stated(self, text: str) -> Floats:
        """The option that the text formally states, by its letter or by its value; none where it states several."""
        statements = find_statements(text, self._options if self._lettered else None)
        if self._lettered:
            found = [self._chosen(one.letter) for one in statements]
        else:
            told = [value for one in statements if (value := value_of(one.answer)) is not None]
            found = [_nearest(value, self._values) for value in told]
        distinct = {tuple(one) for one in found}
        return np.array(distinct.pop()) if len(distinct) == 1 else np.zeros(len(self._options))


def weigh(weights: CueWeights, belief: Floats, cues: Mapping[str, Floats]) -> Floats:
    """Scores of the options: the weighted sum of the head's log-probabilities and the cues."""
    parts: dict[str, Any] = {**cues, "belief": belief}
    return np.sum([getattr(weights, name) * parts[name] for name in CueWeights.__struct_fields__], axis=0)


def read_all(asked: Sequence[tuple[Observation, str]]) -> list[dict[str, Floats]]:
    """The cues of every observation in its text; a reader serves all texts of one question and its options."""
    readers: dict[Any, CueReader] = {}
    out: list[dict[str, Floats]] = []
    for one, text in asked:
        key = one.question, tuple(one.candidates), tuple(one.labels)
        if key not in readers:
            readers[key] = CueReader(*key)
        out.append(readers[key].read(text))
    return out


def _content(text: str) -> frozenset[str]:
    words = words_of(normalise(text)).words
    return frozenset(stem(word) for word in words if len(word) > 2 and word.isalpha() and word not in STOP)


def _nearest(found: float, numbers: Sequence[Sequence[float]]) -> Floats:
    """1 at the options that hold the number; where none does, at those within one per cent of it."""
    exact = np.array([float(found in own) for own in numbers])
    if exact.any():
        return exact
    return np.array([float(any(abs(found - one) <= 0.01 * abs(one) for one in own)) for own in numbers])
