"""The reliability box: what a calibration on the run's own corpus says of its verifier, in a few lines."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from knowreason.frame import Cell, Summary
from knowreason.models.protocols import Reliability
from knowreason.records import Interval, Unscored
from knowreason.reliability import Advice, Calibration, Figures, Measure, Planted
from knowreason.report.readings import benchmarks, model_name
from knowreason.report.text import visible
from knowreason.report.words import percent, reason_words, share_text

TITLE, WIDTH = "Reliability", 100
_EASY = (
    "Planted claims are the corpus's own sentences reworded, with one term changed in the false ones: easier than "
    "what models say, so that the verifier errs more often on traces."
)
_FEW = (
    "The wording of so few claims may tell their truth (AUROC {}, at most {} should be, though no more than chance is "
    "shown): plant more, with --planted or a larger corpus."
)
_ALONE = (
    "Shown no passage at all it tells the planted claims apart (AUROC {}, at most {} may be): it judges by what it "
    "knows, and these figures say little of how it reads this corpus."
)


def reliability_lines(summary: Summary, held: Calibration | Unscored, manifest: Mapping[str, Any]) -> list[str]:
    """The lines of the box; none where no claim was verified."""
    if not any(cell.knowledge.lower is not None for cell in summary.cells):
        return []
    if isinstance(held, Unscored):
        why = f"{held.detail}. " if held.detail else ""
        return [f"{why}The verifier is not calibrated on this corpus; this would do it: {_command(manifest)}"]
    return [*calibration_lines(held), *_corrected(summary)]


def calibration_lines(held: Calibration) -> list[str]:
    """What was measured, source present first; what could not be is told with its reason."""
    lines: list[str] = []
    if isinstance(held.planted, Planted):
        lines += _planted(held.planted)
    elif held.planted.reason != "not_asked_for":
        lines.append(f"Planted claims say nothing here: {held.planted.detail or reason_words(held.planted.reason)}.")
    if not isinstance(held.labelled, Unscored):
        lines.append(_set(f"{_of(held.labelled.figures)} labelled in real traces", held.labelled.figures))
    return [*lines, _advice(held.threshold)]


def print_calibration(held: Calibration) -> None:
    """Prints what was measured, a paragraph a subject, as wide as the summary of a run."""
    console = Console()
    shown = Console(width=min(console.width, WIDTH) if console.is_terminal else WIDTH)
    for line in calibration_lines(held):
        shown.print(Text(visible(line)), "")


def reliability_rows(held: Calibration | Unscored) -> list[Reliability]:
    """The sets with their source present and the labelled ones as rows of the page's box, where nothing is missing."""
    if isinstance(held, Unscored):
        return []
    rows: list[Reliability | None] = []
    if isinstance(held.planted, Planted):
        rows.append(_row("claims planted in this corpus, their source in it", held.planted.present))
    if not isinstance(held.labelled, Unscored):
        rows.append(_row("labelled claims of real traces, on this corpus", held.labelled.figures))
    return [row for row in rows if row is not None]


def _planted(held: Planted) -> list[str]:
    present, removed = held.present, held.removed
    lines = [
        _set(f"{_of(present)} planted in {held.passages:,} passages of this corpus, their source in it", present),
        f"The same claims with their source taken out of the corpus: {share_text(removed.true_called_refuted)} of the "
        f"true ones refuted, {share_text(removed.abstention)} of all left open{_bare(removed)}.",
        f"{_EASY}{_by_kind(held)} {_unread(held)}",
    ]
    wording, alone, limit = held.leakage.wording, held.leakage.alone, held.leakage.limit
    if isinstance(wording, Interval) and wording.estimate > limit:
        lines.append(_FEW.format(f"{wording.estimate:.2f}", limit))
    if isinstance(alone, Interval) and alone.estimate > limit:
        lines.append(_ALONE.format(f"{alone.estimate:.2f}", limit))
    return lines


def _set(named: str, found: Figures) -> str:
    failed = f" {found.unscored:,} more could not be judged." if found.unscored else ""
    return (
        f"{named}: sensitivity {_said(found.sensitivity)} and specificity {_said(found.specificity)} among those "
        f"decided, {_said(found.abstention)} left open. Of the true ones {_said(found.true_called_refuted)} are called "
        f"refuted, of the false ones {_said(found.false_called_supported)} supported (AUROC {_plain(found.auroc)}). "
        f"Expected calibration error {_plain(found.calibration_error)}.{failed}"
    )


