"""One training or test item of the verifier."""

from __future__ import annotations

from typing import NamedTuple

SUPPORTED, REFUTED, OPEN, NOT_SUPPORTED = 0, 1, 2, 3  # the last: refuted or open, the source does not say which


class Pair(NamedTuple):
    """A premise, a claim, what the premise makes of the claim, and where both came from."""

    premise: str
    claim: str
    label: int
    source: str
    kind: str
    part: str
