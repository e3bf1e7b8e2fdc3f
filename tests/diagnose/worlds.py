"""Runs whose needs are planted: what facts and reasoning change, and what goes with right answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from knowreason.frame import Audited
from made_records import make_audited, make_tables


def write_run(folder: Path, audited: Sequence[Audited], manifest: Mapping[str, Any] | None = None) -> Path:
    """A finished run of these traces."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in make_tables(audited).items():
        table.write_parquet(folder / f"{name}.parquet")
    (folder / "manifest.json").write_text(json.dumps(manifest or {}), "utf-8")
    return folder


def under(condition: str, right: np.ndarray, model: str = "owl", **changes: Any) -> list[Audited]:
    """One trace a question under one condition, right or wrong as told."""
    return [
        make_audited(
            number,
            grade="correct" if one else "incorrect",
            model=model,
            condition=condition,
            trace_id=f"{model}-{condition}-{changes.get('benchmark', 'animals')}-{number:05d}",
            **changes,
        )
        for number, one in enumerate(right)
    ]


def share(count: int, right: float) -> np.ndarray:
    """`count` answers, the first of which are right: shares of one world are nested."""
    return np.arange(count) < round(right * count)


def given(count: int = 200, **levels: float) -> list[Audited]:
    """The same questions under several conditions, by their shares of right answers."""
    return [one for condition, right in levels.items() for one in under(condition, share(count, right))]


def observed(
    seed: int, *, knowledge: float, reasoning: float, count: int = 240, model: str = "owl", **changes: Any
) -> list[Audited]:
    """Traces whose right answers go with their facts and their informative gain (log odds a standard deviation)."""
    rng = np.random.default_rng(seed)
    audited: list[Audited] = []
    for number in range(count):
        true, gain = rng.integers(0, 3), float(rng.normal(0.5, 0.3))
        odds = knowledge * (true - 1) / 0.82 + reasoning * (gain - 0.5) / 0.3
        labels = ["supported"] * true + ["refuted"] * (2 - true)
        words = ("so " * int(rng.integers(1, 60))).strip()
        audited.append(
            make_audited(
                number,
                verdicts=tuple(labels),
                grade="correct" if rng.random() < expit(odds) else "incorrect",
                surprisals=(2.0, 2.0 - gain, 2.0 - gain, 1.5 - gain, 1.2 - gain),
                sentences=(f"Bats are mammals {words}. ", "Bats lay eggs. ", "So it is a bat. ", "The answer is (B)."),
                model=model,
                trace_id=f"{model}-{changes.get('benchmark', 'animals')}-{number:05d}",
                **changes,
            )
        )
    return audited
