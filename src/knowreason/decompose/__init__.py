"""From a trace to its steps and claims: what the text says, where, and in which part of the reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from knowreason.answers import Statement, final_statement
from knowreason.decompose.claims import find_claims
from knowreason.decompose.judged import judged_claims
from knowreason.decompose.steps import TokenCounter, split_steps
from knowreason.models.protocols import Decomposer
from knowreason.records import Claim, Commitment, Step, Trace, Unscored

__all__ = ["Decomposition", "decompose", "find_claims", "split_steps"]


class Decomposition(NamedTuple):
    """A trace taken apart: `commitment` and `statement` are None where it states no answer.

    `unread` are the steps whose claims a decomposer could not read, and why; each stands as one claim.
    """

    steps: tuple[Step, ...]
    claims: tuple[Claim, ...]
    commitment: Commitment | None
    statement: Statement | None
    unread: Mapping[int, Unscored] = {}


def decompose(trace: Trace, count_tokens: TokenCounter, decomposer: Decomposer | None = None) -> Decomposition:
    """The steps of `trace`, its claims, and where it commits to and states its answer.

    `count_tokens` gives the number of tokens of each text of a batch, in order. Claims are found by rules, or by the
    `decomposer` where there is one.
    """
    statement = final_statement(trace.reasoning, trace.thinking_end, trace.options)
    steps, commitment = split_steps(trace, statement, count_tokens)
    if decomposer is None:
        return Decomposition(steps, find_claims(trace, steps), commitment, statement)
    judged = judged_claims(trace, steps, decomposer)
    return Decomposition(steps, judged.claims, commitment, statement, judged.unread)
