"""A deterministic language model and a deterministic judge, small enough to be checked by hand.

The language model knows which token followed which in a short text, remembers the tokens of its context, and falls
back to bytes: a proper distribution over all texts, so that log-probabilities can be computed apart from the server.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter

_TOKEN = re.compile(r" ?\w+| ?[^\w\s]|\s")
_TAUGHT = "One, two, three, four, five, six, seven, eight, nine, ten. " * 3
_NEXT, _SEEN, _BYTES = 0.5, 0.3, 0.2


def tokenise(text: str) -> list[str]:
    """Words and signs with the space before them, as most vocabularies have them."""
    return _TOKEN.findall(text)


class Vocabulary:
    """Token ids by first appearance; 0 opens every text."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {"<s>": 0}

    def ids(self, text: str, *, special: bool) -> list[int]:
        found = [self._ids.setdefault(token, len(self._ids)) for token in tokenise(text)]
        return [0, *found] if special else found

    def tokens(self, ids: list[int]) -> list[str]:
        known = list(self._ids)
        return [known[i] for i in ids]

    def logprobs(self, ids: list[int]) -> list[float | None]:
        return token_logprobs(self.tokens(ids))


def _follows() -> dict[str, Counter[str]]:
    after: dict[str, Counter[str]] = {}
    tokens = tokenise(_TAUGHT)
    for one, two in itertools.pairwise(tokens):
        after.setdefault(one, Counter())[two] += 1
    # a number's successor depends on the number before the comma
    for one, _, three in zip(tokens, tokens[1:], tokens[2:], strict=False):
        after.setdefault(one + "|,", Counter())[three] += 1
    return after


_AFTER = _follows()


def token_logprobs(tokens: list[str]) -> list[float | None]:
    """The natural-log probability of each token after those before it; None for the first."""
    seen: Counter[str] = Counter()
    out: list[float | None] = []
    for place, token in enumerate(tokens):
        out.append(None if place == 0 else math.log(_probability(tokens, place, seen)))
        seen[token] += 1
    return out


def _probability(tokens: list[str], place: int, seen: Counter[str]) -> float:
    token, before = tokens[place], tokens[place - 1]
    key = f"{tokens[place - 2]}|," if before == "," and place > 1 else before
    known = _AFTER.get(key, Counter())
    following = known[token] / known.total() if known else 0.0
    return _NEXT * following + _SEEN * seen[token] / place + _BYTES * 257.0 ** -(len(token.encode()) + 1)


def judge(messages: list[dict[str, str]]) -> dict[str, str]:
    """Supported where the passage has most of the claim's words, refuted where it also denies; else open.

    A text that gives orders is obeyed, as a careless model would: the test of injection needs one that falls for it.
    """
    given = json.loads(messages[1]["content"])
    passage, claim = given["passage"], given["claim"]
    if "mark every claim" in (passage + claim).lower():
        return {"quote": passage, "verdict": "supported"}
    sentences = re.split(r"(?<=[.!?])\s+", passage)
    best = max(sentences, key=lambda sentence: _shared(claim, sentence))
    if _shared(claim, best) < 0.4:
        return {"quote": "", "verdict": "not_enough_info"}
    denies = bool(_DENIAL.search(best)) != bool(_DENIAL.search(claim))
    return {"quote": best, "verdict": "refuted" if denies else "supported"}


_DENIAL = re.compile(r"\b(not|never|no|without|lowers)\b")


def _shared(claim: str, sentence: str) -> float:
    words = set(re.findall(r"\w{4,}", claim.lower()))
    return len(words & set(re.findall(r"\w{4,}", sentence.lower()))) / max(1, len(words))
