"""What the small file gives up against full precision, what it gains, and that neighbours change nothing."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowreason.models.builtin import BuiltinModel
from knowreason.records import Observation
from knowreason.train.export import write_onnx
from knowreason.train.measures import macro_f1
from knowreason.train.pair import Pair
from knowreason.train.start import join
from knowreason.verify.thresholds import called

Pairs = Sequence[tuple[str, str]]


def against_full(
    folder: Path, start: Path, pieces: Path, told: Sequence[Pair], observations: Sequence[Observation]
) -> dict[str, Any]:
    """Agreement and speed of the shipped file in `folder` against the same weights in fp32, in one run.

    `start` is the file of start weights that holds the word table, `pieces` the folder of trained weights.
    """
    small = BuiltinModel(folder)
    with tempfile.TemporaryDirectory() as made:
        for name in ("settings.json", "tokenizer.json", "trained_questions.npy"):
            shutil.copy(folder / name, made)
        write_onnx(join(start, pieces), Path(made) / "model.onnx", quantise=False)
        sizes = {"int8": _megabytes(folder / "model.onnx"), "fp32": _megabytes(Path(made) / "model.onnx")}
        full = BuiltinModel(Path(made))
    return {
        "megabytes": sizes,
        **_pair_agreement(small, full, told),
        **_option_agreement(small, full, observations),
        "speed": _speed(small, full, [(pair.premise, pair.claim) for pair in told], observations),
    }


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 1)


def _pair_agreement(small: BuiltinModel, full: BuiltinModel, told: Sequence[Pair]) -> dict[str, Any]:
    pairs, labels = [(pair.premise, pair.claim) for pair in told], np.array([pair.label for pair in told])
    left, right = np.array(small.entail(pairs)), np.array(full.entail(pairs))
    least = small.thresholds
    verdicts = [called(a, least) == called(b, least) for a, b in zip(left, right, strict=True)]
    return {
        "pairs": len(pairs),
        "pair_argmax_agreement": round(float((left.argmax(-1) == right.argmax(-1)).mean()), 4),
        "verdict_agreement": round(float(np.mean(verdicts)), 4),
        "macro_f1_drop": round(macro_f1(labels, right.argmax(-1)) - macro_f1(labels, left.argmax(-1)), 4),
        "pair_largest_difference": round(float(np.abs(left - right).max()), 4),
    }


def _option_agreement(small: BuiltinModel, full: BuiltinModel, observations: Sequence[Observation]) -> dict[str, Any]:
    both = zip(small.observe(observations), full.observe(observations), strict=True)
    rows = [(np.array(a), np.array(b)) for a, b in both]
    return {
        "observations": len(observations),
        "option_argmax_agreement": round(float(np.mean([a.argmax() == b.argmax() for a, b in rows])), 4),
        "option_mean_difference_nats": round(float(np.mean([np.abs(a - b).mean() for a, b in rows])), 4),
    }


def _speed(
    small: BuiltinModel, full: BuiltinModel, pairs: Pairs, observations: Sequence[Observation]
) -> dict[str, Any]:
    """Items a second on one core, each model in turn, and their ratio."""
    rates = {
        "pairs": [_rate(lambda m=m: m.entail(pairs), len(pairs)) for m in (small, full)],
        "observations": [_rate(lambda m=m: m.observe(observations), len(observations)) for m in (small, full)],
    }
    return {
        kind: {"int8_a_second": round(a, 1), "fp32_a_second": round(b, 1), "ratio": round(a / b, 3)}
        for kind, (a, b) in rates.items()
    }


def _rate(work: Callable[[], object], items: int) -> float:
    """The better of two turns: what else the machine does slows the other one."""
    seconds: list[float] = []
    for _ in range(2):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return items / min(seconds)


def batch_invariance(model: BuiltinModel, pairs: Pairs, observations: Sequence[Observation]) -> dict[str, float]:
    """The largest difference between items asked together and each asked alone: probabilities, and nats."""
    together, seen = np.array(model.entail(pairs)), model.observe(observations)
    alone = np.array([model.entail([pair])[0] for pair in pairs])
    nats = [
        float(np.abs(np.array(row) - np.array(model.observe([one])[0])).max())
        for row, one in zip(seen, observations, strict=True)
    ]
    return {"pairs": float(np.abs(together - alone).max()), "observations": max(nats)}
