"""How much of a claim's wording stands in a passage."""

from __future__ import annotations

import re

_STOP = frozenset(
    """a an the of in on at to for and or by with from is are was were be been being it its this that these those as
not no can may also which who has have had do does did will than then there their they but into such about more
most other some any all your you when where while if each between through during very only so""".split()
)


def content(text: str) -> set[str]:
    """The words of a text that carry content, in lower case."""
    return {word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _STOP and len(word) > 1}


def overlap(claim: str, premise: str) -> float:
    """Share of the claim's content words that stand in the premise."""
    words = content(claim)
    return len(words & content(premise)) / max(1, len(words))