def _by_kind(held: Planted) -> str:
    kinds = [f"{kind.kind.replace('_', ' ')} {kind.refuted} of {kind.claims}" for kind in held.kinds]
    return f" False claims called refuted by kind of change: {', '.join(kinds)}."


def _unread(held: Planted) -> str:
    found, dropped = held.leakage, ""
    if held.left_out:
        dropped = f" ({held.left_out:,} true claims and their twins were left out because it told them apart)"
    return (
        "Without a verdict on a passage their wording tells true from false with AUROC "
        f"{_plain(found.wording)}{dropped}, the verifier shown none {_plain(found.alone)}, "
        f"shared words {_plain(found.shared_words)}."
    )


def _bare(found: Figures) -> str:
    if not found.without_passage:
        return ""
    return f" ({found.without_passage:,} of {found.true + found.false:,} for want of any passage near enough)"


def _advice(found: Advice) -> str:
    limit, now = percent(found.limit), f"{found.now:.2f}"
    if isinstance(found.needed, Unscored):
        why = found.needed.detail or reason_words(found.needed.reason)
        return f"No threshold keeps refutations of true claims at {limit} here: {why}. The verifier's own is {now}."
    return (
        f"A refutation needs {found.needed:.2f} here so that at most {limit} of the true claims of each set are "
        f"refuted ({share_text(found.true_called_refuted)} are then in the worst set, and "
        f"{share_text(found.false_called_refuted)} of the false ones). The verifier's own threshold is {now}; it was "
        "not changed."
    )


def _corrected(summary: Summary) -> list[str]:
    """The corrected index of every model, or in one sentence why there is none."""
    cells = [cell for group in benchmarks(summary) for cell in group.cells]
    told = [f"{_name(cell)} {share_text(cell.knowledge.corrected)}" for cell in cells if _has(cell.knowledge.corrected)]
    missing = dict.fromkeys(_why(c.knowledge.corrected) for c in cells if isinstance(c.knowledge.corrected, Unscored))
    said = [f"The share that holds, corrected for these errors: {'; '.join(told)}."] if told else []
    why = "; ".join(missing)
    return [*said, *([f"The share that holds is not corrected{' elsewhere' if told else ''}: {why}."] if why else [])]


def _why(missing: Unscored) -> str:
    return missing.detail or reason_words(missing.reason)


def _has(measure: Measure) -> bool:
    return isinstance(measure, Interval)


def _name(cell: Cell) -> str:
    return f"{cell.benchmark}: {model_name(cell)}"


def _of(found: Figures) -> str:
    return f"{found.true + found.false:,} claims ({found.true:,} true, {found.false:,} false)"


def _said(measure: Measure) -> str:
    return share_text(measure) if isinstance(measure, Interval) else f"unknown ({reason_words(measure.reason)})"


def _plain(measure: Measure) -> str:
    if isinstance(measure, Unscored):
        return f"unknown ({reason_words(measure.reason)})"
    return f"{measure.estimate:.2f} [{measure.lower:.2f}, {measure.upper:.2f}]"


def _command(manifest: Mapping[str, Any]) -> str:
    given = manifest.get("arguments")
    told: Mapping[str, Any] = given if isinstance(given, dict) else {}
    corpora = told.get("knowledge")
    named: Sequence[Any] = corpora if isinstance(corpora, list) and corpora else ["CORPUS"]
    words = ["knowreason", "calibrate", "--verifier", str(told.get("verifier", "URI")), "--knowledge", *map(str, named)]
    fields = told.get("corpus_fields")
    for ours, theirs in (fields if isinstance(fields, dict) else {}).items():
        words += ["--corpus-field", f"{ours}={theirs}"]
    return f"{shlex.join(words)} --out {shlex.quote(str(told.get('out', 'RUN')))}"


def _row(claims: str, found: Figures) -> Reliability | None:
    shares = (
        found.true_called_supported,
        found.true_called_refuted,
        found.false_called_refuted,
        found.false_called_supported,
        found.auroc,
    )
    known = [share.estimate for share in shares if isinstance(share, Interval)]
    if len(known) < len(shares):
        return None
    return Reliability(
        claims=claims,
        true=found.true,
        false=found.false,
        true_called_supported=known[0],
        true_called_refuted=known[1],
        false_called_refuted=known[2],
        false_called_supported=known[3],
        auroc=known[4],
    )
