"""From a row of any shape to a document: which column is the text, the title, the id.

A dictionary entry (a name with a definition, synonyms or parents) becomes sentences that can be retrieved and
cited: "Name: definition. Name is also called A, B. Name is a kind of C."
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from knowreason.records import ReadIssue
from knowreason.retrieve.clean import clean

_DEFINITIONS = ("def", "definition")
_COLUMNS = {
    "text": ("text", "answer", *_DEFINITIONS, "contents"),
    "title": ("title", "name", "question", "focus"),
    "id": ("id",),
    "source": ("source", "src", "book", "url"),
    "licence": ("licence", "license"),
}
FIELDS = tuple(_COLUMNS)
_SYNONYMS = ("synonyms", "synonym", "syn", "aliases")
_PARENTS = ("is_a", "parents")
_RELATION = re.compile(r"(?<=[a-z])_(?=[a-z])")


class Document(NamedTuple):
    """One row, section or file of a corpus; `text` is its normalised text, which all offsets index into."""

    doc_id: str
    title: str
    source: str
    licence: str
    text: str


def document_from_row(
    row: Mapping[str, object], fields: Mapping[str, str], file: str, line: int
) -> Document | ReadIssue:
    """The document a row holds; an issue with reason `no_text` where its text is missing, empty or no text.

    `fields` names the column to use instead of the usual ones, for text, title, id, source or licence.
    """
    column, raw = _find(row, "text", fields)
    title = clean(_find(row, "title", fields)[1])
    text = _entry(title, clean(raw), row) if _is_entry(column, title, row, fields) else clean(raw)
    if not text:
        return ReadIssue(file=file, line=line, reason="no_text", excerpt=", ".join(row)[:120])
    return make_document(
        text=text,
        title=title,
        doc_id=_find(row, "id", fields)[1].strip(),
        source=_find(row, "source", fields)[1].strip() or file,
        licence=_find(row, "licence", fields)[1].strip(),
    )


def make_document(*, text: str, title: str, doc_id: str, source: str, licence: str) -> Document:
    """A document; without a `doc_id` its id is a hash of its title and text."""
    if not doc_id:
        doc_id = hashlib.blake2b(f"{title}\0{text}".encode(), digest_size=8).hexdigest()
    return Document(doc_id, title, source, licence, text)


def _find(row: Mapping[str, object], field: str, fields: Mapping[str, str]) -> tuple[str, str]:
    columns = (fields[field],) if field in fields else _COLUMNS[field]
    for column in columns:
        value = _as_text(row.get(column))
        if value.strip():
            return column, value
    return "", ""


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return " ".join(_strings(value))


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    return [item for item in value if isinstance(item, str) and item.strip()] if isinstance(value, list) else []


def _is_entry(column: str, title: str, row: Mapping[str, object], fields: Mapping[str, str]) -> bool:
    if not title or "text" in fields:
        return False
    return column in _DEFINITIONS or (not column and bool(_listed(row, _SYNONYMS) or _listed(row, _PARENTS)))


def _listed(row: Mapping[str, object], columns: tuple[str, ...]) -> list[str]:
    return [clean(item) for column in columns for item in _strings(row.get(column))]


def _entry(title: str, definition: str, row: Mapping[str, object]) -> str:
    sentences: list[str] = []
    if definition:
        # relation names such as part_of are words to a reader and to the verifier
        sentences.append(f"{title}: {_closed(_RELATION.sub(' ', definition))}")
    synonyms, parents = _listed(row, _SYNONYMS), _listed(row, _PARENTS)
    if synonyms:
        sentences.append(f"{title} is also called {', '.join(synonyms)}.")
    if parents:
        sentences.append(f"{title} is a kind of {', '.join(parents)}.")
    return " ".join(sentences)


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
