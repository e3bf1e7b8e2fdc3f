"""Untrusted text made safe to look at. Escaping for HTML is the template engine's work, not ours."""

from __future__ import annotations

import re

# Characters that act on the page or the terminal instead of standing on it: controls (but not tab and newline),
# the bidirectional overrides and marks that reorder what a reader sees, lone surrogates and non-characters.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def visible(text: str) -> str:
    """`text` with every acting character replaced by a visible sign of it: U+202E becomes "⟨U+202E⟩"."""
    return _ACTING.sub(_sign, text.replace("\r\n", "\n"))


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, and how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def _sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
