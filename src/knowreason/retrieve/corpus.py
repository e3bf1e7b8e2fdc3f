"""Reads a corpus: any mix of JSONL, Parquet, Markdown and text files, and folders of them.

Each row, Markdown section or text file becomes a `Document`, or a `ReadIssue` that says why not. Corpora are
untrusted: lines, files and decompression are limited, and nothing is dropped without an issue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from knowreason.errors import CorpusError, InputError
from knowreason.records import ReadIssue
from knowreason.retrieve.documents import FIELDS, Document, document_from_row
from knowreason.retrieve.notes import read_markdown, read_text
from knowreason.retrieve.rows import read_jsonl, read_parquet

RULES = 2
"""Version of all rules from a file's bytes to its passages. Raise it with any change of their results."""

_KINDS = {
    "jsonl": (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"),
    "parquet": (".parquet",),
    "markdown": (".md", ".markdown"),
    "text": (".txt", ".text"),
}
Advance = Callable[[int], None]


class CorpusFile(NamedTuple):
    """A file of the corpus: where it lies, the name it is cited by, and how it is read."""

    path: Path
    name: str
    kind: str


def find_files(corpora: Sequence[Path]) -> tuple[list[CorpusFile], list[ReadIssue]]:
    """The files of `corpora`, folders searched through, and one issue for each file of an unknown kind.

    Hidden files are not part of a corpus, and a file reached twice counts once.

    Raises:
        InputError: a path does not exist, or names a file of an unknown kind.
        CorpusError: there is no file to read.
    """
    found: dict[Path, CorpusFile] = {}
    issues: list[ReadIssue] = []
    for corpus in corpora:
        for path, name in _members(corpus):
            kind = _kind(path)
            if kind is not None:
                found.setdefault(path.resolve(), CorpusFile(path, name, kind))
            elif path == corpus:
                raise InputError(f"{path} is no corpus file; give {_known()}, or a folder of them")
            else:
                issues.append(ReadIssue(file=name, line=0, reason="unknown_format", excerpt=""))
    if not found:
        places = ", ".join(str(corpus) for corpus in corpora) or "no path"
        raise CorpusError(f"no corpus files in {places}; give {_known()}, or a folder of them")
    return list(found.values()), issues


def read_file(file: CorpusFile, fields: Mapping[str, str], advance: Advance) -> Iterator[Document | ReadIssue]:
    """The documents of a file in their order, and an issue for each row that gave none.

    `fields` maps our field names (text, title, id, source, licence) to the file's; `advance` is told how
    many bytes of the file have been read so far.

    Raises:
        InputError: the file cannot be opened.
    """
    try:
        if file.kind in ("jsonl", "parquet"):
            reader = read_jsonl if file.kind == "jsonl" else read_parquet
            for line, row in reader(file.path, file.name, advance):
                yield row if isinstance(row, ReadIssue) else document_from_row(row, fields, file.name, line)
        else:
            yield from (read_markdown if file.kind == "markdown" else read_text)(file.path, file.name)
    except OSError as error:
        raise InputError(f"cannot read {file.path}: {error.strerror or error}") from error
    advance(file.path.stat().st_size)


def corpus_hash(corpora: Sequence[Path], fields: Mapping[str, str] | None = None) -> str:
    """Hash of everything the passages depend on: file names and contents, field names, version of the rules.

    The order of `corpora` and where they lie do not matter. 64 hexadecimal digits.

    Raises:
        InputError: a file is missing or cannot be read, or a field name is unknown.
        CorpusError: there is no file to read.
    """
    return hash_files(in_order(find_files(corpora)[0]), check_fields(fields or {}))


def hash_files(files: Sequence[tuple[CorpusFile, str]], fields: Mapping[str, str]) -> str:
    """`corpus_hash` of files whose digests are known."""
    digest = hashlib.sha256(f"{RULES}\n{sorted(fields.items())!r}\n".encode())
    for file, content in files:
        digest.update(f"{file.name}\0{content}\n".encode())
    return digest.hexdigest()


def in_order(files: Sequence[CorpusFile]) -> list[tuple[CorpusFile, str]]:
    """The files, each with the digest of its contents, in an order that depends on names and contents only."""
    return sorted(((file, _digest(file.path)) for file in files), key=lambda item: (item[0].name, item[1]))


def check_fields(fields: Mapping[str, str]) -> Mapping[str, str]:
    """`fields`, if every key is a field of a document.

    Raises:
        InputError: a key is none of text, title, id, source, licence.
    """
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        raise InputError(f"unknown corpus field {unknown[0]!r}; the fields are {', '.join(FIELDS)}")
    return fields


def _members(corpus: Path) -> Iterator[tuple[Path, str]]:
    if corpus.is_dir():
        for path in sorted(corpus.rglob("*")):
            name = path.relative_to(corpus)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                yield path, name.as_posix()
    elif corpus.exists():
        yield corpus, corpus.name
    else:
        raise InputError(f"no such corpus: {corpus}")


def _kind(path: Path) -> str | None:
    name = path.name.lower()
    return next((kind for kind, endings in _KINDS.items() if name.endswith(endings)), None)


def _known() -> str:
    return ".jsonl, .jsonl.gz, .parquet, .md or .txt files"


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
