"""Where every checkpoint of a world stands: right answers with the book closed and open, in arithmetic, and recall.

Experiments 2 (does mathematics carry over to the clinic?) and 7 (what does arithmetic foretell of the clinic?) read
these figures; `foretold` is the second one's arithmetic.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from knowreason.lab.agreement import Show
from knowreason.lab.arithmetic import ask_chain, draw_chain
from knowreason.lab.family import FAMILY, Family, Member
from knowreason.lab.probe import open_observer, probe
from knowreason.lab.results import Cell, Ran
from knowreason.lab.stages import Pupils, pupils
from knowreason.lab.thinker import WARMTH, Thinker, prompt_of
from knowreason.lab.thinking import with_facts
from knowreason.lab.world import ROUTES, Question, Route, World

SAMPLES = 4
CHAINS = 100  # of a depth
DEPTHS = (2, 5)
CLOSED, OPEN, ARITHMETIC = "right, closed book", "right, open book", "right, arithmetic of depth 2"
LONG = "right, arithmetic of depth 5"
CHANCE = 0.25  # of four options


def run_standing(seed: int, folder: Path, show: Show, members: Sequence[Member] = tuple(FAMILY)) -> tuple[Cell, ...]:
    """The figures of every member of a family, whose checkpoints are made in `folder` where they are not there."""
    family = Family(seed, folder, show)
    return tuple(cell for member in members for cell in stands(family, member))


def stands(family: Family, member: Member) -> list[Cell]:
    """The figures of one member."""
    world, thinker = family.world, family.thinker(member)
    asked = family.tests()
    closed = right(thinker, asked, [prompt_of(question) for question in asked], samples=SAMPLES)
    opened = right(thinker, asked, [_open_prompt(world, question) for question in asked], samples=SAMPLES)
    found = [Cell(member, CLOSED, closed, len(asked)), Cell(member, OPEN, opened, len(asked))]
    for depth, name in zip(DEPTHS, (ARITHMETIC, LONG), strict=True):
        found.append(Cell(member, name, arithmetic(thinker, world, depth), CHAINS))
    known = probe(world, open_observer(family.checkpoint(member)), first_hops(world), titled=True)
    for route in ROUTES:
        keys = [key for key in known.recall if key[1] == world.routes[route][0]]
        found.append(Cell(member, f"recall, {route} route", known.mean(keys), len(keys)))
    return found


def right(thinker: Thinker, asked: Sequence[Question], prompts: Sequence[str], *, samples: int) -> float:
    """The share of right answers, each question as often as the others."""
    answers = thinker.answer(prompts, samples=samples, temperature=WARMTH, seed=1)
    return fmean(r.answer == q.answer for q, several in zip(asked, answers, strict=True) for r in several)


def arithmetic(thinker: Thinker, world: World, depth: int) -> float:
    """The share of chains of a depth that are answered rightly."""
    draw = random.Random(f"{world.seed} chains {depth}")
    chains = [draw_chain(depth, world.dials.modulus, draw) for _ in range(CHAINS)]
    answers = thinker.answer([ask_chain(chain) for chain in chains], temperature=WARMTH, seed=1)
    return fmean(several[0].answer == str(c.result) for c, several in zip(chains, answers, strict=True))


def first_hops(world: World, group: Pupils = "tested") -> list[tuple[str, str]]:
    """The facts that only a disease itself has: the first hop of each of its routes."""
    return [(entity, world.routes[route][0]) for route in ROUTES for entity in pupils(world, group)]


def _open_prompt(world: World, question: Question) -> str:
    """The question with the facts of one of its routes, and those of another disease, stated before it."""
    draw = random.Random(f"{world.seed} open {question.entity}")
    other = draw.choice([e for e in world.diseases if e != question.entity])
    routes: list[Route] = [draw.choice(ROUTES), draw.choice(ROUTES)]
    facts = [*world.path(question.entity, routes[0]), *world.path(other, routes[1])]
    return with_facts(prompt_of(question), facts, draw)


class Foretold(NamedTuple):
    """Clinic accuracy foretold from arithmetic, by a line through the checkpoints of all other worlds.

    `error` is the mean distance, `above` the mean of foretold minus true of those trained on mathematics, in shares;
    `mean_error` is the mean distance of a guess that ignores arithmetic: the mean of the others.
    """

    checkpoints: int
    correlation: float
    error: float
    mean_error: float
    above: float
    mathematical: int


def foretold(ran: Sequence[Ran]) -> Foretold | None:
    """How wrong the clinic is foretold by arithmetic of depth 5, over all checkpoints of all worlds.

    None for a single world, and where arithmetic does not differ between checkpoints.
    """
    points = [
        (r.seed, cell.arm, _value(r, cell.arm, LONG), _value(r, cell.arm, CLOSED))
        for r in ran
        for cell in r.cells
        if cell.measure == CLOSED
    ]
    worlds = np.array([p[0] for p in points])
    x, y = (np.array([p[i] for p in points], np.float64) for i in (2, 3))
    others = [worlds != world for world in worlds]
    if len(set(worlds.tolist())) < 2 or any(np.ptp(x[mask]) == 0 for mask in others) or np.ptp(y) == 0:
        return None
    guesses = np.array([np.polyval(np.polyfit(x[mask], y[mask], 1), own) for mask, own in zip(others, x, strict=True)])
    means = np.array([y[mask].mean() for mask in others])
    mathematical = np.array(["math" in arm for _, arm, _, _ in points])
    return Foretold(
        checkpoints=len(points),
        correlation=float(np.corrcoef(x, y)[0, 1]),
        error=float(np.abs(guesses - y).mean()),
        mean_error=float(np.abs(means - y).mean()),
        above=float((guesses - y)[mathematical].mean()),
        mathematical=int(mathematical.sum()),
    )


def _value(ran: Ran, arm: str, measure: str) -> float:
    found = next(c.value for c in ran.cells if c.arm == arm and c.measure == measure)
    if not isinstance(found, float | int):
        raise ValueError(f"{arm}: {measure} is no number")
    return float(found)
