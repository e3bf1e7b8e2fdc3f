"""Which tokens a causal model is given so that one pass over a text serves every prefix of it.

Every prefix is encoded by itself, with its lead, as if nothing followed: so what is asked at one place does not
depend on where else the text is cut, nor on what is written later. The targets are encoded apart from what
stands before them. The tokens that a prefix shares with the whole text are read once (the trunk); what differs,
a token that the cut falls into and the lead, is the prefix's own tail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.records import Prefixes

_AT_ONCE = 32  # prefixes held at a time: together they are quadratic in the length of the text
Encode = Callable[[list[str]], list[list[int]]]
Whole = npt.NDArray[np.int64]


class Place(NamedTuple):
    """One prefix: the first `shared` tokens of the trunk, then `tail`, which is never empty."""

    shared: int
    tail: list[int]


class Plan(NamedTuple):
    """All that is asked of one text, in tokens."""

    trunk: list[int]
    places: list[Place]
    targets: list[list[int]]

    @property
    def longest(self) -> int:
        """Tokens of the longest prefix with its longest target."""
        return max(p.shared + len(p.tail) for p in self.places) + max(map(len, self.targets))


class Branch(NamedTuple):
    """One target after one prefix, as places in `Plan`."""

    place: int
    target: int


class Pack(NamedTuple):
    """Answer copies that are read together after the trunk, as arrays over their tokens.

    `shared`: how many tokens of the trunk a token sees. `piece` and `branch`: whose copy it belongs to and which
    target in it (0: the tail, seen by all targets of its copy). `kept`: the tokens whose prediction is needed.
    `asked`: for each branch, for each target token, (place in `kept` of what predicts it, the token).
    """

    ids: Whole
    positions: Whole
    shared: Whole
    piece: Whole
    branch: Whole
    kept: list[int]
    asked: list[tuple[Branch, list[tuple[int, int]]]]

    def sees(self) -> npt.NDArray[np.bool_]:
        """Which token (row) sees which other token of the pack: its own tail and its own target, up to itself."""
        same = self.piece[:, None] == self.piece[None, :]
        open_to = (self.branch[None, :] == 0) | (self.branch[:, None] == self.branch[None, :])
        return np.tril(same & open_to)


def plan(prefixes: Prefixes, encode: Encode, head: Sequence[int]) -> Plan:
    """The tokens to read. `head` are the tokens that the model wants before any text.

    Raises ValueError where a prefix has no token at all, or where nothing is asked.
    """
    whole, *targets = encode([prefixes.context[: max(prefixes.cuts)], *prefixes.targets])
    trunk = np.asarray([*head, *whole], np.int64)
    places: list[Place] = []
    for start in range(0, len(prefixes.cuts), _AT_ONCE):
        some = prefixes.cuts[start : start + _AT_ONCE]
        own = encode([prefixes.context[:cut] + prefixes.lead for cut in some])
        places += [_place(trunk, [*head, *tokens]) for tokens in own]
    return Plan(trunk[: max(p.shared for p in places)].tolist(), places, targets)


def _place(trunk: Whole, own: list[int]) -> Place:
    if not own:
        raise ValueError("nothing stands before the target: a causal model needs at least one token")
    size = min(len(trunk), len(own))
    differs = np.flatnonzero(trunk[:size] != np.asarray(own[:size], np.int64))
    shared = int(differs[0]) if len(differs) else size
    shared = min(shared, len(own) - 1)  # the last token predicts the target: it is always read with the copy
    return Place(shared, own[shared:])


def packs(asked: Plan, tokens: int, rows: int) -> Iterator[Pack]:
    """All branches in packs of at most `tokens` tokens and `rows` predictions, whole branches always together."""
    held: list[Branch] = []
    used = needed = 0
    spelled = [t for t, target in enumerate(asked.targets) if target]  # a target without a token asks nothing
    for branch in (Branch(p, t) for p in range(len(asked.places)) for t in spelled):
        own = len(asked.targets[branch.target])
        tail = 0 if held and held[-1].place == branch.place else len(asked.places[branch.place].tail)
        if held and (used + tail + own > tokens or needed + own > rows):
            yield _pack(asked, held)
            held, used, needed = [], 0, 0
            tail = len(asked.places[branch.place].tail)
        held.append(branch)
        used += tail + own
        needed += own
    if held:
        yield _pack(asked, held)


class _Token(NamedTuple):
    token: int
    position: int
    shared: int
    piece: int
    branch: int


def _pack(asked: Plan, branches: Sequence[Branch]) -> Pack:
    """Lays the copies out: the tail of a prefix once, then each of its targets without the last token."""
    out: list[_Token] = []
    kept: dict[int, int] = {}  # place in the pack -> place among the predictions
    found: list[tuple[Branch, list[tuple[int, int]]]] = []
    piece, last = -1, -1
    for number, branch in enumerate(branches):
        shared, tail = asked.places[branch.place]
        if number == 0 or branches[number - 1].place != branch.place:
            piece += 1
            out += [_Token(token, shared + i, shared, piece, 0) for i, token in enumerate(tail)]
            last = len(out) - 1
        target = asked.targets[branch.target]
        begin, after = len(out), shared + len(tail)
        out += [_Token(token, after + i, shared, piece, branch.target + 1) for i, token in enumerate(target[:-1])]
        predicting = [last, *range(begin, len(out))]
        found.append((branch, [(kept.setdefault(p, len(kept)), t) for p, t in zip(predicting, target, strict=True)]))
    columns = np.asarray(out, np.int64).T
    return Pack(*columns, kept=list(kept), asked=found)
