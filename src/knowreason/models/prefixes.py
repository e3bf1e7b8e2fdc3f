"""Which tokens a causal model is given so that one pass over a text serves every prefix of it.

Every prefix is encoded by itself, with its lead, as if nothing followed: so what is asked at one place does not
depend on where else the text is cut, nor on what is written later. The targets are encoded apart from what
stands before them. Of a long prefix only the end is encoded anew, from a place on where the whole text is seen
to have the same tokens. The tokens that a prefix shares with the whole text are read once (the trunk); what differs,
a token that the cut falls into and the lead, is the prefix's own tail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.errors import ModelError
from knowreason.records import Continuation, Prefixes, Unscored

_AT_ONCE = 32  # prefixes held at a time: where they are encoded whole, together they are quadratic in the text
_MARGIN = 256  # characters before a cut, beyond which the cut is taken not to matter for the tokens
_AGREE = 8  # tokens that must come out as in the whole text after an anchor
Encode = Callable[[list[str]], list[list[int]]]
Read = Callable[[Prefixes], list[list[list[float]]] | Unscored]
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


def by_context(continuations: Sequence[Continuation], read: Read, name: str) -> list[list[float]]:
    """What `Scorer.logprobs` says, from a model that reads prefixes: all targets of one context together.

    Raises `ModelError` for a context that is longer than the model, called `name`, reads.
    """
    targets: dict[str, dict[str, list[float]]] = {}
    for asked in continuations:
        targets.setdefault(asked.context, {})[asked.target] = []
    for context, wanted in targets.items():
        found = read(Prefixes(context=context, cuts=(len(context),), lead="", targets=tuple(wanted)))
        if isinstance(found, Unscored):
            raise ModelError(f"{name}: a context is too long: {found.detail}")
        wanted.update(zip(wanted, found[0], strict=True))
    return [targets[asked.context][asked.target] for asked in continuations]


def plan(prefixes: Prefixes, encode: Encode, head: Sequence[int]) -> Plan:
    """The tokens to read. `head` are the tokens that the model wants before any text.

    Raises ValueError where a prefix has no token at all, or where nothing is asked.
    """
    text = prefixes.context[: max(prefixes.cuts)]
    whole, *targets = encode([text, *prefixes.targets])
    trunk = np.asarray([*head, *whole], np.int64)
    found = _endings(prefixes, whole, encode)
    places = [_place(trunk, len(head) + count, ending) for count, ending in found]
    return Plan(trunk[: max(p.shared for p in places)].tolist(), places, targets)


def _endings(prefixes: Prefixes, whole: list[int], encode: Encode) -> Iterator[tuple[int, list[int]]]:
    """For each cut: how many tokens of the whole text its prefix begins with, and the tokens after them."""
    text, lead = prefixes.context, prefixes.lead
    anchors = [_anchor(text, cut) for cut in prefixes.cuts]
    known = _known(text, sorted({*anchors} - {0}), encode, whole)
    pairs = [(cut, anchor if anchor in known else 0) for cut, anchor in zip(prefixes.cuts, anchors, strict=True)]
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        endings = encode([text[anchor:cut] + lead for cut, anchor in some])
        for (cut, anchor), ending in zip(some, endings, strict=True):
            count = known[anchor]
            if anchor and ending[:_AGREE] != whole[count : count + _AGREE]:
                yield 0, encode([text[:cut] + lead])[0]
            else:
                yield count, ending


def _anchor(text: str, cut: int) -> int:
    """A blank between two words well before the cut, where tokens usually end; 0 where there is none near."""
    for place in range(cut - _MARGIN, max(cut - 2 * _MARGIN, 0), -1):
        if text[place] == " " and not text[place - 1].isspace() and not text[place + 1].isspace():
            return place
    return 0


def _known(text: str, anchors: Sequence[int], encode: Encode, whole: list[int]) -> dict[int, int]:
    """How many tokens of the whole text end at each anchor, as far as its pieces are encoded as the whole is."""
    counts, count = {0: 0}, 0
    pieces = encode([text[a:b] for a, b in pairwise([0, *anchors])])
    for anchor, piece in zip(anchors, pieces, strict=True):
        if whole[count : count + len(piece)] != piece:
            break
        count += len(piece)
        counts[anchor] = count
    return counts


def _place(trunk: Whole, before: int, ending: list[int]) -> Place:
    """The prefix of `before` tokens of the trunk and an ending, which may go on as the trunk does."""
    if not ending:
        if not before:
            raise ValueError("nothing stands before the target: a causal model needs at least one token")
        return Place(before - 1, [int(trunk[before - 1])])
    rest = trunk[before : before + len(ending)]
    differs = np.flatnonzero(rest != np.asarray(ending[: len(rest)], np.int64))
    same = int(differs[0]) if len(differs) else len(rest)
    same = min(same, len(ending) - 1)  # the last token predicts the target: it is always read with the copy
    return Place(before + same, ending[same:])


def packs(asked: Plan, tokens: int, rows: int) -> Iterator[Pack]:
    """All branches in packs of at most `tokens` tokens and `rows` predictions, a branch always in one piece.

    Prefixes that share most of the trunk come first, so that the end of the trunk can be let go.
    """
    order = sorted(range(len(asked.places)), key=lambda p: -asked.places[p].shared)
    held: list[Branch] = []
    used = needed = 0
    spelled = [t for t, target in enumerate(asked.targets) if target]  # a target without a token asks nothing
    for branch in (Branch(p, t) for p in order for t in spelled):
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
