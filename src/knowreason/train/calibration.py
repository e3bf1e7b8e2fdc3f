"""Temperatures, the bias towards abstaining and the length of the prefix, chosen on parts that trained no weight.

The bias is the least one under which at most one true claim in twenty is called refuted, both where its own
passage is shown and where retrieval finds the best passages of a corpus that does not state it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowreason.models.packing import Row, collate, pack_options, pack_pair
from knowreason.train.judging import called, deciding
from knowreason.train.measures import Floats, Ints
from knowreason.train.pair import REFUTED, SUPPORTED
from knowreason.train.store import OptionData, PairData, load_options, load_pairs

WRONG_REFUTATIONS = 0.05  # of true claims, at most
PAIRS, ITEMS = 3_000, 240
PREFIX_LIMITS = (160, 224, 320)
BIASES = tuple(round(0.05 * step, 2) for step in range(101))


def calibrate(model: Path, data: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that ship, and what was measured to choose them."""
    pairs = load_pairs(data / "pairs_dev.npz")
    known = np.flatnonzero(pairs.labels < 3)[:PAIRS]
    labels = pairs.labels[known]
    logits = _logits(model, pairs, known)
    warmth = best_temperature([logits], [labels])
    gone = load_pairs(data / "removed_dev.npz")
    groups = _groups(gone)
    missed = _logits(model, gone, np.arange(len(gone.claims))) / warmth
    shown = [logits[index : index + 1] / warmth for index in np.flatnonzero(labels == SUPPORTED)]
    absent = [missed[group] for group in groups]
    bias = least_bias([shown, absent])
    option = _option_settings(model, data)
    settings = {
        "pair_temperature": round(warmth, 3),
        "pair_bias": [0.0, round(0.0 - bias, 3), 0.0],
        "option_temperature": option["temperature"],
        "prefix_limit": option["prefix_limit"],
    }
    told = {
        "true_claims": {"shown": len(shown), "removed": len(absent)},
        "true_called_refuted": {
            name: {"without_bias": round(refuted_share(held, 0.0), 4), "with_bias": round(refuted_share(held, bias), 4)}
            for name, held in (("shown", shown), ("removed", absent))
        },
        "refuted_found": {
            name: round(refuted_share([logits[i : i + 1] / warmth for i in np.flatnonzero(labels == REFUTED)], b), 4)
            for name, b in (("without_bias", 0.0), ("with_bias", bias))
        },
        "log_loss_by_prefix_limit": option["losses"],
    }
    return settings, told


def least_bias(claims: Sequence[Sequence[Floats]]) -> float:
    """The least bias that keeps wrong refutations rare in every set of true claims; the largest if none does."""
    fits = (b for b in BIASES if all(refuted_share(held, b) <= WRONG_REFUTATIONS for held in claims))
    return next(fits, BIASES[-1])


def refuted_share(claims: Sequence[Floats], bias: float) -> float:
    """Share of claims that the audit's rule calls refuted when the refuted logit loses `bias`.

    Each claim is the logits [passages, 3] of the passages found for it.
    """
    taken = np.array([0.0, bias, 0.0])
    return float(np.mean([called(deciding(_softmax(logits - taken))) == REFUTED for logits in claims]))


def best_temperature(scores: Sequence[Floats], targets: Sequence[Any]) -> float:
    """The temperature from .5 to 4 with the least mean log-loss; each array is [rows, options]."""
    return min(np.geomspace(0.5, 4.0, 60).tolist(), key=lambda t: log_loss(scores, targets, t))


def log_loss(scores: Sequence[Floats], targets: Sequence[Any], temperature: float) -> float:
    """Mean surprisal of the targets, in nats."""
    total, count = 0.0, 0
    for values, target in zip(scores, targets, strict=True):
        warm = values / temperature
        logs = warm - np.logaddexp.reduce(warm, axis=-1, keepdims=True)
        total -= float(np.take_along_axis(logs, np.asarray(target)[:, None], -1).sum())
        count += len(values)
    return total / count


def _softmax(logits: Floats) -> Floats:
    return np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))


def _groups(pairs: PairData) -> list[Ints]:
    """Row numbers of each claim, in order."""
    return [np.flatnonzero(pairs.claims == claim) for claim in dict.fromkeys(pairs.claims.tolist())]


def _logits(model: Path, pairs: PairData, chosen: Ints) -> Floats:
    rows = [pack_pair(pairs.text(int(pairs.premises[i])), pairs.text(int(pairs.claims[i]))) for i in chosen]
    return np.stack(run(model, rows, "entailment"))


def _option_settings(model: Path, data: Path) -> dict[str, Any]:
    """The prefix limit with the least log-loss of calibration traces, with its temperature.

    A trace is seen before any text, at its content and at its statement; only the last two depend on the limit.
    """
    items = load_options(data / "options_calibrate.npz")
    continues = np.load(data / "continues.npy")
    chosen = range(min(ITEMS, len(items.numbers)))
    own = [[int(items.numbers[index, 2])] for index in chosen]
    before = _scores(model, [_row(items, index, 0, continues, PREFIX_LIMITS[0]) for index in chosen])
    found: list[tuple[float, int, float]] = []
    for limit in PREFIX_LIMITS:
        cuts = [(index, int(items.numbers[index, column])) for column in (4, 5) for index in chosen]
        scores = [*before, *_scores(model, [_row(items, index, cut, continues, limit) for index, cut in cuts])]
        warmth = best_temperature(scores, own * 3)
        found.append((log_loss(scores, own * 3, warmth), limit, warmth))
    _, limit, warmth = min(found)
    return {
        "prefix_limit": limit,
        "temperature": round(warmth, 3),
        "losses": {str(held): round(loss, 4) for loss, held, _ in found},
    }


def _scores(model: Path, rows: Sequence[Row]) -> list[Floats]:
    return [values[None, : row.options] for row, values in zip(rows, run(model, rows, "options"), strict=True)]


def _row(items: OptionData, index: int, cut: int, continues: npt.NDArray[np.bool_], limit: int) -> Row:
    span = slice(int(items.option_offsets[index]), int(items.option_offsets[index + 1]))
    return pack_options(
        items.text(int(items.numbers[index, 0])),
        items.text(int(items.numbers[index, 1]))[:cut],
        [items.text(int(number)) for number in items.options[span]],
        labels=[items.text(int(number)) for number in items.labels[span]],
        continues=continues,  # pyright: ignore[reportArgumentType]
        prefix_limit=limit,
    )


def run(model: Path, rows: Sequence[Row], output: str) -> list[Floats]:
    """Raw outputs of a graph for packed rows, one at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return [np.asarray(session.run([output], collate([row])._asdict())[0][0], np.float64) for row in rows]
