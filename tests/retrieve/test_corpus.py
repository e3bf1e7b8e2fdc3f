"""Reading a corpus: every row becomes a document or an issue, whatever the file holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.errors import CorpusError, InputError
from knowreason.records import ReadIssue
from knowreason.retrieve.corpus import corpus_hash, find_files, read_file
from knowreason.retrieve.documents import Document

FACT = "Sphagnum moss holds twenty times its weight in water."


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(*corpora: Path, **fields: str) -> list[Document | ReadIssue]:
    files, issues = find_files(corpora)
    return [*issues, *(item for file in files for item in read_file(file, fields, lambda done: None))]


def documents(*corpora: Path, **fields: str) -> list[Document]:
    return [item for item in read(*corpora, **fields) if isinstance(item, Document)]


def reasons(*corpora: Path) -> list[tuple[str, int]]:
    return [(item.reason, item.line) for item in read(*corpora) if isinstance(item, ReadIssue)]


@pytest.mark.parametrize("column", ["text", "answer", "def", "definition", "contents"])
def test_text_is_found_under_its_usual_names(tmp_path: Path, column: str) -> None:
    [document] = documents(write(tmp_path / "a.jsonl", json.dumps({column: FACT})))
    assert document.text == FACT


@pytest.mark.parametrize("column", ["title", "name", "question", "focus"])
def test_title_is_found_under_its_usual_names(tmp_path: Path, column: str) -> None:
    [document] = documents(write(tmp_path / "a.jsonl", json.dumps({"text": FACT, column: "Peat bogs"})))
    assert document.title == "Peat bogs"


def test_id_source_and_licence_are_kept_and_an_absent_id_is_a_hash_of_the_content(tmp_path: Path) -> None:
    rows = [
        {"id": 17, "text": FACT, "source": "field notes", "license": "CC0-1.0"},
        {"text": FACT},
        {"text": FACT},
        {"text": FACT, "title": "Peat bogs"},
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    named, bare, again, titled = documents(path)
    assert (named.doc_id, named.source, named.licence) == ("17", "field notes", "CC0-1.0")
    assert (bare.source, bare.licence) == ("a.jsonl", "")
    assert bare.doc_id == again.doc_id != titled.doc_id


def test_a_named_field_overrides_the_usual_names(tmp_path: Path) -> None:
    row = {"text": "internal code 7", "abstract": ["Peat forms slowly.", "It stores carbon."], "key": "k1"}
    [document] = documents(write(tmp_path / "a.jsonl", json.dumps(row)), text="abstract", id="key")
    assert (document.text, document.doc_id) == ("Peat forms slowly. It stores carbon.", "k1")


def test_a_dictionary_entry_becomes_sentences_that_name_their_subject(tmp_path: Path) -> None:
    row = {"name": "marsh fever", "def": "A fever that results_in chills", "syn": ["ague"], "is_a": ["fever"]}
    [document] = documents(write(tmp_path / "a.jsonl", json.dumps(row)))
    assert document.text == (
        "marsh fever: A fever that results in chills. marsh fever is also called ague. marsh fever is a kind of fever."
    )


def test_an_entry_without_definition_is_told_by_its_synonyms_and_parents(tmp_path: Path) -> None:
    [document] = documents(write(tmp_path / "a.jsonl", json.dumps({"name": "ague", "is_a": ["fever"]})))
    assert document.text == "ague is a kind of fever."


def test_jsonl_parquet_and_compressed_rows_give_the_same_documents(tmp_path: Path) -> None:
    rows = [{"id": str(n), "title": f"Bog {n}", "text": f"{FACT} Site {n} is wet."} for n in range(7)]
    lines = "\n".join(map(json.dumps, rows)).encode()
    plain = documents(write(tmp_path / "a.jsonl", b"\xef\xbb\xbf" + lines + b"\n\n"), source="none")
    packed = documents(write(tmp_path / "a.jsonl.gz", gzip.compress(lines)), source="none")
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    columns = documents(tmp_path / "a.parquet", source="none")
    assert len(plain) == 7
    assert [d[:2] + d[4:] for d in plain] == [d[:2] + d[4:] for d in packed] == [d[:2] + d[4:] for d in columns]


def test_a_section_of_markdown_is_a_document_titled_by_its_headings(tmp_path: Path) -> None:
    text = f"""---
