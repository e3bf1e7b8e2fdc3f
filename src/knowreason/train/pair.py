"""One training or test item of the verifier."""

from __future__ import annotations

from typing import NamedTuple

SUPPORTED, REFUTED, OPEN = 0, 1, 2


class Pair(NamedTuple):
    """A premise, a claim, what the premise makes of the claim, and where both came from."""

    premise: str
    claim: str
    label: int
    source: str
    kind: str
    part: str
