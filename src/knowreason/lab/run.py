"""A run of the lab: worlds, their observers, and the experiments on them, into one folder that can be gone on with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

import msgspec

from knowreason.errors import InputError, StoreError
from knowreason.lab.agreement import Setting, Show, measure_nonsense, measure_rate
from knowreason.lab.checkpoints import require_torch
from knowreason.lab.compute import run_compute
from knowreason.lab.dials import TraceDials
from knowreason.lab.family import FAMILY
from knowreason.lab.probe import Probed, open_observer, probe
from knowreason.lab.recipes import NOTES, ObserverRecipe, check_made_by, train_observer
from knowreason.lab.recutting import measure_recut
from knowreason.lab.regime_writers import RegimesPlan
from knowreason.lab.regimes import run_regimes
from knowreason.lab.reinforce import require_trl
from knowreason.lab.results import RESULTS, Cell, LabResult, Ran, RateResult, WorldResult, write_result
from knowreason.lab.stages import CLINIC
from knowreason.lab.standing import run_standing
from knowreason.lab.thoughts import ThoughtsPlan, run_thoughts
from knowreason.lab.training_effects import run_attribution, run_trap
from knowreason.lab.truth import probed_reader
from knowreason.lab.world import ROUTES, World
from knowreason.records import Record
from knowreason.store import hash_files

Name = Literal["quick", "full"]
Experiment = Literal["standing", "trap", "attribution", "compute", "regimes", "thoughts"]
SHIPPED = Path(__file__).parent / "shipped"
_PLAN = "lab.json"


class Preset(Record, frozen=True):
    """What a run does. `fillers` were chosen before any gain was measured.

    seeds: of the worlds. entities: diseases whose questions are answered in each world, at most.
    builtin: worlds in which the built-in verifier judges the claims too, those of the first rate of filler.
    shipped: whether observers that ship with the package are used where there are any; else all are trained.
    experiments: those beside the first one, each in the world of every seed.
    """

    seeds: tuple[int, ...]
    entities: int
    builtin: int
    shipped: bool
    recipe: ObserverRecipe = ObserverRecipe()
    fillers: tuple[float, ...] = (0.25, 1.0, 2.0)
    traces: TraceDials = TraceDials(corruption=0.15, off_topic=0.2, both_routes=0.25)
    recut: int = 24
    nonsense: int = 24
    experiments: tuple[Experiment, ...] = ()


PRESETS: dict[Name, Preset] = {
    "quick": Preset(seeds=(11, 12), entities=60, builtin=1, shipped=True),
    "full": Preset(seeds=(11, 12, 13), entities=120, builtin=3, shipped=False, experiments=get_args(Experiment)),
}


def run(preset: Preset, out: Path, show: Show, *, name: str) -> LabResult:
    """Everything of a preset into `out`; worlds that are done are not done again. Returns what was found.

    Raises `MissingExtra` without torch, `InputError` where `out` holds another run, `StoreError` where it cannot be
    written.
    """
    require_torch("the lab")
    if {"standing", "attribution"} & set(preset.experiments):
        require_trl()
    _open(out, preset, name)
    begun = time.monotonic()
    worlds = tuple(_world(preset, seed, out, show, builtin=i < preset.builtin) for i, seed in enumerate(preset.seeds))
    others = tuple(
        experiment(name, seed, observer(preset, seed, out, show), out, show)
        for seed in preset.seeds
        for name in preset.experiments
    )
    result = LabResult(
        preset=name,
        version=version("knowreason"),
        seconds=round(time.monotonic() - begun, 1),
        measures=worlds,
        experiments=others,
    )
    write_result(out / RESULTS, result)
    return result


def experiment(name: Experiment, seed: int, observer: Path, out: Path, show: Show) -> Ran:
    """One experiment in the world of one seed; one that is done is not done again."""
    folder = out / name / f"seed-{seed}"
    done = folder / "result.json"
    made_by = digest(name, observer)
    if done.is_file():
        held = msgspec.json.decode(done.read_bytes(), type=Ran)
        if held.made_by != made_by:
            raise InputError(f"{folder} rests on other recipes or another observer: choose another --out, or delete it")
        return held
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    cells = _WORK[name](seed, observer, out / "family" / str(seed), folder, show)
    seconds = round(time.monotonic() - begun, 1)
    ran = Ran(experiment=name, seed=seed, seconds=seconds, cells=cells, made_by=made_by)
    write_result(done, ran)
    return ran


def digest(name: Experiment, observer: Path) -> str:
    """What an experiment rests on, as a hash: the family's recipes or its own plan, and the observer's weights."""
    plan = {"regimes": RegimesPlan(), "thoughts": ThoughtsPlan()}.get(name, (CLINIC, FAMILY))
    weights = hash_files([observer / "model.safetensors"])
    return sha256(msgspec.json.encode((name, plan, weights), order="sorted")).hexdigest()[:16]


_Work = Callable[[int, Path, Path, Path, Show], tuple[Cell, ...]]
_WORK: dict[Experiment, _Work] = {
    "standing": lambda seed, _observer, family, _folder, show: run_standing(seed, family, show),
    "trap": run_trap,
    "attribution": run_attribution,
    "regimes": lambda seed, observer, _family, folder, show: run_regimes(RegimesPlan(), seed, observer, folder, show),
    "thoughts": lambda seed, _observer, _family, folder, show: run_thoughts(ThoughtsPlan(), seed, folder, show),
    "compute": lambda seed, _observer, family, _folder, show: run_compute(seed, family, show),
}


def _open(out: Path, preset: Preset, name: str) -> None:
    plan = json.loads(msgspec.json.encode({"name": name, "preset": preset}))
    path = out / _PLAN
    try:
        out.mkdir(parents=True, exist_ok=True)
        if path.is_file() and json.loads(path.read_text("utf-8")) != plan:
            raise InputError(f"{out} holds another run of the lab: choose another --out, or delete it")
        if not path.is_file() and any(out.iterdir()):
            raise InputError(f"{out} is not empty and holds no run of the lab: choose another --out")
        path.write_text(json.dumps(plan, indent=2, sort_keys=True) + "\n", "utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}") from error


def _world(preset: Preset, seed: int, out: Path, show: Show, *, builtin: bool) -> WorldResult:
    """Experiment 1 in one world: the observer, its closed book, then the gains."""
    folder = out / f"world-{seed}"
    done = folder / "result.json"
    if done.is_file():
        return msgspec.json.decode(done.read_bytes(), type=WorldResult)
    checkpoint = observer(preset, seed, out, show)
    world = World(preset.recipe.world, seed)
    entities = world.of_split("stranger")[: preset.entities]
    probed = _closed_book(world, checkpoint, entities, folder / "recall.json")
    setting = Setting(
        world, entities, f"hf:{checkpoint}", probed_reader(probed.recall, trust=preset.recipe.trust), show
    )
    notes = json.loads((checkpoint / NOTES).read_text("utf-8"))
    rates = _rates(preset, setting, folder, builtin=builtin)
    middle = folder / _named(preset.fillers[len(preset.fillers) // 2]) / "traces.jsonl"
    result = WorldResult(
        seed=seed,
        checkpoint="shipped" if SHIPPED in checkpoint.parents else "trained here",
        parameters=notes["parameters"],
        trained_seconds=notes["seconds"],
        trust=preset.recipe.trust,
        recall=_by_kind(world, entities, probed),
        rates=rates,
        recut=measure_recut(middle, checkpoint, most=preset.recut),
        nonsense=measure_nonsense(world, entities[: preset.nonsense], folder / "nonsense", show=show),
    )
    write_result(done, result)
    return result


def _rates(preset: Preset, setting: Setting, folder: Path, *, builtin: bool) -> tuple[RateResult, ...]:
    """Each rate of filler; the built-in verifier is asked at the first one only."""
    return tuple(
        measure_rate(
            setting,
            msgspec.structs.replace(preset.traces, filler=filler),
            folder / _named(filler),
            builtin=builtin and i == 0,
        )
        for i, filler in enumerate(preset.fillers)
    )


def _named(filler: float) -> str:
    return f"filler-{filler:g}"


def observer(preset: Preset, seed: int, out: Path, show: Show) -> Path:
    """The checkpoint of a world's observer: the one that ships, or one trained here, or gone on with."""
    ships = SHIPPED / f"observer-{seed}"
    if preset.shipped and (ships / NOTES).is_file():
        return check_made_by(ships, preset.recipe, seed)
    folder = out / "checkpoints" / f"observer-{seed}"
    return train_observer(preset.recipe, seed, folder, lambda done, total: show(f"training {seed}", done, total))


