"""Ways to ask an index for what decides a claim: as it stands, rewritten by rule, and with a dense ranking."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bm25s
import numpy as np
import numpy.typing as npt

from knowreason.decompose.moves import stem
from knowreason.retrieve.bm25 import K1, B, Index
from knowreason.retrieve.terms import terms

DEPTH = 50  # passages of a ranking
RANK = 60  # added to every rank before rankings are joined (Cormack, Clarke and Buettcher 2009)
READ, TAKEN = 3, 5  # passages read for more words, and words taken from them
_FILLER = re.compile(
    r"\b(?:associated|associate|cause[sd]?|lead(?:s|ing)?|result(?:s|ing|ed)?|due|characteri[sz]ed|typically|usually|"
    r"commonly|generally|often|include[sd]?|including|various|several|certain|type|kind|known|called|refers?|"
    r"described?|important|play(?:s|ed)? (?:an? )?(?:\w+ )?role|involved?|occurs?|condition|used|help(?:s|ed)?)\b",
    re.I,
)
Ranking = list[list[int]]
Asked = Sequence[tuple[str, str]]  # claims with their questions
Way = Callable[[Index, Asked], Ranking]


def as_it_stands(index: Index, asked: Asked) -> Ranking:
    """The shipped search."""
    return _search(index, [claim for claim, _ in asked])


def without_filler(index: Index, asked: Asked) -> Ranking:
    """Words that most claims hold are left out of the query."""
    return _search(index, [_FILLER.sub(" ", claim) for claim, _ in asked])


def with_the_question(index: Index, asked: Asked) -> Ranking:
    """The words of the question are asked for too."""
    return _search(index, [f"{claim} {question}" for claim, question in asked])


def with_feedback(index: Index, asked: Asked) -> Ranking:
    """The words that set the first passages apart are asked for too."""
    first = _search(index, [claim for claim, _ in asked])
    held = [terms(_text(index, number)) for number in range(index.counts.passages)]
    holding = Counter(word for words in held for word in set(words))
    weight = {word: math.log(len(held) / count) for word, count in holding.items()}
    queries = [
        f"{claim} {' '.join(_apart(claim, [held[number] for number in ranked[:READ]], weight))}"
        for (claim, _), ranked in zip(asked, first, strict=True)
    ]
    return _search(index, queries)


def stemmed(index: Index, asked: Asked) -> Ranking:
    """The endings -ing, -ed, -es, -s and -ly are cut off in passages and claims."""
    engine = bm25s.BM25(method="lucene", k1=K1, b=B)
    passages = [_stems(_text(index, number)) for number in range(index.counts.passages)]
    engine.index(passages, show_progress=False)
    out: Ranking = []
    for claim, _ in asked:
        known = [word for word in sorted(set(_stems(claim))) if word in engine.vocab_dict]
        scores = engine.get_scores(known) if known else np.zeros(len(passages))
        out.append(_best(scores))
    return out


WAYS: Mapping[str, Way] = {
    "as it stands": as_it_stands,
    "without filler": without_filler,
    "with the question": with_the_question,
    "with feedback": with_feedback,
    "stemmed": stemmed,
}


def dense_ways() -> Mapping[str, Way]:
    """Rankings that need the base encoder: alone, joined with the words' by rank, and on the words' first fifty.

    Raises ModuleNotFoundError without torch and MissingExtra without the base weights.
    """
    from knowreason.models.builtin import open_tokenizer
    from knowreason.train.cosine import base_encoder, embed
    from knowreason.train.start import base_folder

    tokenizer, network = open_tokenizer(base_folder() / "tokenizer.json"), base_encoder()
    kept: dict[int, tuple[Ranking, Ranking]] = {}

    def vectors(texts: Sequence[str]) -> npt.NDArray[Any]:
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found = embed(
            [texts[place] for place in order],
            network,
            lambda text: tokenizer.encode(text, add_special_tokens=False).ids,
        )
        return found[np.argsort(order)]

    def both(index: Index, asked: Asked) -> tuple[Ranking, Ranking]:
        if id(index) not in kept:
            passages = vectors([_text(index, number) for number in range(index.counts.passages)])
            near = vectors([claim for claim, _ in asked]) @ passages.T
            words = as_it_stands(index, asked)
            again = [sorted(ranked, key=lambda number: -row[number]) for ranked, row in zip(words, near, strict=True)]
            kept[id(index)] = [_best(row) for row in near], again
        return kept[id(index)]

    return {
        "dense": lambda index, asked: both(index, asked)[0],
        "words and dense": lambda index, asked: _joined(as_it_stands(index, asked), both(index, asked)[0]),
        "words, then dense": lambda index, asked: both(index, asked)[1],
    }


def _search(index: Index, queries: Sequence[str]) -> Ranking:
    return [[hit.passage.passage_id for hit in hits] for hits in index.search(queries, DEPTH)]


def _text(index: Index, number: int) -> str:
    passage = index.passage(number)
    return f"{passage.title}. {passage.text}" if passage.title else passage.text


def _stems(text: str) -> list[str]:
    return [stem(word) for word in terms(text)]


def _best(scores: npt.NDArray[Any]) -> list[int]:
    return [int(place) for place in np.argsort(-scores, kind="stable")[:DEPTH]]


def _apart(claim: str, passages: Sequence[Sequence[str]], weight: Mapping[str, float]) -> list[str]:
    """The words of the passages that are not the claim's, the most frequent and rarest elsewhere first."""
    told = set(terms(claim))
    counts = Counter(word for words in passages for word in words if word not in told)
    return sorted(counts, key=lambda word: (-counts[word] * weight[word], word))[:TAKEN]


def _joined(first: Ranking, second: Ranking) -> Ranking:
    """Reciprocal rank fusion of two rankings of each claim."""
    out: Ranking = []
    for rankings in zip(first, second, strict=True):
        scores: dict[int, float] = {}
        for ranked in rankings:
            for rank, number in enumerate(ranked):
                scores[number] = scores.get(number, 0.0) + 1 / (RANK + rank)
        out.append(sorted(scores, key=lambda number: (-scores[number], number))[:DEPTH])
    return out
