"""Documents as arrays: a trunk of text, and after it a copy of the question for its answer at every place asked.

A copy sees the trunk up to its place and itself, as the two-pass scorer of `hf:` reads it: so every sentence of a
document teaches what it does to the answer, at the cost of four tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.lab.documents import CUE, Document

IGNORED = -100  # the label of a token that nothing is learned from
Whole = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """[documents, tokens] arrays, and `sees` [documents, tokens, tokens]: which token (row) sees which.

    `labels` are what each token predicts; `answers` marks the tokens that predict an answer.
    """

    ids: Whole
    positions: Whole
    labels: Whole
    answers: npt.NDArray[np.bool_]
    sees: npt.NDArray[np.bool_]


class _Row(NamedTuple):
    ids: list[int]
    positions: list[int]
    labels: list[int]
    asked: list[int]  # 0: trunk; otherwise the number of the copy
    shared: list[int]  # how many tokens of the trunk a copy sees


def batch(documents: Sequence[Document], tokenizer: Any, begin: int) -> Batch:
    """The documents side by side, padded at the end with the begin mark, which no other token sees there.

    `begin` is the id of the mark that opens every text.
    """
    rows = [_row(document, tokenizer, begin) for document in documents]
    longest = max(len(row.ids) for row in rows)
    sees = np.stack([_sees(row, longest) for row in rows])
    asked = _padded([row.asked for row in rows], longest, 0)
    labels = _padded([row.labels for row in rows], longest, IGNORED)
    return Batch(
        ids=_padded([row.ids for row in rows], longest, begin),
        positions=_padded([row.positions for row in rows], longest, 0),
        labels=labels,
        answers=(asked > 0) & (labels != IGNORED),
        sees=sees,
    )


def _row(document: Document, tokenizer: Any, begin: int) -> _Row:
    encoded = tokenizer.encode(document.text, add_special_tokens=False)
    trunk = [begin, *encoded.ids]
    ends = [end for _, end in encoded.offsets]
    first = 1 + sum(end <= document.learned_from for end in ends)
    labels = [t if i + 1 >= first else IGNORED for i, t in enumerate(trunk[1:])] + [begin if document.ends else IGNORED]
    row = _Row(list(trunk), list(range(len(trunk))), labels, [0] * len(trunk), [len(trunk)] * len(trunk))
    cue = tokenizer.encode(CUE, add_special_tokens=False).ids
    answer = tokenizer.encode(document.answer, add_special_tokens=False).ids
    for number, cut in enumerate(document.cuts, start=1):
        shared = 1 + sum(end <= cut for end in ends)
        copy = [*cue, *answer[:-1]]
        row.ids.extend(copy)
        row.positions.extend(range(shared, shared + len(copy)))
        row.labels.extend([IGNORED] * (len(cue) - 1) + answer)
        row.asked.extend([number] * len(copy))
        row.shared.extend([shared] * len(copy))
    return row


def _sees(row: _Row, longest: int) -> npt.NDArray[np.bool_]:
    """Up to itself, a token of the trunk sees the trunk, and one of a copy what the copy shares, and the copy."""
    asked = np.array(row.asked + [-1] * (longest - len(row.ids)))
    shared = np.array(row.shared + [0] * (longest - len(row.ids)))
    places = np.arange(longest)
    trunk = (asked[None, :] == 0) & (places[None, :] < shared[:, None])
    own = (asked[:, None] == asked[None, :]) & (asked[:, None] != 0)
    return (trunk | own) & (places[None, :] <= places[:, None])


def _padded(rows: Sequence[Sequence[int]], longest: int, value: int) -> Whole:
    return np.array([[*row, *[value] * (longest - len(row))] for row in rows], np.int64)
