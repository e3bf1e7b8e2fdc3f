"""Where sentences begin and end: spans that partition a text exactly.

A boundary never falls inside an abbreviation, a decimal, a LaTeX formula or a code fence. The same spans are
used for steps, for mentions of options and for corpus passages, so that offsets agree everywhere. All patterns
are possessive or bounded: the time grows linearly with the text, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_OPENER = re.compile(
    r"(?P<fence>```)|(?P<display>\$\$)|(?P<square>\\\[)|(?P<round>\\\()|\\begin\{(?P<name>\w{1,30}\*?)\}"
    r"|(?P<inline>(?<![\\$\w])\$(?![\s$])[^$\n]{1,300}(?<![\s\\])\$(?![\d\w]))"
)
_FORMULA_LIMIT = 4000  # characters: a longer "formula" is an opener that nobody closed
# some models wrap a whole answer in a fence: no language, and either sentences or nothing that looks like code
_PROSE_FENCE = re.compile(
    r"```(?:markdown|md|text|plaintext)?[ \t]*+(?:\n|\Z)"
    r"(?:(?=[\s\S]*?[a-z]{3}[.:]\s+(?:[A-Z<*-]|#{2,}\s))|(?![\s\S]*?(?:[;{}=]|\b(?:def|import|return|print)\b)))"
)
_BOUNDARY = re.compile(
    r"(?P<newline>\n\s*+)"
    r"|(?P<stop>(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+[ \t]++)(?=[\"'“‘(\[*_]*+(?P<next>[^\W_]|[$\\])|[-•–]\s)"
    r"|(?P<wide>[。！？।॥؟]++[”’」』）]*+\s*+)"
)
_INITIAL = re.compile(r"(?:^|(?:\b[A-Z]\.|\b[A-Z]\w+|\b(?:by|and))\s)\(?[A-Z]\.\s*$")
_ENUMERATOR = re.compile(r"[\s*_#>-]*(?:step\s+)?\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)][*_]*\s*", re.I)
_WORD_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|al|ca|viz|approx|resp|figs?|eqs?|refs?|nos|vol|pp|dr|mrs?|ms|prof|st|jr|sr|inc"
    r"|ltd|dept|est|temp|deg|spp?|subsp|u\.s|u\.k|ph\.d|m\.d|a\.m|p\.m)\.[\"'”’)\]*_]*\s*$",
    re.I,
)
_NUMBERED = re.compile(r"\b(?:no|ch|sec|p|eqn|table)\.\s*$", re.I)
_STARTER = re.compile(
    r"[\"'“‘(\[*_]*(?:The|This|That|These|Those|So|Therefore|Thus|Hence|However|It|In|We|I|If|As|An?|For|Since"
    r"|Because|But|And|Option|Answer|Here|There|Now|Let|Then|To|He|She|They|You|Of|On|At|When|While|Although)\b"
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end), in code points, of the sentences of `text`.

    They are consecutive, never empty, and cover the text exactly; white space belongs to the sentence before
    it. A line break ends a sentence unless the next line goes on in lower case. An empty text has no spans.
    """
    cuts = [0, *_cuts(text), len(text)]
    return [(a, b) for a, b in pairwise(cuts) if b > a]


def protected_spans(text: str) -> list[tuple[int, int]]:
    """Spans of formulas and code fences, in which no boundary may fall. A fence around prose protects nothing."""
    spans: list[tuple[int, int]] = []
    at = 0
    while (opener := _OPENER.search(text, at)) is not None:
        end = _closed_at(text, opener)
        if end is not None:
            spans.append((opener.start(), end))
        at = end if end is not None else opener.end()
    return spans


def _closed_at(text: str, opener: re.Match[str]) -> int | None:
    """Where what `opener` opens ends; None where nothing closes it in time."""
    if opener["inline"] is not None:
        return opener.end()
    if opener["fence"] is not None:
        end = text.find("```", opener.end())
        end = end + 3 if end >= 0 else len(text)
        return None if _PROSE_FENCE.match(text, opener.start(), end) else end
    limit = min(len(text), opener.end() + _FORMULA_LIMIT)
    if opener["display"] is not None:
        closer, blank = "$$", text.find("\n\n", opener.end(), limit)
        limit = blank if blank >= 0 else limit
    else:
        name = opener["name"]
        closer = f"\\end{{{name}}}" if name else "\\]" if opener["square"] else "\\)"
    end = text.find(closer, opener.end(), limit)
    return end + len(closer) if end >= 0 else None


class _Candidate(NamedTuple):
    """A possible boundary: `text[last:start]` is the sentence's body, `end` is where the next one begins."""

    last: int
    start: int
    end: int


def _cuts(text: str) -> Iterator[int]:
    blocks = protected_spans(text)
    block = 0
    last = 0
    first = len(text) - len(text.lstrip())
    for match in _BOUNDARY.finditer(text):
        while block < len(blocks) and blocks[block][1] <= match.start():
            block += 1
        inside = block < len(blocks) and blocks[block][0] < match.start()
        if inside or match.end() >= len(text) or match.start() <= max(last, first - 1):
            continue
        if _is_boundary(text, match, _Candidate(last, match.start(), match.end())):
            last = match.end()
            yield last


def _is_boundary(text: str, match: re.Match[str], at: _Candidate) -> bool:
    if match["newline"] is not None:
        return not _goes_on(text, at)
    if match["wide"] is not None:
        return True
    if (match["next"] or "").islower() or _abbreviates(text, at):
        return False
    return at.end - at.last > 24 or not _ENUMERATOR.fullmatch(text, at.last, at.end)


def _abbreviates(text: str, at: _Candidate) -> bool:
    """Whether the stop belongs to an abbreviation, an initial ("J. Smith") or a number's name ("No. 5")."""
    head = text[max(at.last, at.start - 24) : min(at.end, at.start + 8)]
    if _WORD_ABBREVIATION.search(head):
        return True
    if _NUMBERED.search(head):
        return text[at.end].isdigit()
    return _INITIAL.search(head) is not None and not _STARTER.match(text, at.end)


def _goes_on(text: str, at: _Candidate) -> bool:
    """Whether a single line break only wraps a sentence: a word or comma before it, lower case after it."""
    before = text[max(at.last, at.start - 80) : at.start].rstrip()[-1:]
    return text.count("\n", at.start, at.end) == 1 and text[at.end].islower() and (before.isalnum() or before in ",;-")
