"""A true claim out of a sentence: which sentences stand on their own, and what they say in other words."""

from __future__ import annotations

import random
import re

from knowreason.planting.paraphrase import number_words, reword, smaller_claims

_BAD_START = re.compile(
    r"(?:He|She|Those|That|Such|We|You|I|Your|Our|If you|See|Figure|Table|Click|For more|Read|Explain|Describe|Identify"
    r"|Discuss|Define|Learn|Visit|Watch|His|Her|Their|Its|There|But|And|Or|Ask|Call|Talk|Tell|Try|Use|Make|Take|Avoid)\b"
)
_BAD_INSIDE = re.compile(
    r"Figure|Table|\bI\b|http|\byou\b|\byour\b|et al|[=|\[?]|:"
    r"|Approximate number|table below|Dictionary|these steps|this (?:section|chapter|page)"
)


def usable(sentence: str) -> bool:
    """Whether a sentence asserts something that stands on its own."""
    words = len(sentence.split())
    return (
        6 <= words <= 36
        and sentence.endswith(".")
        and not _BAD_START.match(sentence)
        and not _BAD_INSIDE.search(sentence)
    )


def claim_of(sentence: str, title: str, rng: random.Random) -> tuple[str, bool, bool]:
    """A claim that the sentence supports, whether it says all of it, and whether it needs the title."""
    smaller = smaller_claims(sentence, title, rng)
    if smaller and rng.random() < 0.75:
        claim = rng.choice(smaller)
        named = bool(title) and title.lower() in claim.lower() and title.lower() not in sentence.lower()
        return reworded(claim, rng), False, named
    return reworded(sentence, rng), True, False


def reworded(claim: str, rng: random.Random) -> str:
    """The claim with other words of the same meaning; now and then as it is."""
    draw = rng.random()
    if draw < 0.15:
        return claim
    claim = reword(claim, rng, swaps=rng.choice([1, 2, 3, 5]))
    return number_words(claim) if draw < 0.35 else claim
