"""What a user names as knowledge: a stored index, or corpora that are indexed once and kept in a cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from knowreason.errors import StoreError
from knowreason.retrieve import layout
from knowreason.retrieve.bm25 import Index, open_index
from knowreason.retrieve.build import build_index
from knowreason.retrieve.corpus import corpus_hash


def open_knowledge(
    paths: Sequence[Path],
    *,
    fields: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Index:
    """The index of `paths`: one folder made by `knowreason index`, or any mix of corpora.

    Corpora are indexed into a folder of the cache named by their content, and found again there as long as they
    do not change. Raises `InputError` for a missing path, `CorpusError` for a corpus without text, `StoreError`
    where the cache cannot be written.
    """
    if len(paths) == 1 and layout.stored_indexes(paths[0]):
        return open_index(paths[0])
    folder = cache_folder() / f"index-{corpus_hash(paths, fields or {})[:24]}"
    try:
        return build_index(paths, folder, fields=fields or {}, progress=progress)
    except StoreError as error:
        raise StoreError(f"{error}; name a folder for indexes in the environment as KNOWREASON_CACHE") from error


def cache_folder() -> Path:
    """Where indexes are kept: $KNOWREASON_CACHE, else knowreason in $XDG_CACHE_HOME or ~/.cache."""
    named = os.environ.get("KNOWREASON_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "knowreason"
