"""The normalised text of a corpus document: markup removed, white space settled, nothing reworded.

All offsets of passages and evidence count code points of this text. A line break in it separates blocks
(paragraphs, headings, list items); everything else is single spaces.
"""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"</?(?P<name>[a-zA-Z][a-zA-Z0-9]{0,9})(?:\s[^<>]{0,300})?/?>")
_INLINE_TAGS = frozenset("a b em i s small span strong sub sup u code mark abbr cite".split())
_BLOCK_TAGS = frozenset(
    "p br div ul ol li table tr td th thead tbody h1 h2 h3 h4 h5 h6 hr img figure figcaption pre blockquote".split()
)
_ESCAPE = re.compile(r"\\([\[\]().:*_#!`~^-])")
_IMAGE = re.compile(r"!\[[^\]]{0,500}\]\([^()\n]{0,500}\)")
_CROSS_REFERENCE = re.compile(r"\[{1,2}link\]{1,2}\(#[^()\s]{0,200}\)")
_EMPTY_BRACKETS = re.compile(r"\s?\((?:\s|,|;|and|see)*\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\](?:\([^()\s]{1,500}\)|\[\d{0,4}\])")
_STRONG = re.compile(r"\*\*([^*\n]{1,300})\*\*|(?<!\w)__([^_\n]{1,300})__(?!\w)")
_CARET = re.compile(r"(?<=\s)\^(?=\s|$)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_SPACE = re.compile(r"\s{2,}|[^\S ]")
_LIST_MARKER = re.compile(r"(?:[-*•▪◦–]|\d{1,3}[.)]|[a-z]\))\s")


def clean(raw: str) -> str:
    """`raw` without markup and with settled white space; offsets of passages count code points of the result.

    Entities are decoded, HTML tags, images, cross references and link targets removed, emphasis marks taken
    off. A blank line, a list marker or a wide gap becomes one line break, any other white space one space.
    """
    text = html.unescape(html.unescape(raw)) if "&" in raw else raw
    if "<" in text:
        text = _TAG.sub(_without_tag, text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    if "[" in text:
        text = _without_links(text)
    if "**" in text or "__" in text:
        text = _STRONG.sub(lambda match: match[1] or match[2], text)
    if "^" in text:
        text = _CARET.sub("", text)
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    return _SPACE.sub(_settle, text).strip()


def is_list_item(text: str, start: int) -> bool:
    """Whether a list item opens at `start`: a bullet, or a number or letter with its stop."""
    return _LIST_MARKER.match(text, start) is not None


def _without_tag(match: re.Match[str]) -> str:
    name = match["name"].lower()
    if name in _INLINE_TAGS:
        return ""
    return "\n\n" if name in _BLOCK_TAGS else match[0]


def _without_links(text: str) -> str:
    text, removed = _CROSS_REFERENCE.subn("", _IMAGE.sub(" ", text))
    text = _LINK.sub(r"\1", text)
    return _EMPTY_BRACKETS.sub("", text) if removed else text


def _settle(match: re.Match[str]) -> str:
    gap, text = match[0], match.string
    breaks = gap.count("\n")
    if breaks > 1 or is_list_item(text, match.end()):
        return "\n"
    if breaks == 0:
        wide = len(gap) > 2 or (len(gap) == 2 and text[match.start() - 1 : match.start()] in ".:?!")
        return "\n" if wide else " "
    return "\n" if text[match.start() - 1 : match.start()] in ".:?!" else " "
