"""From a trace to its steps and claims: what the text says, where, and in which part of the reasoning."""

from __future__ import annotations

from typing import NamedTuple

from knowreason.answers import Statement, final_statement
from knowreason.decompose.claims import find_claims
from knowreason.decompose.steps import TokenCounter, split_steps
from knowreason.records import Claim, Commitment, Step, Trace

__all__ = ["Decomposition", "decompose", "find_claims", "split_steps"]


class Decomposition(NamedTuple):
    """A trace taken apart: `commitment` and `statement` are None where it states no answer."""

    steps: tuple[Step, ...]
    claims: tuple[Claim, ...]
    commitment: Commitment | None
    statement: Statement | None


def decompose(trace: Trace, count_tokens: TokenCounter) -> Decomposition:
    """The steps of `trace`, its claims, and where it commits to and states its answer.

    `count_tokens` gives the number of tokens of each text of a batch, in order.
    """
    statement = final_statement(trace.reasoning, trace.thinking_end, trace.options)
    steps, commitment = split_steps(trace, statement, count_tokens)
    return Decomposition(steps, find_claims(trace, steps), commitment, statement)
