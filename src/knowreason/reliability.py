"""How far a verifier can be trusted on one corpus, as `knowreason calibrate` measured it: calibration.json.

Two kinds of claims stand side by side and are never mixed: claims planted in the corpus, whose truth is known because
we made them, and claims of real traces that somebody labelled. Only the latter may correct a Knowledge Index.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from knowreason.errors import InputError
from knowreason.records import Interval, Record, Unscored

FILE = "calibration.json"
FORMAT = "1"
Measure = Interval | Unscored


class CurvePoint(Record, frozen=True):
    """Decided claims whose verdict had a probability in [lower, upper): how many, its mean, and the share right."""

    lower: float
    upper: float
    claims: int
    confidence: float
    right: float


class Figures(Record, frozen=True):
    """What a verifier made of claims whose truth is known.

    `true` and `false` count the claims that it judged, `unscored` those on which a judgement failed (they are in no
    figure), `without_passage` those for which the corpus has no passage near enough, which are left open, and
    `clusters` the passages or questions that the claims come from, which the intervals resample. Six shares say what
    became of the true and of the false claims; `abstention` is the share of all that was left open. Among decided
    claims only: `sensitivity`, the share of true ones called supported; `specificity`, of false ones called refuted;
    `youden`, the sum of both less 1; `calibration_error`, the mean distance of confidence from the share that is
    right, and `curve` behind it. `auroc` is the chance that a true claim leans more to supported than a false one.
    """

    true: int
    false: int
    unscored: int
    without_passage: int
    clusters: int
    true_called_supported: Measure
    true_called_refuted: Measure
    true_left_open: Measure
    false_called_refuted: Measure
    false_called_supported: Measure
    false_left_open: Measure
    abstention: Measure
    sensitivity: Measure
    specificity: Measure
    youden: Measure
    auroc: Measure
    calibration_error: Measure
    curve: tuple[CurvePoint, ...]


class KindCount(Record, frozen=True):
    """False claims made by one kind of change, with their source in the corpus, and what they were called."""

    kind: str
    claims: int
    refuted: int
    supported: int
    left_open: int


class Leakage(Record, frozen=True):
    """What tells true from false among the planted claims without a verdict on a passage, as AUROC (.5: nothing).

    `wording` is a bag of words taught on other claims, `alone` the verifier shown no passage: neither may be above
    `limit`. `shared_words` counts words of the claim that stand in its passages; a false claim has changed one.
    """

    limit: float
    wording: Measure
    alone: Measure
    shared_words: Measure


class Planted(Record, frozen=True, tag="planted"):
    """Claims planted in the corpus, with their source in it (`present`) and taken out (`removed`).

    `passages` are those that a claim was made of; `left_out` counts the true claims that were dropped with their twins
    because their wording gave them away. `taken_out` says what was removed: whole documents with all that
    repeats the claim, or, in a corpus of a few documents, passages that do.
    """

    passages: int
    left_out: int
    kinds: tuple[KindCount, ...]
    leakage: Leakage
    taken_out: Literal["documents", "passages"]
    present: Figures
    removed: Figures


class Labelled(Record, frozen=True, tag="labelled"):
    """Claims of real traces that somebody labelled true or false.

    `traces` are theirs. Beside sensitivity and specificity stand the independent claims that each is worth.
    """

    figures: Figures
    traces: tuple[str, ...]
    sensitivity_units: float
    specificity_units: float


class Advice(Record, frozen=True):
    """Which threshold of a refutation would keep wrong ones rare; nothing was changed.

    `needed` is the least of .50, .51 … .99 at which at most `limit` of the true claims of every set are called
    refuted, `now` the verifier's own. At `needed`: `true_called_refuted` in the worst set, and
    `false_called_refuted`, what is still found with the source in the corpus (or among labelled claims).
    """

    limit: float
    now: float
    needed: float | Unscored
    true_called_refuted: Measure
    false_called_refuted: Measure


class Identity(NamedTuple):
    """What two calibrations must share to be of the same: what the verifier says of itself, and the index's hash."""

    verifier: Mapping[str, Any]
    thresholds: Mapping[str, Any]
    corpus: str | None


class Calibration(Record, frozen=True):
    """One verifier on one corpus. `verifier` is what it says of itself, `corpus` has the hash of the index."""

    version: str
    uri: str
    verifier: dict[str, str]
    thresholds: dict[str, float]
    corpus: dict[str, str | int]
    seed: int
    level: float
    planted: Planted | Unscored
    labelled: Labelled | Unscored
    threshold: Advice

    @property
    def identity(self) -> Identity:
        """What it is a calibration of."""
        return Identity(self.verifier, self.thresholds, str(self.corpus["hash"]))


def encode_calibration(calibration: Calibration) -> str:
    """The text of calibration.json: the same figures give the same bytes."""
    return msgspec.json.format(msgspec.json.encode(calibration), indent=2).decode() + "\n"


def read_calibration(path: Path) -> Calibration:
    """What `knowreason calibrate` wrote. Raises `InputError` for a file that is none."""
    try:
        return _DECODER.decode(path.read_bytes())
    except OSError as error:
        raise InputError(f"--calibration {path} cannot be read ({error.strerror}); check the path") from error
    except msgspec.MsgspecError as error:
        raise InputError(f"--calibration {path} was not written by knowreason calibrate ({error})") from error


def mismatch(measured: Identity, wanted: Identity) -> str | None:
    """Why a calibration says nothing of the verifier and corpus that are `wanted`; None where it fits."""
    if measured[:2] != wanted[:2]:
        names = (_named(measured.verifier), _named(wanted.verifier))
        how = "in its weights, prompt or thresholds" if names[0] == names[1] else f"({names[0]}, not {names[1]})"
        return f"it is of another verifier {how}"
    return None if measured.corpus == wanted.corpus else "it is of another corpus, or of another state of it"


def identity_of(manifest: Mapping[str, Any]) -> Identity:
    """The verifier and the corpus of a run, by its manifest."""
    models, corpus = manifest.get("models") or {}, manifest.get("corpus") or {}
    return Identity(models.get("verifier") or {}, manifest.get("thresholds") or {}, corpus.get("hash"))


def _named(verifier: Mapping[str, object]) -> str:
    return str(verifier.get("id", "unnamed"))


_DECODER = msgspec.json.Decoder(Calibration)  # made at import: see ARCHITECTURE, "Decoders are made at import"
