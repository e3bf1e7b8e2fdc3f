"""`python -m knowreason.train.weighing --data FOLDER --weights FOLDER`: how much each cue of a text weighs.

A conditional logit over the options (McFadden 1974): scores are sums of weighted cues, the target is the option that
the trace itself ends on. Fitted on the questions that calibrate, whose traces trained no weight; every trace is cut
at its quarters, at its content, at its end, and replaced by text that says nothing. The weights go into settings.json.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import numpy as np
from scipy.optimize import minimize

from knowreason.models.builtin import BuiltinModel, Settings
from knowreason.models.cues import CueReader, CueWeights
from knowreason.train.measures import Floats
from knowreason.train.observing import REASONING_AT_LEAST, observe_texts
from knowreason.train.options import Item, held_out, read_items

ITEMS = 500
RIDGE = 1.0  # penalty on the sum of squared weights, in nats
NAMES = CueWeights.__struct_fields__
HIDDEN = -1e9  # the score of an option that an item does not have


class Choice(NamedTuple):
    """The cues of every option [options, cues], the belief of the head first, and the option the trace ends on."""

    cues: Floats
    own: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit the weights and write them into the settings of the weights folder."""
    parser = argparse.ArgumentParser(description="Fit the weights of the cues beside the answer head.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds traces/")
    parser.add_argument("--weights", type=Path, required=True, help="the folder that holds settings.json")
    parser.add_argument("--items", type=int, default=ITEMS)
    given = parser.parse_args(arguments)
    place = given.weights / "settings.json"
    settings = msgspec.json.decode(place.read_bytes(), type=Settings)
    with TemporaryDirectory() as folder:  # the same weights, of which only the belief counts
        shutil.copytree(given.weights, folder, dirs_exist_ok=True)
        _write(Path(folder) / place.name, msgspec.structs.replace(settings, cues=CueWeights()))
        found = fit(choices(BuiltinModel(Path(folder)), calibrating(given.data, given.items)))
    _write(place, msgspec.structs.replace(settings, cues=found))
    print(json.dumps(msgspec.to_builtins(found)))


def _write(place: Path, settings: Settings) -> None:
    place.write_bytes(msgspec.json.format(msgspec.json.encode(settings), indent=1) + b"\n")


def calibrating(data: Path, most: int) -> list[Item]:
    """Traces of the calibrating questions by models that trained, in a fixed order, with some reasoning each."""
    held = [
        item
        for item in read_items(data, ("calibrate",))
        if not held_out(item.model) and len(item.text[: item.statement].strip()) >= REASONING_AT_LEAST
    ]
    random.Random(0).shuffle(held)
    return held[:most]


def choices(model: BuiltinModel, items: Sequence[Item]) -> list[Choice]:
    """Every item after each of its texts; the model must weigh its belief alone."""
    out: list[Choice] = []
    for item, texts, beliefs in observe_texts(model, items):
        reader = CueReader(item.question, item.options, item.labels)
        for name, text in texts.items():
            cues = reader.read(text)
            out.append(Choice(np.stack([beliefs[name], *(cues[name] for name in NAMES[1:])], axis=1), item.own))
    return out


def fit(choices: Sequence[Choice]) -> CueWeights:
    """The weights of the greatest penalised likelihood."""
    most = max(len(one.cues) for one in choices)
    cues = np.zeros((len(choices), most, len(NAMES)))
    hidden = np.full((len(choices), most), HIDDEN)
    for row, one in enumerate(choices):
        cues[row, : len(one.cues)], hidden[row, : len(one.cues)] = one.cues, 0.0
    own = np.array([one.own for one in choices])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = cues @ weights + hidden
        logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        missed = np.exp(logs)
        missed[np.arange(len(own)), own] -= 1
        slope = np.einsum("ij,ijk->k", missed, cues) + 2 * RIDGE * weights
        return -float(logs[np.arange(len(own)), own].sum()) + RIDGE * float(weights @ weights), slope

    found: Any = minimize(loss, np.zeros(len(NAMES)), jac=True, method="L-BFGS-B")
    return CueWeights(**{name: round(float(value), 3) for name, value in zip(NAMES, found.x, strict=True)})


if __name__ == "__main__":
    main()
