"""A table of the lab, as text."""

from __future__ import annotations

from typing import NamedTuple


class LabTable(NamedTuple):
    """A table with its title, what it says in words, its headings and its rows of text."""

    title: str
    note: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
