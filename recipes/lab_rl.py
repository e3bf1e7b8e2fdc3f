"""Stage 3 of the lab's recipes, reinforcement: python recipes/lab_rl.py answer --out runs/family

Reinforces the base of a world (made first where it is missing) by its own responses, with TRL, and prints right
answers, true claims and the exact informative gain meanwhile. "answer" rewards the right answer alone, "knowledge" adds
the share of true claims. No text is shown, so no fact is learned: what rises is how often the better route is taken.
The recipes are `FAMILY` in knowreason.lab.family.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lab_sft import watched

from knowreason.lab.family import Family, Member
from knowreason.progress import bars

REWARDS: dict[str, Member] = {"answer": "RL", "knowledge": "RL with KI"}


def main() -> None:
    """Reinforce, and print the log of what was watched."""
    parser = argparse.ArgumentParser(description="Reinforce a thinker of the lab.")
    parser.add_argument("reward", choices=REWARDS)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path, required=True, help="where the family of checkpoints is kept")
    given = parser.parse_args()
    with bars() as show:
        checkpoint = Family(given.seed, given.out, show).checkpoint(REWARDS[given.reward])
    print(watched(checkpoint.parent / "watch.jsonl"))


if __name__ == "__main__":
    main()
