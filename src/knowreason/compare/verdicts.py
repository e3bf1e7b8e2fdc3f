"""From effects to answers: does it transfer, and did tuning buy accuracy with emptier reasoning?"""

from __future__ import annotations

from collections.abc import Mapping

from knowreason.compare import sentences
from knowreason.compare.assumptions import assumptions_of
from knowreason.compare.comparison import Effect, Outcome, Side
from knowreason.compare.sides import Pair
from knowreason.conclusions import Conclusion, ConclusionOutcome
from knowreason.records import Interval, Unscored

Effects = Mapping[str, Effect | Unscored]
Lengths = Mapping[str, Interval | Unscored]

_TRANSFER: dict[Outcome, ConclusionOutcome] = {
    "higher": "transfers",
    "lower": "harms",
    "same": "does_not_transfer",
    "undecided": "not_enough_evidence",
}


def transfer(pair: Pair, baseline: Side, effects: Effects, *, at_home: bool = False) -> Conclusion:
    """Whether the candidate is better here, the same for all that matters, or worse, by right answers.

    `at_home` says that it was trained for this place: then "transfers" means that it learned.
    """
    effect = effects["accuracy"]
    checked = assumptions_of(pair, baseline)
    if isinstance(effect, Unscored):
        return Conclusion(
            about="transfer",
            outcome="cannot_be_judged",
            reason=effect.reason,
            effects={"accuracy": effect},
            questions=pair.pairing.paired,
            questions_needed=None,
            assumptions=checked,
            sentence=sentences.no_transfer_verdict(pair, baseline, effect),
        )
    outcome = _TRANSFER[effect.outcome]
    needed = effect.questions_needed if effect.questions_needed > effect.difference.n else None
    return Conclusion(
        about="transfer",
        outcome=outcome,
        reason="",
        effects={"accuracy": effect.difference},
        questions=effect.difference.n,
        questions_needed=needed if outcome == "not_enough_evidence" else None,
        assumptions=checked,
        sentence=sentences.transfer_sentence(pair, baseline, effect, checked, at_home=at_home),
    )


def trap(pair: Pair, baseline: Side, effects: Effects, lengths: Lengths) -> Conclusion:
    """Whether accuracy rose while the informative gain fell, both by paired intervals."""
    accuracy, gain = effects["accuracy"], effects["informative_gain"]
    outcome, reason = trap_outcome(accuracy, gain, lengths)
    known = [e for e in (accuracy, gain) if isinstance(e, Effect)]
    needed = [e.questions_needed for e in known if e.outcome == "undecided" and e.questions_needed > e.difference.n]
    return Conclusion(
        about="sft_trap",
        outcome=outcome,
        reason=reason,
        effects={
            "accuracy": _interval(accuracy),
            "informative_gain": _interval(gain),
            "informative_per_step": lengths["informative_per_step"],
            "informative_per_100_tokens": lengths["informative_per_100_tokens"],
        },
        questions=min((e.difference.n for e in known), default=pair.pairing.paired),
        questions_needed=max(needed, default=None) if outcome in ("not_enough_evidence", "length_only") else None,
        assumptions=assumptions_of(pair, baseline),
        sentence=sentences.trap_sentence(pair, baseline, outcome, reason, effects=effects),
    )


def trap_outcome(
    accuracy: Effect | Unscored, gain: Effect | Unscored, lengths: Lengths
) -> tuple[ConclusionOutcome, str]:
    """The outcome, and the reason where it cannot be judged."""
    for effect in (gain, accuracy):
        if isinstance(effect, Unscored):
            return "cannot_be_judged", effect.reason
    assert isinstance(accuracy, Effect) and isinstance(gain, Effect)  # noqa: PT018 - the loop above leaves no other
    longer = _shown(lengths["steps"], above=True) and _shown(lengths["informative_per_step"], above=False)
    unharmed = all(e.difference.estimate > -e.margin for e in (accuracy, gain))
    if longer and unharmed and gain.outcome == "undecided":
        return "length_only", ""
    thinner = any(_shown(lengths[name], above=False) for name in ("informative_per_step", "informative_per_100_tokens"))
    if accuracy.outcome in ("same", "lower"):
        return ("longer_not_emptier" if thinner and gain.outcome == "same" else "no_trap"), ""
    if "undecided" in (accuracy.outcome, gain.outcome):
        return "not_enough_evidence", ""
    if gain.outcome == "lower":
        return "trap", ""
    return ("longer_not_emptier" if thinner else "no_trap"), ""


def _shown(length: Interval | Unscored, *, above: bool) -> bool:
    """Whether a difference is shown to lie above 0, or below it."""
    return isinstance(length, Interval) and (length.lower > 0 if above else length.upper < 0)


def _interval(effect: Effect | Unscored) -> Interval | Unscored:
    return effect if isinstance(effect, Unscored) else effect.difference
