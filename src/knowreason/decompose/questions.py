"""What a question gives away: the facts of its case, so that a step that repeats them is not taken for knowledge."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from knowreason.decompose import vocabulary as v
from knowreason.decompose.clauses import Token, tokenize, verb_at
from knowreason.decompose.moves import question_words

Kind = Literal["case", "problem", "plain"]

_PATIENT = re.compile(
    r"\b(?:year|month|week|day)s?[- ]old\b|\b(?:a|an|the|this|your) (?:[\w-]+ ){0,3}(?:patient|physician|doctor)\b"
    r"|\bpatient information\b",
    re.I,
)
_PERSON = re.compile(rf"\b(?:a|an|the|this|her|his) (?:[\w-]+ ){{0,3}}(?:{v.PERSONS})\b|\b(?:he|she|her|his)\b", re.I)
_ILL = re.compile(
    r"\b(?:patient|pain|fever|diseases?|symptoms?|diagnos\w+|treat\w*|blood|physician|hospital|emergency|"
    r"clinic\w*|tumou?r|"
    r"cancer|infection|therapy|mmol|mg|antibod\w+|syndrome|heart|fibrosis|carrier|drug|surgery|examination)\b",
    re.I,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ASKS_VALUE = re.compile(
    r"\bhow (?:many|much|long|far|fast|old|tall)\b|\b(?:find|calculate|compute|evaluate|solve|determine|simplify)\b"
    r"|\bwhat (?:is|are|was|will be) the (?:\w+ ){0,3}(?:value|probability|area|number|sum|length|cost|"
    r"volume|total|speed|"
    r"radius|ratio|percent\w*|distance|degree|order|product|remainder)\b|\\[a-z]+|[=^]",
    re.I,
)
_COUNTED = re.compile(
    r"\\\\|[=^$]|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|half|twice|arranged)\b", re.I
)
_RESULT = re.compile(r"(?:=|≈|→|\\approx)\s*\$?\s*(-?\d+(?:[.,]\d+)*)")
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")
_OPENERS = frozenset(
    "the this that these those which what who how when where why with without from into for and but one two three "
    "each every all after before during suppose let given find there his her she they its today yesterday some any "
    "statement calculate evaluate compute determine solve consider patient information chief complaint history present "
    "past personal family physical examination ancillary tests illness medical none not most only".split()
)
_ASKED = re.compile(
    r".*\b(?:about|of|regarding|concerning|for|by|in|with)\s+(?:an?\s+|the\s+)?(?P<topic>[^?.,:;]{3,60}?)\s*[?:.]*\s*$",
    re.I,
)

_WH = re.compile(r"(?:which|what|who|describe|explain|discuss|define|name)\b", re.I)
_NO_SUBJECT = re.compile(
    r"\(?\w\)|(?:if|given|taking|starting|after|before|by|in|at|on|how|why|when|where|find|compute|"
    r"calculate|suppose|assume|"
    r"let|you|your|i|we|to|with|it|they|this|these|does|do|is|are|can|account|differentiate|statement)\b",
    re.I,
)


class Case(NamedTuple):
    """What belongs to the question alone: its kind, words, numbers (given or computed) and names."""

    kind: Kind
    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    subject: str


def read_case(question: str, reasoning: str, asks_number: bool = False) -> Case:
    """The case of a trace: what the question gives, and the numbers that the reasoning computes from it.

    `asks_number`: the answers or options are numbers, so that a question with a number in it is a problem.
    """
    kind = _kind(question)
    if kind == "plain" and asks_number and _NUMBER.search(question):
        kind = "problem"
    given = {n for n in _NUMBER.findall(question) if len(n) > 1}
    if kind == "problem":
        given |= set(_NUMBER.findall(question))
    computed = {n for n in _RESULT.findall(reasoning) if len(n) > 1} if kind != "plain" else set[str]()
    names = frozenset(n.lower() for n in _NAME.findall(question)) - _OPENERS
    return Case(kind, question_words(question), frozenset(given | computed), names, _subject(question))


@lru_cache(maxsize=64)
def _kind(question: str) -> Kind:
    ill = _ILL.search(question) is not None
    numbers = len(_NUMBER.findall(question))
    if (_PATIENT.search(question) and (ill or not _ASKS_VALUE.search(question))) or (_PERSON.search(question) and ill):
        return "case"
    if numbers >= 2 or (_ASKS_VALUE.search(question) and (numbers or _COUNTED.search(question))):
        return "problem"
    return "plain"


@lru_cache(maxsize=64)
def _subject(question: str) -> str:
    """What the question is about, for a pronoun that nothing before it explains; "" where it does not show."""
    last = re.split(r"(?<=[.?!:])\s+(?=\S)", question.strip())[-1]
    asked = _ASKED.match(last)
    if asked is not None and _WH.match(last):
        unusable = r"\b(?:which|what|following|is|are|was)\b|^(?:its|their|his|her)\b"
        return "" if re.search(unusable, asked["topic"]) else asked["topic"]
    tokens = tokenize(last, 0, len(last))
    verb = verb_at(tokens)
    if not verb or verb > 10 or _WH.match(last) or _NO_SUBJECT.match(last):
        return ""
    return _without_determiner(last, tokens[:verb])


def _without_determiner(text: str, tokens: list[Token]) -> str:
    first = 1 if len(tokens) > 1 and tokens[0].lower in {"a", "an", "the"} else 0
    return text[tokens[first].start : tokens[-1].end]
