"""A diagnosis in the terminal: what was given and what it changed, what the traces show, and what is missing."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from knowreason.diagnose import (
    Correlated,
    Diagnosis,
    Need,
    Observation,
    Pooled,
    Published,
    Subject,
    levels_of,
    no_intervention,
    no_observation,
)
from knowreason.records import Interval, Unscored
from knowreason.report.terminal import fitting, laid_out, paragraph, plain
from knowreason.report.words import counted, nats, reason_words

_Reason = TypeVar("_Reason", bound=Hashable)

_WIDTH = 100
_GIVEN_WIDTHS = (26, 24, 17, 17, 13)
_GIVEN_WIDTHS_AT_80 = (18, 18, 14, 14, 12)
_SEEN_WIDTHS = (26, 12, 17, 17, 17)
_SEEN_WIDTHS_AT_80 = (18, 10, 16, 16, 16)
_OUTCOMES = {
    "knowledge_bound": "knowledge",
    "reasoning_bound": "reasoning",
    "not_separable": "not\nseparable",
    "not_enough_evidence": "not enough\nevidence",
    "cannot_be_judged": "not judged",
}
_PLACES = {
    "gain_used": "informative gain, which is used",
    "gain_in_all": "gain in all",
    "surprisal_before_reasoning": "surprisal before reasoning",
    "surprisal_before_commitment": "before the commitment",
    "surprisal_at_the_end": "at the end",
}


def print_diagnosis(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """Prints a diagnosis: tables of both arms, a sentence for each subject, the published argument, margins."""
    own = Console()
    shown = console or Console(width=min(own.width, _WIDTH) if own.is_terminal else _WIDTH)
    for part in _parts(diagnosis, shown.width):
        shown.print(part)


def _parts(diagnosis: Diagnosis, room: int) -> Iterable[RenderableType]:
    for warning in diagnosis.warnings:
        yield paragraph("Warning", warning)
    for benchmark, group in groupby(diagnosis.needs, key=lambda need: need.subject.benchmark):
        needs = list(group)
        if all(need.conclusion.outcome == "cannot_be_judged" and not need.intervention.contrasts for need in needs):
            continue
        yield Text(plain(benchmark), "bold")
        yield from _given(needs, room)
        yield from _seen(needs, [p for p in diagnosis.pooled if p.subject.benchmark == benchmark], room)
        yield from _said(needs)
    refused = [*_not_given(diagnosis.needs), *_not_seen(diagnosis.needs)]
    yield from (paragraph("Not judged", said) for said in refused)
    yield Text()
    yield from (paragraph(head, said) for head, said in _notes(diagnosis))


def _given(needs: Sequence[Need], room: int) -> Iterable[RenderableType]:
    """The interventional arm, where anything was given."""
    told = [need for need in needs if need.intervention.contrasts]
    if not told:
        return
    headings = ("", "right, %", "facts given,\npoints", "reasoning,\npoints", "needs")
    rows = [[Text(plain(_name(need))), *map(Text, _given_figures(need))] for need in told]
    title = Text("What is changed by giving facts, and by reasoning")
    yield from laid_out(title, headings, rows, fitting(room, _GIVEN_WIDTHS, _GIVEN_WIDTHS_AT_80))


def _given_figures(need: Need) -> list[str]:
    arm = need.intervention
    levels = "\n".join(
        f"{name.replace('_', ' ')} {100 * level.estimate:.1f}" if isinstance(level, Interval) else f"{name} –"
        for name, level in levels_of(arm).items()
    )
    deficit = arm.contrasts.get("facts_given - cot", Unscored(reason="condition_missing"))
    benefit = arm.contrasts.get(arm.reasoning or "", Unscored(reason="condition_missing"))
    return [levels, _points(deficit), _points(benefit), _OUTCOMES[arm.conclusion.outcome]]


def _seen(needs: Sequence[Need], pooled: Sequence[Pooled], room: int) -> Iterable[RenderableType]:
    """The observational arm, where anything could be observed."""
    told = [(_name(need), need.observation) for need in needs if need.observation.parts]
    told += [(f"{one.models} models together", one.observation) for one in pooled]
    if not told:
        return
    headings = ("", "questions", "facts explain", "reasoning\nexplains", "goes with")
    rows = [[Text(plain(name)), *map(Text, _seen_figures(one))] for name, one in told]
    title = Text("What goes with right answers, thousandths of a nat of log-loss a trace")
    yield from laid_out(title, headings, rows, fitting(room, _SEEN_WIDTHS, _SEEN_WIDTHS_AT_80))


def _seen_figures(one: Observation) -> list[str]:
    if not one.parts:
        return [f"{one.questions:,}", "–", "–", _OUTCOMES[one.conclusion.outcome]]
    shown = (_thousandths(one.parts[name].explained) for name in ("knowledge", "reasoning"))
    return [f"{one.questions:,}", *shown, _OUTCOMES[one.conclusion.outcome]]


def _said(needs: Sequence[Need]) -> Iterable[RenderableType]:
    """Every verdict in a sentence, with what a careful reader looks at."""
    for need in needs:
        arms = (need.intervention.conclusion, need.observation.conclusion)
        sentences = [arm.sentence for arm in arms if arm.outcome != "cannot_be_judged"]
        yield from (Padding(Text(plain(said, 2000)), (0, 0, 0, 2)) for said in (*sentences, *_checks(need)))


def _not_given(needs: Sequence[Need]) -> Iterable[str]:
    """Every reason why an intervention cannot be judged, once for all that it holds for."""
    refused = [
        ((refusal, tuple(need.intervention.levels)), need)
        for need in needs
        if isinstance(refusal := need.intervention.difference, Unscored)
    ]
    for (refusal, levels), members in _merged(refused):
        yield no_intervention(_all_of(members), refusal, levels, {})


def _not_seen(needs: Sequence[Need]) -> Iterable[str]:
    """Every reason why traces cannot say it, once for all that it holds for."""
    refused = [
        (refusals, need)
        for need in needs
        if (refusals := need.observation.refusals) and need.observation.conclusion.reason != "no_traces"
    ]
    for refusals, members in _merged(refused):
        yield no_observation(_all_of(members), refusals)


def _merged(refused: Sequence[tuple[_Reason, Need]]) -> list[tuple[_Reason, list[Need]]]:
    """Needs with one reason together: models of a benchmark, and benchmarks on which it holds for the same models."""
    here: dict[tuple[_Reason, str], list[Need]] = {}
    for reason, need in refused:
        here.setdefault((reason, need.subject.benchmark), []).append(need)
    found: dict[tuple[_Reason, tuple[str, ...]], list[Need]] = {}
    for (reason, _), members in here.items():
        found.setdefault((reason, tuple(map(_name, members))), []).extend(members)
    return [(reason, members) for (reason, _), members in found.items()]


def _all_of(needs: Sequence[Need]) -> Subject:
    """One subject that names all of these, for a sentence about all of them."""
    models, benchmarks = (list(dict.fromkeys(names)) for names in (map(_name, needs), map(_benchmark, needs)))
    return msgspec.structs.replace(needs[0].subject, model=_or(models), variant="", benchmark=_or(benchmarks))


def _benchmark(need: Need) -> str:
    return need.subject.benchmark


def _or(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _checks(need: Need) -> Iterable[str]:
    """What a careful reader looks at in an observation: collinearity, circularity, strata."""
    one = need.observation
    if not one.parts:
        return
    pairs = ", ".join(f"{names} {nats(value)}" for names, value in one.correlations.items())
    factors = max(part.inflation for part in one.parts.values())
    yield f"Correlations: {pairs}; largest variance inflation factor {factors:.1f}."
    ranked = [
        f"{_PLACES[name]} {found.estimate:.2f}"
        for name, found in one.circularity.items()
        if isinstance(found, Interval)
    ]
    yield f"AUROC for a right answer: {', '.join(ranked)}."
    for stratum in one.strata:
        where = f"Surprisal before reasoning {stratum.lower:.2f} to {stratum.upper:.2f} nats"
        if isinstance(refusal := stratum.coefficients["knowledge"], Unscored):
            yield f"{where}: {reason_words(refusal.reason)}."
            continue
        both = (f"{name} {_coefficient(stratum.coefficients[name])}" for name in ("knowledge", "reasoning"))
        yield f"{where}, {stratum.questions:,} questions: log odds a standard deviation, {', '.join(both)}."


def _notes(diagnosis: Diagnosis) -> Iterable[tuple[str, str]]:
    for benchmark in diagnosis.disagreeing:
        yield "Not pooled", f"the models differ on {benchmark} by more than chance, or say opposite things."
    told = [one for one in diagnosis.published if isinstance(one.knowledge, Correlated) or one.says]
    yield from (("As published", _published(one)) for one in told)
    if diagnosis.published and not told:
        models = max(one.models for one in diagnosis.published)
        yield "As published", f"no correlation of KI with accuracy can be computed over {counted(models, 'model')}."
    margins = diagnosis.margins
    yield (
        "Margins",
        f"{100 * margins['accuracy']:g} points of right answers, {1000 * margins['explained']:g} thousandths of a nat "
        "of explained log-loss: less is taken not to matter.",
    )
    yield (
        "Note",
        "A need is that of this model on this benchmark, never that of a domain. 95% intervals are over questions; "
        f"verdicts hold a false discovery rate of 5% over the {len(diagnosis.needs)} subjects.",
    )


def _published(one: Published) -> str:
    said = [f"{name} {_correlated(found)}" for name, found in (("KI", one.knowledge), ("InfoGain", one.reasoning))]
    verdict = {"knowledge_bound": "would be read as knowledge", "reasoning_bound": "would be read as reasoning"}
    read = f"; {verdict[one.says]}" if one.says else ""
    models = counted(one.models, "model")
    return f"{one.benchmark}: correlation with accuracy over the means of {models}, {', '.join(said)}{read}."


def _correlated(found: Correlated | Unscored) -> str:
    if isinstance(found, Unscored):
        return f"none ({reason_words(found.reason)})"
    return f"{nats(found.r)} (p {found.p:.2f}{', all orders counted' if found.exact else ''})"


def _points(found: Interval | Unscored) -> str:
    if isinstance(found, Unscored):
        return "–"
    said = [nats(100 * value, 1) for value in (found.estimate, found.lower, found.upper)]
    return f"{said[0]}\n[{said[1]}, {said[2]}]"


def _thousandths(found: Interval) -> str:
    said = [f"{1000 * value:.0f}".replace("-", "−") for value in (found.estimate, found.lower, found.upper)]
    return f"{said[0]}\n[{said[1]}, {said[2]}]"


def _coefficient(found: Interval | Unscored) -> str:
    if isinstance(found, Unscored):
        return "–"
    return f"{nats(found.estimate)} [{nats(found.lower)}, {nats(found.upper)}]"


def _name(need: Need) -> str:
    subject = need.subject
    extra = subject.variant not in ("", "unknown") and subject.variant not in subject.model
    return f"{subject.model} ({subject.variant})" if extra else subject.model
