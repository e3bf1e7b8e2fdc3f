"""Tokenised training data on disk: flat arrays of 16-bit ids with offsets, so that a machine needs no tokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from knowreason.errors import InputError

if TYPE_CHECKING:  # training itself must run where the readers' libraries are not installed
    from knowreason.train.options import Item
    from knowreason.train.pair import Pair

Uint16 = npt.NDArray[np.uint16]
LONGEST = 1_600  # tokens of a text that are kept
GROUPS = ("corpora", "studies", "written", "claims", "contrasts")
# of a source; those not named are studies
_GROUP = dict.fromkeys(("openstax", "medquad", "ontology"), "corpora") | {name: name for name in GROUPS[2:]}


class Texts:
    """Distinct token sequences by number."""

    def __init__(self, encode: Any) -> None:
        self._encode = encode
        self._places: dict[str, int] = {}
        self._ids: list[list[int]] = []

    def add(self, text: str) -> int:
        """The number of a text, encoded at its first use."""
        if text not in self._places:
            self._places[text] = len(self._ids)
            self._ids.append(self._encode(text).ids[:LONGEST])
        return self._places[text]

    def arrays(self) -> tuple[Uint16, npt.NDArray[np.int64]]:
        """All ids end to end, and the offset at which each text starts (one more than there are texts)."""
        flat = np.array([token for ids in self._ids for token in ids], np.uint16)
        return flat, np.cumsum([0, *map(len, self._ids)])


class PairData(NamedTuple):
    """Tokenised pairs: ids of the texts, and for each pair its premise, claim, label and kind."""

    flat: Uint16
    offsets: npt.NDArray[np.int64]
    premises: npt.NDArray[np.int64]
    claims: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]

    def text(self, number: int) -> list[int]:
        """The token ids of one text."""
        return self.flat[self.offsets[number] : self.offsets[number + 1]].tolist()


class OptionData(NamedTuple):
    """Tokenised traces: `numbers` holds for each item question, text, own, gold, content and statement cut."""

    flat: Uint16
    offsets: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    options: npt.NDArray[np.int64]  # texts of the options, end to end
    option_offsets: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]  # texts of the labels, -1 where an item has none
    cuts: npt.NDArray[np.int64]  # token offsets, end to end
    cut_offsets: npt.NDArray[np.int64]

    def text(self, number: int) -> list[int]:
        """The token ids of one text."""
        return self.flat[self.offsets[number] : self.offsets[number + 1]].tolist()


def save_pairs(path: Path, pairs: Sequence[Pair], encode: Any) -> None:
    """Tokenise and write pairs; `groups` numbers their sources by their place in `GROUPS`."""
    texts = Texts(encode)
    np.savez_compressed(
        path,
        premises=[texts.add(pair.premise) for pair in pairs],
        claims=[texts.add(pair.claim) for pair in pairs],
        labels=[pair.label for pair in pairs],
        groups=[GROUPS.index(_GROUP.get(pair.source, "studies")) for pair in pairs],
        **_flat(texts),
    )


def save_options(path: Path, items: Iterable[Item], encode: Any) -> None:
    """Tokenise and write items of the answer head; cuts become token offsets."""
    texts = Texts(encode)
    numbers: list[list[int]] = []
    options: list[int] = []
    labels: list[int] = []
    cuts: list[int] = []
    counts: list[tuple[int, int]] = []
    for item in items:
        spans = [end for _, end in encode(item.text).offsets[:LONGEST]]
        placed = [int(np.searchsorted(spans, cut, side="right")) for cut in item.cuts]
        at = dict(zip(item.cuts, placed, strict=True))
        told = [at[item.content], at[item.statement]]
        numbers.append([texts.add(item.question), texts.add(item.text), item.own, item.gold, *told])
        options.extend(texts.add(option) for option in item.options)
        labels.extend(texts.add(f"({label})") for label in item.labels or ())
        labels.extend([-1] * (len(item.options) - len(item.labels)))
        cuts.extend(placed)
        counts.append((len(item.options), len(placed)))
    np.savez_compressed(
        path,
        numbers=np.array(numbers, np.int32),
        options=np.array(options, np.int32),
        option_offsets=np.cumsum([0, *(count for count, _ in counts)]),
        labels=np.array(labels, np.int32),
        cuts=np.array(cuts, np.int32),
        cut_offsets=np.cumsum([0, *(count for _, count in counts)]),
        **_flat(texts),
    )


def load_pairs(path: Path) -> PairData:
    """Read what `save_pairs` wrote. Raises `InputError` if it is not there."""
    return PairData(**_loaded(path))


def load_options(path: Path) -> OptionData:
    """Read what `save_options` wrote. Raises `InputError` if it is not there."""
    return OptionData(**_loaded(path))


def _loaded(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path} is missing; run python -m knowreason.train.prepare first")
    with np.load(path, allow_pickle=False) as stored:
        wide = {name: stored[name] for name in stored.files}
    return {name: value if name == "flat" else value.astype(np.int64) for name, value in wide.items()}


def _flat(texts: Texts) -> dict[str, Any]:
    flat, offsets = texts.arrays()
    return {"flat": flat, "offsets": offsets}
