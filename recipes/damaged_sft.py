"""How much does accuracy care whether the reasoning it was trained on was damaged? 1,000 MedQA traces, Llama-3.1-8B.

    python recipes/damaged_sft.py DATA/predictions/med_s1_sft_runs.jsonl.gz

Prints right answers in MedQA, and in four medical benchmarks together, by kind and share of damage, and the slope from
undamaged traces to all of them damaged. Only counts of right answers are published, so that runs cannot be paired by
question: intervals take them for independent, which makes differences look less certain than they are. GPQA is not
used: in 13 of 77 runs its stated accuracy is not its count of right answers over all questions. Any other run for which
that holds is left out and named.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from knowreason.read.jsonl import read_jsonl
from knowreason.stats import wilson

_UNDAMAGED, _BASE, _NO_REASONING = "medqa-1k-random", "base", "medqa-1k-random-no-cot"
_DAMAGED = re.compile(r"medqa-1k-random-(collapse|irrelevant|shuffle|skip|wrong-answer)-(33|66|100)")
_UNHARMED = (_BASE, _NO_REASONING, _UNDAMAGED)
_BENCHMARKS = ("MedQA_USLME_test", "MedMCQA_validation", "PubMedQA_test", "MMLU-Pro_Medical_test")
_Z = 1.96


class Counted(NamedTuple):
    """Right answers of one run."""

    right: int
    questions: int

    @property
    def share(self) -> float:
        """The share of right answers."""
        return self.right / self.questions

    @property
    def variance(self) -> float:
        """The variance of the share, over questions."""
        return self.share * (1 - self.share) / self.questions


def main() -> None:
    """Prints one table for MedQA and one for four benchmarks together."""
    rows = [found.row for found in read_jsonl(Path(sys.argv[1]))]
    named = {row["run"].removesuffix("_eval.json"): row["result"].get("summary", {}) for row in rows}
    runs = {name: run for name, run in named.items() if name in _UNHARMED or _DAMAGED.fullmatch(name)}
    for title, benchmarks in (("MedQA", _BENCHMARKS[:1]), ("four benchmarks together", _BENCHMARKS)):
        print(f"\n{title}")
        _table(runs, benchmarks)


def _table(runs: dict[str, dict[str, Any]], benchmarks: tuple[str, ...]) -> None:
    kept = {name: _counted(name, summary, benchmarks) for name, summary in runs.items()}
    known = {name: counted for name, counted in kept.items() if counted is not None}
    for name in _UNHARMED:
        print(f"  {name}: {_said(known[name])}")
    kinds: dict[str, dict[int, Counted]] = {}
    for name, counted in known.items():
        if found := _DAMAGED.fullmatch(name):
            kinds.setdefault(found[1], {})[int(found[2])] = counted
    for kind, doses in sorted(kinds.items()):
        told = ", ".join(f"{dose} %: {_said(counted)}" for dose, counted in sorted(doses.items()))
        print(f"  {kind}: {told}; {_difference(doses[100], known[_UNDAMAGED])} at 100 %; {_slope(known, doses)}")
    print(f"  SFT on undamaged traces against the base model: {_difference(known[_UNDAMAGED], known[_BASE])}")


def _counted(name: str, summary: dict[str, Any], benchmarks: tuple[str, ...]) -> Counted | None:
    chosen = [summary[benchmark] for benchmark in benchmarks]
    for each in chosen:
        right, questions = each["num_correct"], each["total_examples"]
        if abs(each["accuracy"] - right / questions) > 5e-4:
            print(f"  left out: {name} states {each['accuracy']:.3f} for {right} of {questions}")
            return None
    return Counted(sum(each["num_correct"] for each in chosen), sum(each["total_examples"] for each in chosen))


def _said(counted: Counted) -> str:
    found = wilson(counted.right, counted.questions)
    assert found is not None
    return f"{100 * found.estimate:.1f} [{100 * found.lower:.1f}, {100 * found.upper:.1f}]"


def _difference(one: Counted, other: Counted) -> str:
    reach = _Z * np.sqrt(one.variance + other.variance)
    apart = one.share - other.share
    return f"{100 * apart:+.1f} [{100 * (apart - reach):+.1f}, {100 * (apart + reach):+.1f}]"


def _slope(known: dict[str, Counted], doses: dict[int, Counted]) -> str:
    """Weighted least squares of accuracy on the share damaged, 0 to 1."""
    table = {0: known[_UNDAMAGED], **doses}
    x = np.array(sorted(table)) / 100
    y, variance = (np.array([getattr(table[d], name) for d in sorted(table)]) for name in ("share", "variance"))
    weights = 1 / variance
    centred = x - np.average(x, weights=weights)
    slope = (weights * centred * y).sum() / (weights * centred**2).sum()
    reach = _Z / np.sqrt((weights * centred**2).sum())
    return (
        f"slope {100 * slope:+.1f} [{100 * (slope - reach):+.1f}, {100 * (slope + reach):+.1f}] points from 0 to 100 %"
    )


if __name__ == "__main__":
    main()
