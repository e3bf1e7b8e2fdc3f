"""Claims that people wrote and judged against abstracts: read to measure with, never to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from knowreason.planting.shared_words import overlap
from knowreason.train.judging import Judged
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.train.passages import rows

LABELS = {"SUPPORT": SUPPORTED, "CONTRADICT": REFUTED}


class HumanSet(NamedTuple):
    """A published set: its name, the file of claims and the file of abstracts."""

    name: str
    claims: str
    corpus: str


SETS = (
    HumanSet("scifact_dev", "scifact_claims_dev_cited", "scifact_corpus"),
    HumanSet("healthver_test", "healthver_claims_test", "healthver_corpus"),
    HumanSet("covidfact_test", "covidfact_claims_test", "covidfact_corpus"),
)


def read_human(data: Path, chosen: HumanSet) -> list[Judged]:
    """One item a claim and cited abstract: the cited sentences under their title, with the label people gave.

    An abstract that was cited without a label leaves the claim open; of it the two sentences are shown that
    share most words with the claim, so that open items look like the others.
    """
    folder = data / "claims"
    abstracts = {row["doc_id"]: row for row in rows(folder / f"{chosen.corpus}.jsonl.gz")}
    out: list[Judged] = []
    for row in rows(folder / f"{chosen.claims}.jsonl.gz"):
        claim = " ".join(row["claim"].split())
        for number in row["doc_ids"]:
            places, label = _cited(row["evidence"].get(str(number)), abstracts[number], claim)
            text = " ".join(abstracts[number]["abstract"][place].strip() for place in places)
            title = abstracts[number].get("title") or ""
            premise = f"{title.rstrip('.')}. {text}" if title else text
            out.append(Judged((premise,), claim, label, chosen.name, f"{chosen.name}/{row['id']}"))
    return out


def _cited(evidence: list[dict[str, Any]] | None, abstract: dict[str, Any], claim: str) -> tuple[list[int], int]:
    """The numbers of the sentences to show, in order, and the label."""
    if evidence:
        return sorted({place for entry in evidence for place in entry["sentences"]}), LABELS[evidence[0]["label"]]
    sentences: list[str] = abstract["abstract"]
    ranked = sorted(range(len(sentences)), key=lambda place: -overlap(claim, sentences[place]))
    return sorted(ranked[:2]), OPEN
