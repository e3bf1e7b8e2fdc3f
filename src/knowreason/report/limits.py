"""How far to trust a report: what its instruments are, and what they cannot say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from knowreason.errors import StoreError
from knowreason.frame import Cell, Summary
from knowreason.models.protocols import Reliability
from knowreason.report.words import counted, percent

Manifest = Mapping[str, Any]

CHANCE = 0.65  # AUROC below which the report says that a verdict is little better than chance
MISSES = 0.7  # share of false claims called refuted below which the report warns

COMMITMENT_NOTE = (
    "The built-in observer tells which answer a text has settled on so far. Its figures are commitment, never "
    "informative gain: they say when, how firmly and how wrongly a trace commits, not how well it reasons. "
    "Informative gain needs a causal language model as the scorer."
)
_GAIN_NOTE = (
    "Only the informative part speaks about reasoning. The other parts are gained by naming options, by settling "
    "on the answer's content and by stating it: they rise with any text that repeats its answer."
)
_SCALES_NOTE = (
    "The right answer's surprisal is {scales}. These are different scales, so a mean over both says little; "
    "`answer_space` in scores.parquet tells them apart, `answer_tokens` gives the figure per token."
)
_SCALES = {
    "options": "over the options in {}",
    "letters": "over the options' letters in {}",
    "candidates": "over numbers of our own choice in {}",
    "tokens": "over the answer's own tokens in {}",
}
_KNOWLEDGE_NOTE = (
    "The share of claims that hold (Knowledge Index) counts decided claims only: supported / (supported + refuted). "
    "Its bounds say what it could be if every undecided claim were refuted, or supported; they hold if the "
    "decided verdicts are right. {reliability}"
)
_UNCALIBRATED = "How often this verifier errs was not measured: trust a difference only where you have read the claims."
_CALIBRATED = "How often this verifier errs on this corpus stands under reliability; its maker measured nothing."
_MEASURED = (
    "Measured on {claims} ({total:,}), the verifier called {right} of the true ones supported and {wrong} refuted, "
    "{found} of the false ones refuted and {missed} supported, and left the others undecided (AUROC {auroc:.2f})"
)
_WEAK = (
    " A verifier that misses many false claims, or refutes true ones, bends every share, and not for all models alike: "
    "read the claims, take no share for the truth, and rank no models by small differences."
)
_NEARCHANCE = (
    "This verifier tells true claims from false ones little better than chance where they are not worded as their "
    "source. "
)
KNOWLEDGE_WARNING = _WEAK.strip()
_ACCURACY_NOTE = (
    "A trace without an answer counts as wrong. By the strict rule an answer is also missing where none is stated "
    "formally, or where several different options are."
)


def read_manifest(run: Path) -> Manifest:
    """The manifest of a run, empty where there is none. Raises StoreError where it cannot be read."""
    path = run / "manifest.json"
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise StoreError(f"{path} is no manifest: it should hold one JSON object")
    return found


def asked_for_paper(manifest: Manifest) -> bool:
    """Whether the audit was asked for the published figures."""
    return _part(manifest, "arguments").get("paper") is True


def instrument_lines(manifest: Manifest) -> list[tuple[str, str]]:
    """(what, which) for the models, thresholds and corpus that a manifest names; what it lacks is left out."""
    lines: list[tuple[str, str]] = []
    models = _part(manifest, "models")
    scorers = sorted(role for role in models if role.startswith("scorer"))
    for role in ("verifier", "decomposer", *scorers, "grader"):
        model = _part(models, role)
        if model:
            lines.append(
                (role.replace("_", " ").capitalize(), _with_hash(str(model.get("id", "unnamed")), model.get("sha256")))
            )
    thresholds = _part(manifest, "thresholds")
    if thresholds:
        said = ", ".join(f"{str(name).replace('_', ' ')} from {value}" for name, value in thresholds.items())
        lines.append(("Thresholds", f"{said}; below them a claim is left undecided"))
    corpus = _part(manifest, "corpus")
    if corpus:
        counts = [f"{corpus[name]:,} {name}" for name in ("documents", "passages") if _is_count(corpus.get(name))]
        lines.append(("Corpus", _with_hash(", ".join(counts) or "unnamed", corpus.get("hash"))))
    version = manifest.get("version")
    if version:
        lines.append(("knowreason", f"version {version}"))
    return lines


def reading_lines(manifest: Manifest, where: str) -> list[tuple[str, str]]:
    """(what, details) about the inputs: rejected lines (listed in the file `where`) and reasoning that logs lost."""
    lines: list[tuple[str, str]] = []
    rejected = _part(manifest, "counts").get("read_issues")
    if isinstance(rejected, int) and rejected > 0:
        are, them = ("was", "its reason") if rejected == 1 else ("were", "their reasons")
        lines.append(("Rejected", f"{counted(rejected, 'input line')} {are} not used: {where} has {them}."))
    advice = manifest.get("advice")
    kept = [line for line in advice if isinstance(line, str)] if isinstance(advice, list) else []
    return lines + [("Reasoning lost", f"{line}.") for line in kept]


def trained_note(summary: Summary) -> str | None:
    """How much has no observer's figure because the observer was trained on the question; None where nothing."""
    asked = [(cell, cell.unscored.get("gain", {}).get("trained_on_question", 0)) for cell in summary.cells]
    learned = sum(count for _, count in asked)
    if not learned:
        return None
    total = sum(cell.traces for cell, count in asked if count)
    names = sorted({cell.benchmark for cell, count in asked if count})
    return (
        f"The observer was trained on questions of {', '.join(names[:3])}{' and others' if len(names) > 3 else ''}: "
        f"{learned:,} of {counted(total, 'trace')} there ({percent(learned / total)}) answer one of them. It could "
        "remember the answer, so these traces have no surprisal and no parts of it; the figures rest on the other "
        "questions. Grades and claims are measured on all."
    )


