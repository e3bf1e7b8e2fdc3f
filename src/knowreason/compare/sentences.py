"""The sentences of verdicts: one for a reader who reads nothing else, with its figures and its doubts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from knowreason.compare.comparison import ClaimChange, Effect, Side
from knowreason.compare.sides import Pair
from knowreason.conclusions import Assumption, ConclusionOutcome
from knowreason.records import Interval, Unscored

_WHY = {
    "observer_reads_commitment_only": (
        "the built-in observer reads which answer a text has settled on, not how well it reasons; audit both models "
        "again with a causal language model as --scorer"
    ),
    "too_few": "too few questions were measured on both sides",
    "nothing_scored": "nothing was measured on both sides",
    "constant": "no question differs from another",
    "different_instruments": "the two models were measured by different instruments",
    "no_gold": "the questions have no gold answer",
    "needs_judge": "the answers are free text and need a judge",
    "no_corpus": "no corpus was given to verify against",
    "no_statement": "the traces state no answer",
    "no_reasoning": "the traces are bare answers without reasoning",
    "trained_on_question": "the observer learned from these questions",
    "predictions_only": "graded predictions hold no reasoning; audit the traces themselves",
    "answers_unknown": "the wrong answers do not say what was answered, so that no votes can be counted",
}
_DOUBTS = {
    "lineage": "{detail}, so that the difference need not be due to the training.",
    "same_questions": "{detail}.",
    "graded_alike": "{detail}.",
    "answered_alike": "{detail}: an unanswered question counts as wrong, so that part of this may be format.",
    "same_instruments": "{detail}: trust right answers only.",
}


def model_name(side: Side) -> str:
    """The model, with its variant where that adds something."""
    adds = side.variant not in ("", "unknown") and side.variant not in side.model
    return f"{side.model} ({side.variant})" if adds else side.model


def place_name(pair: Pair) -> str:
    """The benchmark, with the way it was asked where that is not the usual one."""
    _, benchmark, condition = pair.place
    return benchmark if condition == "cot" else f"{benchmark} ({condition.replace('_', ' ')})"


def points(share: float) -> str:
    """A difference of shares in points, with its sign: "+2.4", "−0.3"."""
    shown = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if shown[1:] == "0.0" else shown


def why(unscored: Unscored) -> str:
    """The reason as a clause."""
    return _WHY.get(unscored.reason, unscored.reason.replace("_", " "))


def transfer_sentence(
    pair: Pair, baseline: Side, effect: Effect, checked: Sequence[Assumption], *, at_home: bool
) -> str:
    """What right answers show at one place, and what stands against it; `at_home` is where the training was."""
    margin = f"{100 * effect.margin:g} points"
    if effect.outcome == "higher":
        said = f"it does better here, {_found(effect.difference)}"
    elif effect.outcome == "lower":
        said = f"it does worse here, {_found(effect.difference)}"
    elif effect.outcome == "same":
        said = (
            f"a difference of {margin} or more either way is ruled out, "
            f"{_found(effect.equivalence)}, so that nothing that matters carried over"
        )
    else:
        said = f"whether that matters is open, {_found(effect.difference)}. {_undecided(effect, margin)}"
    levels = f"right on {effect.candidate:.1%} of {effect.difference.n:,} questions of {place_name(pair)}"
    said = f"{model_name(pair.side)} is {levels}, {model_name(baseline)} on {effect.baseline:.1%}: {said}"
    home = ["This is where it was trained: learned, not transferred."] if at_home and effect.outcome == "higher" else []
    return " ".join([said if said.endswith(".") else f"{said}.", *home, *_doubts(checked)])


def no_transfer_verdict(pair: Pair, baseline: Side, refusal: Unscored) -> str:
    """Why right answers cannot be compared at one place."""
    both = f"{model_name(pair.side)} and {model_name(baseline)}"
    return (
        f"On {place_name(pair)} {both} cannot be compared: {why(refusal)} "
        f"({pair.pairing.paired:,} questions are answered by both)."
    )


def trap_sentence(
    pair: Pair, baseline: Side, outcome: ConclusionOutcome, reason: str, *, effects: Mapping[str, Effect | Unscored]
) -> str:
    """Whether accuracy was bought with emptier reasoning, with both differences."""
    where = f"{model_name(pair.side)} on {place_name(pair)}"
    accuracy, gain = effects["accuracy"], effects["informative_gain"]
    if isinstance(accuracy, Unscored) or isinstance(gain, Unscored):
        return f"The SFT trap cannot be judged for {where}: {why(Unscored(reason=reason))}."
    figures = (
        f"right answers {_points_of(accuracy.difference)}, "
        f"informative gain {_nats_of(gain.difference)} a trace, against {model_name(baseline)}"
    )
    more = "more" if accuracy.outcome == "higher" else "no more"
    said = {
        "trap": f"SFT trap: {where} answers more right and reasons more emptily",
        "longer_not_emptier": (
            f"Longer, not emptier: {where} answers {more} right; its reasoning informs as much in all, "
            "only less per step or token"
        ),
        "length_only": (
            f"Length, not informativeness: {where} takes more steps and each of them informs less; that its reasoning "
            "informs more, or less, in all is not shown"
        ),
        "no_trap": f"No SFT trap for {where}: {_why_no_trap(accuracy, gain)}",
        "not_enough_evidence": f"Not enough evidence of an SFT trap, or against one, for {where}",
    }[outcome]
    return f"{said} ({figures})."


def claims_sentence(change: ClaimChange) -> str:
    """What became of the claims, in the words that traces allow: said, not known."""
    told = isinstance(change.learned, Interval)
    new = (
        "supported claims that the baseline never states are newly said" if told else "supported claims are newly said"
    )
    said = {
        "prunes": "The index changes because refuted claims are no longer said",
        "adds": f"{new[0].upper()}{new[1:]}" if told else f"The index changes because {new}",
        "prunes_and_adds": f"Refuted claims are no longer said, and {new}",
        "not_enough_evidence": "Neither pruning nor adding of claims is shown",
    }[change.outcome]
    figures = f"refuted {_share_of(change.refuted_said)}, supported {_share_of(change.supported_said)} points of KI"
    sentence = f"{said} ({figures} a question, {change.questions:,} questions)."
    if change.claim_pairs_unread:
        sentence += f" {change.claim_pairs_unread:,} pairs of claims were too long to be matched by meaning."
    if not told and change.outcome in ("adds", "prunes_and_adds"):
        tries = "one try" if change.samples == 1 else f"{change.samples} tries"
        sentence += f" With {tries} a question, what was learned cannot be told from what is only said more often."
    return sentence


def _share_of(measure: Interval | Unscored) -> str:
    if isinstance(measure, Unscored):
        return "not measured"
    return f"{points(measure.estimate)} [{points(measure.lower)}, {points(measure.upper)}]"


def _why_no_trap(accuracy: Effect, gain: Effect) -> str:
    if accuracy.outcome != "higher":
        return "right answers did not rise, so that nothing was bought"
    risen = "rose as well" if gain.outcome == "higher" else "stayed the same for all that matters"
    return f"its informative gain {risen}"


def _undecided(effect: Effect, margin: str) -> str:
    n, needed = effect.difference.n, effect.questions_needed
    if needed > n:
        return f"To find a difference of {margin}, or to rule it out, takes about {rounded(needed):,} questions"
    return f"It lies too close to the margin of {margin} to be called"


def rounded(count: int) -> int:
    """Two digits: more would be false precision."""
    digits = max(len(str(count)) - 2, 0)
    return -(-count // 10**digits) * 10**digits


def _found(interval: Interval) -> str:
    ends = f"{points(interval.lower)} to {points(interval.upper)}"
    return f"{points(interval.estimate)} points ({interval.level:.0%} interval {ends})"


def _points_of(interval: Interval) -> str:
    return f"{points(interval.estimate)} points [{points(interval.lower)}, {points(interval.upper)}]"


def _nats_of(interval: Interval) -> str:
    shown = (f"{value:+.2f}".replace("-", "−") for value in (interval.estimate, interval.lower, interval.upper))
    return "{} nats [{}, {}]".format(*shown)


def _doubts(checked: Sequence[Assumption]) -> list[str]:
    found = [_DOUBTS[a.name].format(detail=a.detail) for a in checked if not a.held and a.name in _DOUBTS]
    return [f"{doubt[0].upper()}{doubt[1:]}" for doubt in found]
