"""The sentence of a catch-up: where the baseline met the candidate, or how near it came with what was seen."""

from __future__ import annotations

from collections.abc import Sequence

from knowreason.compare.comparison import Meeting, Side, Spending
from knowreason.compare.compute import Spent, Target
from knowreason.compare.sentences import model_name, points, rounded, why
from knowreason.conclusions import ConclusionOutcome
from knowreason.records import Interval, Unscored
from knowreason.stats import MIN_POINTS

_STRATEGIES = {
    "conditions": "asked in other ways",
    "majority": "by a majority vote",
    "best": "if the right one of its samples were known",
}


def catch_up_sentence(
    benchmark: str,
    target: Target,
    baseline: Side,
    spent: Spent,
    told: Sequence[Spending],
    *,
    meets: Meeting | Unscored,
    outcome: ConclusionOutcome,
    margin: float,
    needed: int | None,
) -> str:
    """What the points show, with the figures it rests on; nothing is said of budgets that were not seen."""
    who, other = model_name(baseline), model_name(target.side)
    way = _STRATEGIES[spent.strategy]
    if isinstance(meets, Unscored):
        return f"Whether {who} meets {other} on {benchmark} {way} cannot be judged: {_why(meets, spent)}."
    near = f"within {100 * margin:g} points of {other}, {_asked_once(spent)}"
    head = f"On {benchmark} {who}, {way},"
    if outcome == "catches_up":
        return f"{head} comes {near}: {_where(meets, told)}."
    nearest = max(told, key=lambda one: one.gap.estimate if isinstance(one.gap, Interval) else -1.0)
    gap = f"nearest is {_way(nearest)}, {_gap(nearest)}"
    if outcome == "not_within_budget":
        return f"{head} does not come {near}, within the budget seen, {_budget(spent)}: {gap}."
    more = f" To tell takes about {rounded(needed):,} questions." if needed else ""
    return f"{head} may or may not come {near}, with {_budget(spent)}: {gap}.{more}"


def dearest_tokens(spent: Spent) -> float | None:
    """Mean tokens of the dearest point; None where they are not known."""
    costs = [float(point.tokens.mean()) for point in spent.points if point.tokens is not None and len(point.tokens)]
    return max(costs) if costs and len(costs) == len(spent.points) else None


def _why(refusal: Unscored, spent: Spent) -> str:
    if refusal.reason != "too_few_points":
        return why(refusal)
    seen = ", ".join(point.way for point in spent.points) or "none with token counts"
    return f"of the {MIN_POINTS} points that a curve takes {len(spent.points)} were seen ({seen})"


def _asked_once(spent: Spent) -> str:
    cost = "" if spent.tokens is None else f" at {spent.tokens:,.0f} tokens"
    return f"asked once (right on {spent.right.mean():.1%} of {len(spent.right):,} questions{cost})"


def _where(meets: Meeting, told: Sequence[Spending]) -> str:
    by = {one.way: one for one in told}
    if meets.way is None:
        return f"no single point is seen there, but the interval reaches {meets.earliest}"
    first = "with the cheapest way seen, " if meets.way == told[0].way else "first with "
    ends = f"{meets.earliest} to {meets.latest or 'none seen'}"
    return f"{first}{_way(by[meets.way])} (95% interval: {ends})"


def _way(one: Spending) -> str:
    return (
        one.way.replace("_", " ") if one.tokens is None else f"{one.way.replace('_', ' ')} at {one.tokens:,.0f} tokens"
    )


def _gap(one: Spending) -> str:
    if isinstance(one.gap, Unscored):
        return why(one.gap)
    return f"{points(one.gap.estimate)} points [{points(one.gap.lower)}, {points(one.gap.upper)}]"


def _budget(spent: Spent) -> str:
    dearest = dearest_tokens(spent)
    if dearest is None:
        return f"up to {max(point.samples for point in spent.points)} samples"
    less = spent.tokens is not None and dearest < spent.tokens
    return f"up to {dearest:,.0f} tokens a question{', less than the candidate spent' if less else ''}"
