"""The dials of a world and of the traces printed from it. An impossible setting is refused in one line."""

from __future__ import annotations

from typing import Literal

from knowreason.errors import InputError
from knowreason.records import Record

MOST_ENTITIES = 2_400  # so many names of diseases there are, with room to spare
MOST_HOPS = 6
MOST_DEPTH = 12


class WorldDials(Record, frozen=True):
    """What a world is like.

    entities: diseases that questions are about.
    answers: drugs, K; each is the right answer for about entities / K diseases.
    findings: values of each kind that lies between a disease and its drug; at least K, so that every drug is reached.
    hops: relations of a route from a disease to its drug, 1 to 6; there are always two routes.
    paraphrases: wordings of a fact, 1 to 3.
    options: drugs listed under a question, 2 to 8.
    never_shown: share of the diseases that no training text states a fact of.
    exposure: how often the others are shown: all alike, or by Zipf's law (the i-th is shown 1/i as often as the first).
    route_asymmetry: how much less than the strong route the weak one is shown, 0 (alike) to 1 (never).
    strong: which route is the strong one of a disease: by turns, or the first one of every disease.
    asked: share of the shown diseases that occur in training questions; the others are held out.
    reliability: the shares of training texts in which what is general (the later hops of a route) stands as the table
        has it, dealt to those facts in turn; in the other texts it stands otherwise. It is what a reader can recall.
    modulus: numbers of the arithmetic domain, 2 to 20.
    """

    entities: int = 400
    answers: int = 20
    findings: int = 40
    hops: int = 2
    paraphrases: int = 2
    options: int = 4
    never_shown: float = 0.25
    exposure: Literal["uniform", "zipf"] = "uniform"
    route_asymmetry: float = 0.8
    strong: Literal["by_turns", "first"] = "by_turns"
    asked: float = 0.4
    reliability: tuple[float, ...] = (1.0,)
    modulus: int = 10

    def __post_init__(self) -> None:
        """Raises `InputError` for a world that cannot be."""
        _within("entities", self.entities, 8, MOST_ENTITIES)
        _within("answers", self.answers, 2, 60)
        _within("hops", self.hops, 1, MOST_HOPS)
        _within("paraphrases", self.paraphrases, 1, 3)
        _within("options", self.options, 2, 8)
        _within("modulus", self.modulus, 2, 20)
        _within("findings", self.findings, 2, 240)
        for name in ("never_shown", "route_asymmetry", "asked"):
            _share(name, getattr(self, name))
        if not self.reliability:
            raise InputError("reliability names no share: give one or more, as in 0.3, 0.9")
        for value in self.reliability:
            _share("reliability", value)
        self._together()

    def _together(self) -> None:
        if self.findings < self.answers:
            raise InputError(
                f"findings {self.findings}: fewer than the answers ({self.answers}), so some would never be reached"
            )
        if self.options > self.answers:
            raise InputError(f"options {self.options}: more than there are answers ({self.answers})")
        if self.never_shown == 1:
            raise InputError("never_shown 1: the training text would show nothing; choose less than 1")
        if self.exposure not in ("uniform", "zipf"):
            raise InputError(f"exposure {self.exposure}: choose uniform or zipf")
        if self.strong not in ("by_turns", "first"):
            raise InputError(f"strong {self.strong}: choose by_turns or first")


class TraceDials(Record, frozen=True):
    """What the traces of a world are like.

    filler: sentences that say nothing, expected before each hop, 0 to 5.
    corruption: share of the claims that state another value than the table.
    slips: share of the hops, and of the answers, that go on from something else than the hop before reached.
    off_topic: facts about something else, expected before each hop, 0 to 5; each is true unless it is corrupted.
    both_routes: share of the traces that walk both routes.
    lines: whether each sentence stands on a line of its own; otherwise they follow each other.
    shortcut: share of the questions whose ward gives the answer away; None: no ward is named.
    states_answer: whether the trace ends in a formal statement of the answer that its last hop leads to.
    """

    filler: float = 0.5
    corruption: float = 0.15
    slips: float = 0.0
    off_topic: float = 0.2
    both_routes: float = 0.5
    lines: bool = False
    shortcut: float | None = None
    states_answer: bool = True

    def __post_init__(self) -> None:
        """Raises `InputError` for traces that cannot be."""
        for name in ("filler", "off_topic"):
            value = getattr(self, name)
            if not 0 <= value <= 5:
                raise InputError(f"{name} {value}: choose 0 to 5 sentences a hop")
        for name in ("corruption", "slips", "both_routes"):
            _share(name, getattr(self, name))
        if self.shortcut is not None:
            _share("shortcut", self.shortcut)


def check_depth(name: str, depth: int) -> int:
    """A depth of an arithmetic chain, 1 to 12. Raises `InputError`."""
    _within(name, depth, 1, MOST_DEPTH)
    return depth


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InputError(f"{name} {value}: choose {least} to {most}")


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise InputError(f"{name} {value}: a share lies between 0 and 1")
