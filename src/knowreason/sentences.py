"""Where sentences begin and end: spans that partition a text exactly.

A boundary never falls inside an abbreviation, a decimal, a LaTeX formula or a code fence. The same spans are
used for steps, for mentions of options and for corpus passages, so that offsets agree everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PROTECTED = re.compile(
    r"```.*?(?:```|\Z)"
    r"|\$\$.*?\$\$"
    r"|\\\[.*?\\\]"
    r"|\\\(.*?\\\)"
    r"|\\begin\{(\w+\*?)\}.*?\\end\{\1\}"
    r"|(?<![\\$\w])\$(?![\s$])[^$\n]{1,300}?(?<![\s\\])\$(?![\d\w])",
    re.S,
)
_BOUNDARY = re.compile(
    r"(?P<newline>[ \t]*\n\s*)"
    r"|(?P<stop>[.!?]+[\"'”’)\]*_]*[ \t]+)(?=[\"'“‘(\[*_]*[A-Z0-9$\\À-ÖØ-Þ]|[-•–]\s)"
    r"|(?P<wide>[。！？]+[”’」』）]*)"
)
_INITIAL = re.compile(r"(?:^|[\s(])[B-HJ-Z]\.\s*$")
_ENUMERATOR = re.compile(r"[\s*_#>-]*(?:step\s+)?\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)][*_]*\s*", re.I)
_WORD_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|al|ca|viz|approx|resp|figs?|eqs?|refs?|nos|vol|pp|dr|mrs?|ms|prof|st|jr|sr|inc"
    r"|ltd|dept|est|temp|deg|spp?|subsp|u\.s|u\.k|ph\.d|m\.d|a\.m|p\.m)\.[\"'”’)\]*_]*\s*$",
    re.I,
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end), in code points, of the sentences of `text`.

    They are consecutive, never empty, and cover the text exactly; white space belongs to the sentence before
    it. A line break ends a sentence unless the next line goes on in lower case. An empty text has no spans.
    """
    cuts = [0, *_cuts(text), len(text)]
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]


def protected_spans(text: str) -> list[tuple[int, int]]:
    """Spans of formulas and code fences, in which no boundary may fall."""
    return [match.span() for match in _PROTECTED.finditer(text)]


def _cuts(text: str) -> Iterator[int]:
    blocks = protected_spans(text)
    block = 0
    last = 0
    for match in _BOUNDARY.finditer(text):
        while block < len(blocks) and blocks[block][1] <= match.start():
            block += 1
        if block < len(blocks) and blocks[block][0] < match.start() and match.end() <= blocks[block][1]:
            continue
        if match.end() >= len(text) or not text[last : match.start()].strip():
            continue
        if _is_boundary(text, last, match):
            last = match.end()
            yield last


def _is_boundary(text: str, last: int, match: re.Match[str]) -> bool:
    if match["newline"] is not None:
        return not _goes_on(text, match)
    if match["wide"] is not None:
        return True
    head = text[max(0, match.start() - 16) : match.end()]
    if _WORD_ABBREVIATION.search(head) or _INITIAL.search(head):
        return False
    return match.end() - last > 24 or not _ENUMERATOR.fullmatch(text, last, match.end())


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Whether a single line break only wraps a sentence: a word or comma before it, lower case after it."""
    before, after = text[match.start() - 1], text[match.end()]
    return match.group().count("\n") == 1 and after.islower() and (before.isalnum() or before in ",;-")
