"""What a calibration adds to a run: the Knowledge Index without the verifier's measured errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from knowreason.errors import InputError
from knowreason.frame.summary import Measure
from knowreason.records import Interval, Unscored
from knowreason.reliability import FILE, Calibration, Labelled, identity_of, mismatch, read_calibration
from knowreason.stats import Share, rogan_gladen

Rates = tuple[Share, Share]


def calibration_of(run: Path, manifest: Mapping[str, Any]) -> Calibration | Unscored:
    """The calibration that lies in a run, if it is of the run's verifier and corpus; else why there is none."""
    if not (run / FILE).is_file():
        return Unscored(reason="not_calibrated")
    try:
        found = read_calibration(run / FILE)
    except InputError as error:
        return Unscored(reason="other_calibration", detail=str(error).removeprefix("--calibration "))
    why = mismatch(found.identity, identity_of(manifest))
    return found if why is None else Unscored(reason="other_calibration", detail=f"{FILE} does not fit this run: {why}")


def rates_of(calibration: Calibration | Unscored, traces: Collection[str]) -> Rates | Unscored:
    """Sensitivity and specificity from labelled claims of the run's own `traces`, or why KI cannot be corrected.

    Planted claims say nothing of how often a verifier errs on what models say, however many there are.
    """
    if isinstance(calibration, Unscored) or isinstance(calibration.labelled, Unscored):
        return Unscored(reason="no_labelled_calibration")
    labelled: Labelled = calibration.labelled
    strangers = set(labelled.traces) - set(traces)
    if strangers:
        detail = f"{len(strangers)} of the {len(labelled.traces)} traces with labelled claims are of other runs"
        return Unscored(reason="labels_of_other_traces", detail=detail)
    youden, told = labelled.figures.youden, (labelled.figures.sensitivity, labelled.figures.specificity)
    if isinstance(youden, Unscored):
        return youden
    if youden.lower <= 0 or not (isinstance(told[0], Interval) and isinstance(told[1], Interval)):
        detail = f"sensitivity + specificity - 1 = {youden.estimate:.2f} [{youden.lower:.2f}, {youden.upper:.2f}]"
        return Unscored(reason="uninformative_instrument", detail=detail)
    units = (labelled.sensitivity_units, labelled.specificity_units)
    return Share(told[0].estimate, units[0]), Share(told[1].estimate, units[1])


def corrected_ki(ki: Measure, decided: int, rates: Rates | Unscored) -> Measure:
    """The share of decided claims that would be supported by a verifier without errors, with its interval.

    (KI + specificity - 1) / (sensitivity + specificity - 1); the interval carries the error of all three. `decided`
    claims are worth as many independent ones as the interval of `ki` says. Unscored where the rates do not fit.
    """
    if isinstance(rates, Unscored):
        return rates
    if isinstance(ki, Unscored):
        return ki
    found = rogan_gladen(Share(ki.estimate, _units(ki, decided)), *rates, level=ki.level)
    if isinstance(found, Unscored):
        return found
    if found.clipped:
        detail = "the error rates of the labelled claims do not fit this model's"
        return Unscored(reason="outside_range", detail=detail)
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=found.level, n=ki.n)


def _units(ki: Interval, decided: int) -> float:
    alone = ki.estimate * (1 - ki.estimate)
    variance = ((ki.upper - ki.lower) / (2 * 1.96)) ** 2
    return min(float(decided), alone / variance) if alone and variance else float(ki.n)
