"""Reinforcement of a thinker by what its own responses earn, with TRL: group-relative policy optimisation.

    advantage = (reward - mean of the question's group) / (deviation of the group + .0001)

Every batch is used once, with the weights that drew it, and nothing holds the model to where it came from (Shao et al.
2024, DeepSeekMath). `watch.jsonl` in the folder tells accuracy, knowledge and gain meanwhile: this is where one sees
what a reward does to them.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import Any

from knowreason.errors import MissingExtra
from knowreason.lab.agreement import Show
from knowreason.lab.checkpoints import BEGIN, UNKNOWN, require_torch, save_checkpoint
from knowreason.lab.stages import Pupils, identity, made, pupils
from knowreason.lab.thinker import LONGEST, Response, Thinker, judged, prompt_of
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
    rate: float = 1.5e-4
    knowledge: float = 0.0
    pupils: Pupils = "practised"
    watch_every: int = 10


def require_trl() -> None:
    """Raises `MissingExtra` where torch, TRL or what they need is not installed."""
    require_torch("reinforcing a checkpoint")
    if find_spec("trl") is None or find_spec("datasets") is None:
        raise MissingExtra("reinforcing a checkpoint", "lab")


def reward(world: World, question: Question, response: Response, *, knowledge: float) -> float:
    """1 for the right answer, and `knowledge` times the share of true ones among its claims on the question."""
    claims = [s.true for s in judged(world, question, response) if s.kind == "hop" and s.true is not None]
    return float(response.answer == question.answer) + (knowledge * fmean(claims) if claims and knowledge else 0.0)


def reinforce(
    recipe: ReinforceRecipe, world: World, start: Path, folder: Path, show: Show, *, watch: Watch | None = None
) -> Path:
    """Reinforces the checkpoint `start` in `folder`; returns the new one, which is not made twice.

    Raises `MissingExtra` without torch or TRL, `InputError` where the folder holds another recipe's.
    """
    require_trl()
    done, told = folder / "checkpoint", identity(recipe, world, start, None)
    if made(done, told):
        return done
    (folder / "watch.jsonl").unlink(missing_ok=True)  # an interrupted reinforcement begins anew
    thinker, begun = Thinker.open(start), time.monotonic()

    def note(step: int) -> None:
        show(f"{folder.name} {world.seed}", step, recipe.steps)
        if watch and (step % recipe.watch_every == 0 or step == recipe.steps):
            watch.note(thinker, folder / "watch.jsonl", step)

    note(0)
    trainer(recipe, world, thinker, start, folder, note=note).train()
    notes = {**told, "parameters": thinker.model.num_parameters(), "seconds": round(time.monotonic() - begun)}
    save_checkpoint(done, thinker.model, thinker.tokenizer, notes)
    return done


def trainer(
    recipe: ReinforceRecipe, world: World, thinker: Thinker, start: Path, folder: Path, *, note: Callable[[int], None]
) -> Any:
    """TRL's trainer of a thinker, whose weights it changes in place; `note` is called after every update."""
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast, PrinterCallback, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    asked = {f"{prompt_of(question)}\n": question for question in questions(world, pupils(world, recipe.pupils))}

    def earned(prompts: list[str], completion_ids: list[list[int]], **_: Any) -> list[float]:
        pairs = zip(prompts, completion_ids, strict=True)
        return [reward(world, asked[p], thinker.read(ids), knowledge=recipe.knowledge) for p, ids in pairs]

    class Noted(TrainerCallback):  # pyright: ignore[reportUntypedBaseClass] - TRL is not there to be checked
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            note(state.global_step)

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(start / "tokenizer.json"),
        bos_token=BEGIN,
        eos_token=BEGIN,
        pad_token=BEGIN,
        unk_token=UNKNOWN,
    )
    reinforcer = GRPOTrainer(
        model=thinker.model,
        processing_class=tokenizer,
        reward_funcs=earned,
        train_dataset=Dataset.from_dict({"prompt": list(asked)}),
        callbacks=[Noted()],
        args=GRPOConfig(
            output_dir=str(folder / "trl"),
            max_steps=recipe.steps,
            per_device_train_batch_size=recipe.questions * recipe.samples,
            num_generations=recipe.samples,
            max_completion_length=LONGEST,
            learning_rate=recipe.rate,
            lr_scheduler_type="constant",
            loss_type="grpo",
            beta=0.0,
            temperature=1.0,
            top_k=0,
            seed=world.seed,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            disable_tqdm=True,
            report_to=[],
            logging_strategy="no",
            save_strategy="no",
        ),
    )
    reinforcer.remove_callback(PrinterCallback)
    return reinforcer
