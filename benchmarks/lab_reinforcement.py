"""`python -m benchmarks.lab_reinforcement CHECKPOINT SEED`: the lab's own reinforcement beside TRL's GRPOTrainer.

Both reinforce the same thinker with the same prompts, samples and rewards for some updates on one core; the seconds an
update are told, and their ratio. Needs the extra [lab] and trl.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from knowreason.lab.reinforce import ReinforceRecipe, reinforce, reward
from knowreason.lab.stages import CLINIC, pupils
from knowreason.lab.thinker import LONGEST, Thinker, prompt_of
from knowreason.lab.watch import questions
from knowreason.lab.world import World

UPDATES = 12


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description="The lab's reinforcement beside TRL's.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    world, recipe = World(CLINIC, given.seed), replace(ReinforceRecipe(), steps=UPDATES)
    own = _timed(lambda folder: reinforce(recipe, world, given.checkpoint, folder, lambda *_: None))
    theirs = _timed(lambda folder: _with_trl(recipe, world, given.checkpoint, folder))
    print(json.dumps({"own": own / UPDATES, "trl": theirs / UPDATES, "ratio": theirs / own, "updates": UPDATES}))


def _timed(work: Any) -> float:
    with TemporaryDirectory() as folder:
        begun = time.perf_counter()
        work(Path(folder))
        return time.perf_counter() - begun


def _with_trl(recipe: ReinforceRecipe, world: World, checkpoint: Path, folder: Path) -> None:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(checkpoint / "tokenizer.json"), bos_token="<s>", eos_token="<s>", pad_token="<s>"
    )
    asked = {
        f"{prompt_of(question)}\n": question
        for group in recipe.pupils
        for question in questions(world, pupils(world, group))
    }
    reader = Thinker.open(checkpoint)

    def earned(prompts: list[str], completion_ids: list[list[int]], **_: Any) -> list[float]:
        pairs = zip(prompts, completion_ids, strict=True)
        return [reward(world, asked[p], reader.read(ids), knowledge=recipe.knowledge) for p, ids in pairs]

    trainer = GRPOTrainer(
        model=Qwen2ForCausalLM.from_pretrained(checkpoint, dtype="float32"),
        processing_class=tokenizer,
        reward_funcs=earned,
        train_dataset=Dataset.from_dict({"prompt": list(asked)}),
        args=GRPOConfig(
            output_dir=str(folder),
            per_device_train_batch_size=recipe.questions * recipe.samples,
            num_generations=recipe.samples,
            max_completion_length=LONGEST,
            max_steps=UPDATES,
            learning_rate=recipe.rate,
            beta=0.0,
            temperature=1.0,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            logging_steps=UPDATES,
        ),
    )
    trainer.train()


if __name__ == "__main__":
    main()
