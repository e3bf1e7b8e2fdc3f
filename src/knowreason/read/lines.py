"""Lines of a file, plain or gzip, one at a time: no line can fill the memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from knowreason.read.rows import Place, Rejected, begin

MAX_LINE = 64 * 1024 * 1024
_PIECE = 1024 * 1024


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where its first two bytes say gzip. Raises OSError."""
    with path.open("rb") as head:
        packed = head.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def read_lines(path: Path, *, limit: int = MAX_LINE) -> Iterator[tuple[Place, bytes | Rejected]]:
    """Every line that is not blank, with its place; a line over `limit` bytes is skipped, never held.

    A file that breaks off (a truncated gzip) ends with one rejected line at the place of the break.
    """
    number, name = 0, str(path)
    try:
        with open_bytes(path) as stream:
            while line := stream.readline(limit + 1):
                number += 1
                if len(line) > limit:
                    _skip_line(stream, line)
                    yield Place(name, number, begin(line)), Rejected("too_large", f"over {limit} bytes")
                elif line := _bare(line, number):
                    yield Place(name, number, begin(line)), line
    except (OSError, EOFError, zlib.error) as error:
        yield Place(name, number + 1), Rejected("broken_file", f"reading stopped: {error}")


def _bare(line: bytes, number: int) -> bytes:
    line = line.strip(b" \t\r\n")
    return line.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n") if number == 1 else line


def _skip_line(stream: BinaryIO, piece: bytes) -> None:
    while piece and not piece.endswith(b"\n"):
        piece = stream.readline(_PIECE)
