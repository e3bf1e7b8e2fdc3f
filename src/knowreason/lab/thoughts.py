"""Experiment 8, reasoning from text alone: what thinking before a word is worth, by what the corpus holds.

After Quiet-STaR (Zelikman et al. 2024, arXiv 2403.09629). A small model reads text until it knows the facts, then reads
on in one of three ways, for the same number of steps and texts: as before, with thoughts of its own before the last
words of sentences, or with as many pauses that say nothing. No question, no answer and no trace is ever shown.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from knowreason.errors import InputError
from knowreason.lab.agreement import Show
from knowreason.lab.checkpoints import Size, make_model, make_tokenizer, require_torch
from knowreason.lab.dials import WorldDials
from knowreason.lab.language import say
from knowreason.lab.results import Cell, write_result
from knowreason.lab.thought_text import STOP, Composed, Corpus, Passage, passage, stated_in
from knowreason.lab.world import ROUTES, Fact, Route, Split, World
from knowreason.records import Record

Way = Literal["text", "thoughts", "pauses"]
WAYS: tuple[Way, ...] = ("text", "thoughts", "pauses")
_BEFORE = "is"  # stands before the last word of every sentence of the lab
SPLITS: tuple[Split, ...] = ("asked", "held_out", "stranger")


class ThoughtsPlan(Record, frozen=True):
    """Experiment 8.

    world: its dials. Composed sentences of the text are about its "asked" diseases; of "stranger" ones no first hop
        is stated.
    wards: on which the second hop depends. share: of texts with a composed sentence where the corpus holds all types.
    stated: the share of those in which the first hop stands before the composed sentence.
    corpora: the diversity dial: the hop types whose composed sentences each corpus holds, each with a name.
    size: of the model. spread: standard deviation of its fresh weights; from larger ones it learns by heart what it
        could compose.
    texts, think_texts: of a batch before the ways part, and after; what the later ones compose is new.
    read_steps, think_steps: so many batches. rate, think_rate: the highest learning rates.
    thought: k, words of a thought. samples: thoughts at a place; each text has one, where its last words surprise most.
    ahead: m, the words after the place that a thought is rewarded by.
    policy: weight of REINFORCE beside the loss of the words ahead and the loss of the text.
    mixing: where the mixing head begins, as a logit of the thought's weight.
    asked: composed sentences that each measure rests on. save_every: steps between saved states.
    """

    world: WorldDials = WorldDials(entities=160, answers=12, findings=12, never_shown=0.2, asked=0.75)
    wards: int = 6
    share: float = 0.3
    stated: float = 0.5
    corpora: tuple[tuple[str, tuple[Route, ...]], ...] = (("both types", ROUTES), ("one type", ROUTES[:1]))
    size: Size = Size(width=64, inner=128, layers=2, heads=4)
    spread: float = 0.08
    texts: int = 48
    think_texts: int = 32
    read_steps: int = 500
    think_steps: int = 300
    rate: float = 3e-3
    think_rate: float = 2e-3
    thought: int = 6
    samples: int = 3
    ahead: int = 2
    policy: float = 3.0
    mixing: float = 0.0
    asked: int = 192
    save_every: int = 100


class Lesson(NamedTuple):
    """What a model is taught with: the plan, the seed, the text, and the id of every word; `words` is their number."""

    plan: ThoughtsPlan
    seed: int
    corpus: Corpus
    ids: dict[str, int]

    @property
    def words(self) -> int:
        """How many words there are: the marks come after them."""
        return len(self.ids)

    def encoded(self, text: Passage) -> list[int]:
        """A text as ids, after the begin mark: word i stands at i + 1, so it is foretold at i."""
        return [0, *(self.ids[word] for word in text.words)]


def run_thoughts(plan: ThoughtsPlan, seed: int, folder: Path, show: Show) -> tuple[Cell, ...]:
    """Experiment 8 in the world of a seed, gone on with where it stopped in `folder`.

    Raises `MissingExtra` without torch, `InputError` where the folder holds another plan or seed, or for a plan that
    cannot be.
    """
    require_torch("the experiment on thoughts")
    _open(folder, plan, seed)
    world = World(plan.world, seed)
    ids = make_tokenizer(world).get_vocab()
    found: list[Cell] = []
    for name, types in plan.corpora:
        corpus = Corpus(world, types, wards=plan.wards, share=plan.share, stated=plan.stated)
        found += _corpus_cells(Lesson(plan, seed, corpus, ids), name, folder / name.replace(" ", "-"), show)
    return tuple(found)


def _open(folder: Path, plan: ThoughtsPlan, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path, told = folder / "plan.json", msgspec.json.encode({"plan": plan, "seed": seed})
    if path.is_file() and path.read_bytes() != told:
        raise InputError(f"{folder} holds another experiment on thoughts: choose another folder, or delete it")
    path.write_bytes(told)


class _Found(Record, frozen=True):
    cells: tuple[Cell, ...]


def _corpus_cells(lesson: Lesson, name: str, folder: Path, show: Show) -> list[Cell]:
    """The model that has read a corpus, then each way of reading on, each measured."""
    found: list[Cell] = []
    for way in WAYS:
        done = folder / f"{way}.json"
        if not done.is_file():
            pupil = Pupil(lesson, folder, way)
            pupil.learn(partial(show, f"{name}, {way}"))
            write_result(done, _Found(cells=tuple(measure(pupil, name))))
        found += msgspec.json.decode(done.read_bytes(), type=_Found).cells
    return found


class Pupil:
    """A model, its mixing head, and how it reads."""

    def __init__(self, lesson: Lesson, folder: Path, way: Way) -> None:
        from knowreason.lab.thought_training import MARKS, make_head

        plan = lesson.plan
        self.lesson, self._folder = lesson, folder
        self.way: Way = way
        self.model = make_model(lesson.words + MARKS, plan.size, lesson.seed)
        for weights in self.model.parameters():
            if weights.dim() == 2:
                weights.data.normal_(0, plan.spread)
        self.head = make_head(plan.size.width, plan.mixing)
        self._optimiser = self._fresh(plan.rate)

    def learn(self, notify: Callable[[int, int], None]) -> None:
        """Reads, then reads on in its way; what all ways share is read once and kept."""
        plan = self.lesson.plan
        self._stretch("read", "text", plan.read_steps, notify)
        self._mark()
        self._optimiser = self._fresh(plan.think_rate)
        self._stretch(self.way, self.way, plan.think_steps, notify)
        self.model.eval()

    def _fresh(self, rate: float) -> Any:
        import torch

        both = [*self.model.parameters(), *self.head.parameters()]
        return torch.optim.AdamW(both, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))

    def _mark(self) -> None:
        """What a mark begins as: the full stop, after which a sentence stands; the closing one as the word before the
        last word of every sentence.
        """
        import torch

        from knowreason.lab.thought_training import THOUGHT

        words, ids = self.lesson.words, self.lesson.ids
        with torch.no_grad():
            table = self.model.base_model.embed_tokens.weight
            table[words:] = table[ids[STOP]]
            table[words + THOUGHT] = table[ids[_BEFORE]]

    def _stretch(self, name: str, way: Way, steps: int, notify: Callable[[int, int], None]) -> None:
        path = self._folder / f"{name}.pt"
        begun = self._resume(path)
        rate = self._optimiser.param_groups[0]["lr"]
        for step in range(begun, steps):
            self._optimiser.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / 20, max(0.1, 4 * (1 - step / steps)))
            self._step(name if name == "read" else "on", way, step)
            self._optimiser.param_groups[0]["lr"] = rate
            notify(step + 1, steps)
            if (step + 1) % self.lesson.plan.save_every == 0 or step + 1 == steps:
                self._save(path, step + 1)

    def _step(self, stretch: str, way: Way, step: int) -> None:
        import torch

        loss = self._loss(stretch, way, step)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimiser.step()

    def _loss(self, stretch: str, way: Way, step: int) -> Any:
        """The text's loss, and with thoughts that of the words ahead, mixed and by the thought alone, and the policy's.

        The reward is by the thought alone: a head that has turned away from thoughts could reward none.
        """
        import torch

        from knowreason.lab.thought_training import foretell, policy_loss, rewards, rows_of, sample

        plan, words = self.lesson.plan, self.lesson.words
        draw = random.Random(f"{self.lesson.seed} {stretch} {step}")
        count = plan.texts if stretch == "read" else plan.think_texts
        texts = [self.lesson.corpus.passage(draw, later=stretch != "read") for _ in range(count)]
        group = {"text": 0, "thoughts": plan.samples, "pauses": 1}[way]  # pauses are all alike: one stands for all
        places = [[place] * group for place in self._surprising(texts)] if group else [[] for _ in texts]
        rows = rows_of([self.lesson.encoded(text) for text in texts], places)
        thoughts = self.paused(len(texts), group)
        if way == "thoughts":
            generator = torch.Generator().manual_seed(self.lesson.seed * 1_000_003 + step)
            thoughts = sample(self.model, rows, plan.thought, words, generator)
        told = foretell(self.model, self.head, rows, thoughts, words, ahead=plan.ahead)
        if way == "text":
            return told.text
        loss = told.text + told.mixed.mean() + told.after.mean()
        if way == "thoughts":
            reward = rewards(told.without, told.after)
            loss = loss + plan.policy * policy_loss(reward, told.sampled, plan.samples)
        return loss

    def _surprising(self, texts: Sequence[Passage]) -> list[int]:
        """Of each text the place before the last word that the text alone foretells worst."""
        import torch

        from knowreason.lab.thought_training import foretell, rows_of

        most = max(len(text.places) for text in texts)
        places = [[*text.places, *[text.places[0]] * (most - len(text.places))] for text in texts]
        rows = rows_of([self.lesson.encoded(text) for text in texts], places)
        with torch.no_grad():
            told = foretell(self.model, self.head, rows, self.paused(*rows.places.shape)[..., :0], self.lesson.words)
        return rows.places.gather(1, told.without[..., 0].argmax(1, keepdim=True))[:, 0].tolist()

    def paused(self, rows: int, branches: int) -> Any:
        """A thought of pauses for every branch, [rows, branches, k]."""
        import torch

        from knowreason.lab.thought_training import PAUSE

        return torch.full((rows, branches, self.lesson.plan.thought), self.lesson.words + PAUSE)

    def _resume(self, path: Path) -> int:
        import torch

        if not path.is_file():
            return 0
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.head.load_state_dict(state["head"])
        self._optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])

    def _save(self, path: Path, step: int) -> None:
        import torch

        state = {
            "model": self.model.state_dict(),
            "head": self.head.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": step,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}")
        torch.save(state, temporary)
        os.replace(temporary, path)


class Told(NamedTuple):
    """Last words of texts as a model tells them: loss in nats, and whether it is right, without and with a thought."""

    without: list[float]
    right_without: list[bool]
    after: list[float]
    right_after: list[bool]
    thoughts: list[list[str]]


def tell(pupil: Pupil, texts: Sequence[Passage], *, thinks: bool) -> Told:
    """The last words of texts, told by the likeliest thought where the pupil thinks, else by the text alone."""
    import torch

    from knowreason.lab.thought_training import foretell, rows_of, sample

    lesson, plan = pupil.lesson, pupil.lesson.plan
    rows = rows_of([lesson.encoded(text) for text in texts], [[text.places[-1]] for text in texts])
    thoughts = torch.zeros(len(texts), 1, 0, dtype=torch.long)
    if thinks and pupil.way == "thoughts":
        thoughts = sample(pupil.model, rows, plan.thought, lesson.words, None)
    if thinks and pupil.way == "pauses":
        thoughts = pupil.paused(len(texts), 1)
    right = torch.tensor([lesson.ids[text.words[text.places[-1]]] for text in texts])
    with torch.no_grad():
        told = foretell(pupil.model, pupil.head, rows, thoughts, lesson.words, ahead=1)
        plain = foretell(pupil.model, pupil.head, rows, thoughts[:, :, :0], lesson.words, ahead=1)
    name = {number: word for word, number in lesson.ids.items()}
    return Told(
        without=told.without[:, 0, 0].tolist(),
        right_without=(plain.logits[:, 0].argmax(-1) == right).tolist(),
        after=told.mixed[:, 0, 0].tolist(),
        right_after=(told.logits[:, 0].argmax(-1) == right).tolist(),
        thoughts=[[name.get(int(i), "") for i in row[0]] for row in thoughts],
    )


def measure(pupil: Pupil, corpus: str) -> list[Cell]:
    """Every figure of one way of reading one corpus, by hop type and split; and the closed book."""
    arm = f"{corpus}, {pupil.way}"
    found = [cell for split in SPLITS for cell in _recalled(pupil, arm, split)]
    for route in ROUTES:
        for split in SPLITS:
            found += _worth(pupil, arm, route, split)
    return found


def _recalled(pupil: Pupil, arm: str, split: Split) -> list[Cell]:
    world = pupil.lesson.corpus.world
    firsts = [world.routes[route][0] for route in ROUTES]
    facts = [Fact(e, r, world.table[e, r]) for e in world.of_split(split) for r in firsts]
    told = tell(pupil, [passage([say(fact)]) for fact in facts], thinks=False)
    return [_mean(arm, f"first hop recalled, {split}", told.right_without)]


def _worth(pupil: Pupil, arm: str, route: Route, split: Split) -> list[Cell]:
    """Composed sentences of a type about diseases of a split: told plainly, with the thought, with the fact given."""
    world = pupil.lesson.corpus.world
    asked = pupil.lesson.corpus.asked(route, split, pupil.lesson.plan.asked)
    told = tell(pupil, [passage([c.say()]) for c in asked], thinks=True)
    given = tell(pupil, [passage([say(c.middle), c.say()]) for c in asked], thinks=False)
    where = f"{world.routes[route][0]}, {split}"
    found = [
        _mean(arm, f"loss without thought, {where}", told.without),
        _mean(arm, f"accuracy without thought, {where}", told.right_without),
        _mean(arm, f"loss with the fact given, {where}", given.without),
        _mean(arm, f"accuracy with the fact given, {where}", given.right_without),
    ]
    if pupil.way == "text":
        return found
    found += [
        _mean(arm, f"loss with thought, {where}", told.after),
        _mean(arm, f"accuracy with thought, {where}", told.right_after),
    ]
    return found if pupil.way == "pauses" else [*found, _stating(arm, where, asked, told)]


def _stating(arm: str, where: str, asked: Sequence[Composed], told: Told) -> Cell:
    states = [stated_in(words, c.middle) for c, words in zip(asked, told.thoughts, strict=True)]
    return _mean(arm, f"thoughts that state the middle fact, {where}", states)


def _mean(arm: str, measure: str, values: Sequence[float]) -> Cell:
    return Cell(arm=arm, measure=measure, value=sum(values) / len(values), n=len(values))
