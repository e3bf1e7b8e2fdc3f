"""Invented names: short, distinct, and none of them a word that a rule of this package reads as something else."""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import product

from knowreason.errors import InputError

_FIRST = "b d f g k l m n p r t v z".split()
_VOWELS = "a e i o u".split()
_SECOND = "b d g k l m n r t v z".split()
_ENDINGS = {
    "disease": "ora una emba isto".split(),
    "finding": "olin ugan erak ivon".split(),
    "drug": "amir oxan udel ipram".split(),
    "place": "eth urg ola".split(),
}
"""The kinds of things and how their names end: a reader sees what a name is, and no two kinds share one."""


def names(kind: str, count: int, seed: int) -> tuple[str, ...]:
    """`count` different lower-case names of a kind, in an order fixed by the seed.

    Raises `InputError` where the kind has fewer names.
    """
    every = _all(kind)
    if count > len(every):
        raise InputError(f"{count} names of the kind {kind} are wanted, and there are {len(every)}: choose fewer")
    return tuple(random.Random(f"{seed} {kind}").sample(every, count))


@lru_cache(maxsize=8)
def _all(kind: str) -> tuple[str, ...]:
    return tuple(a + v + b + end for a, v, b, end in product(_FIRST, _VOWELS, _SECOND, _ENDINGS[kind]))
