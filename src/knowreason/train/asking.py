"""Ways to ask an index for what decides a claim: as it stands, rewritten by rule, by stems, and by embeddings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import bm25s
import numpy as np
import numpy.typing as npt

from knowreason.decompose.moves import stem
from knowreason.retrieve.bm25 import K1, B, Index
from knowreason.retrieve.terms import terms

DEPTH = 50  # passages of a ranking
FUSION = 60  # of reciprocal rank fusion: a passage scores 1 / (FUSION + rank) in each ranking that holds it
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


def dense(index: Index, asked: Asked) -> Ranking:
    """Cosine of the base encoder's embeddings of claim and passage; needs the extra [train]."""
    from knowreason.train.cosine import embed

    network, encode = _encoder()
    vectors = _vectors(index)
    claims = [claim for claim, _ in asked]
    order = sorted(range(len(claims)), key=lambda place: len(claims[place]))  # of similar length together
    out: Ranking = [[] for _ in claims]
    for place, vector in zip(order, embed([claims[place] for place in order], network, encode), strict=True):
        out[place] = _best(vectors @ vector)
    return out


def beside_dense(index: Index, asked: Asked) -> Ranking:
    """The shipped search and the embeddings' ranking, fused by reciprocal ranks (Cormack et al. 2009)."""
    out: Ranking = []
    for both in zip(as_it_stands(index, asked), dense(index, asked), strict=True):
        score: Counter[int] = Counter()
        for ranking in both:
            for rank, number in enumerate(ranking, start=1):
                score[number] += 1 / (FUSION + rank)  # pyright: ignore[reportArgumentType]
        out.append(sorted(score, key=lambda number: (-score[number], number))[:DEPTH])
    return out


WAYS: Mapping[str, Way] = {
    "as it stands": as_it_stands,
    "without filler": without_filler,
    "with the question": with_the_question,
    "with feedback": with_feedback,
    "stemmed": stemmed,
}
DENSE: Mapping[str, Way] = {"dense": dense, "beside dense": beside_dense}  # these need torch


@lru_cache(maxsize=1)
def _encoder() -> tuple[Any, Callable[[str], list[int]]]:
    """The network with the base weights, and its tokenizer."""
    from knowreason.models.builtin import WEIGHTS, open_tokenizer
    from knowreason.train.cosine import base_encoder

    tokenizer = open_tokenizer(WEIGHTS / "tokenizer.json")
    return base_encoder(), lambda text: tokenizer.encode(text, add_special_tokens=False).ids


@lru_cache(maxsize=1)
def _vectors(index: Index) -> npt.NDArray[Any]:
    """The embeddings of all passages, in order."""
    from knowreason.train.cosine import embed

    network, encode = _encoder()
    texts = [_text(index, number) for number in range(index.counts.passages)]
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    out = np.empty((len(texts), network.shape.hidden))
    out[order] = embed([texts[place] for place in order], network, encode)
    return out


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
