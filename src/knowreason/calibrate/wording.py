"""What the wording of planted claims tells of their truth, and a set of them of which it tells next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowreason.planting.alone import bag_of_words, out_of_fold
from knowreason.planting.exchange import Twins
from knowreason.records import Interval, Unscored
from knowreason.reliability import Measure
from knowreason.stats import MIN_QUESTIONS, Estimate, auroc

LEVEL = 0.95
LIMIT = 0.55  # AUROC of the claim alone from which on a planted set rewards who reads nothing
EXCHANGE = 2  # twins of one exchange, side by side
ROUNDS, DROPPED = 6, 0.05  # how often, and what share of the exchanges is left out at a time
Floats = NDArray[np.float64]


def untold(twins: Sequence[Twins], seed: int) -> tuple[list[Twins], Unscored | None]:
    """The twins without the exchanges that give themselves away, and why the rest cannot be used (None: it can).

    A twentieth of the exchanges is left out at a time, those told apart best, until a bag of words taught on the
    others tells true from false with an AUROC of at most `LIMIT`, six times at most. So few claims that more cannot be
    told from chance may be used; reports say so.
    """
    kept = list(twins)
    found: Measure = Unscored(reason="too_few")
    for _ in range(ROUNDS + 1):
        found = wording(kept, seed)
        if isinstance(found, Interval) and found.estimate <= LIMIT:
            return kept, None
        fewer = _without_the_plainest(kept)
        if len(fewer) < MIN_QUESTIONS:
            break
        kept = fewer
    if isinstance(found, Interval) and found.lower <= 0.5:
        return kept, None
    said = f"AUROC {found.estimate:.2f}, and at most {LIMIT} may be" if isinstance(found, Interval) else found.reason
    detail = f"the wording of the claims planted in it tells true from false without any passage ({said})"
    return kept, Unscored(reason="claims_tell_alone", detail=detail)


def wording(twins: Sequence[Twins], seed: int) -> Measure:
    """AUROC of a bag of words and of neighbouring words for true against false claims, taught on other claims.

    The two twins that exchanged a term stand side by side and are held out together: what is learned from one about
    the term would be wrong of the other, and an area far below .5 would hide what the wording tells.
    """
    odds = _odds(twins)
    true = np.repeat([True, False], len(twins))
    sources = np.array([one.stated.source for one in twins] * 2)
    return area(true, odds.ravel(), sources, seed)


def area(true: NDArray[np.bool_], scores: Floats, clusters: NDArray[np.str_], seed: int) -> Measure:
    """The chance that a true claim scores above a false one; .5 where all score alike."""
    groups = len(np.unique(clusters))
    if groups >= MIN_QUESTIONS and len(np.unique(true)) == 2 and np.ptp(scores) == 0:
        return Interval(estimate=0.5, lower=0.5, upper=0.5, level=LEVEL, n=groups)
    found = auroc(true, scores, clusters, seed=seed, level=LEVEL)
    return found if isinstance(found, Unscored) else measure_of(found)


def measure_of(found: Estimate | None) -> Measure:
    """An estimate as an interval; Unscored(too_few) where there are too few clusters for one."""
    if found is None:
        return Unscored(reason="too_few")
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=found.level, n=found.clusters)


def _odds(twins: Sequence[Twins]) -> Floats:
    """Log odds of true against false by wording alone, (2, twins): the true claims, then the false ones."""
    claims = [*(one.true for one in twins), *(one.false for one in twins)]
    exchanges = [str(place // EXCHANGE) for place in range(len(twins))] * 2
    labels = np.repeat([0, 1], len(twins))
    found = out_of_fold(bag_of_words(claims, neighbours=True), labels, exchanges)
    return (np.log(found[:, 0]) - np.log(found[:, 1])).reshape(2, -1)


def _without_the_plainest(twins: Sequence[Twins]) -> list[Twins]:
    true, false = _odds(twins)
    plain = (true - false).reshape(-1, EXCHANGE).sum(axis=1)
    most = np.argsort(-plain, kind="stable")[: max(1, round(DROPPED * len(plain)))]
    return [one for place, one in enumerate(twins) if place // EXCHANGE not in most]
