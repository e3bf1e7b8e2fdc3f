"""A comparison in the terminal: for each candidate what changed, whether it transfers, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from knowreason.compare import ClaimChange, Comparison, Contrast, Effect, Side, claims_sentence, model_name
from knowreason.records import Interval, Unscored
from knowreason.report.compute import compute_parts, overconfidence_parts
from knowreason.report.terminal import fitting, laid_out, paragraph, plain
from knowreason.report.words import nats, reason_words

_WIDTH = 100
_RIGHT_WIDTHS = (24, 9, 13, 15, 13)
_RIGHT_WIDTHS_AT_80 = (16, 9, 13, 15, 13)
_OTHER = 16  # columns of a difference in knowledge or gain
_MEASURES = {
    "ki": "KI,\npoints",
    "corrected_ki": "KI without\nits errors",
    "ki_before_commitment": "KI before\ncommitment",
    "informative_gain": "informative\ngain, nats",
    "commitment_gain": "gain at\ncommitment, nats",
    "commitment_to_gold": "commitment to\nthe gold, nats",
}
_NAMES = {
    "ki": "KI",
    "corrected_ki": "KI corrected for the verifier's errors",
    "ki_before_commitment": "KI before commitment",
    "informative_gain": "informative gain",
    "commitment_gain": "gain at commitment",
    "commitment_to_gold": "commitment to the gold answer",
}
_OUTCOMES = {
    "transfers": "transfers",
    "does_not_transfer": "does not\ntransfer",
    "harms": "harms",
    "not_enough_evidence": "not enough\nevidence",
    "cannot_be_judged": "not judged",
}


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Prints a comparison: tables of differences, a sentence for each verdict, warnings and margins."""
    own = Console()
    shown = console or Console(width=min(own.width, _WIDTH) if own.is_terminal else _WIDTH)
    for part in _parts(comparison, shown.width):
        shown.print(part)


def _parts(comparison: Comparison, room: int) -> Iterable[RenderableType]:
    for warning in comparison.warnings:
        yield paragraph("Warning", warning)
    for side, group in groupby(comparison.contrasts, key=lambda c: c.candidate):
        yield Text()
        yield from _candidate(side, comparison.baseline, list(group), room)
    yield from compute_parts(comparison, model_name(comparison.baseline), room)
    yield from overconfidence_parts(comparison, room)
    yield Text()
    yield from (paragraph(head, said) for head, said in _notes(comparison))


def _candidate(side: Side, baseline: Side, contrasts: Sequence[Contrast], room: int) -> Iterable[RenderableType]:
    title = Text.assemble((plain(model_name(side)), "bold"), f" against {plain(model_name(baseline))}")
    headings = ("", "questions", "right, %", "difference,\npoints", "verdict")
    widths = fitting(room, _RIGHT_WIDTHS, _RIGHT_WIDTHS_AT_80)
    yield from laid_out(title, headings, [_right(c) for c in contrasts], widths)
    measured = [m for m in _MEASURES if any(isinstance(c.effects.get(m), Effect) for c in contrasts)]
    if measured:
        rows = [[Text(_place(c)), *(Text(_difference(c.effects[m])) for m in measured)] for c in contrasts]
        others = (_OTHER,) * len(measured)
        widths = fitting(room, (_RIGHT_WIDTHS[0], *others), (_RIGHT_WIDTHS_AT_80[0], *others))
        yield from laid_out(
            Text("Differences in knowledge and gain"), ("", *(_MEASURES[m] for m in measured)), rows, widths
        )
    for contrast in contrasts:
        yield Text(_place(contrast), "bold")
        yield from (Padding(Text(plain(said, 2000)), (0, 0, 0, 2)) for said in _sentences(contrast))
    yield from (paragraph("Not measured", said) for said in _unmeasured(contrasts))


