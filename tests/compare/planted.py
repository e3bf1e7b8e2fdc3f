"""Runs with planted differences, written as tables: every figure is chosen, so that every verdict is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowreason.frame import Audited
from made_records import make_audited, make_tables

WORDS = ("Bats fly. ", "Owls fly too. ", "So it is a bat. ", "The answer is (B).")


def answers(right: Sequence[bool] | np.ndarray, model: str, **changes: Any) -> list[Audited]:
    """One trace a question, right or wrong as told; a change that is a list holds one value a question."""
    return [
        make_audited(
            number,
            grade="correct" if one else "incorrect",
            model=model,
            trace_id=f"{model}-{changes.get('benchmark', 'animals')}-{changes.get('sample', 0)}-{number:05d}",
            **{name: value[number] if isinstance(value, list) else value for name, value in changes.items()},
        )
        for number, one in enumerate(right)
    ]


def write_run(folder: Path, audited: Sequence[Audited], manifest: dict[str, Any] | None = None) -> Path:
    """A finished run of these traces."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    if manifest is not None:
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def coins(seed: int, count: int, share: float) -> np.ndarray:
    """`count` answers of which exactly round(share * count) are right, in random order."""
    right = np.arange(count) < round(share * count)
    return np.random.default_rng(seed).permutation(right)


def surprisals(gains: np.ndarray) -> list[tuple[float, ...]]:
    """Surprisals of four steps whose first one, the informative part, gains what is told."""
    return [(2.0, 2.0 - float(g), 2.0 - float(g), 1.5 - float(g), 1.2 - float(g)) for g in gains]
