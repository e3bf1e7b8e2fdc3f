"""Experiment 6: what more tries buy, for a chain that is longer, and for a fact that was never shown.

Votes select among what a model says; pass@k counts a question as right where any try is, so that with four options
sixteen guesses nearly always hold the right one. Both stand beside what guessing alone would reach: any option, or as
often right as the commonest result of the chains is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowreason.lab.agreement import Show
from knowreason.lab.arithmetic import ask_chain, draw_chain
from knowreason.lab.family import Family, Made, Member
from knowreason.lab.results import Cell
from knowreason.lab.stages import Pupils, pupils
from knowreason.lab.thinker import WARMTH, Response, prompt_of
from knowreason.lab.watch import questions
from knowreason.stats import majority_votes, pass_at_k

TRIES = 16
KS = (1, 4, 16)
DEPTHS = (1, 2, 3, 4, 5, 6)
CHAINS = 50
GROUPS: dict[str, Pupils] = {"facts shown": "tested", "facts never shown": "stranger"}


def run_compute(
    seed: int, checkpoints: Path, show: Show, members: dict[Member, Made] | None = None
) -> tuple[Cell, ...]:
    """The base's votes and pass@k on diseases it was shown often, seldom or never, and on chains of each depth."""
    family = Family(seed, checkpoints, show, members)
    world, thinker = family.world, family.thinker("base")
    cells: list[Cell] = []
    for arm, group in GROUPS.items():
        asked = questions(world, pupils(world, group))
        answers = thinker.answer([prompt_of(q) for q in asked], samples=TRIES, temperature=WARMTH, seed=3)
        cells += _cells(arm, answers, [q.answer for q in asked], chance=1 / world.dials.options)
        show(f"compute {seed}", len(cells) // 9, len(DEPTHS) + 2)
    for depth in DEPTHS:
        draw = random.Random(f"{seed} compute {depth}")
        chains = [draw_chain(depth, world.dials.modulus, draw) for _ in range(CHAINS)]
        answers = thinker.answer([ask_chain(chain) for chain in chains], samples=TRIES, temperature=WARMTH, seed=3)
        gold = [str(chain.result) for chain in chains]
        commonest = max(gold.count(number) for number in gold) / len(gold)
        cells += _cells(f"arithmetic, depth {depth}", answers, gold, chance=commonest)
        show(f"compute {seed}", len(cells) // 9, len(DEPTHS) + 2)
    return tuple(cells)


def _cells(arm: str, answers: Sequence[Sequence[Response]], gold: Sequence[str], *, chance: float) -> list[Cell]:
    given = [[r.answer for r in several] for several in answers]
    correct = np.array([sum(a == g for a in several) for several, g in zip(given, gold, strict=True)])
    tries = np.full(len(gold), TRIES)
    votes = majority_votes(given, gold, KS, seed=0).mean(axis=0)
    cells = [Cell(arm, f"majority of {k}", float(v), len(gold)) for k, v in zip(KS, votes, strict=True)]
    cells += [Cell(arm, f"pass@{k}", float(pass_at_k(tries, correct, k).mean()), len(gold)) for k in KS]
    return cells + [Cell(arm, f"pass@{k} of guesses", 1 - (1 - chance) ** k, len(gold)) for k in KS]