def probed_facts(world: World, entities: Sequence[str]) -> list[tuple[str, str]]:
    """The facts that a reader of traces about these diseases may recall: what is general, and their first hops."""
    general = [(e, r) for route in ROUTES for r in world.routes[route][1:] for e in world.subjects[r]]
    return [*general, *((e, world.routes[route][0]) for route in ROUTES for e in entities)]


def _closed_book(world: World, checkpoint: Path, entities: Sequence[str], kept: Path) -> Probed:
    """The probe, written down before any gain is measured, and read from there when a run goes on."""
    keys = probed_facts(world, entities)
    if kept.is_file():
        held = {(e, r): c for e, r, c in json.loads(kept.read_text("utf-8"))}
        if set(held) == set(keys):
            return Probed(held)
    found = probe(world, open_observer(checkpoint), keys)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([[e, r, c] for (e, r), c in found.recall.items()]) + "\n", "utf-8")
    return found


def _by_kind(world: World, entities: Sequence[str], probed: Probed) -> dict[str, float]:
    """Mean recall by what the training text allows: "0.40" are the facts that it states rightly 40 times in 100."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for entity, relation in probed_facts(world, entities):
        kind = "strangers" if entity in world.splits else f"{world.recall(entity, relation):.2f}"
        groups.setdefault(kind, []).append((entity, relation))
    return {kind: probed.mean(keys) for kind, keys in sorted(groups.items())}
