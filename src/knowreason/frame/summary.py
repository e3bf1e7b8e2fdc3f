"""The summary of a run: for each model and benchmark, every measure with its interval, or why there is none."""

from __future__ import annotations

from typing import Literal

from knowreason.records import Interval, Record, Unscored

Measure = Interval | Unscored
"""An estimate whose `n` counts questions, or the reason why there is none."""


class KnowledgeSummary(Record, frozen=True):
    """The Knowledge Index: supported / (supported + refuted) claims, pooled over traces.

    `lower` and `upper` bound it whatever the undecided claims are worth (they hold if the decided verdicts are
    right); both are None where no claim was verified. `coverage` is the decided share of all claims, Unscored like
    the index where none was verified. `corrected` is the index without the verifier's errors (Rogan-Gladen), where
    labelled claims of these traces say how often it errs.
    """

    ki: Measure
    coverage: Measure
    lower: float | None
    upper: float | None
    before_commitment: Measure
    on_topic: Measure
    mean_over_traces: Measure
    claims_per_trace: Measure
    claims: int
    supported: int
    refuted: int
    not_enough_info: int
    unscored: int
    corrected: Measure = Unscored(reason="no_labelled_calibration")


class GainSummary(Record, frozen=True):
    """Means over traces, in nats; the four parts rest on `traces_with_parts`, the other figures on `traces`.

    `surprisal_before` is that of the gold answer before any reasoning. `informative_where_read` leaves out the
    traces whose options cannot be told apart in running text (content rule "none"). `density` is the informative
    part per 100 tokens before the statement, pooled: sum of gains / sum of tokens.
    """

    surprisal_before: Measure
    total: Measure
    informative: Measure
    mention: Measure
    commitment: Measure
    statement: Measure
    informative_where_read: Measure
    density: Measure
    misled_mass: Measure
    confident_wrong: Measure
    traces: int
    traces_with_parts: int


class CommitmentSummary(Record, frozen=True):
    """Where traces commit to their answer's content.

    `content_at` is the median position as a share of the text, `early` the share of traces that state the
    content before the formal statement; both leave out bare answers, which reason nowhere. `rules` says how the
    content was recognised (traces by rule, bare answers among them).
    """

    content_at: Measure
    early: Measure
    rules: dict[str, int]


class PaperSummary(Record, frozen=True):
    """The published figures as means over traces, for comparison only; both depend on how a text is cut into steps.

    `ki` counts a step without a decided claim as 1; `infogain` is in units of perplexity per step.
    """

    ki: Measure
    infogain: Measure
    traces_with_ki: int
    traces_with_infogain: int


class Cell(Record, frozen=True):
    """All measures of one model (and variant) on one benchmark, asked in one way (`condition`).

    `accuracy` is over all graded traces, a trace without an answer counted as wrong; `no_answer_strict` also
    counts the traces that state no answer formally (only a last number was found) or several different ones.
    `reasoning_tokens` are those before the statement. `paper` is None unless the published figures were asked for.
    `unscored` counts traces, and under "claims" claims, by the measure and the reason.
    """

    benchmark: str
    domain: str
    model: str
    variant: str
    lineage: str | None
    condition: str
    traces: int
    questions: int
    integrity: dict[str, int]
    grades: dict[str, int]
    accuracy: Measure
    no_answer: Measure
    no_answer_strict: Measure
    graded: int
    knowledge: KnowledgeSummary
    gain: GainSummary
    commitment: CommitmentSummary
    steps: Measure
    tokens: Measure
    reasoning_tokens: Measure
    paper: PaperSummary | None
    unscored: dict[str, dict[str, int]]


class Instruments(Record, frozen=True):
    """Who observed the answers, and what their figures may be called.

    `gain_means` is "commitment" for the built-in observer, which reads what a text has settled on and does
    not reason itself; only a causal language model makes them a "gain". `answer_spaces` counts traces.
    """

    scorers: tuple[str, ...]
    gain_means: Literal["commitment", "gain"]
    answer_spaces: dict[str, int]


class OtherGain(Record, frozen=True):
    """What a further scorer saw in the traces of one cell: means over traces, in nats.

    `means` is "commitment" for the built-in observer, whose informative part says nothing about reasoning.
    """

    scorer: str
    means: Literal["commitment", "gain"]
    benchmark: str
    domain: str
    model: str
    variant: str
    condition: str
    total: Measure
    informative: Measure
    traces: int


class Agreement(Record, frozen=True):
    """How far two scorers order the same things alike on one benchmark, all its models together.

    `steps` is Kendall's tau-b of the gains of a trace's steps, as a mean over traces; `total` and `informative` are
    Spearman's rho over traces. `compares` says what stands on both sides; where one is the built-in observer's
    commitment there is no informative part to compare. `left_out` counts traces that one of the two has no figure for,
    or scores on another scale (over options, numbers or the answer's tokens).
    """

    scorers: tuple[str, str]
    compares: Literal["gain with gain", "commitment with gain", "commitment with commitment"]
    benchmark: str
    domain: str
    condition: str
    steps: Measure
    total: Measure
    informative: Measure
    traces: int
    left_out: int


class SharedFamily(Record, frozen=True):
    """A scorer and a scored model of one family, by what their names say; `seen_in` is how the scorer's was read."""

    scorer: str
    model: str
    family: str
    seen_in: Literal["name", "architecture"]


class Summary(Record, frozen=True):
    """A whole run, its cells in a fixed order: domain, benchmark, model, variant, condition.

    `others` and `agreement` are empty where one scorer was asked.
    """

    version: str
    seed: int
    draws: int
    level: float
    traces: int
    questions: int
    instruments: Instruments
    cells: tuple[Cell, ...]
    others: tuple[OtherGain, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    shared_families: tuple[SharedFamily, ...] = ()
