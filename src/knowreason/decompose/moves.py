"""What a step does, by transparent cues. Descriptive only: no metric rests on it."""

from __future__ import annotations

import re
from functools import lru_cache

from knowreason.decompose.vocabulary import CONCLUDING, IMPERATIVES, STOP_WORDS
from knowreason.records import Move, Part

CASE_OVERLAP = 0.6  # share of a step's content words that stand in the question

_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_ENDING = re.compile(r"(?:ing|ed|es|s|ly)$")
_LABEL = re.compile(r"[\s*_#>-]*(?:(?:step|part)\s*\d+\s*[:.)-]*|\(?\d{1,3}[.)]|[-•–])?[\s*_#>]*", re.I)
_CHECK = re.compile(
    r"\b(?:(?:double|cross)?-?check(?:s|ed|ing)?|verif(?:y|ies|ied|ying)|wait|hmm|re-?(?:check|consider|"
    r"examine|read)\w*|"
    r"make sure|plug(?:ging)? (?:it |them |this )?back|sanity|let me confirm|am i (?:sure|missing)|mistake)\b",
    re.I,
)
_PLAN = re.compile(
    r"\b(?:let(?:'s|’s| us| me)|(?:i|we)(?:'ll|’ll| will| need to| have to| should| must| can now|"
    r" want to| could try)|"
    r"(?:need|going|have) to (?:find|consider|determine|figure|look|work|compare)|the question (?:is|asks)|"
    r"(?:to|in order to) (?:find|solve|determine|calculate|answer|figure|approach|work out)|step by step)\b",
    re.I,
)
_INFERENCE = re.compile(
    rf"^(?:{CONCLUDING})\b|\b(?:therefore|thus|hence|so|because|since|suggest(?:s|ing)?|impl(?:y|ies)|which means|"
    r"consistent with|in keeping with|points? to|follows|indicat(?:es?|ing)|support(?:s|ing)|"
    r"argues? against|gives)\b|=",
    re.I,
)
_KNOWLEDGE = re.compile(
    r"\b(?:is|are|may|can|usually|typically|often|generally|commonly|always|never|causes?|leads? to|results? in|"
    r"increases?|decreases?|includes?|contains?|produces?|acts?|known|called|defined|refers? to)\b",
    re.I,
)


def move_of(text: str, question: str, part: Part | None) -> Move:
    """The kind of one step, by the first rule that fits.

    answer: the step belongs to the statement part; case: 60 % of its content words stand in the question;
    check, plan, inference, knowledge: by cue words; other: none of them.
    """
    if part == "statement":
        return "answer"
    if _repeats(text, question):
        return "case"
    if _CHECK.search(text):
        return "check"
    if _PLAN.search(text) or _commands(text):
        return "plan"
    if _INFERENCE.search(text):
        return "inference"
    return "knowledge" if _KNOWLEDGE.search(text) else "other"


def content_words(text: str) -> frozenset[str]:
    """The lower-case stems of the words and numbers that carry content."""
    return frozenset(stem(w) for w in _WORD.findall(text.lower()) if w not in STOP_WORDS)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its commonest endings, so that "raises" meets "raised"."""
    return _ENDING.sub("", word) if len(word) > 4 else word


@lru_cache(maxsize=64)
def question_words(question: str) -> frozenset[str]:
    """`content_words` of a question, remembered because every step of every trace asks for it."""
    return content_words(question)


def _repeats(text: str, question: str) -> bool:
    words = content_words(text)
    return len(words) >= 3 and len(words & question_words(question)) >= CASE_OVERLAP * len(words)


def _commands(text: str) -> bool:
    label = _LABEL.match(text)
    first = _WORD.search(text, label.end() if label else 0)
    return first is not None and first.group().lower() in IMPERATIVES
