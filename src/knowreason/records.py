"""The nouns of knowreason: frozen records that travel between stages.

A stage takes records and returns new ones, in the same order; it never edits what it was given.
Offsets are code points into `Trace.reasoning`; probabilities are in [0, 1]; surprisal, gain and entropy are
in nats. What could not be measured is an `Unscored`, never 0, 1 or NaN.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Integrity = Literal[
    "complete",
    "empty",
    "redacted",
    "summary_only",
    "stripped",
    "unclosed_thought",
    "length_cut",
    "looping",
    "ends_without_answer",
    "stop_cut",
]
Basis = Literal["declared", "inferred"]
Move = Literal["answer", "case", "check", "plan", "inference", "knowledge", "other"]
VerdictLabel = Literal["supported", "refuted", "not_enough_info"]
GradeLabel = Literal["correct", "incorrect", "no_answer"]
Part = Literal["informative", "mention", "commitment", "statement"]
AnswerType = Literal["option", "math", "short_text", "free_text"]
ContentRule = Literal["verbatim", "paraphrase", "number", "unstated", "none"]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records: frozen, keyword-only, unknown fields forbidden."""


class Unscored(Record, frozen=True, tag="unscored"):
    """A measurement that was not made, and why. It leaves every denominator and is counted in coverage."""

    reason: str
    detail: str = ""


class ReadIssue(Record, frozen=True):
    """One rejected input line: `file`, 1-based `line` (0: the file as a whole), `reason`, and an `excerpt`."""

    file: str
    line: int
    reason: str
    excerpt: str


class Trace(Record, frozen=True):
    """One response of one model to one question, ready to be measured.

    `reasoning` is the text that steps partition: the thinking (if any), a newline, and the response up to the
    place where it runs on into another question. `thinking_end` is the offset where the thinking ends, None
    without a thinking block. `question_key` is the hash of the normalised question and options: it pairs
    questions across models whatever ids a harness gave. `answer_type` says how the answer is graded; it is
    decided from the gold answer and the options alone. `meta` is JSON text, carried through untouched.
    """

    trace_id: str
    question_id: str
    question_key: str
    benchmark: str
    domain: str
    model: str
    variant: str
    lineage: str | None
    condition: str
    sample: int
    question: str
    options: dict[str, str] | None
    gold: str | None
    answer_type: AnswerType
    reasoning: str
    response: str
    thinking_end: int | None
    integrity: Integrity
    integrity_basis: Basis
    meta: str


class Step(Record, frozen=True):
    """One step of a trace: `text` is `trace.reasoning[start:end]`; the steps of a trace partition it."""

    trace_id: str
    step: int  # 1-based: step 0 is "before any reasoning"
    start: int
    end: int
    text: str
    move: Move
    part: Part | None  # which part of the gain the step belongs to; None where the trace states no answer
    tokens: int


class Claim(Record, frozen=True):
    """A span that asserts a checkable domain fact.

    `text` is `trace.reasoning[start:end]`; `normalised` carries the referent of a pronoun and the subject of
    the question where the span leaves them out, and is what gets verified. `query` is what passages are searched
    with, "" for the normalised form.
    """

    trace_id: str
    step: int
    claim: int  # 0-based within the step
    start: int
    end: int
    text: str
    normalised: str
    query: str = ""


class StepToRead(Record, frozen=True):
    """What a decomposer is asked: which claims `text`, a step of reasoning about `question`, makes.

    `spoken_of` are the things named last before the step, for which its pronouns may stand.
    """

    question: str
    options: dict[str, str] | None
    spoken_of: tuple[str, ...]
    text: str


class ReadClaim(Record, frozen=True):
    """A claim that a decomposer read: a span of the step's text, self-contained wording, words to search for."""

    start: int
    end: int
    normalised: str
    query: str


class ReadClaims(Record, frozen=True, tag="claims"):
    """The claims of one step in order, none if it makes none."""

    claims: tuple[ReadClaim, ...]


class AnswerToGrade(Record, frozen=True):
    """What a judge of free text is asked: whether `response` gives the answer `reference` to `question`."""

    question: str
    reference: str
    response: str


class Letters(Record, frozen=True, tag="letters"):
    """Natural-log probabilities over the letters of a question; None for one that is next to impossible."""

    logprobs: tuple[float | None, ...]


class Scores(Record, frozen=True, tag="scores"):
    """What a causal model says of `Prefixes`: for each cut and target, log-probabilities of its tokens in nats."""

    logprobs: tuple[tuple[tuple[float, ...], ...], ...]


class Mark(Record, frozen=True, tag="mark"):
    """A judge's grade of a free answer, with the span of the response that states it (None: it states none)."""

    label: GradeLabel
    span: tuple[int, int] | None


