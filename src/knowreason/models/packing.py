"""Token ids to the arrays the built-in model reads: one row for a pair, one row for all options together.

A row carries token ids, types, positions and blocks. Block 0 is the context, block k is option k, -1 is
padding: everyone sees block 0 and every option sees itself, so a packed option scores as if it stood alone.
A row is padded to the first of `WIDTHS` that holds it, whatever stands beside it in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

WIDTHS = (64, 128, 256, 512)
SLOT_STEP = 16  # the number of option slots is a multiple of this, so that it too ignores the neighbours
CLS, SEP = 101, 102
HYPOTHESIS_LIMIT = 96
PAIR_LIMIT = 256
QUESTION_LIMIT = 96
PREFIX_LIMIT = 160
PREFIX_FLOOR = 32
OPTION_LIMIT = 32
RECENT = 32  # tokens: how near the end of the prefix an option must stand in full to be marked recent

PLAIN, SECOND, WHOLE, LATEST = 0, 1, 2, 3
Ids = Sequence[int]
Int64 = npt.NDArray[np.int64]


class Row(NamedTuple):
    """One packed input: four lists of the same length, and how many options it holds (0 for a pair)."""

    ids: list[int]
    types: list[int]
    positions: list[int]
    blocks: list[int]
    options: int

    @property
    def width(self) -> int:
        """The padded width of the row: the first of `WIDTHS` that holds it."""
        return next(width for width in WIDTHS if len(self.ids) <= width)


class Batch(NamedTuple):
    """Arrays of shape [rows, width], and `slots` = 1..K."""

    ids: Int64
    types: Int64
    positions: Int64
    blocks: Int64
    slots: Int64


def pack_pair(premise: Ids, hypothesis: Ids, limit: int = PAIR_LIMIT) -> Row:
    """A premise and a hypothesis as one context of at most `limit` tokens; the premise's end is cut first."""
    second = [*hypothesis[:HYPOTHESIS_LIMIT], SEP]
    first = [CLS, *premise[: limit - 2 - len(second)], SEP]
    ids = first + second
    types = [PLAIN] * len(first) + [SECOND] * len(second)
    return Row(ids, types, list(range(len(ids))), [0] * len(ids), 0)


def pack_options(
    question: Ids,
    prefix: Ids,
    options: Sequence[Ids],
    *,
    labels: Sequence[Ids] = (),
    continues: Sequence[bool] | None = None,
    prefix_limit: int = PREFIX_LIMIT,
) -> Row:
    """All options of a question after a prefix, in one row; `labels` are the options' letters, if they have any.

    A long question keeps its first third and its end, an option its two ends, the prefix its tail: at least
    `PREFIX_FLOOR` tokens of it, at most `prefix_limit`. `continues[id]` says that a token continues a word.
    Option tokens are marked by type: in the prefix, the whole option in the prefix, or near its end.
    """
    heads = [list(label) for label in labels] or [[] for _ in options]
    most = _option_limit(len(options)) - max(map(len, heads))
    ends = [_two_ends(option, max(1, most)) or [SEP] for option in options]
    asked = _head_and_tail(question, QUESTION_LIMIT)
    room = WIDTHS[-1] - 3 - sum(map(len, ends)) - sum(map(len, heads))
    asked = asked[: max(0, room - PREFIX_FLOOR)]
    tail = list(prefix[-max(1, min(prefix_limit, room - len(asked))) :]) if prefix else []
    context = [CLS, *asked, SEP, *tail, SEP]
    start = len(context)
    row = Row(context, [PLAIN] * start, list(range(start)), [0] * start, len(ends))
    marker = _Marker(prefix, continues)
    for slot, (option, head, shown) in enumerate(zip(options, heads, ends, strict=True), start=1):
        size = len(head) + len(shown)
        row.ids.extend([*head, *shown])
        row.types.extend([PLAIN] * len(head) + marker.types(option, shown))
        row.positions.extend(range(start, start + size))
        row.blocks.extend([slot] * size)
    return row


def collate(rows: Sequence[Row], width: int = 0) -> Batch:
    """Stack rows of one width and one slot count; padding has block -1, which nothing sees."""
    width, shape = width or max(row.width for row in rows), len(rows)
    ids, types, positions = (np.zeros((shape, width), np.int64) for _ in range(3))
    blocks = np.full((shape, width), -1, np.int64)
    for index, row in enumerate(rows):
        length = len(row.ids)
        ids[index, :length] = row.ids
        types[index, :length] = row.types
        positions[index, :length] = row.positions
        blocks[index, :length] = row.blocks
    return Batch(ids, types, positions, blocks, np.arange(1, slots_of(rows) + 1, dtype=np.int64))


def slots_of(rows: Sequence[Row]) -> int:
    """Option slots of a batch: the most options of a row, rounded up to a multiple of `SLOT_STEP`."""
    most = max(1, *(row.options for row in rows)) if len(rows) > 1 else max(1, rows[0].options)
    return -(-most // SLOT_STEP) * SLOT_STEP


class _Marker:
    """Which tokens of an option stand in the prefix."""

    def __init__(self, prefix: Ids, continues: Sequence[bool] | None) -> None:
        self._seen = set(prefix)
        self._prefix = list(prefix)
        self._continues = continues

    def types(self, option: Ids, shown: Ids) -> list[int]:
        last = self._last(list(option))
        if last is None:
            return [SECOND if token in self._seen else PLAIN for token in shown]
        recent = len(self._prefix) - (last + len(option)) <= RECENT
        return [LATEST if recent else WHOLE] * len(shown)

    def _last(self, option: list[int]) -> int | None:
        """Where the whole option last stands in the prefix, as whole words."""
        if not option or not self._seen.issuperset(option):
            return None
        first, length = option[0], len(option)
        for start in range(len(self._prefix) - length, -1, -1):
            if self._prefix[start] == first and self._prefix[start : start + length] == option:
                after = start + length
                if after >= len(self._prefix) or not self._is_continuation(self._prefix[after]):
                    return start
        return None

    def _is_continuation(self, token: int) -> bool:
        return self._continues is not None and self._continues[token]


def _option_limit(options: int) -> int:
    """Tokens an option may take, so that many options still leave room for a context."""
    return max(1, min(OPTION_LIMIT, (WIDTHS[-1] - 3 - PREFIX_FLOOR) // max(1, options)))


def _two_ends(ids: Ids, limit: int) -> list[int]:
    if len(ids) <= limit:
        return list(ids)
    head = limit // 2
    return [*ids[:head], *ids[len(ids) - (limit - head) :]]


def _head_and_tail(ids: Ids, limit: int) -> list[int]:
    if len(ids) <= limit:
        return list(ids)
    head = limit // 3
    return [*ids[:head], *ids[len(ids) - (limit - head) :]]
