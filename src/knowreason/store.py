"""A run directory: one Parquet table a record type, written in atomic parts, so that a run can be resumed.

    RUN/
      manifest.json     what was run: version, arguments, models, corpus, counts
      parts/000012/     the tables of one unit of work, complete as soon as the folder has its final name
      traces.parquet …  all parts of one table, sorted by its key; written when every part is there

A part is written to a temporary folder and renamed: after a kill at any point a part is there as a whole or not
at all. Tables are bytes-identical for the same inputs, whatever was interrupted and however many workers ran.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from knowreason.errors import StoreError

Schema = Mapping[str, Any]
Rows = Mapping[str, Sequence[Mapping[str, object]]]
MANIFEST = "manifest.json"
_KEYS = ("trace_id", "step", "claim", "rank", "scorer")


class Store:
    """One run directory. `schemas` names its tables and their columns."""

    def __init__(self, folder: Path, schemas: Mapping[str, Schema]) -> None:
        self.folder = folder
        self.schemas = schemas

    def open(self, manifest: Mapping[str, object], fingerprint: str) -> None:
        """Creates the directory, or goes on with one that holds the same audit.

        Raises `StoreError` where the folder cannot be written or holds something else.
        """
        held = self.manifest()
        if held is not None and held.get("fingerprint") != fingerprint and not self._holds_work(held):
            held = None  # its audit ended before any work, at a slip in its options
        elif held is not None and held.get("fingerprint") != fingerprint:
            raise StoreError(
                f"{self.folder} holds another audit (other inputs, models, options or version): "
                "choose another --out, or delete it"
            )
        elif held is None and self.folder.is_dir() and any(self.folder.iterdir()):
            raise StoreError(f"{self.folder} is not empty and is no run directory: choose another --out")
        if held is None:
            self._guard(lambda: (self.folder / "parts").mkdir(parents=True, exist_ok=True))
            self.write_manifest({**manifest, "fingerprint": fingerprint, "finished": False})

    @contextmanager
    def alone(self) -> Generator[None]:
        """Holds the directory, made where it is missing, so that no second audit writes into it.

        Raises `StoreError` where another process holds it. A lock ends with its process, however that ends.
        """
        self._guard(lambda: self.folder.mkdir(parents=True, exist_ok=True))
        held = _lock(self.folder)
        try:
            yield
        finally:
            if held is not None:
                os.close(held)

    def manifest(self) -> dict[str, Any] | None:
        """The manifest, None where there is none yet."""
        path = self.folder / MANIFEST
        try:
            held = json.loads(path.read_text("utf-8")) if path.is_file() else None
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read ({error}): delete {self.folder} and run again") from error
        if held is not None and not isinstance(held, dict):
            raise StoreError(f"{path} is no manifest: delete {self.folder} and run again")
        return held

    def write_manifest(self, manifest: Mapping[str, object]) -> None:
        """Replaces the manifest atomically."""
        self.write_text(MANIFEST, json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Writes a file of the run directory atomically."""
        target, temporary = self.folder / name, self.folder / f".{name}.tmp"

        def write() -> None:
            temporary.write_text(text, "utf-8")
            os.replace(temporary, target)

        self._guard(write)

    def has_part(self, part: int) -> bool:
        """Whether this unit of work is complete."""
        return self._part(part).is_dir()

    def write_part(self, part: int, rows: Rows) -> None:
        """Writes the rows of one unit of work: all of them, or nothing."""
        temporary = self.folder / "parts" / f".{part:06d}"

        def write() -> None:
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            for table, schema in self.schemas.items():
                frame = pl.DataFrame([dict(r) for r in rows.get(table, [])], schema=dict(schema), orient="row")
                frame.write_parquet(temporary / f"{table}.parquet", compression="zstd")
            os.rename(temporary, self._part(part))

        self._guard(write)

    def finish(self, parts: int, manifest: Mapping[str, object]) -> None:
        """Joins `parts` parts into the tables, sorted by key, then removes the parts."""

        def join() -> None:
            for table, schema in self.schemas.items():
                self._join(table, schema, parts)
            self.write_manifest({**manifest, "finished": True})
            shutil.rmtree(self.folder / "parts", ignore_errors=True)

        self._guard(join)

    def table(self, name: str) -> pl.DataFrame:
        """One finished table."""
        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            raise StoreError(f"{self.folder} holds no finished audit ({path.name} is missing): run the audit again")
        return pl.read_parquet(path)

    def _holds_work(self, manifest: Mapping[str, object]) -> bool:
        parts = self.folder / "parts"
        return manifest.get("finished") is True or (parts.is_dir() and any(parts.iterdir()))

    def _part(self, part: int) -> Path:
        return self.folder / "parts" / f"{part:06d}"

    def _join(self, table: str, schema: Schema, parts: int) -> None:
        files = [self._part(part) / f"{table}.parquet" for part in range(parts)]
        frame = pl.concat([pl.read_parquet(f) for f in files]) if files else pl.DataFrame(schema=dict(schema))
        keys = [key for key in _KEYS if key in schema]
        temporary = self.folder / f".{table}.parquet.tmp"
        frame.rechunk().sort(keys).write_parquet(temporary, compression="zstd")
        os.replace(temporary, self.folder / f"{table}.parquet")

    def _guard(self, write: Callable[[], object]) -> None:
        try:
            write()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StoreError(
                f"cannot write {self.folder}: {getattr(error, 'strerror', None) or error}; nothing is lost: "
                "mend it and run the same command again"
            ) from error


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the folder until it is closed; None where the system cannot lock a folder."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise StoreError(
            f"another audit is at work in {folder}: wait until it is done, or choose another --out"
        ) from None
    except OSError:  # some network file systems have no locks
        os.close(held)
        return None
    return held


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, read in blocks."""
    import hashlib

    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode("utf-8", "replace") + b"\0")
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
