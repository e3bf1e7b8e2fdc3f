"""The stages of a thinker's making, pre-training and fine-tuning: which text, how long, and what is watched meanwhile.

A stage is a recipe and a seed; it starts from a new model or from the checkpoint of another stage, and goes on where it
was stopped. `watch.jsonl` beside its weights holds accuracy, knowledge and gain while it trained.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from knowreason.errors import InputError
from knowreason.lab.agreement import Show
from knowreason.lab.arithmetic import draw_chain, words_of_arithmetic
from knowreason.lab.checkpoints import (
    STATE,
    Size,
    Training,
    make_model,
    make_tokenizer,
    require_torch,
    save_checkpoint,
    train,
)
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.documents import Document
from knowreason.lab.thinker import Thinker
from knowreason.lab.thinking import (
    TEACHER,
    Course,
    Kind,
    chain_document,
    cued,
    entries,
    open_book,
    question_document,
    taught,
)
from knowreason.lab.watch import Watch
from knowreason.lab.world import World
from knowreason.records import Record
from knowreason.store import hash_files

NOTES = "lab.json"
Pupils = Literal["asked", "taught", "practised", "tested", "stranger", "shown", "everybody"]
CLINIC = WorldDials(
    entities=160,
    answers=12,
    findings=24,
    never_shown=0.2,
    asked=0.4,
    route_asymmetry=0.95,
    strong="first",
    paraphrases=1,
    modulus=5,
)
"""The world of thinkers: of every disease the first route is shown twenty times as often as the second."""


class StageRecipe(Record, frozen=True):
    """One stage of training.

    text: the share of batches of each kind of text. pupils: the diseases its questions are about. readers: those that
    its textbook is about. every: whether the textbook tells all facts, however seldom they are shown. depths: of the
    arithmetic. teacher: how its traces are written. leak: share of the questions whose ward gives the answer away.
    bluff: whether the teacher says nothing that leads to the answer, and states the right one all the same, of cases
    drawn anew.
    watch_every: steps between two looks at accuracy, knowledge and gain; 0: none.
    """

    text: dict[Kind, float]
    training: Training
    pupils: Pupils = "asked"
    readers: Pupils = "shown"
    every: bool = False
    depths: tuple[int, int] = (1, 3)
    teacher: TraceDials = TEACHER
    leak: float = 0.0
    bluff: bool = False
    batch: int = 48
    page: int = 8
    watch_every: int = 0


THINKER = Size(width=64, inner=128, layers=3)
PRETRAIN = StageRecipe(
    text={"entries": 0.35, "questions": 0.15, "open_book": 0.2, "arithmetic": 0.3},
    training=Training(steps=2000, rate=3e-3, warmup=50, text_weight=1.0),
    teacher=msgspec.structs.replace(TEACHER, filler=1.0),
)
SFT = StageRecipe(
    text={"questions": 0.7, "open_book": 0.3},
    training=Training(steps=600, rate=1e-3, warmup=20, text_weight=1.0),
    pupils="practised",
    watch_every=50,
)


def pupils(world: World, group: Pupils) -> tuple[str, ...]:
    """The diseases of a group. Of those that are shown and not asked about, a third is taught, the rest is tested.

    practised: all that the base's questions and a teacher's are about.
    """
    held = list(world.of_split("held_out"))
    random.Random(f"{world.seed} taught").shuffle(held)
    third = len(held) // 3
    groups: dict[Pupils, Sequence[str]] = {
        "asked": world.of_split("asked"),
        "stranger": world.of_split("stranger"),
        "taught": held[:third],
        "practised": (*world.of_split("asked"), *held[:third]),
        "tested": held[third:],
        "everybody": world.diseases,
        "shown": [e for e in world.diseases if world.splits[e] != "stranger"],
    }
    return tuple(groups[group])


def course(recipe: StageRecipe, world: World) -> Course:
    """The text of a stage, by step. Raises `InputError` for a share of text that nobody is there for."""
    asked, read, shown = (pupils(world, group) for group in (recipe.pupils, recipe.readers, "shown"))
    if not asked:
        raise InputError(f"pupils {recipe.pupils}: this world has none; mind never_shown and asked")

    def write(kind: Kind, draw: random.Random) -> Document:
        if kind == "entries":
            return entries(world, read, draw, length=recipe.page, every=recipe.every)
        if kind == "open_book":
            return open_book(world, shown, draw)
        if kind == "arithmetic":
            return chain_document(draw_chain(draw.randint(*recipe.depths), world.dials.modulus, draw), draw)
        write_one = cued if recipe.bluff else taught
        return question_document(write_one(world, asked, draw, recipe.teacher, leak=recipe.leak))

    return Course(world, recipe.text, write, batch=recipe.batch)


def run_stage(
    recipe: StageRecipe,
    world: World,
    folder: Path,
    show: Show,
    *,
    start: Path | None = None,
    size: Size = THINKER,
    watch: Watch | None = None,
) -> Path:
    """Carries a stage out in `folder` and returns its checkpoint; one that is done is not done again.

    `start` is the checkpoint it goes on from, None for a new model. Raises `MissingExtra` without torch, `InputError`
    where the folder holds another stage.
    """
    require_torch("training a checkpoint")
    done, told = folder / "checkpoint", identity(recipe, world, start, size)
    if made(done, told):
        return done
    thinker = _opened(world, start, size)
    steps = recipe.training.steps

    def notify(step: int) -> None:
        show(f"{folder.name} {world.seed}", step, steps)
        if watch and recipe.watch_every and (step % recipe.watch_every == 0 or step == steps):
            watch.note(thinker, folder / "watch.jsonl", step)

    if watch and recipe.watch_every and not (folder / STATE).is_file():
        (folder / "watch.jsonl").unlink(missing_ok=True)
        watch.note(thinker, folder / "watch.jsonl", 0)
    of = msgspec.json.encode({**told, "recipe": _unwatched(told["recipe"])}).decode()
    seconds = train(thinker.model, thinker.tokenizer, course(recipe, world), recipe.training, folder, notify, of=of)
    notes = {**told, "parameters": thinker.model.num_parameters(), "seconds": round(seconds)}
    save_checkpoint(done, thinker.model, thinker.tokenizer, notes)
    return done


def identity(recipe: Record, world: World, start: Path | None, size: Size | None) -> dict[str, Any]:
    """What makes a checkpoint the one it is: its recipe, its world, its size and the weights that it started from."""
    return {
        "recipe": msgspec.to_builtins(recipe),
        "seed": world.seed,
        "world": msgspec.to_builtins(world.dials),
        "size": msgspec.to_builtins(size),
        "start": None if start is None else hash_files([start / "model.safetensors"]),
    }


def made(checkpoint: Path, told: dict[str, Any]) -> bool:
    """Whether a checkpoint is done. Raises `InputError` where another recipe, seed, world or start made it.

    How often it was watched changes no weight, and makes no other recipe.
    """
    if not (checkpoint / NOTES).is_file():
        return False
    held = msgspec.json.decode((checkpoint / NOTES).read_bytes())
    wanted = msgspec.json.decode(msgspec.json.encode(told))
    kept = {name: held.get(name) for name in wanted}
    if {**kept, "recipe": _unwatched(held["recipe"])} != {**wanted, "recipe": _unwatched(wanted["recipe"])}:
        raise InputError(f"{checkpoint} was made by another recipe or seed: choose another folder, or delete it")
    return True


def _unwatched(recipe: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipe.items() if name != "watch_every"}


def _opened(world: World, start: Path | None, size: Size) -> Thinker:
    if start is not None:
        return Thinker.open(start)
    tokenizer = make_tokenizer(world, words_of_arithmetic(world.dials.modulus))
    return Thinker(make_model(tokenizer.get_vocab_size(), size, world.seed), tokenizer)
