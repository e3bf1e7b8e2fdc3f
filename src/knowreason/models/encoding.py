"""Texts to padded batches for an encoder: by length, with nothing cut, and alike whatever stands beside a text."""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

BATCH_INVARIANCE = 1e-4
"""The most that a figure of an encoder may differ between a batch and alone; it is proven when a model is opened."""

_CPU_TOKENS, _GPU_TOKENS = 4_096, 65_536  # of one batch, padding counted: they bound memory
_ALIKE = 64  # tokens: in one batch no text is longer than another by more


class Encoded(NamedTuple):
    """The tokens of one text or pair, with the part that each belongs to where the tokenizer tells."""

    ids: list[int]
    types: list[int] | None


def encode(tokenizer: Any, texts: Sequence[str], seconds: Sequence[str] | None = None) -> list[Encoded]:
    """The tokens of each text, or of each pair, whole; what looks like a special token in a text is text."""
    if not texts:
        return []
    given = [list(texts)] if seconds is None else [list(texts), list(seconds)]
    told = tokenizer(*given, split_special_tokens=True, truncation=False, verbose=False)
    types = told.get("token_type_ids") or [None] * len(texts)
    return [Encoded(*both) for both in zip(told["input_ids"], types, strict=True)]


def longest(model: Any, tokenizer: Any) -> int:
    """Tokens that the model reads: what positions, configuration and tokenizer allow, whichever is least."""
    limits = [int(tokenizer.model_max_length), getattr(model.config, "max_position_embeddings", None)]
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, torch.nn.Embedding):
            # where padding has a position too, the first ones are taken
            limits.append(part.num_embeddings - (0 if part.padding_idx is None else part.padding_idx + 1))
    return min(limit for limit in limits if limit)


def batches(encoded: Sequence[Encoded], *, padded: bool, device: str) -> Iterator[list[int]]:
    """Places of texts that are read together, shortest first; one at a time where the model has no padding."""
    order = sorted(range(len(encoded)), key=lambda place: len(encoded[place].ids))
    room = _GPU_TOKENS if device == "cuda" else _CPU_TOKENS
    held: list[int] = []
    for place in order:
        length = len(encoded[place].ids)
        full = held and (length * (len(held) + 1) > room or length - len(encoded[held[0]].ids) > _ALIKE)
        if full or (held and not padded):
            yield held
            held = []
        held.append(place)
    if held:
        yield held


def tensors(chosen: Sequence[Encoded], pad: int, device: Any) -> dict[str, Tensor]:
    """What a model takes: ids padded on the right, the mask that hides the padding, and types where there are any."""
    width = max(len(one.ids) for one in chosen)
    made = {
        "input_ids": torch.tensor([one.ids + [pad] * (width - len(one.ids)) for one in chosen], device=device),
        "attention_mask": torch.tensor(
            [[1] * len(one.ids) + [0] * (width - len(one.ids)) for one in chosen], device=device
        ),
    }
    if chosen[0].types is not None:
        types = [(one.types or []) + [0] * (width - len(one.ids)) for one in chosen]
        made["token_type_ids"] = torch.tensor(types, device=device)
    return made
