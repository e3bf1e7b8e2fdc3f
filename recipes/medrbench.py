"""Do wrong diagnoses come from wrong steps? MedRBench: step factuality and recall of right and wrong diagnoses.

    python recipes/medrbench.py DATA/traces/medrbench.jsonl.gz

All labels are silver: language models judged every step, every gold step and every diagnosis. A diagnosis is right or
wrong where both of its judges say so. Shares are pooled over steps; intervals resample cases. The last lines are the
control: the same cases as another model reasoned about them, which knows nothing of the first one's diagnosis.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from knowreason.read.jsonl import read_jsonl
from knowreason.records import Unscored
from knowreason.stats import bootstrap_ratio, limits, ratio_difference

_MEASURES = ("factual steps", "gold steps stated")


class Counts(NamedTuple):
    """Of one case: (factual, judged) reasoning steps, and (stated, all) gold steps."""

    factual: tuple[int, int]
    stated: tuple[int, int]


def main() -> None:
    """Prints each share for right and wrong diagnoses, and their difference."""
    rows = [found.row for found in read_jsonl(Path(sys.argv[1]))]
    models = sorted({row["model"] for row in rows})
    counts = {model: {r["question_id"]: _counts(r["meta"]) for r in rows if r["model"] == model} for model in models}
    for judge in ("both judges", "gemma", "gpt"):
        verdicts = {m: _verdicts((r for r in rows if r["model"] == m), judge) for m in models}
        for model, right in verdicts.items():
            if not right:
                print(f"{judge}: no diagnosis of {model} is judged: nothing to compare")
                continue
            for other in models:
                whose = "its own" if other == model else f"those of {other} on the same cases"
                wrong = len(right) - sum(right.values())
                print(f"\n{judge}: {sum(right.values())} right, {wrong} wrong of {model}; {whose}")
                for number, measure in enumerate(_MEASURES):
                    _print(measure, [(case, right[case], counts[other][case][number]) for case in sorted(right)])


def _counts(meta: dict[str, Any]) -> Counts:
    judged = [step["factual"] for step in meta["silver_steps"] if step["factual"] is not None]
    stated = [step["hit"] for step in meta["silver_gold_steps"]]
    return Counts((sum(judged), len(judged)), (sum(stated), len(stated)))


def _verdicts(rows: Any, judge: str) -> dict[str, bool]:
    """Right or wrong by case; of both judges only where they agree."""
    told = {row["question_id"]: row["meta"]["diagnosis_correct"] for row in rows}
    known = {case: verdict for case, verdict in told.items() if verdict is not None}
    if judge != "both judges":
        return {case: verdict[judge] for case, verdict in known.items()}
    return {case: verdict["gpt"] for case, verdict in known.items() if len(set(verdict.values())) == 1}


def _print(measure: str, cases: list[tuple[str, bool, tuple[int, int]]]) -> None:
    names = np.array([case for case, _, _ in cases])
    right = np.array([verdict for _, verdict, _ in cases])
    up, down = np.array([counts for _, _, counts in cases], dtype=float).T
    sides = [("right", right), ("wrong", ~right)]
    told = []
    for name, side in sides:
        found = bootstrap_ratio(up * side, down * side, names, seed=0)
        told.append(
            f"{name} {found.estimate:.3f} [{found.lower:.3f}, {found.upper:.3f}]" if found else f"{name} too few"
        )
    apart = ratio_difference(
        np.stack([up * ~right, up * right]), np.stack([down * ~right, down * right]), names, seed=0
    )
    if isinstance(apart, Unscored):
        told.append(f"difference not measured: {apart.reason}")
    else:
        ends = limits(apart)
        told.append(f"difference {apart.estimate:+.3f} [{ends.lower:+.3f}, {ends.upper:+.3f}]")
    print(f"  {measure}: " + "; ".join(told))


if __name__ == "__main__":
    main()
