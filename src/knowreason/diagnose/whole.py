"""The whole diagnosis: finished runs or a table of graded predictions in, what each benchmark asks for out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import msgspec
import polars as pl

from knowreason.conclusions import Conclusion
from knowreason.diagnose import sentences
from knowreason.diagnose.columns import Columns, columns_of
from knowreason.diagnose.diagnosis import (
    EXPLAINED,
    MARGIN,
    Diagnosis,
    Intervention,
    Need,
    Observation,
    Pooled,
    Published,
    Subject,
)
from knowreason.diagnose.error import rates_of
from knowreason.diagnose.intervention import COT, Plan, adjusted, tested
from knowreason.diagnose.observation import agree, concluded, observed
from knowreason.diagnose.published import published_of
from knowreason.errors import InputError
from knowreason.frame import SCHEMAS, read_runs
from knowreason.records import Unscored
from knowreason.store import Store

_FORMAT = "1"
_SUBJECT = ("benchmark", "model", "variant")
RELIABLE = ("knowledge", "reasoning")


def diagnose_runs(
    runs: Sequence[Path],
    *,
    margin: float = MARGIN,
    reliabilities: Mapping[str, float] | None = None,
    seed: int = 0,
    draws: int = 2000,
) -> Diagnosis:
    """What each benchmark asks of each model of finished runs, by intervention and by observation.

    `margin` is the least difference in accuracy that matters, a share in (0, 1). `reliabilities` are the shares of
    variance that are no error, in (0, 1], of "knowledge" (the KI before commitment) and "reasoning" (the informative
    gain), where they are known from elsewhere; that of knowledge is else taken from how often the verifier errs. The
    same tables and seed give the same diagnosis. Raises InputError, and StoreError for unfinished runs.
    """
    declared = _checked(margin, reliabilities or {})
    rows = read_runs(runs)
    plan = Plan(seed, draws, {"accuracy": margin, "explained": EXPLAINED})
    answers = rows.with_columns(
        question=pl.col("question_key"),
        right=pl.when(pl.col("grade").is_not_null()).then(pl.col("grade") == "correct"),
    )
    groups = _grouped(answers)
    rates = {str(run): rates_of(run) for run in runs}
    subjects = [subject for subject, _ in groups]
    columns = [columns_of(group.filter(pl.col("condition") == COT), rates) for _, group in groups]
    found = [
        observed(subject, (one,) if isinstance(one, Columns) else one, plan, declared)
        for subject, one in zip(subjects, columns, strict=True)
    ]
    observations = concluded(found)
    pooled, disagreeing = _pooled(subjects, columns, observations, plan, declared)
    return _diagnosis(
        [str(run) for run in runs],
        groups,
        observations,
        plan,
        pooled=pooled,
        disagreeing=disagreeing,
        published=published_of(rows),
    )


def diagnose_predictions(
    table: pl.DataFrame, source: Path, *, margin: float = MARGIN, seed: int = 0, draws: int = 2000
) -> Diagnosis:
    """The interventional arm alone, from the graded predictions of `read_predictions`. Raises InputError."""
    _checked(margin, {})
    plan = Plan(seed, draws, {"accuracy": margin, "explained": EXPLAINED})
    groups = _grouped(table.rename({"question_id": "question", "correct": "right"}))
    nothing = (Unscored(reason="no_traces"),)
    observations = concluded([observed(subject, nothing, plan, {}) for subject, _ in groups])
    return _diagnosis([str(source)], groups, observations, plan, pooled=[], disagreeing=[], published=[])


def write_diagnosis(diagnosis: Diagnosis, target: Path) -> Path:
    """Writes a diagnosis as JSON, as a whole or not at all. Raises StoreError."""
    Store(target.parent, SCHEMAS).write_text(target.name, as_text(diagnosis))
    return target


def as_text(diagnosis: Diagnosis) -> str:
    """A diagnosis as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(diagnosis), indent=2).decode() + "\n"


