"""The map of findings: what a run says about each question, taken from its conclusions and nowhere else.

Conclusions are read from `comparison.json` and `diagnosis.json` in the run directory. A question without one is "not
measured", with the command that would measure it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from knowreason.compare import ClaimChange, Comparison, Contrast, Effect, claims_sentence
from knowreason.conclusions import Conclusion
from knowreason.errors import StoreError
from knowreason.records import Interval, Unscored
from knowreason.report.contents import Edge, Finding, Line, Map, Node, State
from knowreason.report.links import find_link
from knowreason.report.questions import EDGES, QUESTIONS, Question
from knowreason.report.readings import benchmark_title, variant_name
from knowreason.report.words import nats, reason_words

STATES: dict[str, State] = {
    "transfers": "yes",
    "does_not_transfer": "no",
    "harms": "no",
    "knowledge_bound": "yes",
    "reasoning_bound": "yes",
    "not_separable": "open",
    "catches_up": "yes",
    "not_within_budget": "no",
    "overconfident": "yes",
    "underconfident": "no",
    "about_right": "no",
    "not_enough_evidence": "open",
    "cannot_be_judged": "unmeasured",
    "higher": "yes",
    "lower": "no",
    "same": "no",
    "undecided": "open",
    "prunes": "yes",
    "adds": "yes",
    "prunes_and_adds": "yes",
}
"""What an outcome says about its question; those of the SFT trap are told by the difference in informative gain."""

_OUTCOMES = {
    "does_not_transfer": "does not transfer",
    "knowledge_bound": "bound by knowledge",
    "reasoning_bound": "bound by reasoning",
    "not_separable": "not separable",
    "catches_up": "catches up",
    "not_within_budget": "not within the budget",
    "about_right": "about right",
    "not_enough_evidence": "not separable",
    "cannot_be_judged": "not measured",
    "higher": "more informative",
    "lower": "less informative",
    "same": "no change that matters",
    "undecided": "not separable",
    "prunes": "prunes refuted claims",
    "adds": "adds supported claims",
    "prunes_and_adds": "prunes and adds",
}
_LOUDEST: tuple[State, ...] = ("yes", "no", "open", "unmeasured")
_NAMES: dict[State, str] = {
    "yes": "yes",
    "no": "no",
    "mixed": "differs",
    "open": "not separable",
    "unmeasured": "not measured",
}
_EFFECTS = {
    "accuracy": "right answers",
    "ki": "claims that hold (KI)",
    "ki_before_commitment": "KI before commitment",
    "informative_gain": "informative gain",
    "informative_per_step": "informative gain a step",
    "informative_per_100_tokens": "informative gain per 100 tokens",
    "commitment_gain": "gain at commitment",
    "commitment_to_gold": "commitment to the gold answer",
    "supported": "supported claims newly said, points of KI",
    "refuted": "refuted claims no longer said, points of KI",
}
_DOUBTS = {
    "lineage": "not known to be tuned from the baseline",
    "same_questions": "many questions were dropped",
    "graded_alike": "not graded alike",
    "answered_alike": "part of this may be format: more questions are left unanswered on one side",
    "same_instruments": "measured by different instruments",
    "enough_questions": "too few questions",
}
_SHARES = re.compile(r"accuracy|deficit|benefit|^ki|share|supported|refuted|overconfidence|within_reach|headroom")
_TRAINED = re.compile(r"sft|tun|distil|instruct", re.I)
_REINFORCED = re.compile(r"(?:^|[^a-z])rl|ppo|grpo|dpo", re.I)


class Documents(NamedTuple):
    """What stands in a run directory beside its tables."""

    comparison: Comparison | None
    diagnosis: tuple[Conclusion, ...]


def read_documents(run: Path) -> Documents:
    """The comparison and the conclusions of the diagnosis. Raises StoreError where one is there and cannot be read."""
    path = run / "comparison.json"
    try:
        comparison = msgspec.json.decode(path.read_bytes(), type=Comparison) if path.is_file() else None
        path = run / "diagnosis.json"
        diagnosis = msgspec.json.decode(path.read_bytes()) if path.is_file() else None
        return Documents(comparison, tuple(_conclusions(diagnosis)))
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"{path} cannot be read ({error}): delete it or write it again") from error


def findings_map(documents: Documents) -> Map:
    """Every question with what the documents say about it, and how the questions hang together."""
    nodes = tuple(_node(question, tuple(_findings(question.id, documents))) for question in QUESTIONS)
    return Map(nodes, tuple(Edge(*edge) for edge in EDGES))


def _conclusions(value: Any) -> Iterable[Conclusion]:
    """Every conclusion of a document, wherever it stands in it."""
    if isinstance(value, Mapping):
        if {"about", "outcome", "sentence"} <= set(value):
            yield msgspec.convert(value, Conclusion)
            return
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _conclusions(inner)


def _findings(node: str, documents: Documents) -> Iterable[Finding]:
    contrasts = documents.comparison.contrasts if documents.comparison else ()
    home = documents.comparison.trained_on if documents.comparison else None
    if node == "transfer":
        away = [c for c in contrasts if home not in (c.domain, c.benchmark)]
        yield from (_concluded(c.transfer, c) for c in away)
    elif node == "training":
        yield from (_training(c) for c in contrasts if _is(_TRAINED, c))
    elif node == "reinforcement":
        yield from (_claims(c) for c in contrasts if _is(_REINFORCED, c))
    yield from (_concluded(c, None) for c in documents.diagnosis if c.about == node)


def _concluded(found: Conclusion, contrast: Contrast | None) -> Finding:
    return Finding(
        about=_about(contrast) if contrast else "",
        state=STATES[found.outcome],
        outcome=_OUTCOMES.get(found.outcome, found.outcome.replace("_", " ")),
        sentence=found.sentence,
        effects=tuple(_line(name, effect) for name, effect in found.effects.items()),
        assumptions=_assumptions(found),
        link=_link(contrast) if contrast else "",
    )


def _training(contrast: Contrast) -> Finding:
    """Whether a trained model's text before its answer says more: the difference in informative gain."""
    effect = contrast.effects.get("informative_gain")
    outcome = effect.outcome if isinstance(effect, Effect) else "cannot_be_judged"
    return Finding(
        about=_about(contrast),
        state=STATES[outcome],
        outcome=_OUTCOMES.get(outcome, outcome),
        sentence=contrast.trap.sentence,
        effects=tuple(_line(name, found) for name, found in contrast.trap.effects.items()),
        assumptions=_assumptions(contrast.trap),
        link=_link(contrast),
    )