def _sentences(contrast: Contrast) -> Iterable[str]:
    yield contrast.transfer.sentence
    if contrast.trap.outcome != "cannot_be_judged":
        yield contrast.trap.sentence
    longer = [
        f"{name} {_count(found)}"
        for name in ("steps", "tokens")
        if isinstance(found := contrast.lengths[name], Interval)
    ]
    if longer:
        yield f"Longer or shorter, a trace: {', '.join(longer)}."
    if isinstance(contrast.claims, ClaimChange):
        yield claims_sentence(contrast.claims)
    if isinstance(index := contrast.index, Interval):
        ends = f"[{nats(index.lower)}, {nats(index.upper)}]"
        yield f"Transferability index {nats(index.estimate)} {ends}: points gained here for each point gained at home."


def _unmeasured(contrasts: Sequence[Contrast]) -> Iterable[str]:
    """Each measure that no benchmark has, with its reason, and why the trap cannot be judged: each said once."""
    for measure, name in _NAMES.items():
        refusals = {e.reason for c in contrasts if isinstance(e := c.effects.get(measure), Unscored)}
        if measure == "corrected_ki" and not any(isinstance(c.effects["ki"], Effect) for c in contrasts):
            continue  # said of the KI itself
        if refusals and not any(isinstance(c.effects.get(measure), Effect) for c in contrasts):
            yield f"{name}: {'; '.join(sorted(map(reason_words, refusals)))}."
    changes = [c.claims for c in contrasts]
    if not any(isinstance(change, ClaimChange) for change in changes):
        refusals = {change.reason for change in changes if isinstance(change, Unscored)}
        yield f"pruning or adding of claims: {'; '.join(sorted(map(reason_words, refusals)))}."
    reasons = {c.trap.reason for c in contrasts if c.trap.outcome == "cannot_be_judged"}
    for reason in sorted(reasons):
        yield f"the SFT trap cannot be judged: {reason_words(reason)}."


def _notes(comparison: Comparison) -> Iterable[tuple[str, str]]:
    margins = comparison.margins
    gain = "commitment_to_gold" if comparison.gain_means == "commitment" else "informative_gain"
    yield (
        "Margins",
        f"{100 * margins['accuracy']:g} points of right answers, {100 * margins['ki']:g} points of KI, "
        f"{margins[gain]:g} nats: less is taken not to matter.",
    )
    yield (
        "Note",
        "Differences are candidate minus baseline on the questions both answered, with 95% intervals over questions; "
        f"verdicts hold a false discovery rate of 5% over the {len(comparison.contrasts)} comparisons shown.",
    )
    dropped = sum(c.pairing.baseline_only + c.pairing.candidate_only for c in comparison.contrasts)
    if dropped:
        yield "Dropped", f"{dropped:,} questions, for only one of the two models answered them."


def _right(contrast: Contrast) -> list[Text]:
    effect = contrast.effects["accuracy"]
    verdict = _OUTCOMES[contrast.transfer.outcome]
    if contrast.index == Unscored(reason="trained_here") and contrast.transfer.outcome == "transfers":
        verdict = "learned (trained here)"
    if isinstance(effect, Unscored):
        return [Text(said) for said in (_place(contrast), f"{contrast.pairing.paired:,}", "–", "–", verdict)]
    levels = f"{100 * effect.baseline:.1f} → {100 * effect.candidate:.1f}"
    figures = (f"{effect.difference.n:,}", levels, _difference(effect), verdict)
    return [Text(said) for said in (_place(contrast), *figures)]


def _difference(effect: Effect | Unscored) -> str:
    """ "+1.1" above "[−1.9, +4.1]"; points for shares, nats for gains."""
    if isinstance(effect, Unscored):
        return "–"
    share = effect.measure in ("accuracy", "ki", "corrected_ki", "ki_before_commitment")
    found = effect.difference
    said = [nats(100 * v, 1) if share else nats(v) for v in (found.estimate, found.lower, found.upper)]
    return f"{said[0]}\n[{said[1]}, {said[2]}]"


def _count(found: Interval) -> str:
    """A difference in counts: "+2.4 [+1.5, +3.6]"."""
    said = [nats(value, 1) for value in (found.estimate, found.lower, found.upper)]
    return f"{said[0]} [{said[1]}, {said[2]}]"


def _place(contrast: Contrast) -> str:
    way = "" if contrast.condition == "cot" else f" ({contrast.condition.replace('_', ' ')})"
    return plain(f"{contrast.benchmark}{way}")
