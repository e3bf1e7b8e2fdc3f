"""Files of this project's own rows: JSON Lines, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from knowreason.errors import InputError

Row = TypeVar("Row")


def read_lines(path: Path, row: type[Row], fault: Callable[[Row], str | None] = lambda _: None) -> Iterator[Row]:
    """Every row of a JSONL file. Raises `InputError` naming the line that is no `row`, or that has a fault."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                held = msgspec.json.decode(line, type=row)
            except msgspec.MsgspecError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
            found = fault(held)
            if found:
                raise InputError(f"{path}, line {number}: {found}")
            yield held
