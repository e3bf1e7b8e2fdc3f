"""All items of the verifier from the data folder, balanced, in their three parts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from knowreason.planting.contradict import Contradictor
from knowreason.train.grids import NEAR_MISSES, GridMaker, Seed, choose
from knowreason.train.overlap import balance, leakage
from knowreason.train.pair import Pair
from knowreason.train.passages import Passage, read_passages, rows
from knowreason.train.studies import read_evidence_inference, read_pubmedqa, read_strategyqa
from knowreason.train.written import APART, WrittenSet, read_sets, written_pairs

REPEATS, SLACK = 3, 1.2  # how often a written pair may recur so that shared words tell no label
LIMITS = {"openstax": 20_000, "medquad": 14_000, "ontology": 4_500}


class Sources(NamedTuple):
    """What the makers of pairs share: passages, the contradictor, the folder of labelled studies, the written sets."""

    passages: list[Passage]
    contradictor: Contradictor
    claims: Path
    written: list[WrittenSet]


def open_sources(data: Path, rng: random.Random, written: Path | None = None) -> Sources:
    """Read the corpora and the tables of terms from the data folder, and the sets that were written for training."""
    passages = read_passages(data)
    ontology = rows(data / "corpus" / "disease_ontology.jsonl.gz")
    names = [(row["name"], row["is_a"][0]) for row in ontology if row["is_a"] and len(row["name"].split()) <= 4]
    contradictor = Contradictor((passage.text for passage in passages), names, rng)
    return Sources(passages, contradictor, data / "claims", read_sets(written) if written else [])


def make_pairs(
    sources: Sources, seed: int, limits: dict[str, int] | None = None, *, part: str | None = None
) -> list[Pair]:
    """Balanced pairs of all sources, each with its part; of one `part` only, if it is named.

    Near misses are retrieved from the passages of all parts, as an audit would find them.
    """
    rng = random.Random(seed)
    maker = GridMaker(sources.contradictor, rng)
    held = seeds(sources.passages, limits or LIMITS, rng, part=part)
    grown = [pair for one in held for pair in maker.pairs(one)]
    told = [pair for pair in _studies(sources, rng) if part in (None, pair.part)]
    written = [pair for pair in written_pairs(sources.written, rng) if part in (None, pair.part) and pair.part != APART]
    return balance(grown, rng) + balance(told, rng, slack=2.0) + _recurring(written, rng)


def _recurring(written: Sequence[Pair], rng: random.Random) -> list[Pair]:
    """The training pairs balanced with repeats, the others once as they are."""
    training = [pair for pair in written if pair.part == "train"]
    return balance(training * REPEATS, rng, slack=SLACK) + [pair for pair in written if pair.part != "train"]


def _studies(sources: Sources, rng: random.Random) -> Iterator[Pair]:
    folder, contradictor = sources.claims, sources.contradictor
    yield from read_pubmedqa(folder / "pubmedqa_labelled.jsonl.gz", contradictor, rng)
    yield from read_evidence_inference(folder, rng)
    yield from read_strategyqa(folder / "strategyqa_train.jsonl.gz", contradictor, rng)


def seeds(
    passages: Sequence[Passage], limits: dict[str, int], rng: random.Random, *, part: str | None = None
) -> list[Seed]:
    """Sentences with the passages that retrieval finds for them once their own document is out of the way."""
    chosen = choose([passage for passage in passages if part in (None, passage.part)], limits, rng)
    found = _retrieve(passages, [sentence for _, sentence in chosen])
    out: list[Seed] = []
    for (passage, sentence), places in zip(chosen, found, strict=True):
        near = [passages[place] for place in places]
        apart = tuple(other for other in near if other.document != passage.document)
        out.append(Seed(passage, sentence, apart[:NEAR_MISSES]))
    return out


def _retrieve(passages: Sequence[Passage], queries: Sequence[str]) -> list[list[int]]:
    import bm25s

    def tokens(texts: Sequence[str]) -> Any:
        return bm25s.tokenize(list(texts), stopwords="en", show_progress=False)

    index = bm25s.BM25()
    index.index(tokens([f"{passage.title} {passage.text}" for passage in passages]), show_progress=False)
    places, _ = index.retrieve(tokens(queries), k=14, show_progress=False)
    return [[int(place) for place in row] for row in places]


def summary(pairs: Sequence[Pair]) -> dict[str, object]:
    """Counts by label, source and kind, and what overlap and the claim alone would tell."""
    return {
        "pairs": len(pairs),
        "labels": dict(Counter(pair.label for pair in pairs)),
        "sources": dict(Counter(pair.source for pair in pairs)),
        "kinds": dict(Counter(pair.kind for pair in pairs)),
        "leakage": leakage(pairs),
    }
