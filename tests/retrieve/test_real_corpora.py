"""The real corpora, every twentieth row: what is indexed, what is left out, and what is found again."""

from __future__ import annotations

import gzip
import json
import re
from itertools import islice
from pathlib import Path

import pytest

from knowreason.retrieve import Index, build_index
from knowreason.retrieve.clean import clean
from knowreason.retrieve.passages import windows

CORPORA = ("openstax_ccby", "medquad", "disease_ontology")
Row = dict[str, object]


@pytest.fixture(scope="module")
def rows(data_dir: Path) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name in CORPORA:
        with gzip.open(data_dir / "corpus" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            found[name] = [json.loads(line) for line in islice(lines, 0, None, 20)]
    return found


@pytest.fixture(scope="module")
def index(rows: dict[str, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("real")
    for name, kept in rows.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, kept)), encoding="utf-8")
    return build_index([folder / f"{name}.jsonl" for name in CORPORA], folder / "index")


def kinds(text: object) -> set[str]:
    return {window.kind for window in windows(clean(str(text)))}


def test_every_row_is_a_document_and_every_passage_a_slice_of_one(rows: dict[str, list[Row]], index: Index) -> None:
    assert index.counts.rows == index.counts.documents == sum(map(len, rows.values()))
    for number in range(0, index.counts.passages, 7):
        passage = index.passage(number)
        assert index.document_text(passage.doc_id)[passage.start : passage.end] == passage.text
        assert len(passage.text.split()) <= 110


def test_works_cited_by_date_and_address_are_references(rows: dict[str, list[Row]]) -> None:
    dated = re.compile(r"\((?:19|20)\d\d[a-z]?\)\..*https?://\S+$")
    cited = [row["text"] for row in rows["openstax_ccby"] if dated.search(str(row["text"]))]
    assert len(cited) > 50
    assert sum(kinds(text) == {"reference"} for text in cited) / len(cited) > 0.98


def test_rows_that_end_in_a_question_mark_hold_no_reference_and_mostly_no_evidence(
    rows: dict[str, list[Row]],
) -> None:
    asked = [row["text"] for row in rows["openstax_ccby"] if str(row["text"]).endswith("?")]
    assert len(asked) > 50
    assert all("question" in kinds(text) for text in asked)


def test_every_definition_is_evidence(rows: dict[str, list[Row]]) -> None:
    defined = [row["def"] for row in rows["disease_ontology"]]
    assert sum(kinds(text) == {""} for text in defined) / len(defined) > 0.99


def test_a_disease_is_found_by_its_definition_without_its_name(rows: dict[str, list[Row]], index: Index) -> None:
    entries = rows["disease_ontology"]
    found = index.search([str(row["def"]) for row in entries], 5)
    right = [
        any(hit.passage.doc_id == row["id"] and hit.above_floor for hit in hits)
        for row, hits in zip(entries, found, strict=True)
    ]
    assert sum(right) / len(right) > 0.97


def test_sums_about_trade_find_little_evidence_in_medicine(data_dir: Path, index: Index) -> None:
    with gzip.open(data_dir / "questions" / "gsm8k_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        sums = [str(json.loads(line)["question"]).split(". ")[0] for line in islice(lines, 200)]
    held = [bool(hits) and hits[0].above_floor for hits in index.search(sums, 1)]
    assert sum(held) / len(held) < 0.6