title: Wetlands
licence: "CC0-1.0"
---
Intro says bogs are acid.

# Bogs
## Moss
{FACT}

| plant | height |
|---|---|
| sedge | 30 cm |

## Empty
# Fens ##
Fens are fed by groundwater. See the [survey](http://example.org/s).
"""
    found = documents(write(tmp_path / "wet.md", text))
    assert [(d.doc_id, d.title, d.licence) for d in found] == [
        ("wet.md#1", "Wetlands", "CC0-1.0"),
        ("wet.md#2", "Bogs: Moss", "CC0-1.0"),
        ("wet.md#3", "Fens", "CC0-1.0"),
    ]
    assert found[1].text == f"{FACT}\nplant; height\nsedge; 30 cm"
    assert found[2].text == "Fens are fed by groundwater. See the survey."


def test_a_text_file_is_one_document_with_paragraphs_apart_and_wrapped_lines_joined(tmp_path: Path) -> None:
    [document] = documents(write(tmp_path / "peat.txt", "Peat is old\nplant matter.\n\nIt burns  slowly.\n"))
    assert (document.title, document.text) == ("peat", "Peat is old plant matter.\nIt burns slowly.")


def test_a_paragraph_with_invalid_utf8_is_left_out_whole_and_reported(tmp_path: Path) -> None:
    raw = b"Good one.\n\nThis is\nnot \xff so.\nAt all.\n\nGood two.\n"
    path = write(tmp_path / "n.txt", raw)
    assert [d.text for d in documents(path)] == ["Good one.\nGood two."]
    assert reasons(path) == [("invalid_utf8", 4)]


def test_a_text_without_any_valid_paragraph_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("Möhren brauchen lockere Böden.".encode("latin-1"))
    assert [reason for reason, _ in reasons(path)] == ["invalid_utf8"]


def test_every_rejected_row_is_an_issue_with_its_line_and_reason(tmp_path: Path) -> None:
    good = json.dumps({"text": FACT}).encode()
    lines = [
        good,
        b"{not json",
        b'{"text": "\xff"}',
        b"[1, 2]",
        b'{"title": "no text here"}',
        b'{"text": "  "}',
        b'{"text": {"nested": 1}}',
        b'{"text": "\\ud800"}',
        b"[" * 100_000,
        good,
    ]
    path = write(tmp_path / "bad.jsonl", b"\n".join(lines))
    assert len(documents(path)) == 2
    assert reasons(path) == [
        ("malformed_json", 2),
        ("invalid_utf8", 3),
        ("not_an_object", 4),
        ("no_text", 5),
        ("no_text", 6),
        ("no_text", 7),
        ("malformed_json", 8),
        ("malformed_json", 9),
    ]


def test_a_line_that_is_too_long_is_skipped_and_the_next_one_read(tmp_path: Path) -> None:
    long = b'{"text": "' + b"a" * (17 * 2**20) + b'"}'
    path = write(tmp_path / "long.jsonl", long + b"\n" + json.dumps({"text": FACT}).encode())
    assert reasons(path) == [("line_too_long", 1)]
    assert [d.text for d in documents(path)] == [FACT]


def test_a_compressed_bomb_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    # members that each expand a thousandfold: 1.2 GB in about a megabyte
    member = gzip.compress(b" " * (40 * 2**20 - 1) + b"\n", 9)
    path = write(tmp_path / "bomb.jsonl.gz", member * 30)
    assert reasons(path)[-1][0] == "expansion_limit"


@pytest.mark.parametrize("keep", [20, 200])
def test_a_truncated_compressed_file_keeps_what_was_whole(tmp_path: Path, keep: int) -> None:
    rows = [{"text": f"{FACT} {n * n * 7919} {n}"} for n in range(60)]
    whole = gzip.compress("\n".join(map(json.dumps, rows)).encode())
    path = write(tmp_path / "cut.jsonl.gz", whole[:keep])
    found = read(path)
    assert isinstance(found[-1], ReadIssue)
    assert all(isinstance(item, ReadIssue) or item.text.startswith("Sphagnum") for item in found)


def test_files_that_only_pretend_are_issues_not_crashes(tmp_path: Path) -> None:
    parquet = write(tmp_path / "a.parquet", "no parquet")
    packed = write(tmp_path / "b.jsonl.gz", "no gzip")
    assert [reason for reason, _ in reasons(parquet, packed)] == ["malformed_parquet", "truncated_file"]


def test_a_folder_is_read_through_and_unknown_files_are_reported(tmp_path: Path) -> None:
    write(tmp_path / "notes" / "deep" / "a.txt", FACT)
    write(tmp_path / "notes" / "b.md", FACT)
    write(tmp_path / "notes" / "scan.pdf", "%PDF")
    write(tmp_path / "notes" / ".hidden" / "c.txt", FACT)
    assert [d.doc_id for d in documents(tmp_path / "notes")] == ["b.md#1", "deep/a.txt"]
    assert reasons(tmp_path / "notes") == [("unknown_format", 0)]


def test_a_missing_or_unknown_corpus_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such corpus"):
        find_files([tmp_path / "absent.jsonl"])
    with pytest.raises(InputError, match="no corpus file"):
        find_files([write(tmp_path / "scan.pdf", "%PDF")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="no corpus files"):
        find_files([tmp_path / "empty"])
    with pytest.raises(InputError, match="unknown corpus field 'body'"):
        corpus_hash([write(tmp_path / "a.txt", FACT)], {"body": "b"})


def test_the_hash_depends_on_contents_names_and_fields_but_not_on_order_or_place(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.txt", FACT), write(tmp_path / "b.txt", FACT + " Yes.")
    moved = [write(tmp_path / "far" / "b.txt", FACT + " Yes."), write(tmp_path / "far" / "a.txt", FACT)]
    first = corpus_hash([a, b])
    assert corpus_hash([b, a, a]) == corpus_hash(moved) == corpus_hash([tmp_path / "far"]) == first
    assert corpus_hash([a, b], {"text": "body"}) != first
    write(a, FACT + "!")
    assert corpus_hash([a, b]) != first


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
COLUMNS = st.sampled_from(["text", "def", "title", "name", "id", "syn", "is_a", "source", "licence", "other"])
ROWS = st.dictionaries(COLUMNS, JSON, max_size=6).map(lambda row: msgspec.json.encode(row))


@settings(deadline=None, max_examples=150)
@given(lines=st.lists(ROWS | st.binary(max_size=60).map(lambda b: b.replace(b"\n", b" ")), max_size=6))
def test_any_bytes_in_jsonl_are_documents_or_issues_one_for_each_line_with_content(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "f.jsonl", b"\n".join(lines))
    found = read(path)
    filled = [line for line in lines if line.removeprefix(b"\xef\xbb\xbf").strip()]
    assert len(found) == len(filled)
    assert all(item.text for item in found if isinstance(item, Document))


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=400) | st.text(alphabet="#-|` \nabc.\u00e9[]()!", max_size=300).map(str.encode))
def test_any_bytes_in_markdown_and_text_are_documents_or_issues(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("f.md", "f.txt"):
        found = read(write(folder / name, content))
        assert found
        assert all(item.text == item.text.strip() != "" for item in found if isinstance(item, Document))
