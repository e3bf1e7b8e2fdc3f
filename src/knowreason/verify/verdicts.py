"""From a claim and retrieved passages to a verdict with its evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from knowreason.models.protocols import Entailer, Judge, Judgement, Thresholds
from knowreason.records import Claim, Evidence, Hit, Passage, Trace, Unscored, Verdict, VerdictLabel, Verification
from knowreason.sentences import split_sentences
from knowreason.verify.topic import is_on_topic

PASSAGES = 5  # passages judged a claim
_ALL_READ: Mapping[int, Unscored] = {}
_WORD = re.compile(r"[^\W_]{3,}")


def verify_claims(
    trace: Trace,
    claims: Sequence[Claim],
    found: Sequence[Sequence[Hit]] | None,
    entailer: Entailer | Judge,
    thresholds: Thresholds,
    unread: Mapping[int, Unscored] = _ALL_READ,
) -> tuple[Verification, ...]:
    """One `Verification` a claim, in order, from the hits `found` for it; None: every claim is Unscored(no_corpus).

    The passages of all claims of one trace are judged together, so that a verdict never depends on which
    other traces are audited. The deciding passage is the one with the largest probability of a decision
    (supported or refuted). The cited span is the one that the judge names; where it names none, or words of the
    title, which stands beside the span, it is the sentence that shares most words with the claim.
    Where one judgement of a claim failed the claim is Unscored with its reason: what the others say could be the
    opposite of what that passage says. The claims of steps in `unread` are Unscored with the reason given there.
    """
    if found is None:
        return tuple(_unscored(trace, claim, Unscored(reason="no_corpus")) for claim in claims)
    shown = [() if claim.step in unread else hits for claim, hits in zip(claims, found, strict=True)]
    checked = check_claims([claim.normalised for claim in claims], shown, entailer, thresholds)
    return tuple(
        _unscored(trace, claim, unread[claim.step]) if claim.step in unread else _verification(trace, claim, one)
        for claim, one in zip(claims, checked, strict=True)
    )


class Checked(NamedTuple):
    """What a claim comes to, and the judgements it rests on, the deciding one first; none where one failed."""

    outcome: Verdict | Unscored
    judged: tuple[tuple[Hit, Judgement], ...]


def check_claims(
    claims: Sequence[str], found: Sequence[Sequence[Hit]], entailer: Entailer | Judge, thresholds: Thresholds
) -> list[Checked]:
    """One `Checked` a claim, in order, by the rules of `verify_claims`: what an audit would say of these texts."""
    kept = [[hit for hit in hits if hit.above_floor] for hits in found]
    pairs = [(premise(hit.passage), claim) for claim, hits in zip(claims, kept, strict=True) for hit in hits]
    judged = iter(judgements(entailer, pairs))
    return [_checked([(hit, next(judged)) for hit in hits], thresholds) for hits in kept]


def premise(passage: Passage) -> str:
    """What the entailer reads of a passage: its title, then its text."""
    return f"{passage.title}. {passage.text}" if passage.title else passage.text


def judgements(entailer: Entailer | Judge, pairs: Sequence[tuple[str, str]]) -> Sequence[Judgement | Unscored]:
    """For each (premise, claim): what is made of it, by whoever judges."""
    if isinstance(entailer, Judge):
        return entailer.judge(pairs)
    return [Judgement(probabilities) for probabilities in entailer.entail(pairs)]


Judged = tuple[Hit, Judgement]


def _checked(judged: Sequence[tuple[Hit, Judgement | Unscored]], thresholds: Thresholds) -> Checked:
    made: list[Judged] = []
    for hit, judgement in judged:
        if isinstance(judgement, Unscored):
            return Checked(judgement, ())
        made.append((hit, judgement))
    ranked = sorted(made, key=lambda j: -max(j[1].probabilities[:2]))
    return Checked(_verdict(ranked, thresholds), tuple(ranked))


def _verification(trace: Trace, claim: Claim, checked: Checked) -> Verification:
    if isinstance(checked.outcome, Unscored):
        return _unscored(trace, claim, checked.outcome)
    return Verification(
        trace_id=claim.trace_id,
        step=claim.step,
        claim=claim.claim,
        outcome=checked.outcome,
        on_topic=is_on_topic(claim.normalised, trace.question, trace.options),
        evidence=tuple(_evidence(claim, hit, judgement) for hit, judgement in checked.judged),
    )


def _verdict(ranked: Sequence[Judged], thresholds: Thresholds) -> Verdict:
    if not ranked:
        return Verdict(label="not_enough_info", confidence=1.0, reason="no_evidence")
    supported, refuted, neither = ranked[0][1].probabilities
    label: VerdictLabel = "not_enough_info"
    if supported >= refuted and supported >= thresholds.supported:
        label = "supported"
    elif refuted > supported and refuted >= thresholds.refuted:
        label = "refuted"
    chosen = {"supported": supported, "refuted": refuted, "not_enough_info": neither}[label]
    return Verdict(label=label, confidence=chosen)


def _evidence(claim: Claim, hit: Hit, judgement: Judgement) -> Evidence:
    named = None if judgement.span is None else _named(hit.passage, judgement.span)
    start, end = named or _cited(claim.normalised, hit.passage.text)
    return Evidence(
        doc_id=hit.passage.doc_id,
        title=hit.passage.title,
        source=hit.passage.source,
        licence=hit.passage.licence,
        start=hit.passage.start + start,
        end=hit.passage.start + end,
        text=hit.passage.text[start:end],
        retrieval_score=hit.score,
        entailment=judgement.probabilities,
        passage=hit.passage.text,
        passage_start=hit.passage.start,
    )


def _named(passage: Passage, span: tuple[int, int]) -> tuple[int, int] | None:
    """A span of the premise as a span of the passage; None where it lies in the title."""
    title = len(premise(passage)) - len(passage.text)
    start, end = max(0, span[0] - title), span[1] - title
    return (start, end) if start < end else None


def _cited(claim: str, text: str) -> tuple[int, int]:
    """The sentence of `text` that shares most words with the claim; the first of equals."""
    wanted = set(_WORD.findall(claim.lower()))
    spans = split_sentences(text) or [(0, len(text))]
    best = max(spans, key=lambda span: len(wanted & set(_WORD.findall(text[span[0] : span[1]].lower()))))
    shown = text[best[0] : best[1]].rstrip()
    return best[0], best[0] + len(shown)


def _unscored(trace: Trace, claim: Claim, reason: Unscored) -> Verification:
    return Verification(
        trace_id=claim.trace_id,
        step=claim.step,
        claim=claim.claim,
        outcome=reason,
        on_topic=is_on_topic(claim.normalised, trace.question, trace.options),
        evidence=(),
    )
