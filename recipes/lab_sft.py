"""Stage 2 of the lab's recipes, fine-tuning: python recipes/lab_sft.py shortcut --out runs/family

Fine-tunes the base of a world (made first where it is missing) on a teacher's traces, and prints what happened to
right answers, true claims and the exact gain meanwhile. With the teacher "shortcut" accuracy rises while the
gain falls to nothing: the trap, as it happens. "verbose" adds length, "unknown" teaches facts that the model was never
shown, and "clean" is what one would wish for. The recipes are `FAMILY` in knowreason.lab.family.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from knowreason.lab.family import Family, Member
from knowreason.progress import bars

TEACHERS: dict[str, Member] = {
    "clean": "clean SFT",
    "verbose": "verbose SFT",
    "shortcut": "shortcut SFT",
    "unknown": "unknown SFT",
}


def main() -> None:
    """Fine-tune, and print the log of what was watched."""
    parser = argparse.ArgumentParser(description="Fine-tune a thinker of the lab.")
    parser.add_argument("teacher", choices=TEACHERS)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path, required=True, help="where the family of checkpoints is kept")
    given = parser.parse_args()
    with bars() as show:
        checkpoint = Family(given.seed, given.out, show).checkpoint(TEACHERS[given.teacher])
    print(watched(checkpoint.parent / "watch.jsonl"))


def watched(log: Path) -> str:
    """The log as a table: the benchmark's wards give the answer away, the diseases were never practised."""
    lines = ["  step  right    KI  false claims  steps  gain, nats  gain a step"]
    for line in log.read_text("utf-8").splitlines():
        seen = json.loads(line)
        index = "none" if seen["ki"] is None else f"{seen['ki']:.2f}"
        step = "none" if seen["per_step"] is None else f"{seen['per_step']:.2f}"
        lines.append(
            f"{seen['step']:>6}  {seen['right']:>5.2f}  {index:>4}  {seen['false_claims']:>12.2f}"
            f"  {seen['steps']:>5.1f}  {seen['gain']:>10.2f}  {step:>11}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
