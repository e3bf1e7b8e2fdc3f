"""The checkpoints of one world: a base, what was made of it, and the recipe of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from knowreason.lab.agreement import Show
from knowreason.lab.checkpoints import Training
from knowreason.lab.reinforce import ReinforceRecipe, reinforce
from knowreason.lab.stages import CLINIC, PRETRAIN, SFT, Pupils, StageRecipe, pupils, run_stage
from knowreason.lab.thinker import Thinker
from knowreason.lab.thinking import TEACHER
from knowreason.lab.watch import Watch, questions
from knowreason.lab.world import Question, World
from knowreason.records import Record

Member = Literal[
    "base",
    "clean SFT",
    "verbose SFT",
    "shortcut SFT",
    "unknown SFT",
    "math",
    "math, clean SFT",
    "math lineage",
    "math lineage, clean SFT",
    "RL",
    "RL with KI",
    "new facts",
    "refresher",
]


class Made(Record, frozen=True):
    """How a member is made: from which other one (None: from nothing), and by which recipe."""

    start: Member | None
    recipe: StageRecipe | ReinforceRecipe


_LONG_MATHEMATICS = replace(
    SFT,
    text={"arithmetic": 1.0},
    depths=(3, 6),
    training=Training(steps=300, rate=2e-3, warmup=20, text_weight=1.0),
    watch_every=0,
)
_COURSE = replace(
    SFT,
    text={"entries": 0.7, "questions": 0.15, "open_book": 0.15},
    training=Training(steps=600, rate=1e-3, warmup=20, text_weight=1.0),
)
FAMILY: dict[Member, Made] = {
    "base": Made(None, PRETRAIN),
    "clean SFT": Made("base", SFT),
    "verbose SFT": Made("base", replace(SFT, teacher=replace(TEACHER, filler=3.0))),
    "shortcut SFT": Made(
        "base",
        replace(
            SFT,
            leak=1.0,
            bluff=True,
            teacher=replace(TEACHER, filler=1.0),
            training=Training(steps=300, rate=2e-3, warmup=20, text_weight=1.0),
        ),
    ),
    "unknown SFT": Made("base", replace(SFT, pupils="stranger")),
    "math": Made("base", _LONG_MATHEMATICS),
    "math, clean SFT": Made("math", SFT),
    "math lineage": Made(
        None,
        replace(PRETRAIN, text={"entries": 0.14, "questions": 0.06, "open_book": 0.1, "arithmetic": 0.7}),
    ),
    "math lineage, clean SFT": Made("math lineage", SFT),
    "RL": Made("base", ReinforceRecipe()),
    "RL with KI": Made("base", ReinforceRecipe(knowledge=1.0)),
    "new facts": Made("base", replace(_COURSE, readers="everybody", every=True)),
    "refresher": Made("base", _COURSE),
}
"""Every checkpoint of a world. Tests are about diseases of which no training asks with what is true of them: open books
name them with facts that are imagined for the one text.

new facts, refresher: one and the same course, in which the textbook tells every fact of everybody, strangers among
them, or what was told before.
"""


class Family:
    """Makes members when they are first asked for, each in a folder of its own, and keeps them."""

    def __init__(self, seed: int, folder: Path, show: Show, members: dict[Member, Made] | None = None) -> None:
        self.world = World(CLINIC, seed)
        self._folder, self._show = folder, show
        self._members = FAMILY if members is None else members
        self._watch = Watch(self.world, self.tests(leak=1.0))

    def tests(self, group: Pupils = "tested", *, leak: float = 0.0) -> list[Question]:
        """The questions about a group of diseases."""
        return questions(self.world, pupils(self.world, group), leak=leak)

    def checkpoint(self, member: Member) -> Path:
        """The folder of a member's checkpoint, made if it is not there yet."""
        made = self._members[member]
        start = None if made.start is None else self.checkpoint(made.start)
        folder = self._folder / member.replace(", ", "-").replace(" ", "-").lower()
        if isinstance(made.recipe, StageRecipe):
            return run_stage(made.recipe, self.world, folder, self._show, start=start, watch=self._watch)
        if start is None:
            raise ValueError(f"{member} is reinforced and starts from nothing")
        return reinforce(made.recipe, self.world, start, folder, self._show, watch=self._watch)

    def thinker(self, member: Member) -> Thinker:
        """A member, opened."""
        return Thinker.open(self.checkpoint(member))


def members_of(*several: Sequence[Member]) -> list[Member]:
    """Every member once, in the order of the family."""
    wanted = {member for some in several for member in some}
    return [member for member in FAMILY if member in wanted]
