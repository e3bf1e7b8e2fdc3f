"""Reads a written page back: its elements, and the data that it holds."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any


class Elements(HTMLParser):
    """Every element with its attributes, all text outside style and scripts, and the scripts' own text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in ("meta", "br", "img", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            attrs, before = self.scripts[-1]
            self.scripts[-1] = (attrs, before + data)
        elif "style" not in self.open:
            self.text.append(data)


def overview_of(page: str) -> dict[str, Any]:
    """All that the page holds but its traces."""
    found = re.search(r'<script type="application/json" id="overview">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def index_of(page: str) -> dict[str, Any]:
    """The list of traces in columns."""
    return _unpacked(page, "index")


def traces_of(page: str) -> list[dict[str, Any]]:
    """Every trace that the page holds, block by block."""
    count = len(re.findall(r'id="block-\d+"', page))
    return [trace for number in range(count) for trace in _unpacked(page, f"block-{number}")]


def words_of(page: str) -> str:
    """Every text of the overview, white space as single blanks."""
    return " ".join(" ".join(_texts(overview_of(page))).split())


def _unpacked(page: str, name: str) -> Any:
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page)
    assert found is not None
    return json.loads(zlib.decompress(base64.b64decode(found[1])))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield "" if value.startswith("#/") else value
    elif isinstance(value, dict) and {"value", "interval"} <= set(value):
        yield f"{value['value']} [{value['interval']}] {value['note']}"
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
