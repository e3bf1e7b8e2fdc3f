"""Verdicts: evidence is cited where it stands, doubt abstains, and nothing is decided without a corpus."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_records
from knowreason.models.protocols import Judgement
from knowreason.models.scripted import Scripted
from knowreason.records import Claim, Hit, Passage, Trace, Unscored, Verdict
from knowreason.verify import Thresholds, is_on_topic, verify_claims
from knowreason.verify.verdicts import premise

TEXT = "The liver stores glycogen. Bile is made there and kept in the gallbladder. It weighs over a kilogram."


def make_trace(**changes: object) -> Trace:
    options = {"A": "gallbladder", "B": "spleen"}
    values: dict[str, object] = {"question": "Which organ stores bile?", "options": options, "gold": "A"}
    return made_records.make_trace(**{**values, **changes})


def make_claim(text: str, number: int = 0) -> Claim:
    return Claim(trace_id="x", step=1, claim=number, start=0, end=len(text), text=text, normalised=text)


def make_hit(text: str = TEXT, *, start: int = 40, above_floor: bool = True, number: int = 0) -> Hit:
    passage = Passage(
        passage_id=number,
        doc_id=f"d{number}",
        title="Liver",
        source="book",
        licence="CC0",
        start=start,
        end=start + len(text),
        text=text,
    )
    return Hit(passage=passage, score=5.0 - number, coverage=0.8, shared=3, above_floor=above_floor)


def fixed(*probabilities: float) -> Scripted:
    return Scripted(entail=lambda _premise, _claim: probabilities)


def verify(claims: Sequence[Claim], hits: Sequence[Sequence[Hit]] | None, model: Scripted, **thresholds: float):
    return verify_claims(make_trace(), claims, hits, model, Thresholds(**thresholds))


def test_the_cited_span_is_the_sentence_of_the_document_that_shares_most_words() -> None:
    [found] = verify([make_claim("The gallbladder keeps bile")], [[make_hit()]], fixed(0.9, 0.05, 0.05))
    [evidence] = found.evidence
    assert evidence.text == "Bile is made there and kept in the gallbladder."
    document = "." * 40 + TEXT
    assert document[evidence.start : evidence.end] == evidence.text
    assert (evidence.source, evidence.licence, evidence.doc_id) == ("book", "CC0", "d0")


@pytest.mark.parametrize(
    ("probabilities", "label", "confidence"),
    [
        ((0.8, 0.1, 0.1), "supported", 0.8),
        ((0.1, 0.8, 0.1), "refuted", 0.8),
        ((0.1, 0.1, 0.8), "not_enough_info", 0.8),
        ((0.45, 0.35, 0.2), "not_enough_info", 0.2),
    ],
)
def test_a_verdict_needs_its_probability(probabilities, label, confidence) -> None:
    [found] = verify([make_claim("Bile is kept")], [[make_hit()]], fixed(*probabilities))
    assert found.outcome == Verdict(label=label, confidence=confidence)


def test_the_passage_that_decides_most_firmly_decides() -> None:
    def judge(text: str, _claim: str) -> tuple[float, float, float]:
        return (0.05, 0.9, 0.05) if "kilogram" in text else (0.6, 0.1, 0.3)

    hits = [make_hit("The liver is red.", number=0), make_hit(number=1)]
    [found] = verify([make_claim("The liver is light")], [hits], Scripted(entail=judge))
    assert isinstance(found.outcome, Verdict)
    assert found.outcome.label == "refuted"
    assert [e.doc_id for e in found.evidence] == ["d1", "d0"]


def test_without_a_corpus_every_claim_is_unscored() -> None:
    found = verify([make_claim("a"), make_claim("b", 1)], None, fixed(1, 0, 0))
    assert [f.outcome for f in found] == [Unscored(reason="no_corpus")] * 2
    assert all(f.evidence == () for f in found)


@pytest.mark.parametrize("hits", [[], [make_hit(above_floor=False)]])
def test_nothing_above_the_floor_is_no_evidence(hits: list[Hit]) -> None:
    [found] = verify([make_claim("The moon is far")], [hits], fixed(1.0, 0.0, 0.0))
    assert found.outcome == Verdict(label="not_enough_info", confidence=1.0, reason="no_evidence")


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_every_claim_gets_its_own_passages_in_order(counts: list[int]) -> None:
    def judge(text: str, claim: str) -> tuple[float, float, float]:
        return (1.0, 0.0, 0.0) if claim in text else (0.0, 0.0, 1.0)

    claims = [make_claim(f"claim{i}end", i) for i in range(len(counts))]
    hits = [[make_hit(f"about claim{i}end", number=j) for j in range(n)] for i, n in enumerate(counts)]
    found = verify(claims, hits, Scripted(entail=judge))
    assert [f.claim for f in found] == [c.claim for c in claims]
    assert [len(f.evidence) for f in found] == counts
    assert all(e.entailment == (1.0, 0.0, 0.0) for f in found for e in f.evidence)


def test_one_failed_judgement_leaves_the_claim_open_with_its_reason() -> None:
    def judge(passage: str, claim: str) -> tuple[float, float, float] | Unscored:
        del claim
        return Unscored(reason="judge_malformed", detail="cut") if "broken" in passage else (1.0, 0.0, 0.0)

    hits = [[make_hit("Bile is kept."), make_hit("broken", number=1)], [make_hit("Bile is kept.")]]
    failed, fine = verify([make_claim("Bile is kept", n) for n in (0, 1)], hits, Scripted(entail=judge))
    assert failed.outcome == Unscored(reason="judge_malformed", detail="cut")
    assert failed.evidence == ()
    assert isinstance(fine.outcome, Verdict)
    assert fine.outcome.label == "supported"


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("It weighs over a kilogram.", "It weighs over a kilogram."),
        ("Liver. The liver", "The liver"),
        ("Liver", "Bile is made there and kept in the gallbladder."),
    ],
)
def test_the_span_a_judge_names_is_cited_where_it_stands_in_the_document(quote: str, shown: str) -> None:
    whole = premise(make_hit().passage)
    start = whole.index(quote)
    model = Scripted(entail=lambda _p, _c: Judgement((1.0, 0.0, 0.0), (start, start + len(quote))))
    [found] = verify([make_claim("The gallbladder keeps bile")], [[make_hit()]], model)
    [evidence] = found.evidence
    assert evidence.text == shown
    assert ("." * 40 + TEXT)[evidence.start : evidence.end] == shown


def test_a_premise_carries_the_title() -> None:
    assert premise(make_hit().passage).startswith("Liver. The liver stores")


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("The gallbladder contracts after a meal.", True),
        ("Organs store many substances.", True),
        ("Spleens filter old blood cells.", True),
        ("Paris lies on a river.", False),
    ],
)
def test_a_claim_is_on_topic_when_it_shares_a_content_word(claim: str, expected: bool) -> None:
    trace = make_trace()
    assert is_on_topic(claim, trace.question, trace.options) is expected
