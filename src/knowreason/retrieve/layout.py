"""How an index lies on disk: one folder that appears whole or not at all, named by what it was built from."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import bm25s
import msgspec
import numpy as np

from knowreason.records import Record
from knowreason.retrieve.corpus import RULES

TEXTS = "texts.utf8"
DOCUMENTS = "documents.parquet"
PASSAGES = "passages.npy"
ISSUES = "issues.jsonl"
MANIFEST = "manifest.json"
PASSAGE_TYPE = np.dtype([("document", "<i4"), ("start", "<i4"), ("end", "<i4"), ("at", "<i8"), ("size", "<i4")])

_PREFIX = "index-"
_BUILDING = ".building-"
_STALE_S = 3600
_OURS = re.compile(r"index-[0-9a-f]{16}|\.building-[0-9]+-[0-9a-f]{8}")


class Counts(Record, frozen=True):
    """What became of a corpus.

    `rows` is documents plus rejected rows; `passages` are the indexed ones; `not_evidence` counts passages
    left out by kind (reference, question, objective, caption, fragment, duplicate); `rejected` counts the
    issues by reason.
    """

    rows: int
    documents: int
    passages: int
    not_evidence: dict[str, int]
    rejected: dict[str, int]


class Manifest(Record, frozen=True):
    """What an index was built from, with what, and the size in bytes of each of its files."""

    content_hash: str
    engine: str
    counts: Counts
    files: dict[str, int]


def engine() -> str:
    """What cuts and scores the passages; an index made by another engine is built again."""
    return f"bm25s {bm25s.__version__}, rules {RULES}"


def index_folder(folder: Path, content_hash: str) -> Path:
    """Where the index of a corpus lies within `folder`."""
    return folder / f"{_PREFIX}{content_hash[:16]}"


def building_folder(folder: Path, token: str) -> Path:
    """Where an index is put together before it is renamed into place."""
    return folder / f"{_BUILDING}{token}"


def stored_indexes(folder: Path) -> list[Path]:
    """All index folders within `folder`, whole or not, newest first; names that only begin alike are a user's."""
    return sorted(_own_folders(folder, _PREFIX), key=lambda path: path.stat().st_mtime, reverse=True)


def write_manifest(place: Path, content_hash: str, counts: Counts) -> None:
    """Record an index that is complete otherwise; without this file a folder is no index."""
    sizes = {path.name: path.stat().st_size for path in sorted(place.iterdir())}
    manifest = Manifest(content_hash=content_hash, engine=engine(), counts=counts, files=sizes)
    (place / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def read_manifest(place: Path) -> Manifest | None:
    """The manifest of an index whose files are all there in their full size; None otherwise."""
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
        whole = all((place / name).stat().st_size == size for name, size in manifest.files.items())
    except (OSError, msgspec.DecodeError):
        return None
    return manifest if whole and manifest.engine == engine() else None


def move_into_place(built: Path, folder: Path, content_hash: str) -> Path:
    """Rename a finished index into place, then remove the indexes of earlier corpora and abandoned builds.

    If another process put the same index there first, that one stays.
    """
    place = index_folder(folder, content_hash)
    if read_manifest(place) is None:
        shutil.rmtree(place, ignore_errors=True)
        built.rename(place)
    for other in stored_indexes(folder):
        if other != place:
            shutil.rmtree(other, ignore_errors=True)
    for abandoned in _own_folders(folder, _BUILDING):
        if time.time() - abandoned.stat().st_mtime > _STALE_S:
            shutil.rmtree(abandoned, ignore_errors=True)
    return place


def _own_folders(folder: Path, prefix: str) -> list[Path]:
    return [path for path in folder.glob(f"{prefix}*") if _OURS.fullmatch(path.name) and path.is_dir()]
