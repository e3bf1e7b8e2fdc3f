"""What a model must be able to do: one method each, a batch in, a batch out in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from knowreason.records import (
    AnswerToGrade,
    Continuation,
    Mark,
    Observation,
    Prefixes,
    Prompt,
    ReadClaims,
    StepToRead,
    Unscored,
    Written,
)


class Thresholds(NamedTuple):
    """The probability that a verdict needs; below it the verdict is not_enough_info: who is not sure abstains."""

    supported: float = 0.5
    refuted: float = 0.5


class Reliability(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often an entailer errs on labelled claims that trained nothing: shares of the true and of the false ones.

    What is missing to 1 was left undecided. `auroc` is the probability that a true claim leans more to supported
    than a false one.
    """

    claims: str
    true: int
    false: int
    true_called_supported: float
    true_called_refuted: float
    false_called_refuted: float
    false_called_supported: float
    auroc: float


@runtime_checkable
class Entailer(Protocol):
    """Says whether a premise supports a hypothesis, refutes it, or leaves it open."""

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float, float]]:
        """For each (premise, hypothesis): probabilities (supported, refuted, not enough information)."""
        ...


class Judgement(NamedTuple):
    """What a judge says of a pair: probabilities (supported, refuted, not enough information), and where it stands.

    `span` is the cited piece of the premise, `premise[start:end]`; None where the judge cites nothing.
    """

    probabilities: tuple[float, float, float]
    span: tuple[int, int] | None = None


@runtime_checkable
class Judge(Protocol):
    """An entailer that may fail on a pair, and that cites what its verdict rests on."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> Sequence[Judgement | Unscored]:
        """For each (premise, hypothesis): the judgement, or why there is none."""
        ...


@runtime_checkable
class Observer(Protocol):
    """Reads which candidate answer a text has settled on so far."""

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: natural-log probabilities over its candidates, in their order."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """A causal language model: what a context makes of a target. It never sees the two as one text."""

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: natural-log probabilities of the target's tokens after the context."""
        ...


@runtime_checkable
class PrefixScorer(Scorer, Protocol):
    """A scorer that reads a text once for all its prefixes, instead of once for each."""

    def prefix_logprobs(self, prefixes: Prefixes) -> list[list[list[float]]] | Unscored:
        """For each cut, for each target: what `logprobs` says of the target after that prefix.

        Where a cut falls must not change what is said at another one. Unscored reason: context_too_long.
        """
        ...


@runtime_checkable
class LetterReader(Protocol):
    """A model that answers with a letter, and says how likely each letter was."""

    def letters(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: natural-log probabilities over its labels, -inf for one next to impossible."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into points: what means the same lies in the same direction.

    `same_from` is the cosine from which two statements are taken to say the same, shown on fixed ones.
    """

    @property
    def same_from(self) -> float:
        """In (-1, 1); every model has a scale of its own."""
        ...

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float] | Unscored]:
        """For each text: its vector, or Unscored(context_too_long)."""
        ...


@runtime_checkable
class Decomposer(Protocol):
    """Lists the claims that a step of reasoning makes; it may fail on a step."""

    def read_claims(self, steps: Sequence[StepToRead]) -> Sequence[ReadClaims | Unscored]:
        """For each step: its claims, or why they could not be read."""
        ...


@runtime_checkable
class Marker(Protocol):
    """Grades free answers against a reference; it may fail on one."""

    def mark(self, asked: Sequence[AnswerToGrade]) -> Sequence[Mark | Unscored]:
        """For each answer: its grade with the words that state it, or why there is none."""
        ...


@runtime_checkable
class Generator(Protocol):
    """A chat model: what it writes next."""

    def generate(self, prompts: Sequence[Prompt]) -> Sequence[Written | Unscored]:
        """For each prompt: the answer, whatever else is asked, or Unscored(context_too_long)."""
        ...


@runtime_checkable
class Prompted(Protocol):
    """A model that is asked in words: what it is depends on the prompt of its use."""

    def describe_as(self, use: str) -> dict[str, str]:
        """Its description in one use: scorer, verifier, decomposer or grader."""
        ...
