"""The closed book: what a checkpoint recalls of each fact, with no text before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from knowreason.errors import ModelError
from knowreason.lab.language import say
from knowreason.lab.world import Fact, World
from knowreason.models.load import load
from knowreason.models.protocols import Scorer
from knowreason.records import Continuation

_KNOWN = 0.5  # a fact is known where the right value is likelier than all others together


class Probed(NamedTuple):
    """What a probe found: `recall` is the probability of the table's value among the values of its relation."""

    recall: Mapping[tuple[str, str], float]

    def knows(self, entity: str, relation: str) -> bool:
        """Whether the checkpoint holds the table's value likelier than all other values together."""
        return self.recall[entity, relation] > _KNOWN

    def mean(self, keys: Iterable[tuple[str, str]]) -> float:
        """The mean recall of some facts."""
        return fmean(self.recall[key] for key in keys)


def open_observer(checkpoint: Path) -> Scorer:
    """The causal model in a folder, as every audit opens it. Raises `ModelError` where it holds none."""
    model = load(f"hf:{checkpoint}")
    if not isinstance(model, Scorer):
        raise ModelError(f"{checkpoint} holds no causal language model")
    return model


def probe(world: World, scorer: Scorer, keys: Iterable[tuple[str, str]], *, titled: bool = False) -> Probed:
    """Recall c of each fact (entity, relation): p(table's value) / sum of p(value) over the values of the relation.

    The first wording is asked, cut before its value, with nothing before it; `titled` puts the name of its subject
    before it, as an entry of a textbook has it: who learned from a textbook was never asked otherwise.
    """
    asked = list(keys)
    title = "{0}. " if titled else ""
    contexts = [title.format(entity.capitalize()) + opening(entity, relation) for entity, relation in asked]
    calls = [
        Continuation(context=context, target=f" {value}")
        for context, (_, relation) in zip(contexts, asked, strict=True)
        for value in world.values[relation]
    ]
    sums = iter([sum(logs) for logs in scorer.logprobs(calls)])
    found: dict[tuple[str, str], float] = {}
    for entity, relation in asked:
        values = world.values[relation]
        logs = np.array([next(sums) for _ in values])
        shares = np.exp(logs - np.logaddexp.reduce(logs))
        found[entity, relation] = float(shares[values.index(world.table[entity, relation])])
    return Probed(found)


def opening(entity: str, relation: str) -> str:
    """The first wording of a fact up to its value."""
    return say(Fact(entity, relation, "")).rstrip(". ")
