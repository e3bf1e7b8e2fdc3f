"""What a diagnosis holds: what a benchmark asks of a model, by intervention and by observation.

Shares are shares, not percentages; gains and explained log-loss are in nats.
"""

from __future__ import annotations

from knowreason.conclusions import Conclusion
from knowreason.records import Interval, Record, Unscored

MARGIN = 0.03
"""The least difference in a share of right answers that matters, unless another is declared."""

EXPLAINED = 0.01
"""The least difference in explained log-loss that matters, nats a trace: what a figure explains that multiplies the
odds of a right answer by 1.3 for each standard deviation, where half of the answers are right."""


class Subject(Record, frozen=True):
    """One model on one benchmark; `variant` is "all models" where several are taken together."""

    domain: str
    benchmark: str
    model: str
    variant: str


class Intervention(Record, frozen=True):
    """What changes right answers when the facts, a plan, room to reason, or more of it is given.

    `levels` are shares of right answers by condition, `contrasts` paired differences on the same questions, named
    "facts_given - cot". `reasoning` names the contrast that the verdict takes for the benefit of reasoning.
    `difference` is the knowledge deficit minus that benefit, on the questions answered under every condition
    of both; `equivalence` the same at 90 %. `adjusted_p` hold the false discovery rate over all subjects.
    """

    levels: dict[str, Interval | Unscored]
    contrasts: dict[str, Interval | Unscored]
    reasoning: str | None
    difference: Interval | Unscored
    equivalence: Interval | Unscored
    adjusted_p: float | None
    adjusted_equivalence_p: float | None
    dropped: int
    conclusion: Conclusion


class Part(Record, frozen=True):
    """What one column says of right answers.

    `coefficient` is the change of the log odds for each standard deviation, errors clustered by question;
    `explained` its part of the fall in log-loss, nats a trace; `share` that part of the whole, Unscored where the
    whole is not clearly above 0; `inflation` the variance inflation factor (1: no other column tells the same).
    """

    coefficient: Interval
    explained: Interval
    share: Interval | Unscored
    inflation: float


class Stratum(Record, frozen=True):
    """The coefficients among questions whose answer was about as surprising before any reasoning, `lower` to `upper`
    nats."""

    lower: float
    upper: float
    questions: int
    coefficients: dict[str, Interval] | Unscored


class Observation(Record, frozen=True):
    """What goes with right answers in traces as they are; `refusals` are all the reasons why that cannot be said.

    `parts` has the columns knowledge (KI before commitment), no_knowledge (no fact could be decided),
    reasoning (informative gain) and length (log tokens). `difference` is what knowledge explains minus what
    reasoning explains; `without_error` the same with the measured error taken out, where it is known.
    `at_bounds` says what the difference is if every undecided claim were refuted, or supported. `reliability` is the
    share of a column's variance that is no error, None where it is not known. `circularity` is the AUROC for a
    right answer of the gain that is used, of all gain, and of the surprisal at the places of the text.
    """

    traces: int
    questions: int
    refusals: tuple[Unscored, ...]
    left_out: dict[str, int]
    parts: dict[str, Part] | Unscored
    difference: Interval | Unscored
    without_error: Interval | Unscored
    at_bounds: dict[str, Interval | Unscored]
    reliability: dict[str, float | None]
    correlations: dict[str, float]
    circularity: dict[str, Interval | Unscored]
    strata: tuple[Stratum, ...]
    adjusted_p: float | None
    adjusted_equivalence_p: float | None
    conclusion: Conclusion


class Need(Record, frozen=True):
    """What one benchmark asks of one model; `conclusion` is that of the intervention where it could be judged."""

    subject: Subject
    intervention: Intervention
    observation: Observation
    conclusion: Conclusion


class Pooled(Record, frozen=True):
    """Several models that agree, observed together: columns in standard deviations of each model, a constant each."""

    subject: Subject
    models: int
    observation: Observation


class Correlated(Record, frozen=True, tag="correlated"):
    """A correlation over models: Pearson's `r` with the share `p` of all orders that correlate as strongly."""

    r: float
    p: float
    exact: bool


class Published(Record, frozen=True):
    """The published argument on the same data: which mean, over models, goes with accuracy.

    `says` is what would have been concluded from the larger correlation, None where one cannot be computed.
    """

    domain: str
    benchmark: str
    models: int
    knowledge: Correlated | Unscored
    reasoning: Correlated | Unscored
    says: str | None


class Diagnosis(Record, frozen=True):
    """A whole diagnosis, its needs in a fixed order: domain, benchmark, model, variant.

    `pooled` has one entry a benchmark on which several models were observed and agree; `disagreeing` the benchmarks
    on which they do not.
    """

    version: str
    sources: tuple[str, ...]
    margins: dict[str, float]
    seed: int
    draws: int
    needs: tuple[Need, ...]
    pooled: tuple[Pooled, ...]
    disagreeing: tuple[str, ...]
    published: tuple[Published, ...]
    warnings: tuple[str, ...]
