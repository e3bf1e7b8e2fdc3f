"""The index: what it finds, how it is stored, and that it is built only when the corpus changes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowreason.errors import CorpusError, InputError, StoreError
from knowreason.retrieve import FLOOR, RULES, Index, build_index, corpus_hash, open_index
from knowreason.retrieve.bm25 import K1, B
from knowreason.retrieve.layout import stored_indexes
from knowreason.retrieve.terms import distinct_terms, terms

NOTES = [
    ("Raised bogs", "Raised bogs are fed by rain alone. Their water is acid. Sphagnum moss builds their peat."),
    ("Fens", "Fens are fed by groundwater. Their water is rich in lime. Sedges and reeds build their peat."),
    ("Sundew", "This plant catches insects. Its leaves carry sticky drops. It grows on raised bogs."),
    ("Butterwort", "This plant catches insects. Its leaves are greasy. It grows in fens."),
    ("Curlew", "The curlew probes wet soil with a long bent bill. It eats worms. It nests on the ground."),
    ("Peat", "Peat is dead plant matter kept from decay by water. A metre of it takes a thousand years to form."),
]


def write_notes(path: Path, notes: list[tuple[str, str]] = NOTES) -> Path:
    rows = (json.dumps({"id": f"n{n}", "title": title, "text": text}) for n, (title, text) in enumerate(notes))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("notes")
    return build_index([write_notes(folder / "notes.jsonl")], folder / "index")


def stored_bytes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def reference_scores(index: Index, query: str) -> list[float]:
    """BM25 in Lucene's form, straight from its formula, over titles and passages."""
    passages = [index.passage(n) for n in range(index.counts.passages)]
    bags = [Counter(terms(passage.title) + terms(passage.text)) for passage in passages]
    mean = sum(bag.total() for bag in bags) / len(bags)

    def score(bag: Counter[str]) -> float:
        total = 0.0
        for term in set(terms(query)):
            holding = sum(term in other for other in bags)
            idf = math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))
            total += idf * bag[term] / (bag[term] + K1 * (1 - B + B * bag.total() / mean))
        return total

    return [score(bag) for bag in bags]


def test_the_passage_that_answers_comes_first(notes: Index) -> None:
    [[best, *_]] = notes.search(["Raised bogs get their water from rain"], 3)
    assert best.passage.doc_id == "n0"
    assert best.above_floor


def test_scores_and_order_agree_with_the_formula_worked_out_independently(tmp_path: Path) -> None:
    drawn = random.Random(7)
    words = [f"w{n}" for n in range(40)]
    rows = [("t" + drawn.choice(words), " ".join(drawn.choices(words, k=drawn.randint(3, 30)))) for _ in range(80)]
    index = build_index([write_notes(tmp_path / "n.jsonl", rows)], tmp_path / "index")
    for _ in range(25):
        query = " ".join(drawn.choices([*words, "unknown"], k=6))
        expected = reference_scores(index, query)
        [hits] = index.search([query], 12)
        assert [hit.score for hit in hits] == pytest.approx([expected[h.passage.passage_id] for h in hits], rel=1e-5)
        positive = sorted((score for score in expected if score > 0), reverse=True)[:12]
        assert [hit.score for hit in hits] == pytest.approx(positive, rel=1e-5)


def test_coverage_is_the_share_of_the_querys_idf_mass_in_passage_or_title(notes: Index) -> None:
    query = "sundew catches unicorns"
    bags = [
        {*terms(passage.title), *terms(passage.text)}
        for passage in (notes.passage(n) for n in range(notes.counts.passages))
    ]

    def idf(term: str) -> float:
        holding = sum(term in bag for bag in bags)
        return math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))

    [[best, *_]] = notes.search([query], 1)
    held = [term for term in distinct_terms(query) if term in bags[best.passage.passage_id]]
    assert held == ["catche", "sundew"]
    assert best.shared == 2
    assert best.coverage == pytest.approx(sum(map(idf, held)) / sum(map(idf, distinct_terms(query))))


def test_the_floor_asks_for_two_shared_terms_and_a_share_of_the_query(notes: Index) -> None:
    [[one, *_], [thin, *_]] = notes.search(
        ["curlew", "water and peat " + " ".join(f"stranger{n}" for n in range(20))], 1
    )
    assert (one.coverage, one.shared, one.above_floor) == (1.0, 1, False)
    assert thin.shared >= 2
    assert thin.coverage < FLOOR
    assert not thin.above_floor


def test_queries_without_a_known_word_have_no_hits(notes: Index) -> None:
    assert notes.search(["", "the of and", "zyzzyva", "?!", "\x00\ud7ff"], 5) == [[], [], [], [], []]
    with pytest.raises(InputError, match="at least one"):
        notes.search(["bog"], 0)


