"""The sentences of a diagnosis: one for a reader who reads nothing else, with its figures and its doubts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from knowreason.conclusions import Assumption, Conclusion, ConclusionOutcome
from knowreason.diagnose.diagnosis import Need, Observation, Subject
from knowreason.records import Interval, Unscored

_WHY = {
    "observer_reads_commitment_only": (
        "the built-in observer reads which answer a text has settled on, not how well it reasons: audit again with a "
        "causal language model as --scorer"
    ),
    "not_observed": "nothing observed the answers: audit with a causal language model as --scorer",
    "no_corpus": "no corpus was given to verify against: audit again with --knowledge CORPUS",
    "too_few_facts": (
        "facts stated before the commitment could be decided on {detail}, and 20 are needed: audit again with a corpus "
        "of the subject"
    ),
    "too_few": "{detail}: more questions are needed",
    "one_class": "{detail}, so that there is nothing to tell apart: take questions of which some are answered right",
    "constant": "{detail}, so that nothing can go with it",
    "collinear": "one column is a sum of others, so that their parts cannot be told apart",
    "separated": (
        "the columns tell right answers from wrong ones without error, so that no finite coefficient is best: more "
        "questions are needed"
    ),
    "no_cot": "no trace was read under the condition cot: name it with --set condition=cot",
    "no_traces": "a table of predictions holds no traces: audit the logs themselves",
    "no_gold": "the questions have no gold answer",
    "needs_judge": "the answers are free text and need a judge",
    "no_statement": "the traces state no answer",
    "no_reasoning": "the traces are bare answers without reasoning",
    "reasoning_absent": "the reasoning is not in the logs",
    "trained_on_question": "the observer learned from these questions: take another --scorer",
    "nothing_scored": "nothing was measured",
}
_DOUBTS = ("gain_measured", "columns_apart", "error_known", "not_circular")


def called(subject: Subject) -> str:
    """The model, with its variant where that adds something."""
    model, variant = subject.model, subject.variant
    return f"{model} ({variant})" if variant not in ("", "unknown") and variant not in model else model


def points(share: float) -> str:
    """A difference of shares in points, with its sign: "+2.4", "−0.3"."""
    shown = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if shown[1:] == "0.0" else shown


def millinats(nats: float) -> str:
    """Explained log-loss in thousandths of a nat: "12", "−3"."""
    shown = f"{1000 * nats:.0f}".replace("-", "−")
    return "0" if shown == "−0" else shown


def contrast_words(pair: Sequence[str]) -> str:
    """What was done to make the first condition of a contrast of the second: "by reasoning aloud"."""
    first, second = pair
    if first == "facts_given":
        return "given the facts"
    if first == "plan_given":
        return "given a plan"
    if first.startswith("budget_"):
        return f"with {int(first[7:]):,} tokens in place of {int(second[7:]):,}"
    return "by reasoning aloud"


def intervention_sentence(
    subject: Subject,
    outcome: ConclusionOutcome,
    measured: tuple[Interval, Interval, Interval],
    *,
    reasoning: tuple[str, str],
    margin: float,
    same: bool,
    needed: int | None,
) -> str:
    """What facts and reasoning each change; `measured` are the deficit, the benefit and their difference."""
    deficit, benefit, difference = measured
    who, where = called(subject), subject.benchmark
    figures = (
        f"given the facts its right answers change by {_points(deficit)}, {contrast_words(reasoning)} by "
        f"{_points(benefit)}, over {deficit.n:,} questions"
    )
    apart = f"knowledge minus reasoning is {_points(difference)}"
    said = {
        "knowledge_bound": f"On {where} {who} needs knowledge rather than reasoning: {figures}; {apart}.",
        "reasoning_bound": f"On {where} {who} needs reasoning rather than knowledge: {figures}; {apart}.",
        "not_enough_evidence": (
            f"On {where} it is not shown that {who} needs either: {figures}. One outweighs the other "
            f"({apart}), and is not itself shown to help."
        ),
        "not_separable": f"On {where} knowledge and reasoning cannot be separated for {who}: {figures}; {apart}.",
    }[outcome]
    return " ".join([said, *_open(f"{100 * margin:g} points", same=same, needed=needed)])


def no_intervention(
    subject: Subject, refusal: Unscored, held: Collection[str], contrasts: Mapping[str, Interval | Unscored]
) -> str:
    """Which condition is missing for a verdict, what is there, and the next act."""
    head = f"On {subject.benchmark} intervention cannot say what {called(subject)} needs"
    there = " and ".join(sorted(held)) or "no graded answer"
    shown = [
        f"{_sentence_case(contrast_words(name.split(' - ')))} right answers change by {_points(found)} "
        f"({found.n:,} questions)."
        for name, found in contrasts.items()
        if isinstance(found, Interval)
    ]
    if refusal.reason == "condition_missing":
        said = (
            f"{head}: missing is {refusal.detail}; there is {there}. `knowreason conditions` writes the prompts of "
            "every condition."
        )
        return " ".join([said, *shown])
    return " ".join([f"{head}: {why(refusal)} ({there} are there).", *shown])


def observation_sentence(
    subject: Subject,
    outcome: ConclusionOutcome,
    record: Observation,
    difference: Interval,
    *,
    margin: float,
    same: bool,
    noisy: str,
    needed: int | None,
    checked: Sequence[Assumption],
) -> str:
    """What knowledge and reasoning each explain of right answers, and what stands against reading more into it."""
    assert not isinstance(record.parts, Unscored)
    knowledge, reasoning = record.parts["knowledge"].explained, record.parts["reasoning"].explained
    who, where = called(subject), subject.benchmark
    figures = (
        f"the stated facts explain {_millinats(knowledge)} thousandths of a nat of which are right, the gain of its "
        f"reasoning {_millinats(reasoning)}, over {record.questions:,} questions"
    )
    clean = " without measured error" if isinstance(record.without_error, Interval) else ""
    apart = f"knowledge minus reasoning{clean} is {_millinats(difference)}"
    said = {
        "knowledge_bound": f"On {where} right answers of {who} go with its facts: {figures}; {apart}.",
        "reasoning_bound": f"On {where} right answers of {who} go with its reasoning: {figures}; {apart}.",
        "not_enough_evidence": f"On {where} right answers of {who} are shown to go with neither: {figures}; {apart}.",
        "not_separable": f"On {where} facts and reasoning of {who} cannot be separated: {figures}; {apart}.",
    }[outcome]
    doubts = [f"{_sentence_case(a.detail)}." for a in checked if not a.held and a.name in _DOUBTS]
    instrument = [f"Instrument too noisy: {noisy}."] if noisy else []
    return " ".join([said, *instrument, *_open(f"{1000 * margin:g} thousandths", same=same, needed=needed), *doubts])


def no_observation(subject: Subject, refusals: Sequence[Unscored]) -> str:
    """Why traces cannot say it either: every reason, each with its next act."""
    reasons = "; ".join(dict.fromkeys(map(why, refusals)))
    return f"On {subject.benchmark} the traces cannot say what {called(subject)} needs: {reasons}."


def neither(subject: Subject, intervention: Conclusion, observation: Conclusion) -> str:
    """Both refusals, where neither arm could judge."""
    if observation.reason == "no_traces":
        return intervention.sentence
    return f"{intervention.sentence} {observation.sentence}"


def contradiction(need: Need) -> str:
    """The warning where the two arms say opposite things, else nothing."""
    said = {need.intervention.conclusion.outcome, need.observation.conclusion.outcome}
    if said != {"knowledge_bound", "reasoning_bound"}:
        return ""
    return (
        f"{need.subject.benchmark}, {called(need.subject)}: intervention and observation say opposite things; what "
        "changes when facts are given is what counts."
    )


def why(unscored: Unscored) -> str:
    """The reason as a clause, with the next act where there is one."""
    found = _WHY.get(unscored.reason, unscored.reason.replace("_", " "))
    return found.format(detail=unscored.detail or "too few questions")


def _open(margin: str, *, same: bool, needed: int | None) -> list[str]:
    if same:
        return [f"A difference of {margin} or more either way is ruled out."]
    if needed is None:
        return []
    return [f"To find a difference of {margin}, or to rule it out, takes about {rounded(needed):,} questions."]


def rounded(count: int) -> int:
    """Two digits: more would be false precision."""
    digits = max(len(str(count)) - 2, 0)
    return -(-count // 10**digits) * 10**digits


def _points(found: Interval) -> str:
    return f"{points(found.estimate)} points [{points(found.lower)}, {points(found.upper)}]"


def _millinats(found: Interval) -> str:
    return f"{millinats(found.estimate)} [{millinats(found.lower)}, {millinats(found.upper)}]"


def _sentence_case(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
