"""Tables of graded predictions for tests, every answer chosen."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np


def predictions(model: str, right: Iterable[Any], **changes: Any) -> list[dict[str, Any]]:
    """One answer a question; a change that is an array holds one value a question."""
    return [
        {
            "question_id": f"q{number}",
            "benchmark": "animals",
            "domain": "zoology",
            "model": model,
            "correct": None if one is None else bool(one),
            **{
                name: value[number] if isinstance(value, np.ndarray | list) else value
                for name, value in changes.items()
            },
        }
        for number, one in enumerate(right)
    ]


def write_predictions(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """The rows as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = [{k: v.item() if isinstance(v, np.generic) else v for k, v in row.items()} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in plain), "utf-8")
    return path
