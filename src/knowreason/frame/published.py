"""The two published figures of a trace, for comparison only: both can move while nothing real does.

KI gives every step without a claim 1, so a trace that states no fact at all scores 1. InfoGain divides by the
number of steps what does not depend on it, so the same text cut into twice as many steps scores half; and a
perplexity is exponential, so a single surprising answer outweighs a benchmark.
Source: Wu et al., Knowledge or Reasoning?, 2025, arXiv 2506.02126, section 3.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from knowreason.records import Claim, Gain, Step, Unscored, Verdict, Verification


def paper_ki(steps: Sequence[Step], claims: Sequence[Claim], verifications: Sequence[Verification]) -> float | Unscored:
    """KI = mean over all steps of supported / (supported + refuted), 1 where a step has no decided claim.

    `verifications` stand in the order of `claims`. Unscored where the trace makes claims and none was verified
    (the reason is the first claim's), and where it has no step.
    """
    outcomes = [v.outcome for v in verifications]
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Unscored)]
    if not steps or (outcomes and len(reasons) == len(outcomes)):
        return Unscored(reason=reasons[0] if reasons else "no_steps")
    labels = Counter(
        (claim.step, v.outcome.label)
        for claim, v in zip(claims, verifications, strict=True)
        if isinstance(v.outcome, Verdict)
    )
    return fmean(_step_ki(labels[s.step, "supported"], labels[s.step, "refuted"]) for s in steps)


def _step_ki(supported: int, refuted: int) -> float:
    return supported / (supported + refuted) if supported + refuted else 1.0


def paper_infogain(gains: Sequence[Gain], tokens: int = 1) -> float | Unscored:
    """InfoGain = (PPL_0 - PPL_n) / n with PPL = exp(surprisal in nats / tokens) and n steps; `gains` start at step 0.

    `tokens` is what a surprisal is summed over: 1 where it is that of one choice among options.
    Unscored where there is no step, and where a perplexity is too large for a number.
    """
    if len(gains) < 2:
        return Unscored(reason="no_steps")
    first, last = gains[0].surprisal / tokens, gains[-1].surprisal / tokens
    if max(first, last) > math.log(1e300):
        return Unscored(reason="not_finite")
    return (math.exp(first) - math.exp(last)) / (len(gains) - 1)
