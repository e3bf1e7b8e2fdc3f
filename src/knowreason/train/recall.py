"""`python -m knowreason.train.recall --data FOLDER --written FILE --example FOLDER --out FILE`: is the passage found?

Recall at k: the share of natural claims of which a passage that decides them is among the first k. Ways of asking are
compared on the same index: the claim as it stands, rewritten by rule, and by stems. The folds `choose` are for choosing
between ways, the folds `told` for telling what was chosen.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from knowreason.retrieve.bm25 import Index
from knowreason.retrieve.build import build_index
from knowreason.train.asking import DENSE, WAYS, Ranking, Way
from knowreason.train.example import told_claims
from knowreason.train.measures import Measured, mean
from knowreason.train.passages import rows
from knowreason.train.written import read_sets

DEPTHS = (1, 5, 10)
STRANGERS = 4  # of the abstracts that no claim cites every fourth is kept
SHARED = 0.5  # of a cited sentence: a passage that holds as much of it decides
ABSTRACTS = {
    "scifact": (("choose", "scifact_claims_train_cited"), ("told", "scifact_claims_dev_cited")),
    "healthver": (
        ("choose", "healthver_claims_train"),
        ("told", "healthver_claims_dev"),
        ("told", "healthver_claims_test"),
    ),
}
Report = dict[str, Any]


class Sought(NamedTuple):
    """A claim, the passages that decide it, and the question it answers ("" where there is none)."""

    claim: str
    wanted: frozenset[int]
    cluster: str
    fold: str
    question: str = ""


class Shelf(NamedTuple):
    """An index and what is sought in it."""

    name: str
    library: Index
    sought: list[Sought]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every way on every set, write the JSON file and print the table."""
    given = _arguments(arguments)
    with TemporaryDirectory() as folder:
        ways = {**WAYS, **DENSE} if given.dense else WAYS
        report = {shelf.name: measure(shelf, ways) for shelf in shelves(given, Path(folder))}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    print(table(msgspec.to_builtins(report)))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how often the deciding passage is found.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds claims/")
    parser.add_argument("--written", type=Path, required=True, help="the sets that were written for training")
    parser.add_argument("--example", type=Path, required=True, help="the folder of the example, with its truth")
    parser.add_argument("--dense", action="store_true", help="embeddings of the base encoder too (needs torch)")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


def shelves(given: argparse.Namespace, folder: Path) -> Iterator[Shelf]:
    """The indexes, built in `folder`, with their claims."""
    for name in ABSTRACTS:
        yield abstracts(given.data / "claims", name, folder)
    yield written(given.written, folder)
    yield example(given.example, folder)


def abstracts(claims: Path, name: str, folder: Path) -> Shelf:
    """Claims that people wrote, among the abstracts that some claim cites and every fourth of the others."""
    told = [(fold, row) for fold, file in ABSTRACTS[name] for row in rows(claims / f"{file}.jsonl.gz")]
    cited = {str(number) for _, row in told for number in row["doc_ids"]}
    kept = [
        row
        for place, row in enumerate(rows(claims / f"{name}_corpus.jsonl.gz"))
        if str(row["doc_id"]) in cited or place % STRANGERS == 0
    ]
    index = _index(
        [(str(row["doc_id"]), row.get("title") or "", " ".join(row["abstract"])) for row in kept], folder / name
    )
    sentences = {str(row["doc_id"]): row["abstract"] for row in kept}
    places = _places(index)
    sought = [
        Sought(
            " ".join(row["claim"].split()),
            frozenset(
                p for doc, held in row["evidence"].items() for p in _deciding(index, places, sentences, doc, held)
            ),
            f"{name}/{row['id']}",
            fold,
        )
        for fold, row in told
        if row["evidence"]
    ]
    return Shelf(name, index, sought)


def written(path: Path, folder: Path) -> Shelf:
    """The claims of the written sets, each to be decided by the passage it was written for."""
    sets = read_sets(path)
    index = _index([(f"set-{n}", held.title, held.passage) for n, held in enumerate(sets)], folder / "written")
    places = _places(index)
    sought = [
        Sought(
            claim,
            frozenset(place for place, _, _ in places[f"set-{n}"]),
            held.title,
            "told" if held.part == "test" else "choose",
        )
        for n, held in enumerate(sets)
        for claim in (*held.supported, *held.refuted)
    ]
    return Shelf("written", index, sought)


