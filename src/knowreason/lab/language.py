"""How a world speaks, and how it is read back: `parse(say(fact))` is the fact, in every wording."""

from __future__ import annotations

import re

from knowreason.lab.world import Fact, Question, World

_WORDINGS = (
    "The {relation} of {entity} is {value}.",
    "In {entity} the {relation} is {value}.",
    "{value} is the {relation} of {entity}.",
)
FILLERS = (
    "Let me read the question once more.",
    "Let me go on step by step.",
    "Let us look at one thing after another.",
    "We need to go through this with care.",
)
"""Sentences that say nothing, and in which no claim is found."""

_WORD = re.compile(r"\w+|[^\w\s]")
_PATTERNS = (
    re.compile(r"the (?P<relation>[a-z]+) of (?P<entity>[a-z]+) is (?P<value>[a-z]+)"),
    re.compile(r"in (?P<entity>[a-z]+) the (?P<relation>[a-z]+) is (?P<value>[a-z]+)"),
    re.compile(r"(?P<value>[a-z]+) is the (?P<relation>[a-z]+) of (?P<entity>[a-z]+)"),
)


def say(fact: Fact, wording: int = 0) -> str:
    """A fact as a sentence, in the wording of that number (from 0)."""
    return _opened(_WORDINGS[wording].format(**fact._asdict()))


def parse(sentence: str) -> Fact | None:
    """The fact that a sentence states, in whatever wording; None where it states none."""
    text = sentence.strip().rstrip(".").lower()
    for pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is not None:
            return Fact(match["entity"], match["relation"], match["value"])
    return None


def ask(question: Question) -> str:
    """The text of a question, without its options."""
    ward = "" if question.ward is None else f" in ward {question.ward}"
    return f"Which drug is right for {question.entity}{ward}?"


def statement(answer: str) -> str:
    """The formal statement of an answer, in the words with which an observer is asked for it."""
    return f"The answer is: {answer}"


def _opened(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def words_of(world: World) -> list[str]:
    """Every lower-case word and sign that the world can say, sorted: the vocabulary of its models."""
    sentences = [
        *FILLERS,
        *_WORDINGS,
        "Which drug is right for x in ward x?",
        statement("x"),
        "A. B. C. D. E. F. G. H.",
    ]
    said = {word for sentence in sentences for word in _WORD.findall(sentence.lower())} - {"{", "}"}
    named = {*world.diseases, *world.wards, *world.relations, *(v for values in world.values.values() for v in values)}
    return sorted(said | named)
