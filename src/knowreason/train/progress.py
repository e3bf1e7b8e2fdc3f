"""What a network can do on the parts that choose nothing but when to stop and how warm to be."""

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from knowreason.stats import area_above
from knowreason.train.network import Network
from knowreason.train.sampling import Data, Sample, option_sample, pair_sample, stack
from knowreason.train.store import GROUPS

PAIRS, ROWS = 1_600, 64
Floats = npt.NDArray[np.float64]


def measure(network: Network, data: Data, device: str, pairs: int = PAIRS) -> dict[str, Any]:
    """Accuracy and AUROC of `pairs` pairs by group, top-1 and log-loss of a quarter as many traces by cut.

    The group of claims is measured whole.
    """
    return {**_measure_pairs(network, data, device, pairs), **_measure_options(network, data, device, pairs // 4)}


def _measure_pairs(network: Network, data: Data, device: str, count: int) -> dict[str, Any]:
    known = len(data.pairs.labels)
    few = np.flatnonzero(data.pairs.groups == GROUPS.index("claims"))  # too few to draw from
    chosen = np.union1d(np.arange(0, known, max(1, known // count)), few)
    logs = pair_logs(network, [pair_sample(data.pairs, int(index)) for index in chosen], device)
    labels, groups = data.pairs.labels[chosen], data.pairs.groups[chosen]
    out: dict[str, Any] = {}
    for group, name in enumerate(GROUPS):
        held = groups == group
        if not held.any():
            continue
        lean = logs[:, 0] - logs[:, 1]
        out[f"{name}_accuracy"] = round(float((logs[held].argmax(-1) == labels[held]).mean()), 4)
        true, false = lean[held & (labels == 0)], lean[held & (labels == 1)]
        if len(true) and len(false):  # too few pairs were drawn otherwise
            out[f"{name}_auroc"] = round(area_above(true, false), 4)
    return out


def _measure_options(network: Network, data: Data, device: str, most: int) -> dict[str, Any]:
    items = data.options
    count = min(most, len(items.numbers))
    out: dict[str, Any] = {}
    cuts = {"start": np.zeros(count, int), "content": items.numbers[:count, 4], "statement": items.numbers[:count, 5]}
    for name, places in {**cuts, "end": np.full(count, 1 << 20)}.items():
        samples = [
            option_sample(
                data, index, items.text(int(items.numbers[index, 1]))[: places[index]], labelled=True, limit=160
            )
            for index in range(count)
        ]
        logs = option_logs(network, samples, device)
        own = np.array([log[sample.target] for log, sample in zip(logs, samples, strict=True)])
        top = np.array([log.argmax() == sample.target for log, sample in zip(logs, samples, strict=True)])
        out[f"{name}_top1"], out[f"{name}_loss"] = round(float(top.mean()), 4), round(float(-own.mean()), 4)
    return out


def pair_logs(network: Network, samples: list[Sample], device: str) -> Floats:
    """Log-probabilities [pairs, 3]."""
    values = np.zeros((len(samples), 3))
    for places, (first, _) in _runs(network, samples, device):
        values[places] = first
    return values - np.logaddexp.reduce(values, axis=-1, keepdims=True)


def option_logs(network: Network, samples: list[Sample], device: str) -> list[Floats]:
    """Log-probabilities over the options of each sample."""
    values: list[Floats] = [np.zeros(0)] * len(samples)
    for places, (_, second) in _runs(network, samples, device):
        for place, row in zip(places, second, strict=True):
            known = row[: samples[place].row.options]
            values[place] = known - np.logaddexp.reduce(known)
    return values


@torch.inference_mode()
def _runs(network: Network, samples: list[Sample], device: str) -> Any:
    order = sorted(range(len(samples)), key=lambda index: len(samples[index].row.ids))
    for start in range(0, len(order), ROWS):
        places = order[start : start + ROWS]
        batch, _, _ = stack([samples[place] for place in places])
        outputs = network(*(torch.from_numpy(part).to(device) for part in batch))
        yield places, [output.double().cpu().numpy() for output in outputs]
