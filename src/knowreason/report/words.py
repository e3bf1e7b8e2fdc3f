"""How figures, reasons and parts are said to a reader."""

from __future__ import annotations

from knowreason.frame import Measure
from knowreason.records import Interval, Part

REASONS = {
    "too_few": "too few questions for an interval",
    "no_corpus": "no corpus was given to verify against",
    "no_claims": "no checkable claim is made",
    "no_decided_claim": "no claim could be decided",
    "no_evidence": "the corpus says nothing close enough",
    "undecided": "passages were found, none decides",
    "no_statement": "the trace states no answer",
    "no_reasoning": "a bare answer, no reasoning before it",
    "no_gold": "no gold answer",
    "needs_judge": "free text, needs a judge",
    "needs_causal_scorer": "free text, needs a causal language model",
    "reasoning_absent": "the reasoning is not in the log",
    "trained_on_question": "the observer learned from this question and could remember its answer",
    "too_many_steps": "too many steps",
    "grader_timeout": "the mathematics took too long to compare",
    "grader_error": "the mathematics could not be compared",
    "context_too_long": "longer than the model reads",
    "not_finite": "the scorer gave no finite number",
    "nothing_scored": "nothing was measured on both sides",
    "constant": "no question differs from another",
    "different_instruments": "different rules, models or corpora measured the two",
    "observer_reads_commitment_only": (
        "the built-in observer reads which answer a text has settled on, not how well it reasons; "
        "it takes a causal language model as --scorer"
    ),
    "predictions_only": "graded predictions hold no reasoning",
    "not_graded": "the prediction was not graded",
    "labels_of_other_traces": "the labelled claims are of other traces",
    "not_asked_for": "not asked for",
    "cannot_be_planted": "no claims can be planted in this corpus",
    "claims_tell_alone": "the wording of the planted claims tells true from false without any passage",
    "no_threshold": "none up to .99 does",
    "outside_range": "the error rates of the labelled claims do not fit these traces",
    "no_labelled_calibration": "no claims of these traces are labelled true or false (--labels FILE)",
    "uninformative_instrument": "the verifier is not clearly above chance on the labelled claims",
    "general_not_named": "no domain is called mathematics; name what stands for general reasoning with --general",
    "too_few_models": "too few models answered both",
    "too_few_points": "too few ways of spending compute were seen",
    "answers_unknown": "the wrong answers do not say what was answered",
    "judge_malformed": "the judge gave no usable answer, twice",
    "no_letters": "no lettered options",
    "letter_not_in_top": "the letters are not among the tokens that the server shows",
    "model_unavailable": "the server did not answer",
    "unusable_answer": "the server's answers could not be used",
    "request_refused": "the server refused the request",
    "answer_boundary": "one token spans the end of the text and the answer",
    "not_offered": "the server stopped offering what it had proven",
}

INTEGRITY = {
    "complete": "complete",
    "empty": "empty",
    "redacted": "redacted",
    "summary_only": "summary only",
    "stripped": "reasoning stripped",
    "unclosed_thought": "thought never closed",
    "length_cut": "cut by length",
    "looping": "looping",
    "ends_without_answer": "ends without an answer",
    "stop_cut": "cut by a stop word",
}
MEASURES = {
    "grade": "grade of a trace",
    "knowledge": "Knowledge Index of a trace",
    "claims": "claims left open",
    "gain": "surprisal of the gold answer",
    "parts": "parts of the gain",
}
GRADES = {"correct": "right", "incorrect": "wrong", "no_answer": "no answer"}
VERDICTS = {"supported": "supported", "refuted": "refuted", "not_enough_info": "not enough information"}
SIGNS = {"supported": "✓", "refuted": "✗", "not_enough_info": "?"}

_GAIN_PARTS: dict[Part, str] = {
    "informative": "informative",
    "mention": "mention",
    "commitment": "commitment",
    "statement": "statement",
}
# The built-in observer does not reason: its parts say where the settled answer appears, nothing about quality.
_COMMITMENT_PARTS: dict[Part, str] = {
    "informative": "before any answer is named",
    "mention": "answers weighed",
    "commitment": "content settled",
    "statement": "formal statement",
}


def part_words(gain_means: str) -> dict[Part, str]:
    """Names of the four parts: of a gain, or of the places where a settled answer appears."""
    return _GAIN_PARTS if gain_means == "gain" else _COMMITMENT_PARTS


def reason_words(reason: str) -> str:
    """A reason as a clause; a reason of another package's instrument is shown as it is."""
    return REASONS.get(reason, reason.replace("_", " "))


def percent(value: float) -> str:
    """A share as a whole percentage, "<1%" and ">99%" where rounding would say none or all."""
    if 0 < value < 0.005:
        return "<1%"
    if 0.995 <= value < 1:
        return ">99%"
    return f"{value * 100:.0f}%"


def nats(value: float, digits: int = 2) -> str:
    """A signed figure in nats; a true minus sign, and no sign on zero."""
    rounded = f"{value:+.{digits}f}".replace("-", "−")
    zero = f"{0:.{digits}f}"
    return zero if rounded[1:] == zero else rounded


def share_text(measure: Measure) -> str:
    """A share with its interval: "55% [40–69]"."""
    if not isinstance(measure, Interval):
        return "–"
    return f"{percent(measure.estimate)} [{measure.lower * 100:.0f}–{measure.upper * 100:.0f}]"


def nats_text(measure: Measure) -> str:
    """A figure in nats with its interval: "+0.42 [0.30, 0.55]"."""
    if not isinstance(measure, Interval):
        return "–"
    lower, upper = nats(measure.lower).lstrip("+"), nats(measure.upper).lstrip("+")
    return f"{nats(measure.estimate)} [{lower}, {upper}]"


def count_text(measure: Measure) -> str:
    """A mean count: "7.9", "104"."""
    if not isinstance(measure, Interval):
        return "–"
    return f"{measure.estimate:,.0f}" if measure.estimate >= 100 else f"{measure.estimate:.1f}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 trace", "2,000 traces"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def capitalised(text: str) -> str:
    """The first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]
