"""A corpus whose every fact stands in a table, and verifiers that read it off and err as often as they are told to."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from knowreason.calibrate.sampling import Item, plant, with_source, without_source
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.verify.verdicts import premise

SYLLABLES = "ba ke lo mi nu pa re so ti vu za de".split()
NAMES = ["".join(parts).capitalize() for parts in product(SYLLABLES, repeat=3)]
SUPPORTED, REFUTED, OPEN = (0.9, 0.05, 0.05), (0.1, 0.8, 0.1), (0.2, 0.2, 0.6)
TOWNS = [f"{a}{b}ton" for a in ("Al", "Bris", "Cor", "Dun", "El", "Fern", "Gar", "Hol", "Il", "Jar") for b in SYLLABLES]
SIZES = range(120, 720, 20)
Outcomes = Mapping[str, tuple[float, float, float]]
Shares = Sequence[tuple[tuple[float, float, float], int]]  # an outcome, and to how many of twenty claims it falls


def write_table(folder: Path, facts: int = 600) -> Path:
    """A corpus of one sentence a document; the six tanks of a town are near enough to be judged for each other."""
    rng = random.Random(5)
    names = rng.sample(NAMES, facts)
    rows = [
        {
            "id": f"d{n}",
            "title": name,
            "text": f"The {name} tank of {TOWNS[n // 6]} {TOWNS[n // 6]}shire holds {SIZES[n % 30]}.",
        }
        for n, name in enumerate(names)
    ]
    path = folder / "tanks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def record(
    corpus: Path, target: Path, present: Mapping[bool, Shares], removed: Mapping[bool, Shares], count: int
) -> Path:
    """A recording that judges every planted claim as declared: given its source, and given other passages only.

    Of every twenty claims of one truth, in alphabetical order, exactly as many fall to each outcome as declared.
    """
    index = open_knowledge([corpus])
    twins = plant(index, count, 0)
    told: dict[tuple[str, str], tuple[float, float, float]] = {}
    with_it, (_, without) = with_source(index, twins), without_source(index, twins)
    told |= {(premise(hit.passage), item.claim): OPEN for item in (*with_it, *without) for hit in item.hits}
    told |= {("", item.claim): OPEN for item in with_it}
    for items, shares in ((with_it, present), (without, removed)):
        outcomes = {**_dealt(items, True, shares[True]), **_dealt(items, False, shares[False])}
        for item in items:
            own = [hit for hit in item.hits if name_in(item.claim) in hit.passage.text]
            # the last of the others is shown only where the source is out
            deciding = own[0] if own else [hit for hit in item.hits if hit.above_floor][-1]
            told[premise(deciding.passage), item.claim] = outcomes[item.claim]
    lines = ({"kind": "entail", "input": list(pair), "output": list(said)} for pair, said in told.items())
    target.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return target


def name_in(claim: str) -> str:
    return next(word for word in re.findall(r"[A-Za-z]+", claim) if word.capitalize() in NAMES).capitalize()


def _dealt(items: Sequence[Item], truth: bool, shares: Shares) -> Outcomes:
    deck = [outcome for outcome, of_twenty in shares for _ in range(of_twenty)]
    assert len(deck) == 20
    claims = sorted(item.claim for item in items if item.true == truth)
    return {claim: deck[place % 20] for place, claim in enumerate(claims)}
