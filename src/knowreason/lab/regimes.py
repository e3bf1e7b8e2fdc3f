"""Experiment 3, regimes: does a diagnosis name what the errors of a writer are due to, where that is known?

A writer is the world's own: it states claims of which a share is false, and goes on from what it reached but for a
share of slips. What its errors are due to is counted on its very traces by oracle repair. The methods of
`regime_methods` say it unseen, and `regime_verdicts` counts who was right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from knowreason.errors import InputError
from knowreason.lab.recipes import NOTES, ObserverRecipe
from knowreason.lab.regime_methods import Place, intervened, observed, observed_by_reader, published
from knowreason.lab.regime_verdicts import CODES
from knowreason.lab.regime_writers import RegimeSetting, RegimesPlan, variant_answers, written_answers
from knowreason.lab.results import Cell, write_result
from knowreason.lab.world import World
from knowreason.records import Record
from knowreason.store import hash_files

Show = Callable[[str, int, "int | None"], None]


class _Done(Record, frozen=True):
    """A finished setting: what it was made with, and what was found."""

    plan: RegimesPlan
    seed: int
    observer: str
    cells: tuple[Cell, ...]


def run_regimes(plan: RegimesPlan, seed: int, observer: Path, folder: Path, show: Show) -> tuple[Cell, ...]:
    """Every setting in the world of a seed, into `folder`; settings that are done are not done again.

    `observer` is the checkpoint's folder; its notes say which world it reads. A cell's arm is the setting, its measure
    begins with the method. Raises `InputError` where the observer is that of another seed, or where `folder` holds
    another run; `MissingExtra` without torch.
    """
    world = world_of(observer, seed)
    weights = hash_files([observer / "model.safetensors"])
    found: list[Cell] = []
    for number, setting in enumerate(plan.settings):
        show(f"regimes {seed}", number, len(plan.settings))
        found += _once(Place(plan, setting, world, folder / _path_of(setting), observer, show), weights)
    show(f"regimes {seed}", len(plan.settings), len(plan.settings))
    return tuple(found)


def world_of(observer: Path, seed: int) -> World:
    """The world that an observer reads, from the notes in its folder. Raises `InputError` for that of another seed."""
    path = observer / NOTES
    if not path.is_file():
        raise InputError(f"{observer} holds no checkpoint of the lab ({NOTES} is missing): train an observer first")
    notes = msgspec.json.decode(path.read_bytes())
    if notes["seed"] != seed:
        raise InputError(f"{observer} reads the world of seed {notes['seed']}, not of {seed}: name that of {seed}")
    return World(msgspec.convert(notes["recipe"], ObserverRecipe).world, seed)


def _once(place: Place, weights: str) -> tuple[Cell, ...]:
    done = place.folder / "cells.json"
    if done.is_file():
        held = msgspec.json.decode(done.read_bytes(), type=_Done)
        if (held.plan, held.seed, held.observer) != (place.plan, place.world.seed, weights):
            raise InputError(f"{place.folder} holds another run: choose another folder, or delete it")
        return held.cells
    place.folder.mkdir(parents=True, exist_ok=True)
    cells = tuple(_setting(place))
    write_result(done, _Done(plan=place.plan, seed=place.world.seed, observer=weights, cells=cells))
    return cells


def _setting(place: Place) -> Iterator[Cell]:
    """Every figure of one setting."""
    plan, setting = place.plan, place.setting
    entities = place.world.of_split("stranger")[: plan.questions]
    answers = written_answers(plan, setting, place.world, entities)
    usual = [one for one in answers if one.condition == "cot"]
    yield Cell(arm=setting.name, measure="truth by the dials", value=CODES[setting.regime], n=len(usual))
    yield from observed(place, usual)
    yield from intervened(place, answers)
    yield from published(place, variant_answers(plan, setting, place.world, entities))
    for hops in plan.reader_hops:
        yield from observed_by_reader(place, hops)


def _path_of(setting: RegimeSetting) -> str:
    return setting.name.replace(", ", "-").replace(" ", "-")
