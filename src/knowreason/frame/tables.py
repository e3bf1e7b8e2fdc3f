"""From the records of one trace to the rows of every table of a run directory."""

from __future__ import annotations

import msgspec
import polars as pl

from knowreason.frame.scores import Audited, Row, score_row, scored_gains
from knowreason.records import Claim, TraceGain, Unscored, Verdict, Verification

Schema = dict[str, type[pl.DataType]]

# A column means the same in every table, so its type depends on its name alone; all others are text.
_WHOLE = frozenset(
    "sample thinking_end step start end passage_start tokens claim rank conflicting_statements claims supported "
    "refuted not_enough_info claims_unscored content_at statement_at steps reasoning_tokens "
    "answer_tokens".split()
)
_REAL = frozenset(
    "confidence retrieval_score p_supported p_refuted p_not_enough surprisal gain entropy ki ki_lower ki_upper "
    "ki_coverage ki_before_commitment ki_on_topic gain_total gain_informative gain_mention gain_commitment "
    "gain_statement gain_density misled_mass confident_wrong paper_ki paper_infogain".split()
)


def _schema(columns: str) -> Schema:
    return {name: _kind(name) for name in columns.split()}


def _kind(column: str) -> type[pl.DataType]:
    if column in _WHOLE:
        return pl.Int64
    if column in _REAL:
        return pl.Float64
    return pl.Boolean if column == "on_topic" else pl.String


SCHEMAS: dict[str, Schema] = {
    "traces": _schema(
        "trace_id question_id question_key benchmark domain model variant lineage condition sample question "
        "options gold answer_type reasoning response thinking_end integrity integrity_basis meta"
    ),
    "steps": _schema("trace_id step start end text move part tokens"),
    "claims": _schema(
        "trace_id step claim start end text normalised query verdict confidence reason on_topic unscored"
    ),
    "evidence": _schema(
        "trace_id step claim rank doc_id title source licence start end text retrieval_score "
        "p_supported p_refuted p_not_enough passage passage_start"
    ),
    "gains": _schema("trace_id step surprisal gain part entropy unscored"),
    "other_gains": _schema("trace_id step scorer surprisal gain part entropy unscored answer_space answer_tokens"),
    "scores": _schema(
        "trace_id grade grade_unscored answer conflicting_statements grader ki ki_lower ki_upper ki_coverage "
        "ki_before_commitment ki_on_topic ki_unscored claims supported refuted not_enough_info claims_unscored "
        "gain_total gain_informative gain_mention gain_commitment gain_statement gain_density parts_unscored "
        "misled_mass confident_wrong gain_unscored content_at statement_at content_rule scorer answer_space "
        "answer_tokens steps tokens reasoning_tokens paper_ki paper_infogain"
    ),
}
"""The tables of a run directory and their columns, in order. Empty tables keep their columns.

The `paper_` columns are null unless the audit was asked for the published figures.
"""


def rows_of(audited: Audited) -> dict[str, list[Row]]:
    """The rows of one trace for every table of `SCHEMAS`.

    Raises ValueError where the records do not belong together (claims and verifications, steps and gains).
    """
    return {
        "traces": [trace_row(audited)],
        "steps": step_rows(audited),
        "claims": claim_rows(audited),
        "evidence": evidence_rows(audited),
        "gains": gain_rows(audited.gain),
        "other_gains": other_gain_rows(audited),
        "scores": [score_row(audited)],
    }


def trace_row(audited: Audited) -> Row:
    """The row of `traces`: the trace as it was read, its options as JSON text."""
    trace = audited.trace
    row: Row = {name: getattr(trace, name) for name in SCHEMAS["traces"]}
    row["options"] = None if trace.options is None else msgspec.json.encode(trace.options).decode()
    return row


def step_rows(audited: Audited) -> list[Row]:
    """The rows of `steps`, one a step; `part` is null where the trace states no answer."""
    return [{name: getattr(step, name) for name in SCHEMAS["steps"]} for step in audited.steps]


def claim_rows(audited: Audited) -> list[Row]:
    """The rows of `claims`, one a claim: a verdict with its confidence, or the reason why there is none."""
    return [
        _claim_row(claim, verification)
        for claim, verification in zip(audited.claims, audited.verifications, strict=True)
    ]


def _claim_row(claim: Claim, verification: Verification) -> Row:
    outcome = verification.outcome
    judged = isinstance(outcome, Verdict)
    return {
        "trace_id": claim.trace_id,
        "step": claim.step,
        "claim": claim.claim,
        "start": claim.start,
        "end": claim.end,
        "text": claim.text,
        "normalised": claim.normalised,
        "query": claim.query or None,
        "verdict": outcome.label if judged else None,
        # no passage was judged where there is a reason: no probability to show
        "confidence": outcome.confidence if judged and not outcome.reason else None,
        "reason": (outcome.reason or None) if judged else None,
        "on_topic": verification.on_topic,
        "unscored": None if judged else outcome.reason,
    }


def evidence_rows(audited: Audited) -> list[Row]:
    """The rows of `evidence`, one a cited sentence; rank 1 is the one that decided."""
    return [
        {
            "trace_id": verification.trace_id,
            "step": verification.step,
            "claim": verification.claim,
            "rank": rank,
            "doc_id": cited.doc_id,
            "title": cited.title,
            "source": cited.source,
            "licence": cited.licence,
            "start": cited.start,
            "end": cited.end,
            "text": cited.text,
            "retrieval_score": cited.retrieval_score,
            "p_supported": cited.entailment[0],
            "p_refuted": cited.entailment[1],
            "p_not_enough": cited.entailment[2],
            "passage": cited.passage,
            "passage_start": cited.passage_start,
        }
        for verification in audited.verifications
        for rank, cited in enumerate(verification.evidence, start=1)
    ]


def other_gain_rows(audited: Audited) -> list[Row]:
    """The rows of `other_gains`: as those of `gains`, for every further scorer, with the scale of its surprisals."""
    rows: list[Row] = []
    for scorer, gain in audited.others:
        told: Row = {"scorer": scorer, "answer_space": gain.answer_space, "answer_tokens": gain.answer_tokens}
        for row in gain_rows(gain):
            known = {**row, **told}
            rows.append({name: known[name] for name in SCHEMAS["other_gains"]})
    return rows


def gain_rows(gain: TraceGain) -> list[Row]:
    """The rows of `gains`: step 0 first; a trace without gains has one row, step 0, with the reason."""
    trace_id, gains = gain.trace_id, scored_gains(gain)
    if isinstance(gains, Unscored):
        return [{**dict.fromkeys(SCHEMAS["gains"]), "trace_id": trace_id, "step": 0, "unscored": gains.reason}]
    return [
        {
            "trace_id": trace_id,
            "step": g.step,
            "surprisal": g.surprisal,
            "gain": g.gain,
            "part": g.part,
            "entropy": g.entropy,
            "unscored": None,
        }
        for g in gains
    ]
