"""The questions of the map, what was published about each, and how one bears on another."""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """A question, its name on the map, what was published, and the command that answers it for one's own models.

    `absent` says why a run has no answer. `id` is a `Question` of `conclusions` where a diagnosis may answer it.
    """

    id: str
    question: str
    short: str
    published: str
    source: str
    command: str
    absent: str


_WU = "Wu et al. 2025, arXiv 2506.02126"
_COMPARE = "knowreason compare RUN --baseline MODEL"

QUESTIONS = (
    Question(
        "transfer",
        "Does its reasoning transfer?",
        "Transfer",
        "Models distilled from a strong reasoner did not beat their base models on medical benchmarks, after "
        "fine-tuning or reinforcement learning; the limit was domain knowledge.",
        _WU,
        _COMPARE,
        "No comparison stands in this run.",
    ),
    Question(
        "need",
        "Does the domain need knowledge or reasoning more?",
        "Knowledge or reasoning",
        "The share of claims that hold goes with right answers more than gain does on four of five medical "
        "benchmarks; in mathematics it is the other way round. This rests on four rows a benchmark.",
        _WU,
        "knowreason diagnose RUN",
        "No diagnosis stands in this run.",
    ),
    Question(
        "training",
        "Did fine-tuning improve its reasoning?",
        "Fine-tuning",
        "Supervised fine-tuning raised right answers in both domains and lowered information gain by 38.9 % on "
        "average (37.1 % elsewhere in the same paper).",
        _WU,
        f"{_COMPARE}   (audited with a causal language model as --scorer)",
        "No comparison stands in this run whose candidate is marked as fine-tuned: name it with "
        "--set NAME.variant=sft.",
    ),
    Question(
        "reinforcement",
        "Did reinforcement learning add knowledge or remove it?",
        "Reinforcement learning",
        "Reinforcement learning prunes wrong or irrelevant knowledge and adds no facts; this rests on one case.",
        _WU,
        _COMPARE,
        "No comparison stands in this run whose candidate is marked as trained by reinforcement learning: name it with "
        "--set NAME.variant=rl.",
    ),
    Question(
        "compute",
        "Can it catch up with more compute?",
        "More compute",
        "No: with far larger inference budgets, models that do not reason stay below reasoning models.",
        "Think Deep, Think Fast, arXiv 2504.14047",
        "knowreason diagnose RUN",
        "No diagnosis of compute stands in this run: it needs samples at several budgets.",
    ),
    Question(
        "text",
        "Can it learn to reason from text alone?",
        "From text alone",
        "Yes, in part: rationales learned at every token of plain text lift GSM8K from 5.9 to 10.9 % and CommonsenseQA "
        "from 36.3 to 47.2 % without task data, bounded by what the text contains.",
        "Quiet-STaR, arXiv 2403.09629",
        "",
        "Traces cannot tell: it is a question about how a model was trained, and no command measures it.",
    ),
    Question(
        "overconfidence",
        "Is its strength taken for reliability?",
        "Overconfidence",
        "Taking general reasoning strength for reliability in a domain is overconfident.",
        _WU,
        "knowreason diagnose RUN",
        "No diagnosis of confidence stands in this run.",
    ),
)

EDGES = (
    ("need", "transfer", "explains", "What a domain needs explains why reasoning learned elsewhere helps or not."),
    ("compute", "transfer", "contrasts", "A gap that more compute closes is no gap of knowledge."),
    ("training", "transfer", "compounds", "Fine-tuning that empties the reasoning compounds what did not transfer."),
    ("reinforcement", "training", "mends", "Reinforcement learning mends in part what fine-tuning left: it prunes."),
    ("text", "transfer", "extends", "Learning from text alone extends the question to models never tuned to reason."),
    ("need", "compute", "bounds", "Missing knowledge bounds what more compute can buy."),
    ("text", "reinforcement", "bounds", "What the text contained bounds what reinforcement learning can bring out."),
    ("overconfidence", "transfer", "bounds", "Confidence that is not earned bounds where a transfer may be relied on."),
)  # fmt: skip
