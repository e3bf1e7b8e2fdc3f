"""Turns the graded answers of MedAgentsBench into predictions that `knowreason compare` reads.

    python recipes/medagents.py DATA/predictions/medagents.jsonl.gz OUT.jsonl [pooled]
    knowreason compare --predictions OUT.jsonl --baseline gpt-4o --candidate o3-mini

The ways of asking get the names that comparisons know (zero_shot is "direct"), the hard questions are benchmarks of
their own, and an answer is right where its letter is the gold letter; anything else, a refusal too, is wrong.
Tokens are those generated. Of answers that stand twice the first is kept.

With "pooled" the seven sets are two benchmarks, "all" and "all hard": more questions, and so narrower intervals.

Questions of MMLU-Pro whose gold letter is I are left out: in most direct rows that letter was lost on the way (o3-mini
"answers" I 7 times and A 172 times where the key has 76 and 101), while prompts that reason kept it.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WAYS = {"zero_shot": "direct", "cot_sc-5": "self_consistency_5", "self_refine-3": "refine_3"}


def main() -> None:
    """Writes the predictions named second from the rows named first."""
    source, target = map(Path, sys.argv[1:3])
    pooled = sys.argv[3:] == ["pooled"]
    written, seen, twice, lost = 0, set[tuple[Any, ...]](), 0, 0
    with target.open("w", encoding="utf-8") as out:
        for row in _rows(source):
            key = (row["bench"], row["split"], row["model"], row["method"], row["realidx"])
            twice += key in seen
            lost += _lost(row)
            if key not in seen and not _lost(row):
                seen.add(key)
                out.write(json.dumps(_prediction(row, pooled=pooled)) + "\n")
                written += 1
    print(f"{written:,} predictions; left out {twice:,} repeated, {lost:,} whose letter was lost: {target}")


def _lost(row: dict[str, Any]) -> bool:
    return row["bench"] == "mmlu-pro" and row["gold"] == "I"


def _rows(source: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _prediction(row: dict[str, Any], *, pooled: bool) -> dict[str, Any]:
    answer = str(row["pred"]).strip("' ")
    letter = answer if len(answer) == 1 and answer.isalpha() else None
    return {
        "question_id": f"{row['bench']} {row['realidx']}",
        "benchmark": ("all" if pooled else row["bench"]) + (" hard" if row["split"] == "test_hard" else ""),
        "domain": "medicine",
        "model": row["model"],
        "condition": _WAYS.get(row["method"], row["method"]),
        "correct": letter is not None and letter == row["gold"],
        "answer": letter,
        "tokens": row["tokens"].get("completion_tokens"),
    }


if __name__ == "__main__":
    main()
