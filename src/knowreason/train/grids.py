"""Verifier items from the corpora: the same claims against passages that support, refute or leave them open.

For a claim c with its passage p, a contradiction c' and the same change made in the passage, p':
(p, c) and (p', c') are supported, (p, c') and (p', c) refuted, and both claims are left open by a near miss that
retrieval finds once the source is removed. So neither the claim alone nor the passage alone tells the label.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from knowreason.planting.claims import claim_of, reworded, usable
from knowreason.planting.contradict import HELD, TRAINED, Change, Contradictor, apply
from knowreason.planting.paraphrase import small
from knowreason.planting.shared_words import content, overlap
from knowreason.planting.wording import DOUBTS
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED, Pair
from knowreason.train.passages import Passage

NEAR_MISSES = 8


class Seed(NamedTuple):
    """A sentence of a passage that can become claims, with passages that share its words but not its source."""

    passage: Passage
    sentence: str
    near: tuple[Passage, ...]


def choose(passages: Sequence[Passage], limits: dict[str, int], rng: random.Random) -> list[tuple[Passage, str]]:
    """One usable sentence of randomly chosen passages, up to a limit for each corpus."""
    left = dict(limits)
    order = list(passages)
    rng.shuffle(order)
    out: list[tuple[Passage, str]] = []
    for passage in order:
        fit = [sentence for sentence in passage.sentences if usable(sentence)]
        if fit and left.get(passage.corpus, 0) > 0:
            left[passage.corpus] -= 1
            out.append((passage, rng.choice(fit)))
    return out


class GridMaker:
    """Turns seeds into pairs. `planted` keeps to the kinds of error that training never sees."""

    def __init__(self, contradictor: Contradictor, rng: random.Random, *, planted: bool = False) -> None:
        self._contradictor, self._rng = contradictor, rng
        self._kinds = HELD if planted else TRAINED

    def pairs(self, seed: Seed) -> Iterator[Pair]:
        """All pairs of one seed."""
        claim, whole, named = claim_of(seed.sentence, seed.passage.title, self._rng)
        premise, narrow = self._window(seed, named=named)
        change = self._contradictor.change(claim, premise, self._allowed(whole=whole))
        if change is None:
            yield self._pair(seed, premise, claim, SUPPORTED, "same")
            return
        wrong = reworded(change.claim, self._rng)
        yield self._pair(seed, premise, claim, SUPPORTED, "same")
        yield self._pair(seed, premise, wrong, REFUTED, change.kind)
        yield from self._changed_passage(seed, premise, (claim, wrong), change, whole=whole)
        yield from self._open(seed, narrow, (claim, wrong))
        yield from self._open_by_scope(seed, premise, claim)

    def _allowed(self, *, whole: bool) -> list[str]:
        """Kinds of error: a part of a sentence can be negated in the claim only, so that is kept rare."""
        return [kind for kind in self._kinds if kind != "negation" or whole or self._rng.random() < 0.25]

    def _window(self, seed: Seed, *, named: bool) -> tuple[str, str]:
        """One to all sentences around the source as premise, and the same without the source."""
        sentences, place = seed.passage.sentences, seed.passage.sentences.index(seed.sentence)
        before, after = self._rng.randint(0, 3), self._rng.randint(0, 3)
        shown = list(sentences[max(0, place - before) : place + after + 1])
        titled = self._titled(seed.passage, always=named)
        return titled + " ".join(shown), titled + " ".join(s for s in shown if s != seed.sentence)

    def _titled(self, passage: Passage, *, always: bool = False) -> str:
        if not passage.title or (not always and self._rng.random() < 0.3):
            return ""
        return passage.title + self._rng.choice([". ", ": ", " - ", "\n"])

    def _changed_passage(
        self, seed: Seed, premise: str, claims: tuple[str, str], change: Change, *, whole: bool
    ) -> Iterator[Pair]:
        """The change made in the passage instead of, or as well as, in the claim."""
        claim, wrong = claims
        changed = apply(change, premise)
        if changed is None and change.kind == "negation" and whole:
            negated = self._contradictor.change(seed.sentence, premise, ["negation"])
            changed = premise.replace(seed.sentence, negated.claim) if negated else None
        if changed is not None and changed != premise:
            yield self._pair(seed, changed, wrong, SUPPORTED, f"both_{change.kind}")
            yield self._pair(seed, changed, claim, REFUTED, f"passage_{change.kind}")

    def _open(self, seed: Seed, narrow: str, claims: tuple[str, str]) -> Iterator[Pair]:
        """Both claims against near misses: retrieval without the source, and the passage without the sentence."""
        said = content(seed.sentence)
        far = [near for near in seed.near if len(said & content(near.text)) < 0.7 * len(said)]
        for claim in claims:
            if far:
                near = self._rng.choice(far[:3] if self._rng.random() < 0.6 else far)
                yield self._pair(seed, self._titled(near) + self._some(near), claim, OPEN, "near_miss")
        if len(narrow.split()) >= 15 and overlap(seed.sentence, narrow) < 0.7:
            yield self._pair(seed, narrow, self._rng.choice(claims), OPEN, "removed")

    def _some(self, passage: Passage) -> str:
        size = self._rng.randint(1, 5)
        start = self._rng.randint(0, max(0, len(passage.sentences) - size))
        return " ".join(passage.sentences[start : start + size])

    def _open_by_scope(self, seed: Seed, premise: str, claim: str) -> Iterator[Pair]:
        """A condition or another subject of which the passage says nothing, and the passage that does say it."""
        change = self._contradictor.other_subject(claim, seed.passage.title)
        if change is not None:
            yield self._pair(seed, premise, change.claim, OPEN, "subject")
            moved = apply(change, premise)
            if moved is not None:
                yield self._pair(seed, moved, change.claim, SUPPORTED, "both_subject")
                yield self._pair(seed, moved, claim, OPEN, "passage_subject")
        if self._rng.random() < 0.15:
            asked = self._rng.choice(DOUBTS).format(s=small(seed.sentence))
            yield self._pair(seed, premise.replace(seed.sentence, asked), claim, OPEN, "doubt")
        if self._rng.random() < 0.07:
            narrowed = self._contradictor.add_condition(claim)
            yield self._pair(seed, premise, narrowed.claim, OPEN, "condition")
            stated = seed.sentence.rstrip(".") + f" {narrowed.new}."
            yield self._pair(seed, premise.replace(seed.sentence, stated), narrowed.claim, SUPPORTED, "both_condition")
            wrong = self._contradictor.change(narrowed.claim, premise, ["opposite", "number", "entity"])
            if wrong is not None:
                yield self._pair(seed, premise.replace(seed.sentence, stated), wrong.claim, REFUTED, "condition_wrong")

    def _pair(self, seed: Seed, premise: str, claim: str, label: int, kind: str) -> Pair:
        return Pair(premise, claim, label, seed.passage.corpus, kind, seed.passage.part)
