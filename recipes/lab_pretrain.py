"""Stage 1 of the lab's recipes, pre-training: python recipes/lab_pretrain.py --seed 11 --out runs/family

A thinker of 144,000 parameters reads a textbook, questions with their reasoning, open-book questions and arithmetic of
its world, in about a minute and a half on one quiet core. Needs pip install 'knowreason[lab]'. The text and the
schedule are `PRETRAIN` in knowreason.lab.stages; what is told of the world is `CLINIC` there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from knowreason.lab.family import Family
from knowreason.progress import bars


def main() -> None:
    """Make the base of a world, or say where it is."""
    parser = argparse.ArgumentParser(description="Pre-train a thinker of the lab.")
    parser.add_argument("--seed", type=int, default=11, help="of the world and of the weights")
    parser.add_argument("--out", type=Path, required=True, help="where the family of checkpoints is kept")
    given = parser.parse_args()
    with bars() as show:
        family = Family(given.seed, given.out, show)
        checkpoint = family.checkpoint("base")
    print(f"base: {checkpoint}")


if __name__ == "__main__":
    main()
