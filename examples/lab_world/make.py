"""Writes this example again: python examples/lab_world/make.py

It takes the first observer that ships with the package, the world that it was trained on, and writes beside this file
what README.md lists. It needs pip install 'knowreason[lab]' and takes seconds; nothing here depends on the observer's
figures, so it is run again whenever the observer is another.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

import knowreason.lab
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.printing import Declared, Printed, print_world, write_traces
from knowreason.lab.probe import open_observer, probe
from knowreason.lab.recipes import NOTES, ObserverRecipe
from knowreason.lab.run import probed_facts
from knowreason.lab.truth import probed_reader
from knowreason.lab.world import World
from knowreason.models.load import load
from knowreason.models.remote.terms import Remote
from knowreason.pipeline import audit
from knowreason.task import Audit

HERE = Path(__file__).parent
QUESTIONS = 40
WRITERS = {
    "careful": TraceDials(filler=1.0, corruption=0.05, off_topic=0.3, both_routes=0.25),
    "careless": TraceDials(filler=1.0, corruption=0.35, off_topic=0.3, both_routes=0.25),
}


def shipped_observer() -> Path:
    """The folder of the first observer in the package."""
    return min((Path(knowreason.lab.__file__).parent / "shipped").glob(f"*/{NOTES}")).parent


def declare(checkpoint: Path) -> dict[str, Any]:
    """The world and the reader: what the observer recalls of each fact, asked before any gain is measured."""
    notes = json.loads((checkpoint / NOTES).read_text("utf-8"))
    recipe = msgspec.convert(notes["recipe"], ObserverRecipe)
    world = World(recipe.world, notes["seed"])
    observer = load(f"hf:{checkpoint}").describe()
    facts = probed_facts(world, asked_about(world))
    return {
        "seed": world.seed,
        "world": msgspec.to_builtins(world.dials),
        "writers": msgspec.to_builtins(WRITERS),
        "observer": {"id": observer["id"], "sha256": observer["sha256"]},
        "trust": recipe.trust,
        "recall": [[*fact, c] for fact, c in probe(world, open_observer(checkpoint), facts).recall.items()],
    }


def asked_about(world: World) -> tuple[str, ...]:
    """Diseases that no training text ever named."""
    return world.of_split("stranger")[:QUESTIONS]


def print_declared(told: dict[str, Any], folder: Path) -> Printed:
    """The world's files from what was declared alone; this needs no checkpoint."""
    world = World(msgspec.convert(told["world"], WorldDials), told["seed"])
    recall = {(entity, relation): c for entity, relation, c in told["recall"]}
    reader = probed_reader(recall, trust=told["trust"])
    dials = msgspec.convert(told["writers"], dict[str, TraceDials])
    entities = asked_about(world)
    written = {
        name: write_traces(world, entities, each, seed=number) for number, (name, each) in enumerate(dials.items())
    }
    return print_world(
        world, written, folder, Declared(f"{told['observer']['id']} {told['observer']['sha256']}", reader)
    )


def record_scores(traces: Path, checkpoint: Path, target: Path) -> None:
    """What the observer says of all traces, as an audit with --record keeps it; written in one go, in key order."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.sqlite"
        remote = Remote(ledger=ledger, record=True)
        task = Audit(sources=str(traces), out=Path(folder) / "run", scorer=f"hf:{checkpoint}", remote=remote, workers=1)
        audit(task)
        target.unlink(missing_ok=True)
        with sqlite3.connect(ledger) as kept:
            kept.execute("vacuum into ?", (str(target),))
        kept.close()


def main(folder: Path = HERE) -> None:
    """All files of the example."""
    checkpoint = shipped_observer()
    told = declare(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reader.json").write_text(json.dumps(told) + "\n", "utf-8")
    printed = print_declared(told, folder)
    record_scores(printed.traces, checkpoint, folder / "scores.sqlite")


if __name__ == "__main__":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch is imported: scores of a processor, in single precision
    main(*(Path(name) for name in sys.argv[1:2]))