def _diagnosis(
    sources: Sequence[str],
    groups: Sequence[tuple[Subject, pl.DataFrame]],
    observations: Sequence[Observation],
    plan: Plan,
    *,
    pooled: Sequence[Pooled],
    disagreeing: Sequence[str],
    published: Sequence[Published],
) -> Diagnosis:
    interventions = adjusted([tested(subject, rows, plan) for subject, rows in groups])
    needs = [
        Need(
            subject=subject,
            intervention=one,
            observation=other,
            conclusion=_leading(subject, one, other),
        )
        for (subject, _), one, other in zip(groups, interventions, observations, strict=True)
    ]
    return Diagnosis(
        version=_FORMAT,
        sources=tuple(sources),
        margins=plan.margins,
        seed=plan.seed,
        draws=plan.draws,
        needs=tuple(needs),
        pooled=tuple(pooled),
        disagreeing=tuple(disagreeing),
        published=tuple(published),
        warnings=tuple(filter(None, map(sentences.contradiction, needs))),
    )


def _leading(subject: Subject, intervention: Intervention, observation: Observation) -> Conclusion:
    """That of the intervention, else that of the observation; where neither could be judged, both reasons."""
    for one in (intervention.conclusion, observation.conclusion):
        if one.outcome != "cannot_be_judged":
            return one
    both = (intervention.conclusion, observation.conclusion)
    return msgspec.structs.replace(
        intervention.conclusion,
        reason=", ".join(one.reason for one in both),
        sentence=sentences.neither(subject, *both),
    )


def _grouped(answers: pl.DataFrame) -> list[tuple[Subject, pl.DataFrame]]:
    """The rows of every subject in order; its domain is that of its cot rows, where it has any."""
    found: list[tuple[Subject, pl.DataFrame]] = []
    for key, rows in answers.partition_by(_SUBJECT, as_dict=True).items():
        benchmark, model, variant = (str(part) for part in key)
        usual = rows.filter(pl.col("condition") == COT)
        domain = str((usual if usual.height else rows)["domain"].sort()[0])
        found.append((Subject(domain=domain, benchmark=benchmark, model=model, variant=variant), rows))
    return sorted(found, key=lambda pair: msgspec.structs.astuple(pair[0]))


def _pooled(
    subjects: Sequence[Subject],
    columns: Sequence[Columns | tuple[Unscored, ...]],
    observations: Sequence[Observation],
    plan: Plan,
    declared: Mapping[str, float],
) -> tuple[list[Pooled], list[str]]:
    """Each benchmark on which two models or more could be observed: as one where they agree, else by name."""
    judged = [
        (subject, one, seen.conclusion.outcome)
        for subject, one, seen in zip(subjects, columns, observations, strict=True)
        if isinstance(one, Columns) and seen.conclusion.outcome != "cannot_be_judged"
    ]
    together: list[tuple[Subject, list[Columns]]] = []
    disagreeing: list[str] = []
    for (domain, benchmark), members in groupby(judged, key=lambda each: (each[0].domain, each[0].benchmark)):
        held = list(members)
        if len(held) < 2:
            continue
        if agree([one for _, one, _ in held], [outcome for _, _, outcome in held]):
            subject = Subject(domain=domain, benchmark=benchmark, model="all models", variant="")
            together.append((subject, [one for _, one, _ in held]))
        else:
            disagreeing.append(benchmark)
    found = concluded([observed(subject, tuple(kept), plan, declared) for subject, kept in together])
    pooled = [
        Pooled(subject=subject, models=len(kept), observation=one)
        for (subject, kept), one in zip(together, found, strict=True)
    ]
    return pooled, disagreeing


def _checked(margin: float, reliabilities: Mapping[str, float]) -> dict[str, float]:
    if not 0 < margin < 1:
        raise InputError(f"--margin {100 * margin:g}: give points above 0 and below 100")
    for name, value in reliabilities.items():
        if name not in RELIABLE or not 0 < value <= 1:
            raise InputError(
                f"--reliability {name}={value:g}: write knowledge=SHARE or reasoning=SHARE, above 0 and at most 1"
            )
    return dict(reliabilities)
