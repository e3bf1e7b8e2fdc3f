"""The unit of length everywhere: tokens of the built-in tokenizer, whatever model wrote or judges a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from knowreason.models.builtin import WEIGHTS, open_tokenizer


def count_tokens(texts: Sequence[str]) -> list[int]:
    """The number of tokens of each text, without special tokens."""
    if not texts:
        return []
    return [len(e.ids) for e in _tokenizer().encode_batch(list(texts), add_special_tokens=False)]


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    return open_tokenizer(WEIGHTS / "tokenizer.json")