def test_hits_do_not_depend_on_neighbours_order_of_words_or_threads(notes: Index) -> None:
    queries = [text for _, text in NOTES] * 10
    together = notes.search(queries, 4)
    assert [notes.search([query], 4)[0] for query in queries] == together
    assert notes.search([" ".join(reversed(query.split())) for query in queries], 4) == together
    with ThreadPoolExecutor(4) as pool:
        assert [hits for [hits] in pool.map(lambda query: notes.search([query], 4), queries)] == together


def test_equal_scores_come_in_the_order_of_the_passages(tmp_path: Path) -> None:
    rows = [(f"Site q{n}", "This moss is wet.") for n in range(20)]
    index = build_index([write_notes(tmp_path / "n.jsonl", rows)], tmp_path / "index")
    [hits] = index.search(["wet moss"], 5)
    assert [hit.passage.passage_id for hit in hits] == [0, 1, 2, 3, 4]


def test_a_passage_is_the_slice_of_its_document_that_its_offsets_name(notes: Index) -> None:
    for number in range(notes.counts.passages):
        passage = notes.passage(number)
        assert notes.document_text(passage.doc_id)[passage.start : passage.end] == passage.text
    with pytest.raises(InputError, match="no passage"):
        notes.document_text("nowhere")


WORDS = st.text(alphabet="ab é漢\U0001f33f.?\n&<[-", min_size=1, max_size=60)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(WORDS, min_size=1, max_size=5))
def test_offsets_hold_for_any_script_and_every_passage_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = [("", text) for text in texts] + [("Bog", "Bogs are wet.")]
    index = build_index([write_notes(folder / "n.jsonl", rows)], folder / "index")
    counts = index.counts
    assert counts.rows == len(rows) == counts.documents + sum(counts.rejected.values())
    assert len(index.issues) == sum(counts.rejected.values())
    for number in range(counts.passages):
        passage = index.passage(number)
        assert index.document_text(passage.doc_id)[passage.start : passage.end] == passage.text
        [hits] = index.search([passage.text], counts.passages)
        assert passage in [hit.passage for hit in hits] or not terms(passage.text)


def test_documents_with_the_same_id_stay_apart_and_duplicates_are_counted(tmp_path: Path) -> None:
    rows = [
        {"id": "x", "text": "Bogs are acid."},
        {"id": "x", "text": "Fens are alkaline."},
        {"id": "y", "text": "bogs are acid."},
        {"text": "Which is wetter?"},
    ]
    path = tmp_path / "n.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    index = build_index([path], tmp_path / "index")
    assert [index.passage(n).doc_id for n in range(2)] == ["x", "x~2"]
    assert index.document_text("x~2") == "Fens are alkaline."
    assert index.counts.not_evidence == {"duplicate": 1, "question": 1}
    assert (index.counts.rows, index.counts.documents, index.counts.passages) == (4, 4, 2)


def test_rejected_rows_are_counted_and_listed(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "n.jsonl").write_text('{"text": "Bogs are acid."}\n{oops\n', encoding="utf-8")
    (tmp_path / "c" / "scan.pdf").write_bytes(b"%PDF")
    index = build_index([tmp_path / "c"], tmp_path / "index")
    assert index.counts.rejected == {"malformed_json": 1, "unknown_format": 1}
    assert index.counts.rows == 2
    assert [(issue.file, issue.line, issue.reason) for issue in index.issues] == [
        ("scan.pdf", 0, "unknown_format"),
        ("n.jsonl", 2, "malformed_json"),
    ]


