"""Builds the index of a corpus once, and opens it again as long as the corpus stays the same."""

from __future__ import annotations

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import bm25s
import msgspec
import numpy as np
import polars as pl

from knowreason.errors import CorpusError, StoreError
from knowreason.records import ReadIssue
from knowreason.retrieve import layout
from knowreason.retrieve.bm25 import K1, B, Index
from knowreason.retrieve.corpus import CorpusFile, check_fields, find_files, hash_files, in_order, read_file
from knowreason.retrieve.documents import Document
from knowreason.retrieve.passages import duplicate_key, windows
from knowreason.retrieve.terms import terms

Progress = Callable[[int, int], None]


def build_index(
    corpora: Sequence[Path],
    folder: Path,
    *,
    fields: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Index:
    """The index of `corpora`, opened from `folder` if it is there, else built and stored in it.

    `fields` maps text, title, id, source or licence to a column; `progress` gets (bytes read, bytes in all)
    while building. The stored index is the same, byte for byte, whatever the order of `corpora`. A build
    that is killed leaves nothing that would be opened.

    Raises:
        InputError: a corpus is missing or of an unknown kind, or a field name is unknown.
        CorpusError: no text was found, or all of it is no evidence.
        StoreError: the folder cannot be written.
    """
    found, unread = find_files(corpora)
    fields = check_fields(fields or {})
    files = in_order(found)
    content_hash = hash_files(files, fields)
    place = layout.index_folder(folder, content_hash)
    manifest = layout.read_manifest(place)
    if manifest is not None:
        return Index(place, manifest)
    try:
        place = _store([file for file, _ in files], unread, folder, content_hash, _Build(fields, progress))
    except OSError as error:
        raise StoreError(f"cannot write an index in {folder}: {error.strerror or error}") from error
    manifest = layout.read_manifest(place)
    if manifest is None:
        raise StoreError(f"the index in {folder} was damaged while it was written; is the disk full?")
    return Index(place, manifest)


def _store(
    files: Sequence[CorpusFile], unread: Sequence[ReadIssue], folder: Path, content_hash: str, build: _Build
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    place = layout.building_folder(folder, f"{os.getpid()}-{secrets.token_hex(4)}")
    place.mkdir()
    try:
        build.read(files, unread, place)
        build.finish(place)
        layout.write_manifest(place, content_hash, build.counts())
        return layout.move_into_place(place, folder, content_hash)
    finally:
        shutil.rmtree(place, ignore_errors=True)


class _Build:
    """An index in the making: texts and issues go to disk at once, terms and offsets stay in memory."""

    def __init__(self, fields: Mapping[str, str], progress: Progress | None) -> None:
        self._fields = fields
        self._progress = progress
        self._documents: list[tuple[str, str, str, str, int, int]] = []
        self._passages: list[tuple[int, int, int, int, int]] = []
        self._terms: list[list[int]] = []
        self._vocabulary: dict[str, int] = {}
        self._ids: set[str] = set()
        self._seen: set[bytes] = set()
        self._written = 0
        self._read_documents = 0
        self._rejected_rows = 0
        self._rejected: Counter[str] = Counter()
        self._not_evidence: Counter[str] = Counter()

    def read(self, files: Sequence[CorpusFile], unread: Sequence[ReadIssue], place: Path) -> None:
        """Read all files; write the texts and the issues."""
        sizes = [file.path.stat().st_size for file in files]
        before = 0
        with (place / layout.TEXTS).open("wb") as texts, (place / layout.ISSUES).open("wb") as issues:
            for issue in unread:
                issues.write(self._issue_line(issue))
            for file, size in zip(files, sizes, strict=True):
                for item in read_file(file, self._fields, self._advance(before, sum(sizes))):
                    if isinstance(item, Document):
                        texts.write(self._add(item))
                    else:
                        issues.write(self._issue_line(item))
                before += size
        self._check(files)

    def finish(self, place: Path) -> None:
        """Write everything that needs the whole corpus: the table of documents, the offsets, the scores."""
        columns = ("doc_id", "title", "source", "licence", "at", "size")
        table = pl.DataFrame(self._documents, schema=columns, orient="row", infer_schema_length=None)
        table.write_parquet(place / layout.DOCUMENTS, compression="zstd", statistics=False)
        np.save(place / layout.PASSAGES, np.array(self._passages, dtype=layout.PASSAGE_TYPE))
        engine = bm25s.BM25(method="lucene", k1=K1, b=B)
        engine.index((self._terms, self._vocabulary), create_empty_token=False, show_progress=False)
        engine.save(place, show_progress=False)

    def counts(self) -> layout.Counts:
        """What became of the rows read."""
        return layout.Counts(
            rows=self._read_documents + self._rejected_rows,
            documents=self._read_documents,
            passages=len(self._passages),
            not_evidence=dict(sorted(self._not_evidence.items())),
            rejected=dict(sorted(self._rejected.items())),
        )

    def _advance(self, before: int, total: int) -> Callable[[int], None]:
        def advance(done: int) -> None:
            if self._progress is not None:
                self._progress(min(before + done, total), total)

        return advance

    def _issue_line(self, issue: ReadIssue) -> bytes:
        self._rejected[issue.reason] += 1
        self._rejected_rows += issue.line > 0
        return msgspec.json.encode(issue) + b"\n"

    def _add(self, document: Document) -> bytes:
        """Take in a document's passages; the bytes of its text to write, none if nothing of it is indexed."""
        self._read_documents += 1
        title = terms(document.title)
        byte, char, kept = self._written, 0, False
        for start, end, kind in windows(document.text):
            text = document.text[start:end]
            words = [] if kind else title + terms(text)
            kind = kind or self._repeats(document, text) or ("" if words else "fragment")
            if kind:
                self._not_evidence[kind] += 1
                continue
            byte, char, kept = byte + len(document.text[char:start].encode()), start, True
            self._passages.append((len(self._documents), start, end, byte, len(text.encode())))
            self._terms.append([self._vocabulary.setdefault(word, len(self._vocabulary)) for word in words])
        return self._keep(document) if kept else b""

    def _keep(self, document: Document) -> bytes:
        text = document.text.encode()
        place = (self._written, len(text))
        self._documents.append((self._unused_id(document.doc_id), *document[1:4], *place))
        self._written += len(text)
        return text

    def _repeats(self, document: Document, text: str) -> str:
        key = duplicate_key(document.title, text)
        if key in self._seen:
            return "duplicate"
        self._seen.add(key)
        return ""

    def _unused_id(self, doc_id: str) -> str:
        """The document's id, numbered from the second one on if others have it too: an id cites one text."""
        unused, number = doc_id, 1
        while unused in self._ids:
            number += 1
            unused = f"{doc_id}~{number}"
        self._ids.add(unused)
        return unused

    def _check(self, files: Sequence[CorpusFile]) -> None:
        if self._passages:
            return
        names = ", ".join(file.name for file in files[:3]) + (" ..." if len(files) > 3 else "")
        counts = self.counts()
        if counts.documents:
            why = f"its {counts.documents} documents are only {', '.join(counts.not_evidence)}"
            raise CorpusError(f"nothing to verify against in {names}: {why}")
        advice = "name the text column with --corpus-field text=COLUMN"
        raise CorpusError(f"no text in {names} ({counts.rows} rows read); {advice}")
