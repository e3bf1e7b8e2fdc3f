"""One response as a log tells it, before anything is checked, and how a bad one is turned away."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from knowreason.records import ReadIssue

Row = Mapping[str, Any]
EXCERPT = 200  # characters of a rejected line that are kept


class Place(NamedTuple):
    """Where a row stands: its file, its 1-based line (0: the file as a whole), and how it begins."""

    file: str
    line: int
    excerpt: str = ""


class Rejected(Exception):  # noqa: N818 - it never leaves this package: the reader makes it a ReadIssue
    """A row that cannot become a trace. `ends_file`: the rest of the file is of the same kind."""

    def __init__(self, reason: str, detail: str = "", *, ends_file: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.ends_file = ends_file


class FoundRow(NamedTuple):
    """A row as it was read, or the reason why the line holds none."""

    place: Place
    row: Row | Rejected


class RawTrace(msgspec.Struct, kw_only=True):
    """One response with the values its log holds, unchecked.

    `golds` are candidates for the right answer, the most trusted first. `message` holds `content` (a text or a
    list of parts) and the fields where reasoning may lie. `split` says that reasoning and response are already
    apart. `declared` is an integrity label that the source vouches for.
    """

    place: Place
    harness: str
    question_id: Any = None
    benchmark: Any = None
    domain: Any = None
    question: Any = None
    options: Any = None
    golds: tuple[Any, ...] = ()
    model: Any = None
    variant: Any = None
    lineage: Any = None
    condition: Any = None
    sample: Any = None
    message: Row = {}
    split: bool = False
    finish: Any = None
    declared: str | None = None
    basis: str | None = None
    meta: dict[str, Any] = {}


def issue(place: Place, rejected: Rejected) -> ReadIssue:
    """The record of a rejected row: detail first, then how the row begins, 200 characters in all."""
    excerpt = f"{rejected.detail}: {place.excerpt}" if rejected.detail and place.excerpt else rejected.detail
    return ReadIssue(
        file=place.file,
        line=place.line,
        reason=rejected.reason,
        excerpt=(excerpt or place.excerpt)[:EXCERPT],
    )


def describe(row: Row) -> str:
    """How a row that is not a line of text begins."""
    shown = ((name, value if isinstance(value, str | int | float) else "…") for name, value in row.items())
    return ", ".join(f"{name}={str(value)[:60]}" for name, value in islice(shown, 6))[:EXCERPT]


def begin(line: bytes) -> str:
    """How a line begins, fit for an excerpt: undecodable bytes become U+FFFD."""
    return line[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]