def test_an_unchanged_corpus_is_opened_not_built_and_gives_the_same_hits(tmp_path: Path) -> None:
    corpus = write_notes(tmp_path / "notes.jsonl")
    calls: list[tuple[int, int]] = []
    first = build_index([corpus], tmp_path / "index", progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (corpus.stat().st_size, corpus.stat().st_size)
    before, built = stored_bytes(tmp_path / "index"), len(calls)
    second = build_index([corpus], tmp_path / "index", progress=lambda done, total: calls.append((done, total)))
    assert (stored_bytes(tmp_path / "index"), len(calls)) == (before, built)
    third = open_index(tmp_path / "index")
    queries = [text for _, text in NOTES]
    assert first.search(queries, 3) == second.search(queries, 3) == third.search(queries, 3)
    assert first.content_hash == third.content_hash == corpus_hash([corpus])


def test_two_builds_of_one_corpus_give_the_same_bytes_in_any_order_of_files(tmp_path: Path) -> None:
    a, b = write_notes(tmp_path / "a.jsonl"), write_notes(tmp_path / "b.jsonl", NOTES[::-1])
    build_index([a, b], tmp_path / "one")
    build_index([b, a], tmp_path / "two")
    assert stored_bytes(tmp_path / "one") == stored_bytes(tmp_path / "two")


def test_a_changed_corpus_or_field_is_built_again_and_replaces_the_old_index(tmp_path: Path) -> None:
    corpus = write_notes(tmp_path / "notes.jsonl")
    old = build_index([corpus], tmp_path / "index")
    write_notes(corpus, [*NOTES, ("Lapwing", "The lapwing nests on wet meadows and calls at night.")])
    new = build_index([corpus], tmp_path / "index")
    assert new.content_hash != old.content_hash
    assert new.search(["lapwing nests"], 1)[0][0].passage.title == "Lapwing"
    assert len(list((tmp_path / "index").iterdir())) == 1
    by_title = build_index([corpus], tmp_path / "index", fields={"text": "title"})
    assert {by_title.passage(n).text for n in range(by_title.counts.passages)} >= {"Raised bogs"}


def test_a_damaged_or_half_built_index_is_never_opened(tmp_path: Path) -> None:
    corpus, folder = write_notes(tmp_path / "notes.jsonl"), tmp_path / "index"
    whole = build_index([corpus], folder)
    before = stored_bytes(folder)
    hits = whole.search(["acid water"], 3)
    [place] = folder.iterdir()
    (place / "texts.utf8").write_bytes(b"cut")
    (folder / ".building-1-dead").mkdir()
    (folder / ".building-1-dead" / "texts.utf8").write_bytes(b"half")
    with pytest.raises(CorpusError, match="damaged"):
        open_index(folder)
    assert build_index([corpus], folder).search(["acid water"], 3) == hits
    assert {name: h for name, h in stored_bytes(folder).items() if ".building" not in name} == before


def test_a_build_killed_at_any_moment_leaves_nothing_that_opens(tmp_path: Path) -> None:
    rows = [(f"Site {n}", f"Site {n} holds peat of depth {n * 37 % 101}, cored at noon.") for n in range(4000)]
    corpus, folder = write_notes(tmp_path / "notes.jsonl", rows), tmp_path / "index"
    script = (
        "import sys; from pathlib import Path; from knowreason.retrieve import build_index; print('go', flush=True);"
        " build_index([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    for wait in (0.05, 0.2, 0.4):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(corpus), str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for place in folder.glob("index-*") if folder.exists() else ():
            assert (place / "manifest.json").exists()
    index = build_index([corpus], folder)
    assert index.counts.documents == 4000
    build_index([corpus], tmp_path / "fresh")
    assert stored_bytes(tmp_path / "fresh").items() <= stored_bytes(folder).items()


def test_files_of_others_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    mine = [folder / "letter.txt", folder / "index-html" / "a.html", folder / ".building-plans" / "house.txt"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
        os.utime(path.parent, (0, 0))
    build_index([write_notes(tmp_path / "notes.jsonl")], folder)
    assert [path.read_text(encoding="utf-8") for path in mine] == ["mine"] * 3


def test_notes_whose_names_begin_with_index_are_no_stored_index(tmp_path: Path) -> None:
    (tmp_path / "index-of-plants.md").write_text("# Sundew\n\nThe sundew grows on raised bogs.\n")
    (tmp_path / "index-0123456789abcdef.md").write_text("# Fen\n\nThe fen is rich in lime and sedges.\n")
    assert stored_indexes(tmp_path) == []
    assert build_index([tmp_path], tmp_path / "made").counts.documents == 2


def test_what_cannot_be_indexed_is_one_clear_line(tmp_path: Path) -> None:
    corpus = tmp_path / "n.jsonl"
    corpus.write_text('{"body": "Bogs are acid."}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"no text in n\.jsonl \(1 rows read\).*--corpus-field text=COLUMN"):
        build_index([corpus], tmp_path / "index")
    corpus.write_text('{"text": "Which is wetter?"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"nothing to verify against in n\.jsonl: its 1 documents are only question"):
        build_index([corpus], tmp_path / "index")
    assert list((tmp_path / "index").iterdir()) == []
    with pytest.raises(CorpusError, match="no index in"):
        open_index(tmp_path / "index")
    with pytest.raises(StoreError, match="cannot write an index"):
        build_index([write_notes(tmp_path / "notes.jsonl")], corpus / "below-a-file")


def test_the_rules_have_a_version_that_rises_with_their_results(tmp_path: Path) -> None:
    """If this fails, a rule from bytes to passages has changed: raise RULES together with what is expected here."""
    rows = [
        ("Bog plants", "Sundew (Drosera spp.) eats insects, e.g. midges. It holds 3.5 g. Why? Bogs lack nitrogen."),
        ("Lists", "Mosses:\n - S. palustre\n - S. rubellum\n\nSee also:\n - Fens"),
        ("Works", "Fenn, A. B. (2011). Moss. Wetland Letters, 4(2), 17–19. https://example.org"),
    ]
    index = build_index([write_notes(tmp_path / "n.jsonl", rows)], tmp_path / "index")
    assert RULES == 2
    assert [index.passage(n).text for n in range(index.counts.passages)] == [
        "Sundew (Drosera spp.) eats insects, e.g. midges. It holds 3.5 g.",
        "Bogs lack nitrogen.",
        "Mosses:\n- S. palustre\n- S. rubellum",
    ]
    assert index.counts.not_evidence == {"question": 1, "reference": 2}
