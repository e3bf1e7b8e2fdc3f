"""What a comparison holds: for each candidate and benchmark the differences from the baseline, and what they say.

All differences are candidate minus baseline on the same questions. Shares are shares, not percentages; gains are
in nats.
"""

from __future__ import annotations

from typing import Literal

from knowreason.conclusions import Conclusion
from knowreason.records import Interval, Record, Unscored

MeasureName = Literal[
    "accuracy",
    "ki",
    "corrected_ki",
    "ki_before_commitment",
    "informative_gain",
    "commitment_gain",
    "commitment_to_gold",
]
Outcome = Literal["higher", "lower", "same", "undecided"]
ClaimOutcome = Literal["prunes", "adds", "prunes_and_adds", "not_enough_evidence"]


class Side(Record, frozen=True):
    """One model as it was measured; `lineage` is the checkpoint it was tuned from, None where it is not known."""

    model: str
    variant: str
    lineage: str | None


class Pairing(Record, frozen=True):
    """Questions that both models answered, and those dropped because only one did."""

    paired: int
    baseline_only: int
    candidate_only: int


class Effect(Record, frozen=True, tag="effect"):
    """A paired difference in one measure.

    `baseline` and `candidate` are the levels over the same questions. `difference` is at 95 %, `equivalence` the same
    at 90 %: within the margin it shows that nothing that matters differs. `p` is two-sided against no difference,
    `equivalence_p` that of two one-sided tests; the adjusted ones hold the false discovery rate over all benchmarks
    and candidates of the comparison (Benjamini-Hochberg). `outcome` follows from the adjusted ones at .05, "same"
    before "higher" and "lower". `unmeasured` counts paired questions without a figure on one of the sides.
    `questions_needed` would find a difference as large as the margin, or rule it out, with a power of 80 %.
    """

    measure: MeasureName
    baseline: float
    candidate: float
    difference: Interval
    equivalence: Interval
    error: float
    margin: float
    p: float
    adjusted_p: float
    equivalence_p: float
    adjusted_equivalence_p: float
    outcome: Outcome
    unmeasured: int
    questions_needed: int


class ClaimChange(Record, frozen=True, tag="claim_change"):
    """Pruning or adding: the mean change of the index of a question pair, split by what became of its claims.

    `counts` are claims by verdict ("undecided" too) and by what became of them. `parts` sum to `total`; all are in
    shares of the index. `supported_said` and `refuted_said` are what claims newly said and no longer said add
    together; their p come from swapping the sides of questions, and are adjusted over the comparison. "adds":
    supported claims newly said raise the index; "prunes": refuted claims no longer said do.
    `pairs_without_decided` pairs have no decided claim on a side and are left out. `claim_pairs_unread` were too
    long for the model that matches claims by meaning, and were matched by their words only.

    `samples` is the least number of traces a question. From four on, on both sides, "adds" means `learned`: supported
    claims a trace that no try of the baseline states, less those that no try of the candidate states; and "prunes"
    means that refuted claims are no longer said, more of them than were learned (`dropped`, claims a trace). With fewer
    tries the two are Unscored(too_few_samples), and a claim that is only said more often counts as newly said.
    """

    questions: int
    pairs_without_decided: int
    counts: dict[str, int]
    total: Interval | Unscored
    parts: dict[str, Interval | Unscored]
    supported_said: Interval | Unscored
    refuted_said: Interval | Unscored
    supported_p: float
    refuted_p: float
    outcome: ClaimOutcome
    claim_pairs_unread: int = 0
    samples: int = 1
    learned: Interval | Unscored = Unscored(reason="too_few_samples")
    dropped: Interval | Unscored = Unscored(reason="too_few_samples")
    learned_p: float | None = None
    dropped_p: float | None = None


class Contrast(Record, frozen=True):
    """One candidate against the baseline on one benchmark, asked in one way (`condition`).

    `lengths` are differences in steps and tokens a trace, and in informative gain per step and per 100 tokens.
    `index` is the transferability index: the gain in accuracy here per point of gain in the domain trained on.
    """

    domain: str
    benchmark: str
    condition: str
    candidate: Side
    pairing: Pairing
    effects: dict[str, Effect | Unscored]
    lengths: dict[str, Interval | Unscored]
    transfer: Conclusion
    trap: Conclusion
    index: Interval | Unscored
    claims: ClaimChange | Unscored


class Spending(Record, frozen=True):
    """One way in which the baseline spends compute on a question, and what it buys.

    `way` names it ("cot", "majority of 4 (cot)"), `samples` counts its answers, `tokens` is their mean sum over the
    questions (None where not known). `gap` is the share right minus the candidate's.
    """

    way: str
    samples: int
    tokens: float | None
    right: Interval | Unscored
    gap: Interval | Unscored


class Meeting(Record, frozen=True, tag="meeting"):
    """The cheapest way seen that comes within the margin, and the earliest and latest one that the data allow.

    Each is the `way` of a `Spending`, None for "none of those seen"; `never` is the share of bootstrap draws in which
    none does. `p_meets` tests that none is within the margin, `p_below` that one is (adjusted: Benjamini-Hochberg
    over all curves of the comparison).
    """

    way: str | None
    earliest: str | None
    latest: str | None
    never: float
    p_meets: float
    p_below: float
    adjusted_p_meets: float
    adjusted_p_below: float


class CatchUp(Record, frozen=True):
    """Whether the baseline meets the candidate's single answer by spending more, by one `strategy`.

    "conditions" are ways of asking in the order of their tokens; "majority" votes among samples of `condition`;
    "best" takes a right answer wherever one of the samples is right (pass@k), which nobody can without the key. The
    candidate was asked once in `target_condition`; `dropped` questions lack some of the answers.
    """

    domain: str
    benchmark: str
    candidate: Side
    strategy: Literal["conditions", "majority", "best"]
    condition: str | None
    target_condition: str
    target: Interval | Unscored
    target_tokens: float | None
    questions: int
    dropped: int
    points: tuple[Spending, ...]
    meets: Meeting | Unscored
    conclusion: Conclusion


class Reliance(Record, frozen=True):
    """One model in one domain: right answers predicted from its general ones by the line of all other models.

    `excess` is predicted minus measured: above 0, who trusted the general figure was overconfident. `scatter` is the
    standard deviation of the excess over the models: how well such a line predicts at all.
    """

    domain: str
    general: str
    condition: str
    model: Side
    models: int
    general_right: float
    predicted: float
    measured: float
    excess: Interval
    scatter: float
    conclusion: Conclusion


class Comparison(Record, frozen=True):
    """A whole comparison, its contrasts in a fixed order: candidate, domain, benchmark, condition.

    `gain_means` is "commitment" where the built-in observer made the gains, which then say nothing about reasoning.
    `matched_by` is the model that matched claims beyond their words, "words" where none did.
    """

    version: str
    runs: tuple[str, ...]
    baseline: Side
    gain_means: Literal["commitment", "gain"]
    margins: dict[str, float]
    trained_on: str | None
    matched_by: str
    seed: int
    draws: int
    contrasts: tuple[Contrast, ...]
    warnings: tuple[str, ...]
    predictions: tuple[str, ...] = ()
    compute: tuple[CatchUp, ...] = ()
    overconfidence: tuple[Reliance, ...] | Unscored = Unscored(reason="not_asked")
