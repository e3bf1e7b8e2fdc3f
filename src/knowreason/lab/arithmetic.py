"""The reasoning domain: chains of modular operations. The facts are few; depth decides.

Start with 3. Then plus 4, times 2. What is left modulo 10?     3 plus 4 gives 7. 7 times 2 gives 4.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from knowreason.lab.dials import check_depth
from knowreason.lab.language import FILLERS
from knowreason.lab.world import Fact

OPERATIONS = ("plus", "minus", "times")
_STEP = re.compile(r"(?P<entity>\d+ (?:plus|minus|times) \d+) (?P<relation>gives) (?P<value>\d+)")


class Chain(NamedTuple):
    """A number, and the operations on it in order, all modulo `modulus`."""

    start: int
    operations: tuple[tuple[str, int], ...]
    modulus: int

    @property
    def steps(self) -> tuple[Fact, ...]:
        """What each operation gives, in order."""
        facts: list[Fact] = []
        at = self.start
        for name, number in self.operations:
            facts.append(Fact(f"{at} {name} {number}", "gives", str(operate(at, name, number, self.modulus))))
            at = int(facts[-1].value)
        return tuple(facts)

    @property
    def result(self) -> int:
        """The number that the chain ends in."""
        return int(self.steps[-1].value)


def operate(at: int, name: str, number: int, modulus: int) -> int:
    """at plus, minus or times number, modulo `modulus`."""
    return {"plus": at + number, "minus": at - number, "times": at * number}[name] % modulus


def draw_chain(depth: int, modulus: int, draw: random.Random) -> Chain:
    """A chain of `depth` operations. Raises `InputError` for a depth that is not 1 to 12."""
    check_depth("depth", depth)
    operations = tuple((draw.choice(OPERATIONS), draw.randrange(modulus)) for _ in range(depth))
    return Chain(draw.randrange(modulus), operations, modulus)


def ask_chain(chain: Chain) -> str:
    """The question about a chain."""
    listed = ", ".join(f"{name} {number}" for name, number in chain.operations)
    return f"Start with {chain.start}. Then {listed}. What is left modulo {chain.modulus}?"


def parse_question(text: str) -> Chain | None:
    """The chain that a question asks about; None where it asks about none."""
    match = re.fullmatch(r"Start with (\d+)\. Then ([a-z\d, ]+)\. What is left modulo (\d+)\?", text.strip())
    if match is None:
        return None
    operations = [re.fullmatch(r"(plus|minus|times) (\d+)", piece) for piece in match[2].split(", ")]
    if not all(operations):
        return None
    return Chain(int(match[1]), tuple((o[1], int(o[2])) for o in operations if o), int(match[3]))


def say_step(fact: Fact) -> str:
    """One step as a sentence."""
    return f"{fact.entity} {fact.relation} {fact.value}."


def parse_step(sentence: str) -> Fact | None:
    """The step that a sentence states; None where it states none."""
    match = _STEP.fullmatch(sentence.strip().rstrip("."))
    return None if match is None else Fact(match["entity"], match["relation"], match["value"])


def words_of_arithmetic(modulus: int) -> list[str]:
    """Every lower-case word and sign of chains modulo `modulus`, sorted."""
    sentences = [ask_chain(Chain(0, ((OPERATIONS[0], 0), (OPERATIONS[0], 0)), modulus)), *OPERATIONS, "gives"]
    said = {word for sentence in sentences for word in re.findall(r"\w+|[^\w\s]", sentence.lower())}
    return sorted(said | {str(number) for number in range(modulus + 1)})


def is_true_step(fact: Fact, modulus: int) -> bool | None:
    """Whether a step is computed rightly; None where it is no step."""
    words = fact.entity.split()
    if fact.relation != "gives" or len(words) != 3 or words[1] not in OPERATIONS:
        return None
    return operate(int(words[0]), words[1], int(words[2]), modulus) == int(fact.value)


def reason(chain: Chain, draw: random.Random, *, corruption: float, filler: float) -> tuple[list[str], int]:
    """The sentences of a trace, and the number they end in; a corrupted step gives another number and leads on."""
    sentences: list[str] = []
    at = chain.start
    for name, number in chain.operations:
        sentences += [draw.choice(FILLERS)] * (draw.random() < filler)
        value = operate(at, name, number, chain.modulus)
        if draw.random() < corruption:
            value = draw.choice([v for v in range(chain.modulus) if v != value])
        sentences.append(say_step(Fact(f"{at} {name} {number}", "gives", str(value))))
        at = value
    return sentences, at


def result_posterior(chain: Chain, stated: Iterable[Fact], *, recall: float, trust: float) -> list[float]:
    """A declared reader's exact probabilities of every result, 0 to modulus - 1, after what was stated.

    The reader gets each operation right with probability `recall`, any other number else, and takes a statement for
    true with probability `trust`: his distribution over numbers is carried through the chain. He carries out each
    operation anew, so the same one at two places may err at one of them.
    """
    said: dict[str, list[str]] = {}
    for fact in dict.fromkeys(stated):
        said.setdefault(fact.entity, []).append(fact.value)
    at = [float(n == chain.start) for n in range(chain.modulus)]
    for name, number in chain.operations:
        rows = [
            _believed(
                operate(n, name, number, chain.modulus),
                said.get(f"{n} {name} {number}", ()),
                recall,
                trust,
                size=chain.modulus,
            )
            for n in range(chain.modulus)
        ]
        at = [sum(p * row[v] for p, row in zip(at, rows, strict=True)) for v in range(chain.modulus)]
    return at


def _believed(right: int, said: Sequence[str], recall: float, trust: float, *, size: int) -> list[float]:
    held = _spread(right, recall, size)
    for value in said:
        held = [h * s for h, s in zip(held, _spread(int(value), trust, size), strict=True)]
    return [h / sum(held) for h in held]


def _spread(value: int, share: float, size: int) -> list[float]:
    return [share if v == value else (1 - share) / (size - 1) for v in range(size)]