class Passage(Record, frozen=True):
    """A few consecutive sentences of a corpus document: `text` is the document's `[start:end]`."""

    passage_id: int
    doc_id: str
    title: str
    source: str
    licence: str
    start: int
    end: int
    text: str


class Hit(Record, frozen=True):
    """A passage found for a query.

    `score` is its BM25 score (above 0, no unit). `coverage` is the share of the query's idf mass that occurs
    in the passage or its title, in [0, 1]; `shared` counts the query's distinct terms that do. `above_floor`
    says whether the passage may speak about the query at all.
    """

    passage: Passage
    score: float
    coverage: float
    shared: int
    above_floor: bool


class Evidence(Record, frozen=True):
    """A cited sentence span of a document, with the probabilities that it (supports, refutes, leaves open).

    `passage` is the whole text that was judged, and `passage_start` where it starts in the document: the span stands
    in it at `[start - passage_start : end - passage_start]`. It is empty where only the span was kept.
    """

    doc_id: str
    title: str
    source: str
    licence: str
    start: int
    end: int
    text: str
    retrieval_score: float
    entailment: tuple[float, float, float]
    passage: str = ""
    passage_start: int = 0


class Verdict(Record, frozen=True):
    """What the evidence says about a claim, and how sure the verifier is (the label's probability)."""

    label: VerdictLabel
    confidence: float
    reason: str = ""  # for not_enough_info: "no_evidence" when nothing passed the retrieval floor


class Verification(Record, frozen=True):
    """The outcome of checking one claim, with the evidence it rests on, best first."""

    trace_id: str
    step: int
    claim: int
    outcome: Verdict | Unscored
    on_topic: bool
    evidence: tuple[Evidence, ...]


class Continuation(Record, frozen=True):
    """What a scorer is asked: the log-probability of `target` after `context`, over the target's tokens only."""

    context: str
    target: str


class Prefixes(Record, frozen=True):
    """What a scorer of whole texts is asked: every target after every prefix of one text.

    Prefix i is `context[: cuts[i]] + lead`; cut i and target j ask what `Continuation(prefix i, target j)` asks.
    """

    context: str
    cuts: tuple[int, ...]
    lead: str
    targets: tuple[str, ...]


class Prompt(Record, frozen=True):
    """What a generator is asked: the turns of a chat as (role, text), and how to go on.

    At most `max_tokens` are written, and no further than one of `stop`. `temperature` 0 takes the likeliest token each
    time, above it tokens are drawn, and `seed` decides which.
    """

    turns: tuple[tuple[str, str], ...]
    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int = 0


class Written(Record, frozen=True):
    """What a generator wrote, without what ended it; `finished` says that it ended, and was not cut at `max_tokens`."""

    text: str
    finished: bool


class Observation(Record, frozen=True):
    """What an observer is asked: which of `candidates` has `prefix`, written about `question`, settled on.

    `labels` are the letters of the candidates, empty where they have none.
    """

    question: str
    prefix: str
    candidates: tuple[str, ...]
    labels: tuple[str, ...] = ()


class Gain(Record, frozen=True):
    """Surprisal of the gold answer after one step, in nats.

    `gain` is the surprisal before the step minus the surprisal after it (None for step 0, which has no
    step before it); `entropy` is over the candidates, None for a scorer that only sees the gold answer.
    """

    step: int
    surprisal: float
    gain: float | None
    part: Part | None
    entropy: float | None


class TraceGain(Record, frozen=True):
    """All surprisals of a trace, step 0 first, or the reason why there are none."""

    trace_id: str
    outcome: tuple[Gain, ...] | Unscored
    confident_wrong: float | None  # entropy drop over the candidates minus the gold gain, nats
    answer_space: str  # "options", "letters", "candidates" or "tokens"
    answer_tokens: int | None = None  # tokens of the gold answer, where the surprisal is summed over them


class Commitment(Record, frozen=True):
    """Where a trace commits: `content_at` and `statement_at` are offsets into `trace.reasoning`.

    The text before `content_at` is reasoning (or mentions of options), between the two offsets the chosen
    content stands without a formal statement, and from `statement_at` on the answer is stated.
    """

    content_at: int
    statement_at: int
    rule: ContentRule


class Grade(Record, frozen=True):
    """Whether the stated answer is right: `answer` is what the one extraction rule found, or a judge cited.

    `grader` says who graded: "rule", or the URI of the judge.
    """

    trace_id: str
    outcome: GradeLabel | Unscored
    answer: str | None
    conflicting_statements: int = 0
    grader: str = "rule"


class Interval(Record, frozen=True, tag="interval"):
    """An estimate with its bootstrap or Wilson interval; `n` counts the units it rests on."""

    estimate: float
    lower: float
    upper: float
    level: float
    n: int
