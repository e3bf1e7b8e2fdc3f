"""The built-in model as a torch module: a MiniLM encoder written out, with an entailment and an answer head.

Written out rather than imported so that the block mask, the export and the int8 rounding are all in sight:
no attention back end can treat the mask differently from what the exported graph does.
"""

# pyright: reportMissingImports=false, reportUntypedBaseClass=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN, LAYERS, HEADS, INNER = 384, 6, 12, 1536
VOCABULARY, POSITIONS, TYPES = 30522, 512, 4
PAIR_INNER, OPTION_INNER = 256, 256
EPSILON = 1e-12
HIDE = -1e4  # added to hidden keys: finite, so that a padded query has no NaN


class Shape(NamedTuple):
    """Sizes of the encoder; tests use small ones."""

    vocabulary: int = VOCABULARY
    hidden: int = HIDDEN
    layers: int = LAYERS
    heads: int = HEADS
    inner: int = INNER


class Layer(nn.Module):
    """One post-norm transformer layer of the BERT kind."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query, self.key, self.value, self.output = (nn.Linear(shape.hidden, shape.hidden) for _ in range(4))
        self.attention_norm = nn.LayerNorm(shape.hidden, eps=EPSILON)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=EPSILON)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """States [B, L, H] and an additive mask [B, 1, L, L] to new states."""
        query, key, value = (self._split(part(states)) for part in (self.query, self.key, self.value))
        # written out: on a processor the fused kernel's backward pass costs as much as all the rest together
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + bias.to(query.dtype)
        mixed = (scores.softmax(-1).to(value.dtype) @ value).transpose(1, 2).flatten(2)
        states = self.attention_norm(states + self.output(mixed))
        return self.norm(states + self.down(functional.gelu(self.up(states))))

    def _split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Network(nn.Module):
    """Entailment logits [B, 3] and option scores [B, K] from one encoder."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        shape = shape or Shape()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.hidden)
        self.places = nn.Embedding(POSITIONS, shape.hidden)
        self.kinds = nn.Embedding(TYPES, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=EPSILON)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.pair_in = nn.Linear(4 * shape.hidden, PAIR_INNER)
        self.pair_out = nn.Linear(PAIR_INNER, 3)
        self.option_in = nn.Linear(3 * shape.hidden, OPTION_INNER)
        self.option_out = nn.Linear(OPTION_INNER, 1)
        self.closeness = nn.Parameter(torch.tensor(5.0))

    def encode(self, ids: Tensor, types: Tensor, positions: Tensor, blocks: Tensor) -> Tensor:
        """Hidden states [B, L, H] in fp32."""
        states = self.norm(self.words(ids) + self.places(positions) + self.kinds(types))
        bias = mask_bias(blocks)
        for layer in self.layers:
            states = layer(states, bias)
        return states.float()

    def entail(self, states: Tensor, types: Tensor, blocks: Tensor) -> Tensor:
        """Logits (supported, refuted, not enough information) of rows that hold a pair."""
        context = blocks == 0
        second = _mean(states, context & (types == 1))
        first = _mean(states, context & (types == 0))
        features = torch.cat([states[:, 0], second, first * second, (first - second).abs()], -1)
        return self.pair_out(functional.gelu(self.pair_in(features)))

    def choose(self, states: Tensor, blocks: Tensor, slots: Tensor) -> Tensor:
        """Scores of the options of rows that hold a question; slots without an option score 0."""
        inside = blocks[:, None, :] == slots[None, :, None]
        options = _mean(states[:, None], inside)
        context = _mean(states, blocks == 0)[:, None].expand_as(options)
        features = torch.cat([options, options * context, states[:, :1].expand_as(options)], -1)
        learned = self.option_out(functional.gelu(self.option_in(features)))[..., 0]
        near = functional.cosine_similarity(options, context, -1, eps=1e-6)
        return (learned + self.closeness * near) * inside.any(-1)

    def forward(
        self, ids: Tensor, types: Tensor, positions: Tensor, blocks: Tensor, slots: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Both heads, as the exported graph has them."""
        states = self.encode(ids, types, positions, blocks)
        return self.entail(states, types, blocks), self.choose(states, blocks, slots)


def mask_bias(blocks: Tensor) -> Tensor:
    """Additive mask [B, 1, L, L]: everyone sees block 0, an option sees itself, nobody sees padding."""
    query, key = blocks[:, :, None], blocks[:, None, :]
    seen = (key == 0) | ((key == query) & (key > 0))
    return torch.where(seen, 0.0, HIDE)[:, None]


def _mean(states: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the chosen positions over the second last axis; zeros where none is chosen."""
    weights = chosen.to(states.dtype)
    total = (weights[..., None, :] @ states)[..., 0, :]
    return total / weights.sum(-1, keepdim=True).clamp(min=1.0)
