"""Reinforcement of a thinker by what its own responses earn: group-relative policy gradients, every batch used once.

    advantage = (reward - mean of the question's group) / (deviation of the group + .0001)
    loss      = - mean over sampled tokens of advantage * ln p(token)

The responses are drawn from the very weights that are then changed, so no ratio has to be clipped (Shao et al. 2024,
DeepSeekMath: GRPO with one update a batch and no reference model). Compared with TRL in docs/lab.md.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import msgspec

from knowreason.lab.agreement import Show
from knowreason.lab.checkpoints import require_torch, save_checkpoint
from knowreason.lab.stages import Pupils, made, pupils
from knowreason.lab.thinker import Response, Thinker, judged, prompt_of
from knowreason.lab.watch import Watch, questions
from knowreason.lab.world import Question, World
from knowreason.records import Record


class ReinforceRecipe(Record, frozen=True):
    """How a thinker is reinforced.

    steps: updates. questions, samples: how many questions an update asks, and how often each. knowledge: what the
    share of true claims earns beside a right answer, which earns 1; 0 rewards the answer alone. pupils: whom the
    questions are about.
    """

    steps: int = 60
    questions: int = 24
    samples: int = 8
    rate: float = 3e-4
    knowledge: float = 0.0
    pupils: tuple[Pupils, ...] = ("practised",)
    watch_every: int = 20


def reward(world: World, question: Question, response: Response, *, knowledge: float) -> float:
    """1 for the right answer, and `knowledge` times the share of true ones among its claims on the question."""
    claims = [s.true for s in judged(world, question, response) if s.kind == "hop" and s.true is not None]
    return float(response.answer == question.answer) + (knowledge * fmean(claims) if claims and knowledge else 0.0)


def advantages(rewards: Sequence[float]) -> list[float]:
    """What each response of one question earned above its group, in deviations of the group; 0 where all are alike."""
    middle, spread = fmean(rewards), pstdev(rewards)
    return [(one - middle) / (spread + 1e-4) for one in rewards]


def reinforce(
    recipe: ReinforceRecipe, world: World, start: Path, folder: Path, show: Show, *, watch: Watch | None = None
) -> Path:
    """Reinforces the checkpoint `start` in `folder`; returns the new one, which is not made twice.

    Raises `MissingExtra` without torch, `InputError` where the folder holds another recipe's.
    """
    require_torch("reinforcing a checkpoint")
    import torch

    done, told = folder / "checkpoint", {"recipe": msgspec.to_builtins(recipe), "seed": world.seed}
    if made(done, told):
        return done
    thinker, begun = Thinker.open(start), time.monotonic()
    optimiser = torch.optim.Adam(thinker.model.parameters(), lr=recipe.rate)
    asked = questions(world, [e for group in recipe.pupils for e in pupils(world, group)])
    for step in range(recipe.steps):
        if watch and step % recipe.watch_every == 0:
            watch.note(thinker, folder / "watch.jsonl", step)
        draw = random.Random(f"{world.seed} reinforce {step}")
        _update(recipe, world, thinker, optimiser, draw.sample(asked, min(recipe.questions, len(asked))), seed=step)
        show(f"{folder.name} {world.seed}", step + 1, recipe.steps)
    if watch:
        watch.note(thinker, folder / "watch.jsonl", recipe.steps)
    notes = {**told, "parameters": thinker.model.num_parameters(), "seconds": round(time.monotonic() - begun)}
    save_checkpoint(done, thinker.model, thinker.tokenizer, notes)
    return done


def _update(
    recipe: ReinforceRecipe, world: World, thinker: Thinker, optimiser: Any, asked: Sequence[Question], *, seed: int
) -> None:
    import torch

    prompts = [prompt_of(question) for question in asked]
    thinker.model.eval()
    answers = thinker.answer(prompts, samples=recipe.samples, seed=seed)
    earned = [
        value
        for question, group in zip(asked, answers, strict=True)
        for value in advantages([reward(world, question, r, knowledge=recipe.knowledge) for r in group])
    ]
    logs, tokens = thinker.logprobs(prompts, answers)
    loss = -(torch.tensor(earned)[:, None] * logs).sum() / tokens
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(thinker.model.parameters(), 1.0)
    optimiser.step()
