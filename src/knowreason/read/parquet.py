"""Parquet rows, a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowreason.read.rows import FoundRow, Place, Rejected, describe

_BATCH = 4096  # rows held at once


def read_parquet(path: Path) -> Iterator[FoundRow]:
    """The rows of a Parquet file as objects; `line` counts the rows. A damaged file gives one rejected row."""
    import polars as pl  # lazy: not needed for JSON, and slow to import
    from polars.exceptions import PanicException, PolarsError

    line = 0
    try:
        table = pl.scan_parquet(path, glob=False)
        while (batch := table.slice(line, _BATCH).collect(engine="streaming")).height:
            for row in batch.iter_rows(named=True):
                line += 1
                yield FoundRow(Place(str(path), line, describe(row)), row)
    except (PolarsError, PanicException, OSError) as error:
        yield FoundRow(Place(str(path), line + 1), Rejected("broken_file", str(error).partition("\n")[0]))
