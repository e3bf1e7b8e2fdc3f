"""Cuts a document into passages of about three sentences, and marks those that are no evidence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from knowreason.retrieve.clean import is_list_item
from knowreason.retrieve.evidence import Kind, kind_of_block, kinds_of_sentences
from knowreason.sentences import split_sentences

MAX_WORDS = 90
SENTENCES = 3

_LONG_SENTENCE = 600  # characters: about MAX_WORDS words
_BLOCK_LIMIT = 5000  # characters: bounds the cost of the sentence rules on hostile text
_FULL_SENTENCE = 5  # words: shorter list items and headings do not count as one of the three sentences
_BLOCK = re.compile(r"[^\n]+")
_PIECE = re.compile(r"(?:\S{1,100}\s*){1,60}")
_WORD = re.compile(r"\w+")
# a passage that opens like this is about its title, so the same words under another title say another thing
_LEANS_ON_TITLE = re.compile(
    r"\W*(?:in )?(?:this|these|those|that|it|its|they|their|such|he|she|affected|most (?:people|cases|patients)"
    r"|the (?:condition|disease|disorder|syndrome|illness|infection|drug|medication|gene|protein|cause|risk"
    r"|treatment|prognosis|prevalence|incidence|inheritance|patient|client|organism|structure))s?\b"
)


class Window(NamedTuple):
    """A passage to be: the document's `text[start:end]`, and why it is no evidence (empty: it may be)."""

    start: int
    end: int
    kind: Kind


class _Unit(NamedTuple):
    start: int
    end: int
    kind: Kind
    words: int


def windows(text: str) -> Iterator[Window]:
    """The passages of a document's normalised text, in order.

    A passage is a run of consecutive sentences of one kind: up to three full ones and `MAX_WORDS` words, one
    sentence shared with the next. A longer sentence is cut every sixty words. Every sentence is in a passage.
    """
    for _, group in groupby(_units(text), key=lambda unit: unit.kind):
        run = list(group)
        whole = text[run[0].start : run[-1].end]
        yield from _slide(run, run[0].kind or _kind_of_run(whole, len(run)))


def duplicate_key(title: str, passage: str) -> bytes:
    """Equal for passages that say the same: same text but for case, and same title where they lean on it."""
    text = passage.casefold()
    title = title.casefold() if _LEANS_ON_TITLE.match(text) else ""
    return hashlib.blake2b(f"{title}\0{text}".encode(), digest_size=12).digest()


def _units(text: str) -> Iterator[_Unit]:
    list_kind: Kind = ""
    for start, end in _blocks(text):
        block = text[start:end]
        kind = kind_of_block(block)
        if is_list_item(text, start):
            kind = kind or list_kind
        else:
            # the items of a list share the kind of the line that announces it
            list_kind = kind if block.endswith(":") or kind == "objective" else ""
        yield from _units_of_block(block, start, kind)


def _units_of_block(block: str, start: int, kind: Kind) -> Iterator[_Unit]:
    spans = [(first, block[first:last].rstrip()) for first, last in split_sentences(block)]
    spans = [(first, sentence) for first, sentence in spans if sentence]
    kinds: list[Kind] = [kind] * len(spans)
    if not kind:
        kinds = kinds_of_sentences([sentence for _, sentence in spans])
    for (first, sentence), its_kind in zip(spans, kinds, strict=True):
        yield from _units_of_sentence(sentence, start + first, its_kind)


def _units_of_sentence(sentence: str, start: int, kind: Kind) -> Iterator[_Unit]:
    if len(sentence) <= _LONG_SENTENCE:
        yield _Unit(start, start + len(sentence), kind, sentence.count(" ") + 1)
        return
    for piece in _PIECE.finditer(sentence):
        part = piece[0].rstrip()
        yield _Unit(start + piece.start(), start + piece.start() + len(part), kind, part.count(" ") + 1)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    for match in _BLOCK.finditer(text):
        start, end = match.span()
        while end - start > _BLOCK_LIMIT:
            cut = _cut(text, start, start + _BLOCK_LIMIT)
            yield start, cut
            start = cut
        yield start, end


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut a block that is too long: after its last full stop, else after its last space."""
    for mark in (". ", " "):
        at = text.rfind(mark, start, limit)
        if at > start:
            return at + len(mark)
    return limit


def _kind_of_run(text: str, units: int) -> Kind:
    """`fragment` where a run asserts nothing: a lead-in whose list is missing, or a single word."""
    if units == 1 and text.endswith(":"):
        return "fragment"
    # scripts without spaces hold a sentence in one word
    return "" if len(_WORD.findall(text[:200])) > 1 or not text.isascii() else "fragment"


def _slide(run: Sequence[_Unit], kind: Kind) -> Iterator[Window]:
    first = 0
    while True:
        last = _grow(run, first)
        yield Window(run[first].start, run[last - 1].end, kind)
        if last == len(run):
            return
        first = max(first + 1, last - 1)


def _grow(run: Sequence[_Unit], first: int) -> int:
    """One past the last unit of the passage that opens with `first`."""
    words, full = 0, 0
    for at in range(first, len(run)):
        words += run[at].words
        if at > first and words > MAX_WORDS:
            return at
        full += run[at].words >= _FULL_SENTENCE
        if full == SENTENCES:
            return at + 1
    return len(run)