def _claims(contrast: Contrast) -> Finding:
    change = contrast.claims
    if isinstance(change, ClaimChange):
        effects = {"supported": change.supported_said, "refuted": change.refuted_said, "ki": change.total}
        outcome, sentence = change.outcome, claims_sentence(change)
    else:
        effects, outcome = {"ki": change}, "cannot_be_judged"
        sentence = f"Pruning and adding of claims were not measured: {reason_words(change.reason)}."
    return Finding(
        about=_about(contrast),
        state=STATES[outcome],
        outcome=_OUTCOMES.get(outcome, outcome),
        sentence=sentence,
        effects=tuple(_line(name, found) for name, found in effects.items()),
        assumptions=(),
        link=_link(contrast),
    )


def _node(question: Question, findings: tuple[Finding, ...]) -> Node:
    state = _state(findings)
    loudest = sorted(findings, key=lambda f: _LOUDEST.index(f.state))
    effect = next((e.said for f in loudest for e in f.effects if e.measured), "") if state != "unmeasured" else ""
    return Node(
        id=question.id,
        question=question.question,
        short=question.short,
        state=state,
        outcome=_outcome(state, findings),
        effect=f"{effect}, and {len(findings) - 1} more" if effect and len(findings) > 1 else effect,
        findings=findings,
        published=question.published,
        source=question.source,
        command=question.command,
        why=_why(question, findings),
    )


def _state(findings: Sequence[Finding]) -> State:
    """What all findings say alike; "mixed" where they differ; "unmeasured" without any."""
    states: list[State] = [state for state in _LOUDEST[:-1] if any(finding.state == state for finding in findings)]
    if not states:
        return "unmeasured"
    return states[0] if len(states) == 1 else "mixed"


def _outcome(state: State, findings: Sequence[Finding]) -> str:
    measured = [finding for finding in findings if finding.state != "unmeasured"]
    said = {finding.outcome for finding in measured}
    if len(said) == 1:
        return said.pop()
    if state != "mixed":
        return _NAMES[state]
    counted = Counter(finding.state for finding in measured)
    return ", ".join(f"{counted[one]} {_NAMES[one]}" for one in _LOUDEST if counted[one])


def _why(question: Question, findings: Sequence[Finding]) -> str:
    """Why nothing is known: what the findings say, or that there are none."""
    if findings:
        return next((f.sentence for f in findings if f.state == "unmeasured"), "")
    return question.absent


def _assumptions(found: Conclusion) -> tuple[tuple[str, bool, str], ...]:
    return tuple((a.name.replace("_", " "), a.held, a.detail) for a in found.assumptions)


def doubts(finding: Finding) -> str:
    """The assumptions of a finding that do not hold, in a few words each; empty where all do."""
    broken = [name for name, held, _ in finding.assumptions if not held]
    return "; ".join(_DOUBTS.get(name.replace(" ", "_"), f"does not hold: {name}") for name in broken)


def _line(name: str, effect: Interval | Unscored) -> Line:
    said = _EFFECTS.get(name, name.replace("_", " "))
    if isinstance(effect, Unscored):
        return Line(said, reason_words(effect.reason), measured=False)
    values = (effect.estimate, effect.lower, effect.upper)
    if _SHARES.search(name):
        ends = [nats(100 * value, 1) for value in values]
        return Line(said, f"{ends[0]} points [{ends[1]}, {ends[2]}]", measured=True)
    ends = [nats(value) for value in values]
    return Line(said, f"{ends[0]} [{ends[1]}, {ends[2]}]", measured=True)


def _is(kind: re.Pattern[str], contrast: Contrast) -> bool:
    return bool(kind.search(contrast.candidate.variant))


def _about(contrast: Contrast) -> str:
    name = variant_name(contrast.candidate.model, contrast.candidate.variant)
    return f"{name} on {benchmark_title(contrast.benchmark, contrast.condition)}"


def _link(contrast: Contrast) -> str:
    return find_link(
        benchmark=benchmark_title(contrast.benchmark, contrast.condition),
        model=variant_name(contrast.candidate.model, contrast.candidate.variant),
    )
