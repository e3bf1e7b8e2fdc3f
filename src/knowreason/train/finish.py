"""`python -m knowreason.train.finish --data FOLDER --weights FOLDER --out FOLDER`: the files that ship.

Puts the trained pieces and the start's word table together, writes the int8 graph, and chooses what turns its
scores into probabilities (`calibration`), with the very graph that ships.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from knowreason.train.calibration import calibrate
from knowreason.train.export import write_onnx
from knowreason.train.start import base_folder, join


def main(arguments: Sequence[str] | None = None) -> None:
    """Write model.onnx, settings.json, tokenizer.json and trained_questions.npy to the output folder."""
    parser = argparse.ArgumentParser(description="Turn trained weights into the shipped model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="minilm-l6-two-heads-v2")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    write_onnx(join(given.data / "start.npz", given.weights), given.out / "model.onnx")
    shutil.copy(base_folder() / "tokenizer.json", given.out / "tokenizer.json")
    shutil.copy(given.data / "trained_questions.npy", given.out / "trained_questions.npy")
    settings, measured = calibrate(given.out / "model.onnx", given.data)
    (given.out / "settings.json").write_text(json.dumps({"name": given.name, **settings}, indent=1) + "\n")
    (given.weights / "calibration.json").write_text(json.dumps(measured, indent=1) + "\n")
    print(json.dumps({**settings, **measured}))


if __name__ == "__main__":
    main()
