"""What is watched while a thinker trains, and told of it afterwards: right answers, true claims, and the exact gain.

The gain is that of a declared outsider, who knows nothing of a disease's own facts, half of what is general, and trusts
a statement with .85: exact, by enumeration, so it costs nothing to look.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from knowreason.lab.thinker import WARMTH, Response, Thinker, judged, prompt_of
from knowreason.lab.thinking import TEACHER, in_ward
from knowreason.lab.truth import Reader, true_gains
from knowreason.lab.world import Question, World
from knowreason.lab.writing import Sentence, Written
from knowreason.records import Unscored

_GENERAL, _TRUST = 0.5, 0.85


class Told(NamedTuple):
    """One response with the truth about it: `gain` is the outsider's total gain in nats."""

    question: Question
    sample: int
    response: Response
    sentences: tuple[Sentence, ...]
    gain: float

    @property
    def right(self) -> bool:
        """Whether it states the right answer; no answer is no right one."""
        return self.response.answer == self.question.answer


class Watched(NamedTuple):
    """Means over responses. `ki`: the share of true ones among on-topic claims, None where there is none."""

    responses: int
    right: float
    answered: float
    ki: float | None
    false_claims: float
    steps: float
    gain: float
    per_step: float | None


def outsider(world: World) -> Reader:
    """The declared reader of thinkers' traces."""

    def recall(entity: str, relation: str) -> float:
        return 1 / len(world.values[relation]) if entity in world.splits else _GENERAL

    return Reader(recall, _TRUST)


def questions(world: World, entities: Sequence[str], *, leak: float = 0.0) -> list[Question]:
    """One question a disease, in a ward: any ward, or, in a share `leak` of them, the one that gives it away."""
    return [
        in_ward(world, world.question(entity), random.Random(f"{world.seed} ward {entity}"), leak=leak)
        for entity in entities
    ]


def tell(world: World, asked: Sequence[Question], answers: Sequence[Sequence[Response]]) -> list[Told]:
    """Every response with what is true of it."""
    reader = outsider(world)
    found: list[Told] = []
    for question, several in zip(asked, answers, strict=True):
        for sample, response in enumerate(several):
            sentences = judged(world, question, response)
            read = tuple(s if _possible(world, s) else s._replace(fact=None) for s in sentences)
            written = Written(question, read, response.answer or "", TEACHER)
            found.append(Told(question, sample, response, sentences, math.fsum(true_gains(world, written, reader))))
    return found


def _possible(world: World, sentence: Sentence) -> bool:
    """Whether a fact states a value that its relation can have: a reader learns nothing from another one."""
    fact = sentence.fact
    return fact is not None and fact.value in world.values.get(fact.relation, ())


def watched(told: Sequence[Told]) -> Watched:
    """The means. Raises `ValueError` for no response."""
    hops = [[s for s in t.sentences if s.kind == "hop"] for t in told]
    claims = [s.true for several in hops for s in several if s.true is not None]
    steps = fmean(len(t.sentences) for t in told)
    gain = fmean(t.gain for t in told)
    return Watched(
        responses=len(told),
        right=fmean(t.right for t in told),
        answered=fmean(t.response.answer is not None for t in told),
        ki=fmean(claims) if claims else None,
        false_claims=fmean(sum(s.true is False for s in several) for several in hops),
        steps=steps,
        gain=gain,
        per_step=gain / steps if steps else None,
    )


class Watch:
    """Looks at a thinker on fixed questions with fixed draws of chance."""

    def __init__(self, world: World, asked: Sequence[Question], *, samples: int = 2) -> None:
        self._world, self._asked, self._samples = world, asked, samples

    def look(self, thinker: Thinker) -> Watched:
        """The means over the questions now."""
        prompts = [prompt_of(question) for question in self._asked]
        return watched(
            tell(self._world, self._asked, thinker.answer(prompts, samples=self._samples, temperature=WARMTH, seed=0))
        )

    def note(self, thinker: Thinker, log: Path, step: int) -> Watched:
        """Looks, and adds a line to a log."""
        seen = self.look(thinker)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, **seen._asdict()}) + "\n")
        return seen


def or_unscored(value: float | None, reason: str = "no_claims") -> float | Unscored:
    """A figure, or why there is none."""
    return Unscored(reason=reason) if value is None else value
