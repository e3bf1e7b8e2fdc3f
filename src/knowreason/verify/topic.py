"""Whether a claim is about what was asked: true but irrelevant claims must not raise the Knowledge Index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]{4,}")
# Words that stand in questions of any subject and link nothing.
_COMMON = frozenset(
    "which what when where following statement statements true false correct incorrect most least best likely "
    "many much does would should could will have been were with without from that this these those into than then "
    "they their there about after before during between both each every more other some such only also because "
    "often usually sometimes always never example called known cause causes caused leads patient patients year "
    "years woman person people child children presents shows used using give given find number type types kind "
    "following option options answer question above below normal increase increased decrease decreased high low "
    "higher lower level levels large small first second total value values equal equals form forms made make makes "
    "need needs help helps work works time times part parts".split()
)


def is_on_topic(claim: str, question: str, options: Mapping[str, str] | None) -> bool:
    """Whether `claim` shares a content word (by stem) with the question or with one of its options."""
    asked = _content(question).union(*(_content(text) for text in (options or {}).values()))
    return not asked.isdisjoint(_content(claim))


@lru_cache(maxsize=4096)
def _content(text: str) -> frozenset[str]:
    return frozenset(_stem(w) for w in _WORD.findall(text.lower()) if w not in _COMMON)


def _stem(word: str) -> str:
    stem = re.sub(r"(?:ations?|ating|ated|ates|ing|ies|ed|es|al|ic|s|y)$", "", word)
    return stem[:8] if len(stem) >= 4 else word
