"""Recipes: which world, which text, which model, how long. A checkpoint is made by its recipe and a seed alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from knowreason.errors import InputError
from knowreason.lab.checkpoints import Size, Training, make_model, make_tokenizer, require_torch, save_checkpoint, train
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.documents import Document, fact_document, reading_document
from knowreason.lab.world import World
from knowreason.records import Record

NOTES = "lab.json"


class ObserverRecipe(Record, frozen=True):
    """A reader of traces: it learns what is general, and to read what a trace states of a disease it never saw.

    world: its dials; questions are about strangers only, whose own facts are drawn anew for every text.
    corruption: share of the claims of the training text that are false; the reader's trust is 1 minus it.
    filler, off_topic: one of each is drawn for a batch. wards: share of the questions that name a ward.
    documents: of a batch. facts_every: every so many-th batch holds general facts instead of traces.
    """

    world: WorldDials = WorldDials(
        entities=160, answers=12, findings=24, never_shown=0.75, reliability=(0.2, 0.4, 0.7), paraphrases=2
    )
    size: Size = Size(width=64, inner=128, layers=4)
    training: Training = Training(steps=3000, rate=3e-3)
    corruption: float = 0.15
    filler: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
    off_topic: tuple[float, ...] = (0.0, 0.5, 1.0)
    wards: float = 0.5
    documents: int = 48
    facts_every: int = 6
    facts: int = 8

    @property
    def trust(self) -> float:
        """How far a perfect reader of this text trusts a statement."""
        return 1 - self.corruption


def observer_text(recipe: ObserverRecipe, world: World) -> Callable[[int], Sequence[Document]]:
    """The documents of each training step, one type a batch, by the step's number and the world's seed alone."""
    strangers = world.of_split("stranger")
    if not strangers:
        raise InputError("never_shown 0: an observer learns to read about strangers, and this world has none")

    def documents(step: int) -> Sequence[Document]:
        draw = random.Random(f"{world.seed} observer {step}")
        if step % recipe.facts_every == recipe.facts_every - 1:
            return [fact_document(world, draw, facts=recipe.facts) for _ in range(recipe.documents)]
        dials = TraceDials(
            filler=draw.choice(recipe.filler), corruption=recipe.corruption, off_topic=draw.choice(recipe.off_topic)
        )
        return [reading_document(world, strangers, draw, dials, wards=recipe.wards) for _ in range(recipe.documents)]

    return documents


def train_observer(recipe: ObserverRecipe, seed: int, folder: Path, notify: Callable[[int, int], None]) -> Path:
    """Trains the observer of the world of that seed, or goes on where it stopped; returns the checkpoint's folder.

    `notify` is called with steps done and steps in all. Raises `MissingExtra` without torch, `InputError` where the
    folder holds another training.
    """
    require_torch("training a checkpoint")
    done = folder / "checkpoint"
    if (done / NOTES).is_file():
        return check_made_by(done, recipe, seed)
    world = World(recipe.world, seed)
    tokenizer = make_tokenizer(world)
    model = make_model(tokenizer.get_vocab_size(), recipe.size, recipe.training.seed)
    steps = recipe.training.steps
    seconds = train(
        model,
        tokenizer,
        observer_text(recipe, world),
        recipe.training,
        folder,
        lambda step: notify(step, steps),
    )
    notes = {
        "recipe": msgspec.to_builtins(recipe),
        "seed": seed,
        "parameters": model.num_parameters(),
        "seconds": round(seconds),
    }
    save_checkpoint(done, model, tokenizer, notes)
    return done


def check_made_by(checkpoint: Path, recipe: ObserverRecipe, seed: int) -> Path:
    """The checkpoint, if this recipe and seed made it. Raises `InputError` otherwise."""
    held = msgspec.json.decode((checkpoint / NOTES).read_bytes())
    if msgspec.convert(held["recipe"], ObserverRecipe) != recipe or held["seed"] != seed:
        raise InputError(f"{checkpoint} was made by another recipe or seed: choose another folder, or delete it")
    return checkpoint
