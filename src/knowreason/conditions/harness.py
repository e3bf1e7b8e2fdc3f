"""The files of the two harnesses: a YAML a task with local JSON Lines, and Inspect's data sets with a task file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from knowreason.conditions.prompts import answer_pattern, tokens_for

Tasks = Mapping[str, Sequence[Mapping[str, Any]]]


def lm_eval_files(tasks: Tasks, name: str, out: Path, *, room: int, lettered: bool) -> dict[str, str]:
    """A YAML and a JSON Lines file a condition, and a group of all of them, by path below the output folder.

    The harness resolves data files against the folder it is started in, so that their paths are absolute.
    """
    files: dict[str, str] = {}
    names = {condition: f"{slug(name)}_{condition}" for condition in tasks}
    for condition, rows in tasks.items():
        data = f"lm_eval/{names[condition]}.jsonl"
        files[data] = _lines(rows)
        files[f"lm_eval/{names[condition]}.yaml"] = _YAML.format(
            task=names[condition],
            data=_quoted(str((out / data).resolve())),
            tokens=tokens_for(condition, room),
            pattern=_quoted(answer_pattern(lettered=lettered)),
        )
    listed = "\n".join(f"  - {task}" for task in names.values())
    files[f"lm_eval/{slug(name)}_conditions.yaml"] = f"group: {slug(name)}_conditions\ntask:\n{listed}\n"
    return files


def inspect_files(tasks: Tasks, *, room: int, lettered: bool) -> dict[str, str]:
    """A JSON data set a condition (`input`, `target`, `id`, `metadata`) and one file of tasks over them."""
    files = {f"inspect/{condition}.jsonl": _lines(map(_sample, rows)) for condition, rows in tasks.items()}
    written = "".join(_TASK.format(condition=c, tokens=tokens_for(c, room)) for c in tasks)
    files["inspect/tasks.py"] = _TASKS.format(pattern=answer_pattern(lettered=lettered)) + written
    return files


def slug(name: str) -> str:
    """A name fit for a task and a file: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower() or "questions"


def _sample(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "input": row["prompt"],
        "target": row["target"],
        "metadata": {"knowreason": row["knowreason"]},
    }


def _lines(rows: Any) -> str:
    return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)


def _quoted(text: str) -> str:
    """A YAML scalar in single quotes, in which only the quote itself is special."""
    return "'" + text.replace("'", "''") + "'"


_YAML = """task: {task}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: generate_until
doc_to_text: '{{{{prompt}}}}'
doc_to_target: '{{{{target}}}}'
generation_kwargs:
  until: ['</s>']
  max_gen_toks: {tokens}
  do_sample: false
filter_list:
  - name: stated
    filter:
      - function: regex
        regex_pattern: {pattern}
      - function: take_first
metric_list:
  - metric: exact_match
    ignore_case: true
metadata:
  version: 1.0
"""

_TASKS = '''"""One task a condition; run all with `inspect eval tasks.py`, one with `inspect eval tasks.py@cot`."""

from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import pattern
from inspect_ai.solver import generate

HERE = Path(__file__).parent


def under(condition: str, tokens: int) -> Task:
    return Task(
        dataset=json_dataset(str(HERE / f"{{condition}}.jsonl")),
        solver=generate(),
        scorer=pattern(r"{pattern}"),
        config=GenerateConfig(max_tokens=tokens, temperature=0.0),
    )
'''

_TASK = """

@task
def {condition}() -> Task:
    return under("{condition}", {tokens})
"""
