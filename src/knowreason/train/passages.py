"""Corpus rows to sentences with a title: what claims are made from and checked against."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

TEST_SHARE, DEV_SHARE = 10, 5  # per cent of the documents

_SENTENCE = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)\s+(?=[A-Z0-9\"(])")
_SKIPPED = re.compile(r"Learning Outcomes|Learning Objectives|Review Question|References|Key Terms", re.I)


class Passage(NamedTuple):
    """Consecutive sentences of one document. `part` is train, dev or test, by the hash of the document."""

    corpus: str
    document: str
    title: str
    sentences: tuple[str, ...]
    part: str

    @property
    def text(self) -> str:
        """The sentences, joined by spaces."""
        return " ".join(self.sentences)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def part_of(document: str) -> str:
    """Train, dev or test, fixed by the document's name."""
    share = int(sha256(document.encode()).hexdigest()[:8], 16) % 100
    if share < TEST_SHARE:
        return "test"
    return "dev" if share < TEST_SHARE + DEV_SHARE else "train"


def sentences_of(text: str) -> list[str]:
    """Sentences of a text whose white space is collapsed."""
    flat = re.sub(r"\s*\(?\[\\?\[?link[^)]*\)+", "", re.sub(r"\s+", " ", text)).strip()
    return [sentence.strip() for sentence in _SENTENCE.split(flat) if sentence.strip()]


def read_passages(data: Path, words: int = 80) -> list[Passage]:
    """Passages of at most `words` words (one sentence at least) from the three permissive corpora."""
    out: list[Passage] = []
    seen: set[str] = set()
    for corpus, document, title, sentences in _documents(data / "corpus"):
        for chunk in _chunks(sentences, words):
            key = " ".join(chunk).casefold()
            if len(key) >= 40 and key not in seen:
                seen.add(key)
                out.append(Passage(corpus, document, title, tuple(chunk), part_of(document)))
    return out


def _documents(folder: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    for row in rows(folder / "openstax_ccby.jsonl.gz"):
        if not _SKIPPED.search(row["section"] or ""):
            yield "openstax", f"{row['book']}/{row['module']}", row["title"], sentences_of(row["text"])
    for row in rows(folder / "medquad.jsonl.gz"):
        answer = re.sub(r"\s+-\s+", ". ", re.sub(r"Key Points\s*-?", "", row["answer"] or ""))
        sentences = sentences_of(re.sub(r"([.:?])\.", r"\1", answer))
        # the focus names the document, so that all sources on one disease fall into the same part
        yield "medquad", f"focus/{(row['focus'] or row['url']).casefold()}", row["focus"] or "", sentences
    for row in rows(folder / "disease_ontology.jsonl.gz"):
        yield "ontology", f"focus/{row['name'].casefold()}", row["name"], _ontology_sentences(row)


def _ontology_sentences(row: dict[str, Any]) -> list[str]:
    name = row["name"][:1].upper() + row["name"][1:]
    definition = re.sub(r"has_material_basis_in", "is caused by", row["def"] or "")
    definition = re.sub(r"has_symptom", "has the symptom", definition).replace("_", " ").strip()
    out = [f"{name} is {definition[:1].lower()}{definition[1:]}"] if definition else []
    out += [f"{name} is a type of {row['is_a'][0]}."] if row["is_a"] else []
    out += [f"{name} is also called {', '.join(row['syn'][:3])}."] if row["syn"] else []
    return out


def _chunks(sentences: list[str], words: int) -> Iterator[list[str]]:
    held: list[str] = []
    size = 0
    for sentence in sentences:
        sentence = " ".join(sentence.split()[:words])
        length = len(sentence.split())
        if held and size + length > words:
            yield held
            held, size = [], 0
        held.append(sentence)
        size += length
    if held:
        yield held
