"""From verdicts on claims whose truth is known to figures, each with its interval over passages or questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowreason.calibrate.sampling import Item
from knowreason.calibrate.wording import LEVEL, LIMIT, area, measure_of, wording
from knowreason.models.protocols import Judgement, Thresholds
from knowreason.planting.exchange import Twins
from knowreason.planting.shared_words import overlap
from knowreason.records import Interval, Unscored, Verdict
from knowreason.reliability import Advice, CurvePoint, Figures, KindCount, Leakage, Measure
from knowreason.stats import (
    MIN_QUESTIONS,
    Share,
    calibration_interval,
    clustered_proportion,
    clustered_share,
    reliability_curve,
    youden,
)
from knowreason.verify import Checked
from knowreason.verify.thresholds import REFUTED, REFUTED_FROM, WRONG_REFUTATIONS, called, deciding, least_threshold
from knowreason.verify.verdicts import premise

_FLOOR = 1e-9  # probabilities below it say nothing more
Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]


class Known:
    """Claims with their truth and their verdicts as arrays; those on which a judgement failed are counted apart."""

    def __init__(self, items: Sequence[Item], checked: Sequence[Checked], seed: int) -> None:
        told = [(i, c, c.outcome) for i, c in zip(items, checked, strict=True) if isinstance(c.outcome, Verdict)]
        self.failed = len(items) - len(told)
        self.items = [item for item, _, _ in told]
        self.seed = seed
        self.true: Rows = np.array([item.true for item in self.items], bool)
        self.called = np.array([verdict.label for _, _, verdict in told], str)
        self.confidence = np.array([verdict.confidence for _, _, verdict in told], np.float64)
        self.clusters = np.array([item.cluster for item in self.items], str)
        self.rows = [_probabilities(one) for _, one, _ in told]
        self.without = sum(not len(rows) for rows in self.rows)

    @property
    def decided(self) -> Rows:
        """Whether each claim was called supported or refuted."""
        return self.called != "not_enough_info"

    def share(self, label: str, where: Rows) -> Measure:
        """Share of the claims `where` that are called `label`."""
        return self.proportion(self.called == label, where)

    def proportion(self, positive: Rows, where: Rows) -> Measure:
        """Share of the claims `where` that are `positive`."""
        if not where.any():
            return Unscored(reason="nothing_scored")
        return measure_of(clustered_proportion(positive[where], self.clusters[where], seed=self.seed))

    def rates(self) -> tuple[Share, Share] | Unscored:
        """Sensitivity and specificity among decided claims, each with the independent claims that it is worth."""
        found: list[Share] = []
        for truth, label, name in ((True, "supported", "true"), (False, "refuted", "false")):
            where = self.decided & (self.true == truth)
            clusters = len(np.unique(self.clusters[where]))
            if clusters < MIN_QUESTIONS:
                detail = f"{name} claims that were decided come from {clusters} clusters; {MIN_QUESTIONS} are needed"
                return Unscored(reason="too_few", detail=detail)
            found.append(clustered_share(self.called[where] == label, self.clusters[where]))
        return found[0], found[1]


def figures(known: Known) -> Figures:
    """All figures of one set of claims."""
    true, false, decided = known.true, ~known.true, known.decided
    right: Rows = np.where(true, known.called == "supported", known.called == "refuted").astype(bool)
    return Figures(
        true=int(true.sum()),
        false=int(false.sum()),
        unscored=known.failed,
        without_passage=known.without,
        clusters=len(np.unique(known.clusters)),
        true_called_supported=known.share("supported", true),
        true_called_refuted=known.share("refuted", true),
        true_left_open=known.share("not_enough_info", true),
        false_called_refuted=known.share("refuted", false),
        false_called_supported=known.share("supported", false),
        false_left_open=known.share("not_enough_info", false),
        abstention=known.share("not_enough_info", true | false),
        sensitivity=known.share("supported", true & decided),
        specificity=known.share("refuted", false & decided),
        youden=_youden(known),
        auroc=area(true, np.array([_lean(deciding(rows)) for rows in known.rows]), known.clusters, known.seed),
        calibration_error=_calibration_error(known, right),
        curve=tuple(
            CurvePoint(lower=b.lower, upper=b.upper, claims=b.held, confidence=b.confidence, right=b.right)
            for b in reliability_curve(known.confidence[decided], right[decided])
        ),
    )


def by_kind(known: Known) -> tuple[KindCount, ...]:
    """What the false claims of every kind of change were called."""
    kinds = np.array([item.kind for item in known.items], str)
    out: list[KindCount] = []
    for kind in np.unique(kinds[~known.true]):
        found = Counter(known.called[(kinds == kind) & ~known.true].tolist())
        counts = [found[label] for label in ("refuted", "supported", "not_enough_info")]
        out.append(
            KindCount(kind=str(kind), claims=sum(counts), refuted=counts[0], supported=counts[1], left_open=counts[2])
        )
    return tuple(out)


def leakage(twins: Sequence[Twins], items: Sequence[Item], alone: Sequence[Judgement | Unscored], seed: int) -> Leakage:
    """What tells true from false among planted claims without a verdict on a passage."""
    true, clusters = np.array([item.true for item in items]), np.array([item.cluster for item in items])
    read = np.array([isinstance(one, Judgement) for one in alone], bool)
    leans = np.array([_lean(np.array(one.probabilities)) for one in alone if isinstance(one, Judgement)])
    shared = [max((overlap(i.claim, premise(hit.passage)) for hit in i.hits), default=0.0) for i in items]
    return Leakage(
        limit=LIMIT,
        wording=wording(twins, seed),
        alone=area(true[read], leans, clusters[read], seed),
        shared_words=area(true, np.array(shared), clusters, seed),
    )


def advice(sets: Sequence[Known], thresholds: Thresholds, seed: int) -> Advice:
    """The least threshold of a refutation that keeps wrong ones rare in all `sets`; the first one tells its price."""
    true = [[rows for rows, is_true in zip(known.rows, known.true, strict=True) if is_true] for known in sets]
    told = [rows for rows in true if rows]
    best = least_threshold(told, supported=thresholds.supported) if told else None
    missing = Unscored(reason="no_threshold", detail=f"more are called refuted even at {REFUTED_FROM[-1]}")
    if not told:
        missing = Unscored(reason="nothing_scored")
    wrong = [_at(known, best, known.true) for known in sets if best is not None]
    worst = max((one for one in wrong if isinstance(one, Interval)), key=lambda i: i.estimate, default=missing)
    return Advice(
        limit=WRONG_REFUTATIONS,
        now=thresholds.refuted,
        needed=missing if best is None else best.refuted,
        true_called_refuted=worst,
        false_called_refuted=missing if best is None else _at(sets[0], best, ~sets[0].true),
    )


def _at(known: Known, least: Thresholds, where: Rows) -> Measure:
    """Share of the claims `where` that would be called refuted at other thresholds."""
    return known.proportion(np.array([called(deciding(rows), least) == REFUTED for rows in known.rows], bool), where)


def _youden(known: Known) -> Measure:
    rates = known.rates()
    if isinstance(rates, Unscored):
        return rates
    found = youden(*rates, level=LEVEL)
    units = len(np.unique(known.clusters[known.decided]))
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=LEVEL, n=units)


def _calibration_error(known: Known, right: Rows) -> Measure:
    where = known.decided
    if not where.any():
        return Unscored(reason="no_decided_claim")
    sure, correct, clusters = known.confidence[where], right[where], known.clusters[where]
    return measure_of(calibration_interval(sure, correct, clusters, seed=known.seed, level=LEVEL))


def _probabilities(checked: Checked) -> Floats:
    return np.array([judgement.probabilities for _, judgement in checked.judged], np.float64).reshape(-1, 3)


def _lean(probabilities: Floats) -> float:
    return float(np.log(probabilities[0] + _FLOOR) - np.log(probabilities[1] + _FLOOR))
