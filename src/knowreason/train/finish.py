"""`python -m knowreason.train.finish --data FOLDER --weights FOLDER --out FOLDER`: the files that ship.

Puts the trained pieces and the start's word table together, writes the int8 graph, and chooses temperatures
and the bias towards abstaining on the dev and calibration parts, with the very graph that ships.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowreason.errors import InputError
from knowreason.models.packing import PREFIX_LIMIT, Row, collate, pack_options, pack_pair
from knowreason.train.export import write_onnx
from knowreason.train.start import Arrays, base_folder, read_start
from knowreason.train.store import OptionData, load_options, load_pairs

WRONG_REFUTATIONS = 0.05  # of true claims, at most, on the dev part
PAIRS, ITEMS = 3_000, 300
Floats = npt.NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write model.onnx, settings.json, tokenizer.json and trained_questions.npy to the output folder."""
    parser = argparse.ArgumentParser(description="Turn trained weights into the shipped model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="minilm-l6-two-heads-1")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    write_onnx(join(given.data / "start.npz", given.weights), given.out / "model.onnx")
    shutil.copy(base_folder() / "tokenizer.json", given.out / "tokenizer.json")
    shutil.copy(given.data / "trained_questions.npy", given.out / "trained_questions.npy")
    settings = {"name": given.name, **calibrate(given.out / "model.onnx", given.data)}
    (given.out / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")
    print(json.dumps(settings))


def join(start: Path, folder: Path) -> Arrays:
    """All weights in fp32: the word table of the start, the rest from the pieces that training wrote."""
    pieces = sorted(folder.glob("weights_*.npz"))
    if not pieces:
        raise InputError(f"{folder} holds no weights_*.npz; run python -m knowreason.train.fit first")
    weights: Arrays = {"words.weight": read_start(start)["words.weight"]}
    for piece in pieces:
        with np.load(piece, allow_pickle=False) as stored:
            weights |= {name: stored[name].astype(np.float32) for name in stored.files}
    return weights


def calibrate(model: Path, data: Path) -> dict[str, Any]:
    """Temperatures that minimise the log-loss, and the smallest bias that keeps wrong refutations rare."""
    logits, labels = _pair_logits(model, data)
    warmth = _best_temperature([logits], [labels])
    scaled = logits / warmth
    bias = next(
        (b for b in np.arange(0.0, 4.0, 0.05) if _refuted_share(scaled, labels, float(b)) <= WRONG_REFUTATIONS), 4.0
    )
    scores, own = _option_scores(model, data)
    return {
        "pair_temperature": round(warmth, 3),
        "pair_bias": [0.0, round(0.0 - float(bias), 3), 0.0],
        "option_temperature": round(_best_temperature(scores, own), 3),
        "prefix_limit": PREFIX_LIMIT,
    }


def _refuted_share(scaled: Floats, labels: npt.NDArray[np.int64], bias: float) -> float:
    """Share of supported pairs that are called refuted when the refuted logit loses `bias`."""
    called = (scaled - np.array([0.0, bias, 0.0])).argmax(-1)
    return float((called[labels == 0] == 1).mean())


def _best_temperature(scores: Sequence[Floats], targets: Sequence[Any]) -> float:
    """The temperature from .5 to 4 with the least mean log-loss; each array is [rows, options]."""

    def loss(temperature: float) -> float:
        total, count = 0.0, 0
        for values, target in zip(scores, targets, strict=True):
            warm = values / temperature
            logs = warm - np.logaddexp.reduce(warm, axis=-1, keepdims=True)
            total -= float(np.take_along_axis(logs, np.asarray(target)[:, None], -1).sum())
            count += len(values)
        return total / count

    return float(min(np.geomspace(0.5, 4.0, 60), key=loss))


def _pair_logits(model: Path, data: Path) -> tuple[Floats, npt.NDArray[np.int64]]:
    pairs = load_pairs(data / "pairs_dev.npz")
    known = np.flatnonzero(pairs.labels < 3)[:PAIRS]
    rows = [pack_pair(pairs.text(int(pairs.premises[i])), pairs.text(int(pairs.claims[i]))) for i in known]
    return np.stack(run(model, rows, "entailment")), pairs.labels[known]


def _option_scores(model: Path, data: Path) -> tuple[list[Floats], list[list[int]]]:
    """Scores of calibration traces before any text, at the content, and at the statement."""
    items = load_options(data / "options_calibrate.npz")
    continues = np.load(data / "continues.npy")
    rows: list[Row] = []
    own: list[list[int]] = []
    for index in range(min(ITEMS, len(items.numbers))):
        for cut in (0, int(items.numbers[index, 4]), int(items.numbers[index, 5])):
            rows.append(_option_row(items, index, cut, continues))
            own.append([int(items.numbers[index, 2])])
    scores = [values[None, : row.options] for row, values in zip(rows, run(model, rows, "options"), strict=True)]
    return scores, own


def _option_row(items: OptionData, index: int, cut: int, continues: Any) -> Row:
    span = slice(int(items.option_offsets[index]), int(items.option_offsets[index + 1]))
    return pack_options(
        items.text(int(items.numbers[index, 0])),
        items.text(int(items.numbers[index, 1]))[:cut],
        [items.text(int(number)) for number in items.options[span]],
        labels=[items.text(int(number)) for number in items.labels[span]],
        continues=continues,
    )


def run(model: Path, rows: Sequence[Row], output: str) -> list[Floats]:
    """Raw outputs of a graph for packed rows, one at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return [np.asarray(session.run([output], collate([row])._asdict())[0][0], np.float64) for row in rows]


if __name__ == "__main__":
    main()
