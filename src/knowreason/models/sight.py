"""How far back the layers of a causal model see, as its configuration says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

_LONGEST_WINDOW = 8_192  # a longer one cannot be proven on a probe in reasonable time: it bounds the text instead
_NO_LIMIT = 2**31


class Sight(NamedTuple):
    """What two passes must know of a model.

    `limit`: tokens up to which they are exact. `window`: tokens that a sliding layer sees, None where none slides.
    `mixed`: whether sliding layers stand beside others, each kind with a mask of its own.
    """

    limit: int
    window: int | None
    mixed: bool


def sight_of(config: Any) -> Sight:
    """Read from a model's configuration.

    A scaling of positions that changes with the length of the text changes what every prefix sees, and a short
    probe could not show it: it bounds the text, as do layers that read in fixed chunks.
    """
    config = config.get_text_config()
    kinds: Sequence[str] = getattr(config, "layer_types", None) or ()
    limits = [getattr(config, "max_position_embeddings", None), *_fixed(config)]
    window: int | None = getattr(config, "sliding_window", None)
    if kinds and "sliding_attention" not in kinds:
        window = None
    if "chunked_attention" in kinds:
        limits.append(getattr(config, "attention_chunk_size", None))
    if window and window > _LONGEST_WINDOW:
        limits.append(window)
        window = None
    limit = min((limit for limit in limits if limit), default=_NO_LIMIT)
    return Sight(limit, window if window and window < limit else None, bool(kinds))


def _fixed(config: Any) -> list[int | None]:
    """The length that the positions were made for, where another length would scale them anew."""
    scaling = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    if scaling.get("rope_type") not in ("dynamic", "longrope"):
        return []
    original = "original_max_position_embeddings"
    return [scaling.get(original), getattr(config, original, None)]
