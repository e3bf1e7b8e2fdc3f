"""What counts as copied: seven words in a row."""

from __future__ import annotations

import re


def phrases(text: str) -> set[tuple[str, ...]]:
    """Every run of seven words of a text, letters and digits alone."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[place : place + 7]) for place in range(len(words) - 6)}
