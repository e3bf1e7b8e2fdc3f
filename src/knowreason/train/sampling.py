"""What the network sees: rows drawn at random from the tokenised data, in batches of similar length."""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch.utils.data import IterableDataset, get_worker_info

from knowreason.models.packing import Batch, Row, collate, pack_options, pack_pair
from knowreason.train.store import GROUPS, OptionData, PairData

STEP = 32  # widths of training batches are multiples of this
POOL = 12  # batches that are drawn together and sorted by length
PREFIX_LIMITS = (96, 160, 160, 224)
SHARES = (0.40, 0.25, 0.35, 0.0, 0.0)  # of the pairs, in the order of GROUPS, unless told otherwise
EMPTY, FOREIGN, BEFORE, BETWEEN = 0.10, 0.18, 0.68, 0.82  # cumulative shares of the kinds of prefix


class Data(NamedTuple):
    """Everything a stream draws from."""

    pairs: PairData
    options: OptionData
    continues: npt.NDArray[np.bool_]


class Sample(NamedTuple):
    """A packed row with what it should say: a label of the pair, or the place of the option it ends on."""

    row: Row
    target: int


class Stream(IterableDataset):
    """Endless batches (batch, targets, options of each row; all 0 for pairs), a different stream for every worker."""

    def __init__(
        self, data: Data, *, tokens: int, pair_share: float, seed: int, shares: Sequence[float] = SHARES
    ) -> None:
        self._data, self._tokens, self._pair_share, self._seed = data, tokens, pair_share, seed
        self._shares = shares

    def __iter__(self) -> Iterator[tuple[Batch, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        worker = get_worker_info()
        rng = random.Random(self._seed * 1000 + (worker.id if worker else 0))
        pairs = self._data.pairs
        groups = [np.flatnonzero(pairs.groups == number) for number in range(len(GROUPS))]
        while True:
            pool: list[list[Sample]] = []
            for is_pair in (True, False):
                share = self._pair_share if is_pair else 1 - self._pair_share
                rows = int(POOL * share * self._tokens / (160 if is_pair else 256))
                draw = (
                    partial(draw_pair, self._data, groups, self._shares)
                    if is_pair
                    else partial(draw_options, self._data)
                )
                pool.extend(batches([draw(rng) for _ in range(max(2, rows))], self._tokens))
            rng.shuffle(pool)
            for samples in pool:
                yield stack(samples)


def batches(samples: Sequence[Sample], tokens: int) -> list[list[Sample]]:
    """Samples of similar length together, at most `tokens` tokens (padding included) to a batch."""
    ordered = sorted(samples, key=lambda sample: len(sample.row.ids), reverse=True)
    out: list[list[Sample]] = []
    start = 0
    while start < len(ordered):
        width = -(-len(ordered[start].row.ids) // STEP) * STEP
        count = max(1, tokens // width)
        out.append(ordered[start : start + count])
        start += count
    return out


def stack(samples: Sequence[Sample]) -> tuple[Batch, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Arrays of one batch, its targets, and how many options each row holds."""
    rows = [sample.row for sample in samples]
    width = -(-max(len(row.ids) for row in rows) // STEP) * STEP
    targets = np.array([sample.target for sample in samples], np.int64)
    return collate(rows, width), targets, np.array([row.options for row in rows], np.int64)


def draw_pair(
    data: Data, groups: Sequence[npt.NDArray[np.int64]], shares: Sequence[float], rng: random.Random
) -> Sample:
    """A pair from a group that is drawn by its share; `groups` holds the places of the pairs of each."""
    present = [share if len(held) else 0.0 for share, held in zip(shares, groups, strict=True)]
    (pool,) = rng.choices(groups, present)
    return pair_sample(data.pairs, int(pool[rng.randrange(len(pool))]))


def pair_sample(pairs: PairData, index: int) -> Sample:
    """Pair number `index`, packed."""
    row = pack_pair(pairs.text(int(pairs.premises[index])), pairs.text(int(pairs.claims[index])))
    return Sample(row, int(pairs.labels[index]))


def draw_options(data: Data, rng: random.Random) -> Sample:
    """A trace cut at random, mostly before it states its answer's content; sometimes another text altogether.

    A text that has nothing to do with the question must tell nothing: its target stays what the trace of the
    question ends on, so that the best answer is the one given before any text.
    """
    items = data.options
    index = rng.randrange(len(items.numbers))
    prefix = items.text(int(items.numbers[index, 1]))[: draw_cut(items, index, rng)]
    kind = rng.random()
    if kind < EMPTY:
        prefix = []
    elif kind < FOREIGN:
        prefix = _foreign(data, rng)
    labelled = rng.random() < 0.75
    return option_sample(data, index, prefix, labelled=labelled, limit=rng.choice(PREFIX_LIMITS))


def draw_cut(items: OptionData, index: int, rng: random.Random) -> int:
    """A token offset at which the text of an item is cut."""
    cuts = items.cuts[items.cut_offsets[index] : items.cut_offsets[index + 1]]
    content, statement = int(items.numbers[index, 4]), int(items.numbers[index, 5])
    kind = rng.uniform(FOREIGN, 1.0)
    if kind < BEFORE:
        fit = cuts[(cuts > 0) & (cuts <= content)]
        return content if rng.random() < 0.4 or not len(fit) else int(fit[rng.randrange(len(fit))])
    if kind < BETWEEN:
        fit = cuts[(cuts >= content) & (cuts <= statement)]
        return statement if rng.random() < 0.4 or not len(fit) else int(fit[rng.randrange(len(fit))])
    fit = cuts[cuts > statement]
    return 1 << 20 if rng.random() < 0.6 or not len(fit) else int(fit[rng.randrange(len(fit))])


def _foreign(data: Data, rng: random.Random) -> list[int]:
    """The beginning of another question's trace, or a passage of a corpus."""
    if rng.random() < 0.4:
        return data.pairs.text(int(data.pairs.premises[rng.randrange(len(data.pairs.premises))]))
    other = rng.randrange(len(data.options.numbers))
    text = data.options.text(int(data.options.numbers[other, 1]))
    return text[: rng.randint(1, max(1, len(text)))]


def option_sample(data: Data, index: int, prefix: Sequence[int], *, labelled: bool, limit: int) -> Sample:
    """Item number `index` after a prefix, packed; the target is the option its text ends on."""
    items = data.options
    span = slice(int(items.option_offsets[index]), int(items.option_offsets[index + 1]))
    known = labelled and int(items.labels[span][0]) >= 0
    row = pack_options(
        items.text(int(items.numbers[index, 0])),
        prefix,
        [items.text(int(number)) for number in items.options[span]],
        labels=[items.text(int(number)) for number in items.labels[span]] if known else (),
        continues=data.continues,  # pyright: ignore[reportArgumentType]
        prefix_limit=limit,
    )
    return Sample(row, int(items.numbers[index, 2]))
