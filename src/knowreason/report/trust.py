"""How far to trust the figures: the box of the first page that cannot be missed."""

from __future__ import annotations

from collections.abc import Sequence

from knowreason.frame import Summary
from knowreason.models.protocols import Reliability
from knowreason.records import Unscored
from knowreason.reliability import Calibration
from knowreason.report.calibrated import reliability_lines, reliability_rows
from knowreason.report.contents import Level, Reliable, Trust
from knowreason.report.limits import CHANCE, KNOWLEDGE_WARNING, MISSES, Manifest, first_limits, reliability_of
from knowreason.report.scorers import family_notes
from knowreason.report.words import percent


def trust(summary: Summary, manifest: Manifest, held: Calibration | Unscored) -> Trust:
    """A headline that says the worst first, the measured errors of the verifier, and the notes that qualify figures."""
    measured = (*reliability_rows(held), *reliability_of(manifest))
    verified = any(cell.knowledge.lower is not None for cell in summary.cells)
    level, headline = _headline(measured, verified=verified)
    shown = tuple(_reliable(one) for one in measured) if verified else ()
    warning = [KNOWLEDGE_WARNING] if level == "weak" else []
    box = reliability_lines(summary, held, manifest)
    return Trust(level, headline, shown, (*warning, *box, *family_notes(summary), *first_limits(summary)))


def _headline(measured: Sequence[Reliability], *, verified: bool) -> tuple[Level, str]:
    if not verified:
        return "none", "No claim was verified: nothing here is about knowledge."
    if not measured:
        return "unknown", "How often the verifier errs was not measured: trust no share of claims you have not read."
    worst = min(one.auroc for one in measured)
    called = sorted(one.false_called_refuted for one in measured)
    found, most = called[0], called[-1]
    share = percent(found) if percent(found) == percent(most) else f"{percent(found)} to {percent(most)}"
    said = f"It calls {share} of the false claims refuted."
    if worst < CHANCE:
        return (
            "weak",
            f"Read the claims, not the shares: this verifier is little better than chance (AUROC {worst:.2f}). {said}",
        )
    if found < MISSES:
        return "weak", f"This verifier misses many false claims. {said} Rank no models by small differences."
    return "fair", f"{said} Differences between models are worth reading together with the claims."


def _reliable(one: Reliability) -> Reliable:
    return Reliable(
        claims=one.claims,
        true=one.true,
        false=one.false,
        true_supported=one.true_called_supported,
        true_refuted=one.true_called_refuted,
        false_supported=one.false_called_supported,
        false_refuted=one.false_called_refuted,
        auroc=one.auroc,
    )
