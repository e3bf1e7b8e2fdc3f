"""The writers of experiment 3: their answers under each condition, their variants, and what their errors are due to."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from knowreason.frame.statistics import cell_seed
from knowreason.lab.dials import TraceDials
from knowreason.lab.language import statement
from knowreason.lab.printing import trace_row, write_traces
from knowreason.lab.repair import Deficits, Reasoned, Regime, deficits
from knowreason.lab.world import World
from knowreason.lab.writing import Written
from knowreason.records import Record

Condition = Literal["cot", "facts_given", "plan_given", "direct"]
CONDITIONS: tuple[Condition, ...] = ("cot", "facts_given", "plan_given", "direct")
_ALPHA = 0.05
_MOST = 0.9  # of a variant's rates


class RegimeSetting(Record, frozen=True):
    """The rates of a writer, for routes of two hops, and the regime that they are meant to make."""

    name: str
    corruption: float
    slips: float
    regime: Regime


class RegimesPlan(Record, frozen=True):
    """What the experiment does in each world.

    questions: at most, about diseases that the observer never saw. samples: answers to each, under each condition.
    settings: the writers.
    facts_left: share of its false claims that a writer still states when the facts are given.
    slips_left: share of its slips that it still makes when a plan is given.
    unspoken: share of the hops that it loses, beside its slips, when it answers at once.
    variants: of each writer, for the published correlation: their corruption and their slips are the writer's,
    each times a factor of its own, log-uniform between 1 / spread and spread.
    variant_samples: answers of each variant to each question.
    reader_hops: depths of the worlds in which a declared reader observes in place of the checkpoint.
    reader_trust: how far that reader takes a statement for true.
    filler, off_topic, both_routes: as in `TraceDials`, of all writers.
    """

    questions: int = 120
    samples: int = 4
    settings: tuple[RegimeSetting, ...] = (
        RegimeSetting(name="knowledge, strong", corruption=0.30, slips=0.03, regime="knowledge_bound"),
        RegimeSetting(name="knowledge, weak", corruption=0.15, slips=0.03, regime="knowledge_bound"),
        RegimeSetting(name="reasoning, strong", corruption=0.03, slips=0.30, regime="reasoning_bound"),
        RegimeSetting(name="reasoning, weak", corruption=0.03, slips=0.15, regime="reasoning_bound"),
        RegimeSetting(name="neither", corruption=0.15, slips=0.15, regime="not_separable"),
    )
    facts_left: float = 0.1
    slips_left: float = 0.1
    unspoken: float = 0.5
    variants: int = 4
    spread: float = 2.0
    variant_samples: int = 1
    reader_hops: tuple[int, ...] = (2, 4)
    reader_trust: float = 0.85
    filler: float = 0.5
    off_topic: float = 0.2
    both_routes: float = 0.5


class Answer(NamedTuple):
    """A trace of a model under a condition; `sample` counts the answers to one question."""

    written: Written
    model: str
    condition: Condition
    sample: int


def dials_under(plan: RegimesPlan, setting: RegimeSetting, condition: Condition, *, hops: int = 2) -> TraceDials:
    """The dials of a writer under a condition: facts given mend claims, a plan mends slips, answering at once loses
    hops.

    With other hops than two the rates are such that as many whole routes are without a false claim, or a slip.
    """
    corruption, slips = (1 - (1 - rate) ** (2 / hops) for rate in (setting.corruption, setting.slips))
    if condition == "facts_given":
        corruption *= plan.facts_left
    elif condition == "plan_given":
        slips *= plan.slips_left
    elif condition == "direct":
        slips = 1 - (1 - slips) * (1 - plan.unspoken)
    return _dials(plan, corruption, slips)


def variant_dials(plan: RegimesPlan, setting: RegimeSetting, seed: int) -> dict[str, TraceDials]:
    """The dials of each variant by its name: both rates of the writer, each times a factor of its own, at most .9."""
    draw = random.Random(f"{seed} variants {setting.name}")
    found: dict[str, TraceDials] = {}
    for number in range(plan.variants):
        rates = [min(_MOST, rate * plan.spread ** draw.uniform(-1, 1)) for rate in (setting.corruption, setting.slips)]
        found[f"variant-{number + 1}"] = _dials(plan, *rates)
    return found


def _dials(plan: RegimesPlan, corruption: float, slips: float) -> TraceDials:
    return TraceDials(
        corruption=corruption, slips=slips, filler=plan.filler, off_topic=plan.off_topic, both_routes=plan.both_routes
    )


def written_answers(
    plan: RegimesPlan,
    setting: RegimeSetting,
    world: World,
    entities: Sequence[str],
    *,
    conditions: Sequence[Condition] = CONDITIONS,
) -> list[Answer]:
    """The answers of a setting's writer to every question under every condition, each with draws of its own."""
    found: list[Answer] = []
    for condition in conditions:
        dials = dials_under(plan, setting, condition, hops=world.dials.hops)
        for sample in range(plan.samples):
            seed = cell_seed(world.seed, ("regimes", setting.name, condition, str(sample)))
            found += [Answer(w, "writer", condition, sample) for w in write_traces(world, entities, dials, seed=seed)]
    return found


def variant_answers(plan: RegimesPlan, setting: RegimeSetting, world: World, entities: Sequence[str]) -> list[Answer]:
    """The answers of the writer's variants, with reasoning."""
    found: list[Answer] = []
    for model, dials in variant_dials(plan, setting, world.seed).items():
        for sample in range(plan.variant_samples):
            seed = cell_seed(world.seed, ("regimes", setting.name, model, str(sample)))
            found += [Answer(w, model, "cot", sample) for w in write_traces(world, entities, dials, seed=seed)]
    return found


def answer_row(answer: Answer) -> dict[str, Any]:
    """An answer in the input format; one that was given at once holds no reasoning."""
    row = {**trace_row(answer.written, answer.model), "condition": answer.condition, "sample": answer.sample}
    return row if answer.condition != "direct" else {**row, "response": statement(answer.written.answer)}


def repaired(world: World, answers: Iterable[Answer]) -> Deficits:
    """What the errors of these answers are due to, by oracle repair of their traces."""
    traces = (answer.written for answer in answers)
    return deficits(
        world, (Reasoned(w.question, tuple(s.fact for s in w.sentences if s.fact), w.answer) for w in traces)
    )


def regime_of(found: Deficits) -> Regime:
    """The larger deficit, unless chance alone makes one so much larger in more than one of twenty cases.

    The exact binomial test of the errors that one of the repairs mends.
    """
    from scipy.stats import binomtest  # heavy

    mended = found.knowledge + found.reasoning
    if not mended or binomtest(found.knowledge, mended).pvalue > _ALPHA:
        return "not_separable"
    return found.regime
