"""Finding a field in a row: where the user said, or under the names that data sets use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, cast

from knowreason.read.rows import Row

QUESTIONS = ("question", "Question", "QUESTION", "problem", "Problem", "question_stem", "sent1", "input", "query")
GOLDS = (
    *("gold", "answer_idx", "answerKey", "answer_key", "answer", "Answer", "correct_answer", "correct_option"),
    *("correct_choice", "cop", "label", "target", "final_decision", "reference", "ground_truth", "ideal"),
)
CARRIED = "knowreason"
"""Where the rows of a data set that this package wrote carry our own fields through a harness."""

OPTIONS = ("options", "choices", "Options", "Choices")
_OPTION_FAMILIES = (
    ("opa", "opb", "opc", "opd", "ope"),
    ("ending0", "ending1", "ending2", "ending3", "ending4"),
    ("choice1", "choice2", "choice3", "choice4", "choice5"),
    ("option_a", "option_b", "option_c", "option_d", "option_e"),
    tuple(ascii_uppercase[:10]),
)


def at_path(row: Row, path: str) -> Any:
    """The value at a dotted path ("doc.answer", "choices.0.text"); None where it leads nowhere.

    A key that holds the dots itself is found first.
    """
    if path in row:
        return row[path]
    value: Any = row
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = cast(Row, value).get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(cast(list[Any], value)):
            value = cast(list[Any], value)[int(key)]
        else:
            return None
    return value


def mapped(rows: Sequence[Row], fields: Mapping[str, str], ours: str) -> Any:
    """The value the user's mapping points at, in the first of `rows` that has it.

    Without a mapping, what a row carries of ours under `knowreason` (see `knowreason conditions`), else None.
    """
    path = fields.get(ours, f"{CARRIED}.{ours}")
    return next((value for row in rows if (value := at_path(row, path)) is not None), None)


def first_of(rows: Sequence[Row], names: Sequence[str]) -> Any:
    """The first value that is there under one of `names`, searching row by row."""
    return next((row[name] for row in rows for name in names if row.get(name) is not None), None)


def all_of(rows: Sequence[Row], names: Sequence[str]) -> list[Any]:
    """All values that are there under `names`, in the order of rows and names."""
    return [row[name] for row in rows for name in names if row.get(name) is not None]


def options_of(rows: Sequence[Row]) -> Any:
    """The options of a data set's row: one field that holds them, or one field an option."""
    held = [value for value in all_of(rows, OPTIONS) if isinstance(value, list | Mapping | str)]
    if held:
        return held[0]
    families = ([row.get(name) for name in names] for row in rows for names in _OPTION_FAMILIES)
    kept = ([value if _is_option(value) else None for value in family] for family in families)
    return next((family for family in kept if len(family) - family.count(None) >= 2), None)


def _is_option(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