def example(folder: Path, out: Path) -> Shelf:
    """The claims found in the example's traces, each to be decided by the note that its truth names."""
    notes = [msgspec.json.decode(line) for line in (folder / "notes.jsonl").read_bytes().splitlines()]
    index = _index([(row["id"], row["title"], row["text"]) for row in notes], out / "example")
    places = _places(index)
    sought = [
        Sought(
            claim.normalised,
            frozenset(place for place, _, _ in places[quote["note"]]),
            trace.question_id,
            "told",
            trace.question,
        )
        for trace, quote, claim in told_claims(folder)
        if quote.get("note")
    ]
    return Shelf("example", index, sought)


def _index(documents: Sequence[tuple[str, str, str]], place: Path) -> Index:
    corpus = place.with_suffix(".jsonl")
    corpus.write_bytes(
        b"\n".join(msgspec.json.encode({"id": key, "title": title, "text": text}) for key, title, text in documents)
    )
    return build_index([corpus], place)


def _places(index: Index) -> Mapping[str, list[tuple[int, int, int]]]:
    """The passages of every document: number, start and end."""
    out: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for number in range(index.counts.passages):
        passage = index.passage(number)
        out[passage.doc_id].append((number, passage.start, passage.end))
    return out


def _deciding(
    index: Index,
    places: Mapping[str, list[tuple[int, int, int]]],
    sentences: Mapping[str, list[str]],
    document: str,
    held: Sequence[Mapping[str, Any]],
) -> Iterator[int]:
    """The passages that hold at least half of a cited sentence; none where it is not indexed."""
    if document not in places:
        return
    text = index.document_text(document)
    for number in {number for entry in held for number in entry["sentences"]}:
        said = " ".join(sentences[document][number].split())
        start = text.find(said)
        if start < 0:
            continue
        for place, first, last in places[document]:
            if min(last, start + len(said)) - max(first, start) >= SHARED * len(said):
                yield place


def measure(shelf: Shelf, ways: Mapping[str, Way] = WAYS) -> Report:
    """For every fold and way: recall at each depth, with intervals over claims, sets or questions."""
    out: Report = {"passages": shelf.library.counts.passages, "never": sum(not one.wanted for one in shelf.sought)}
    claims = [(one.claim, one.question) for one in shelf.sought]
    for name, way in ways.items():
        if name == "with the question" and not any(one.question for one in shelf.sought):
            continue
        found = way(shelf.library, claims)
        for fold in sorted({one.fold for one in shelf.sought}):
            out.setdefault(fold, {})[name] = _recalls(shelf.sought, found, fold)
    return out


def _recalls(sought: Sequence[Sought], found: Ranking, fold: str) -> dict[str, Measured]:
    held = [(one, ranked) for one, ranked in zip(sought, found, strict=True) if one.fold == fold]
    clusters = [one.cluster for one, _ in held]
    return {
        f"{depth}": mean([float(not one.wanted.isdisjoint(ranked[:depth])) for one, ranked in held], clusters)
        for depth in DEPTHS
    }


def table(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    head = " | ".join(f"at {depth}" for depth in DEPTHS)
    lines = [f"| claims | fold | way | {head} |", "| --- " * (3 + len(DEPTHS)) + "|"]
    for name, held in report.items():
        for fold in ("choose", "told"):
            for way, figures in held.get(fold, {}).items():
                cells = " | ".join(_cell(figures[f"{depth}"]) for depth in DEPTHS)
                lines.append(f"| {name} | {fold} | {way} | {cells} |")
    return "\n".join(lines)


def _cell(figure: Mapping[str, Any]) -> str:
    return figure.get("reason") or f"{figure['estimate']:.2f} [{figure['lower']:.2f}, {figure['upper']:.2f}]"


if __name__ == "__main__":
    main()
