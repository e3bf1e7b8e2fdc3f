"""Which text is no evidence: it asks, cites or announces, but asserts nothing a claim could be checked against.

Every rule reads the text itself, never the title of the section it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

NotEvidence = Literal["reference", "question", "objective", "caption", "fragment", "duplicate"]
Kind = NotEvidence | Literal[""]

_OBJECTIVE = re.compile(
    r"(?:by the end of this|after (?:studying|reading|completing) this)\b.{0,80}\b(?:able to|should|will)\b"
    r"|(?:chapter |learning |module |section )?(?:objectives|outcomes|goals)\W*$",
    re.I,
)
_INSTRUCTION = re.compile(
    r"(?:link to learning |art connection )?(?:please )?(?:watch|listen to|read|view|visit|click|go to)\b.{0,120}"
    r"\b(?:video|web ?site|site|webpage|links?|episode|podcast|scenario|following questions|simulation|animation"
    r"|questions that follow)\b",
    re.I,
)
_EXERCISE = re.compile(
    r"(?:\d{1,3}[.)] )?(?:briefly )?(?:describe|explain|discuss|compare|contrast|define|list|name|summari[sz]e"
    r"|predict|calculate|justify|outline|differentiate|distinguish|identify|analy[sz]e)\s+(?:and|the|how|what|why"
    r"|when|where|whether|which|at least|an?|each|one|two|three|four|five|\d+|some|any|this|these|its|their"
    r"|between|among|(?:the )?(?:main |major )?(?:differences?|similarities))\b",
    re.I,
)
_BULLETS = "-*•▪◦– "
_ASKS = re.compile(r"\?[\"'”’)\]]*$")
_NUMBERED = re.compile(r"(?:^|\s)(?:\d{1,2}|[A-Ea-e])[.)]\s")
_LABEL = re.compile(
    r"(?:figure|fig\.?|table|box|chart|exhibit|plate|image|photo|illustration)\s{0,2}"
    r"[s(]?(?:\d{1,3}(?:[.–-]\d{1,3})*|[ivx]{1,4})\b",
    re.I,
)
_CREDIT = re.compile(r"\(credits?\b|^credits?:|\bphoto(?:graph)? (?:by|credit)|\bmodification of work by", re.I)
_ATTRIBUTES = re.compile(r"(?:\w{1,20}=[\"“”][^\"“”]{0,200}[\"“”]\s*)+$")
_POINTER = re.compile(
    r"(?:these resources|see also|further reading|more on:|for more information|additional resources"
    r"|related (?:links|topics))\b",
    re.I,
)
_LINK_LIST = re.compile(r"\[\d{1,4}\]: ?(?:https?:|www\.)")
_ADDRESS = re.compile(r"\bhttps?:|\bwww\.|\bdoi\b")
_STRONG_MARKS = (
    _ADDRESS,
    # a date alone in brackets; a citation in running text has a name before the year
    re.compile(
        r"\((?:n\.d\.|(?:updated |revised )?(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? )?"
        r"(?:\d{1,2}, )?(?:19|20)\d\d[a-z]?)(?:[,/-][^()]{0,25})?\)",
        re.I,
    ),
    re.compile(r"(?:^|[,&] )[A-Zdv][\w'’ -]{1,30}, ?(?:[A-Z]\.[ -]?)+"),
    re.compile(r"\b\d{1,4}\s?\(\d{1,4}(?:[–-]\d{1,3})?\)\s?[,:]\s?[A-Za-z]?\d|\b(?:19|20)\d\d;\s?\d"),
    re.compile(r"\b(?:available (?:from|at):?|retrieved (?:from|on)|accessed on|\[internet\]|PMID)", re.I),
)
_WEAK_MARKS = (
    re.compile(r"\bet al\b"),
    re.compile(r"\b(?:Press|Publish(?:ers|ing)|Journal|Proceedings|Edition|Eds?\.|Vol\.|pp\.)"),
)


def kind_of_block(text: str) -> Kind:
    """The kind of a whole paragraph, list item or heading; empty where it may hold evidence."""
    if _OBJECTIVE.match(text):
        return "objective"
    if _ATTRIBUTES.match(text):
        return "fragment"
    if _is_reference(text):
        return "reference"
    if _is_answer_key(text):
        return "question"
    return "caption" if _is_bare_caption(text) else ""


def kinds_of_sentences(sentences: Sequence[str]) -> list[Kind]:
    """The kind of each sentence of a paragraph: questions, exercises, instructions to the reader, picture credits.

    "Compare the two values" is an exercise only if nothing is asserted after it: otherwise it opens an account of
    how something is done.
    """
    kinds: list[Kind] = [_kind_of_sentence(sentence.lstrip(_BULLETS)) for sentence in sentences]
    for at in reversed(range(len(sentences))):
        if not kinds[at] and not _EXERCISE.match(sentences[at].lstrip(_BULLETS)):
            break
        kinds[at] = kinds[at] or "question"
    return kinds


def _kind_of_sentence(text: str) -> Kind:
    if _ASKS.search(text[-6:]) or _INSTRUCTION.match(text):
        return "question"
    return "caption" if _CREDIT.search(text) else ""


def _is_reference(text: str) -> bool:
    if _LINK_LIST.match(text) or _POINTER.match(text):
        return True
    strong = [len(mark.findall(text)) for mark in _STRONG_MARKS]
    if not any(strong):
        return False
    words = text.count(" ") + 1
    if words <= 25 and _ADDRESS.search(text.rsplit(" ", 1)[-1]):
        return True
    weak = [len(mark.findall(text)) for mark in _WEAK_MARKS]
    enough = sum(map(bool, strong)) > 1 or any(weak)
    # one mark in fifteen words is a list of works; a sentence that cites a work has far fewer
    return enough and 15 * (sum(strong) + sum(weak)) >= words


def _is_answer_key(text: str) -> bool:
    """Whether the text is one line of three to five numbered short items: the options or the key of a quiz.

    Most options are false statements, so a numbered line is left out even where it might be a list of steps.
    """
    if not _NUMBERED.match(text) or len(text) > 700:
        return False
    items = [item.split() for item in _NUMBERED.split(text) if item.strip()]
    return 3 <= len(items) <= 5 and all(len(item) <= 30 for item in items)


def _is_bare_caption(text: str) -> bool:
    label = _LABEL.match(text)
    if label is None:
        return False
    rest = text[label.end() :].strip(" .:-–—")
    return len(rest.split()) <= 15 and ". " not in rest
