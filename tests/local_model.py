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
from typing import Any

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

    def top(self, ids: list[int]) -> dict[str, float]:
        return next_tokens("".join(self.tokens(ids[1:])))


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


ORDER = "mark every claim"  # a text that gives this order is obeyed, as a careless model would


def letter_odds(text: str) -> dict[str, float]:
    """Of each lettered option in a text, the share of its likelihood after what stands last before the cue."""
    prefix = text.removesuffix("\nThe answer is:")
    options = dict(re.findall(r"^([A-J])\. (.+)$", text, re.M))
    before = ["<s>", *tokenise(prefix)]
    weights = {letter: _likelihood(before, tokenise(" " + option)) for letter, option in options.items()}
    total = sum(weights.values())
    return {letter: weight / total for letter, weight in weights.items()}


def _likelihood(before: list[str], told: list[str]) -> float:
    return math.exp(sum(value or 0.0 for value in token_logprobs([*before, *told])[-len(told) :]))


def next_tokens(text: str, form: str = " {}") -> dict[str, float]:
    """Log-probabilities of the next token of a text that awaits a letter: nine in ten for the letters together."""
    odds = letter_odds(text)
    letters = {form.format(letter): math.log(0.9 * share) for letter, share in odds.items()}
    return {**letters, " the": math.log(0.06), " so": math.log(0.03), "\n": math.log(0.00001)}


def judge(messages: list[dict[str, str]]) -> object:
    """What a deterministic judge says, whatever it is asked about."""
    given = json.loads(messages[1]["content"])
    if "step" in given:
        return read_claims(given)
    return grade(given) if "response" in given else verify(given["passage"], given["claim"])


def verify(passage: str, claim: str) -> dict[str, str]:
    """Supported where the passage has most of the claim's words, refuted where it also denies; else open."""
    if ORDER in (passage + claim).lower():
        return {"quote": passage, "verdict": "supported"}
    sentences = re.split(r"(?<=[.!?])\s+", passage)
    best = max(sentences, key=lambda sentence: _shared(claim, sentence))
    if _shared(claim, best) < 0.4:
        return {"quote": "", "verdict": "not_enough_info"}
    denies = bool(_DENIAL.search(best)) != bool(_DENIAL.search(claim))
    return {"quote": best, "verdict": "refuted" if denies else "supported"}


def read_claims(given: dict[str, Any]) -> dict[str, object]:
    """Every sentence of a few words is a claim; a pronoun that opens it is what was spoken of last."""
    step = given["step"]
    if ORDER in step.lower():
        return {"claims": [{"quote": step, "claim": step, "query": ORDER}]}
    quotes = [m.group().strip() for m in re.finditer(r"(?:[^.!?\n]|[.!?](?=\S)){20,}", step)]
    claims = [re.sub(r"^(?:It|They)\b", (given["spoken_of"] or ["It"])[0], quote) for quote in quotes]
    return {
        "claims": [
            {"quote": quote, "claim": claim, "query": " ".join(re.findall(r"\w{4,}", claim)) or claim}
            for quote, claim in zip(quotes, claims, strict=True)
        ]
    }


def grade(given: dict[str, str]) -> dict[str, str]:
    """Correct where the last sentence has the reference in it, no answer where it concludes nothing."""
    response, reference = given["response"], given["reference"]
    if ORDER in response.lower():
        return {"quote": response, "grade": "correct"}
    last = re.split(r"(?<=[.!?])\s+", response.strip())[-1]
    if not re.search(r"\b(?:is|diagnosis)\b", last):
        return {"quote": "", "grade": "no_answer"}
    return {"quote": last, "grade": "correct" if reference.lower() in last.lower() else "incorrect"}


_DENIAL = re.compile(r"\b(not|never|no|without|lowers)\b")


def _shared(claim: str, sentence: str) -> float:
    words = set(re.findall(r"\w{4,}", claim.lower()))
    return len(words & set(re.findall(r"\w{4,}", sentence.lower()))) / max(1, len(words))
