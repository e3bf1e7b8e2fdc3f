"""The encoder that training starts from, as a sentence embedder: the baseline a verifier has to beat."""

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false, reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from knowreason.train.judging import Judged
from knowreason.train.measures import Floats
from knowreason.train.network import Network
from knowreason.train.start import read_base

ROWS, LIMIT = 32, 160  # texts of a batch, tokens of a text
Encode = Callable[[str], list[int]]


def base_encoder() -> Network:
    """The base weights under the network's layers; the heads stay untrained and are not used."""
    torch.set_num_threads(1)
    network = Network().eval()
    weights = {name: torch.from_numpy(value) for name, value in read_base().items()}
    missing = network.load_state_dict(weights, strict=False).missing_keys
    assert all(name.startswith(("pair_", "option_", "closeness")) for name in missing), missing
    return network


def closeness(items: Sequence[Judged], network: Network, encode: Encode) -> Floats:
    """For each item: the largest cosine between the claim's embedding and a passage's; -1 without a passage."""
    texts = sorted({text for item in items for text in (item.claim, *item.passages)}, key=len)
    places = {text: place for place, text in enumerate(texts)}
    vectors = embed(texts, network, encode)
    return np.array([_closest(item, vectors, places) for item in items])


def _closest(item: Judged, vectors: Floats, places: dict[str, int]) -> float:
    claim = vectors[places[item.claim]]
    return max((float(claim @ vectors[places[passage]]) for passage in item.passages), default=-1.0)


@torch.inference_mode()
def embed(texts: Sequence[str], network: Network, encode: Encode) -> Floats:
    """Unit vectors [texts, hidden]: the mean state of a text's tokens, its two frame tokens included."""
    ids = [[101, *encode(text)[: LIMIT - 2], 102] for text in texts]
    out: list[Floats] = []
    for start in range(0, len(ids), ROWS):
        rows = ids[start : start + ROWS]
        width = max(map(len, rows))
        filled = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
        blocks = torch.tensor([[0] * len(row) + [-1] * (width - len(row)) for row in rows])
        positions = torch.arange(width).expand_as(filled)
        states = network.encode(filled, torch.zeros_like(filled), positions, blocks)
        seen = (blocks == 0).float()[..., None]
        means = (states * seen).sum(1) / seen.sum(1)
        out.append(torch.nn.functional.normalize(means, dim=-1).double().numpy())
    return np.concatenate(out)
