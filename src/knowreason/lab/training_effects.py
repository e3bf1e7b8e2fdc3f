"""Experiments 4 and 5: what a training did, as `compare` tells it from traces, beside what it did by the world's truth.

4, the SFT trap: fine-tuning on clean, verbose and shortcut-leaking teachers, and on facts that the model did not know.
5, pruning or adding: reinforcement by right answers, and a course of new facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from knowreason.compare.comparison import ClaimChange, Contrast
from knowreason.compare.matrix import compare_runs
from knowreason.lab.agreement import Show, audited
from knowreason.lab.family import Family, Member, members_of
from knowreason.lab.printing import Printed, corpus_rows, trace_row, write_rows
from knowreason.lab.probe import open_observer, probe
from knowreason.lab.results import Cell
from knowreason.lab.stages import Pupils
from knowreason.lab.standing import first_hops
from knowreason.lab.thinker import WARMTH, prompt_of
from knowreason.lab.thinking import TEACHER
from knowreason.lab.watch import Told, or_unscored, tell, watched
from knowreason.lab.writing import Written
from knowreason.records import Interval, Unscored

SAMPLES = 6
MARGIN = 0.03  # of recall, set beforehand: within it a closed book is unchanged
CHANGE = "recall, change"


class Against(NamedTuple):
    """Whom a training is held against, and on which diseases."""

    baseline: Member
    group: Pupils


TRAPPED: dict[Member, Against] = dict.fromkeys(
    ("clean SFT", "verbose SFT", "shortcut SFT", "unknown SFT"), Against("base", "tested")
)
ATTRIBUTED: dict[Member, Against] = {
    "RL": Against("base", "tested"),
    "RL with KI": Against("base", "tested"),
    "new facts": Against("refresher", "stranger"),
}
"""The course of new facts is held against the same course without them, where they matter: of strangers."""
TRUE_ATTRIBUTION: dict[Member, str] = {"RL": "prunes", "RL with KI": "prunes", "new facts": "adds"}
"""What each training does by its making: reinforcement shows no text at all, the course shows facts."""


class _Arms(NamedTuple):
    """What the members of a family answered to one benchmark."""

    told: dict[Member, list[Told]]
    contrasts: dict[str, Contrast]


def run_trap(seed: int, observer: Path, checkpoints: Path, folder: Path, show: Show) -> tuple[Cell, ...]:
    """Experiment 4 in one world. Every question of its benchmark names the ward that gives the answer away."""
    family = Family(seed, checkpoints, show)
    arms = _asked(family, TRAPPED, observer, folder, show, leak=1.0)
    cells = [cell for member, told in arms.told.items() for cell in _means(member, told)]
    for member in TRAPPED:
        contrast = arms.contrasts[member]
        gain = contrast.effects["informative_gain"]
        n = contrast.pairing.paired
        measured = gain if isinstance(gain, Unscored) else gain.difference.estimate
        cells += [
            Cell(member, "measured gain, change", measured, n),
            Cell(member, "measured gain a step, change", _estimate(contrast.lengths["informative_per_step"]), n),
            Cell(member, "trap verdict", contrast.trap.outcome, n),
        ]
    return tuple(cells)


def run_attribution(seed: int, observer: Path, checkpoints: Path, folder: Path, show: Show) -> tuple[Cell, ...]:
    """Experiment 5 in one world."""
    family = Family(seed, checkpoints, show)
    arms = _asked(family, ATTRIBUTED, observer, folder, show, leak=0.0)
    cells = [cell for member, told in arms.told.items() for cell in _means(member, told)]
    for member, (before, group) in ATTRIBUTED.items():
        change = _recall(family, member, group) - _recall(family, before, group)
        claims = arms.contrasts[member].claims
        verdict = claims.outcome if isinstance(claims, ClaimChange) else claims
        cells += [
            Cell(member, CHANGE, float(change.mean()), len(change)),
            Cell(member, "attribution", verdict, arms.contrasts[member].pairing.paired),
            Cell(member, "attribution by its making", TRUE_ATTRIBUTION[member], 0),
        ]
        changes = (claims.learned, claims.dropped) if isinstance(claims, ClaimChange) else (claims, claims)
        asked = arms.contrasts[member].pairing.paired
        cells += [
            Cell(member, "claims learned a trace", _estimate(changes[0]), asked),
            Cell(member, "claims dropped a trace", _estimate(changes[1]), asked),
        ]
    return tuple(cells)


def _asked(
    family: Family, those: Mapping[Member, Against], observer: Path, folder: Path, show: Show, *, leak: float
) -> _Arms:
    """Asks every member and its baseline every question, audits the traces, and compares each with its baseline."""
    folder.mkdir(parents=True, exist_ok=True)
    world = family.world
    groups: dict[Member, Pupils] = {name: one.group for member, one in those.items() for name in (member, one.baseline)}
    told: dict[Member, list[Told]] = {}
    rows: list[dict[str, object]] = []
    for member in members_of(tuple(groups)):
        asked = family.tests(groups[member], leak=leak)
        prompts = [prompt_of(question) for question in asked]
        answers = family.thinker(member).answer(prompts, samples=SAMPLES, temperature=WARMTH, seed=2)
        told[member] = tell(world, asked, answers)
        rows += [_row(one, member) for one in told[member]]
    printed = Printed(*(folder / f"{name}.jsonl" for name in Printed._fields))
    write_rows(printed.traces, rows)
    write_rows(printed.corpus, corpus_rows(world))
    run = audited(printed, folder / "run", scorer=f"hf:{observer}", show=show)
    contrasts: dict[str, Contrast] = {}
    for baseline in dict.fromkeys(one.baseline for one in those.values()):
        mine = [member for member, one in those.items() if one.baseline == baseline]
        comparison = compare_runs([run], baseline=baseline, candidates=mine, margin=0.05, seed=world.seed)
        contrasts |= {contrast.candidate.model: contrast for contrast in comparison.contrasts}
    return _Arms(told, contrasts)


def _row(told: Told, member: Member) -> dict[str, object]:
    written = Written(told.question, (), told.response.answer or "", TEACHER)
    row = trace_row(written, member)
    return {**row, "variant": "", "sample": told.sample, "response": told.response.text}


def _means(member: Member, told: Sequence[Told]) -> list[Cell]:
    seen = watched(told)
    n = len({one.question.entity for one in told})
    return [
        Cell(member, "right", seen.right, n),
        Cell(member, "KI by the table", or_unscored(seen.ki), n),
        Cell(member, "false claims a trace", seen.false_claims, n),
        Cell(member, "steps", seen.steps, n),
        Cell(member, "exact gain", seen.gain, n),
        Cell(member, "exact gain a step", or_unscored(seen.per_step, "no_steps"), n),
    ]


def _recall(family: Family, member: Member, group: Pupils) -> np.ndarray:
    keys = first_hops(family.world, group)
    known = probe(family.world, open_observer(family.checkpoint(member)), keys, titled=True)
    return np.array([known.recall[key] for key in keys])


def _estimate(measure: Interval | Unscored) -> float | Unscored:
    return measure if isinstance(measure, Unscored) else measure.estimate