def scales_note(summary: Summary) -> str | None:
    """That surprisals over an answer's tokens stand beside others in one run; None where they do not."""
    spaces = summary.instruments.answer_spaces
    if "tokens" not in spaces or len(spaces) < 2:
        return None
    scales = [_SCALES.get(name, name + " in {}").format(counted(n, "trace")) for name, n in sorted(spaces.items())]
    return _SCALES_NOTE.format(scales=" and ".join(scales))


def reliability_of(manifest: Manifest) -> tuple[Reliability, ...]:
    """What the maker of the verifier measured; empty where nobody did. Raises StoreError where it cannot be read."""
    try:
        return msgspec.convert(manifest.get("reliability") or [], type=tuple[Reliability, ...])
    except msgspec.ValidationError as error:
        raise StoreError(f"manifest.json: reliability: {error}") from error


def reliability_note(manifest: Manifest, *, calibrated: bool = False) -> str:
    """How often the verifier errs on labelled claims, as its maker measured it; said too where nobody did."""
    measured = reliability_of(manifest)
    if not measured:
        return _CALIBRATED if calibrated else _UNCALIBRATED
    said = "; ".join(_measured(one) if not place else _lower(_measured(one)) for place, one in enumerate(measured))
    warning = _NEARCHANCE if min(one.auroc for one in measured) < CHANCE else ""
    return warning + said + "." + (_WEAK if min(one.false_called_refuted for one in measured) < MISSES else "")


def _measured(one: Reliability) -> str:
    return _MEASURED.format(
        claims=one.claims,
        total=one.true + one.false,
        right=percent(one.true_called_supported),
        wrong=percent(one.true_called_refuted),
        found=percent(one.false_called_refuted),
        missed=percent(one.false_called_supported),
        auroc=one.auroc,
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def first_limits(summary: Summary) -> list[str]:
    """What a reader of the figures must know before the rest: what the gains mean, and on what they do not rest."""
    notes = [COMMITMENT_NOTE if summary.instruments.gain_means == "commitment" else _GAIN_NOTE]
    return notes + [note for note in (trained_note(summary), scales_note(summary)) if note is not None]


def limits(summary: Summary, manifest: Manifest, *, calibrated: bool = False) -> list[str]:
    """Notes that qualify the figures of a run, most important first; `calibrated` on its own corpus or not."""
    notes = first_limits(summary)
    if any(cell.knowledge.lower is not None for cell in summary.cells):
        notes.append(_KNOWLEDGE_NOTE.format(reliability=reliability_note(manifest, calibrated=calibrated)))
    notes += [
        _ACCURACY_NOTE,
        f"Brackets are {percent(summary.level)} intervals over questions, which are resampled whole "
        f"({summary.draws:,} draws, more where they are few, seed {summary.seed}; Wilson's interval where each "
        "question counts once). "
        "A difference is named only where two intervals do not meet, and only if it stands after correction for all "
        "pairs compared here: a cautious test. Over a few dozen questions the interval of a mean that a few large "
        "values carry (gains, misled mass) is somewhat too narrow.",
        "Tokens are counted by one tokenizer for all models. Gains and surprisals are in nats.",
    ]
    contrasts = [_lineage(cell) for cell in summary.cells if cell.lineage]
    if contrasts:
        notes.append(f"Lineage, as declared: {'; '.join(sorted(set(contrasts)))}.")
    return notes


def _lineage(cell: Cell) -> str:
    return f"{cell.model} was tuned from {cell.lineage}"


def _part(manifest: Manifest, name: str) -> Manifest:
    found = manifest.get(name)
    return found if isinstance(found, dict) else {}


def _with_hash(name: str, digest: object) -> str:
    return f"{name} (sha256 {digest[:12]}…)" if isinstance(digest, str) and digest else name


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
