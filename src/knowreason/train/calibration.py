"""Temperatures, the threshold of a refutation and the length of the prefix, chosen on parts that trained no weight.

The threshold is the least one under which at most one true claim in twenty is called refuted, of every kind of pair
where its own passage is shown, and where retrieval finds the best passages of a corpus that does not state it. All
kinds weigh alike in the temperature: sentences of textbooks, reworded by rule, are the most and the easiest. It is a
threshold and no bias of the logits: a bias would call half-refuted claims supported, where they should be left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowreason.models.packing import Row, collate, pack_options, pack_pair
from knowreason.models.protocols import Thresholds
from knowreason.train.measures import Floats, Ints
from knowreason.train.pair import REFUTED, SUPPORTED
from knowreason.train.store import GROUPS, OptionData, PairData, load_options, load_pairs
from knowreason.verify.thresholds import REFUTED_FROM, called_share, least_threshold

PAIRS, ITEMS = 1_000, 240  # pairs of each kind
PREFIX_LIMITS = (160, 224, 320)


def calibrate(model: Path, data: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that ship, and what was measured to choose them."""
    pairs = load_pairs(data / "pairs_dev.npz")
    shown = shown_pairs(pairs.groups)
    logits = {name: _logits(model, pairs, held) for name, held in shown.items()}
    labels = {name: pairs.labels[held] for name, held in shown.items()}
    warmth = best_temperature([*logits.values()], [*labels.values()])
    judged = {name: _softmax(held / warmth)[:, None] for name, held in logits.items()}
    gone = load_pairs(data / "removed_dev.npz")
    missed = _softmax(_logits(model, gone, np.arange(len(gone.claims))) / warmth)
    true = {name: list(held[labels[name] == SUPPORTED]) for name, held in judged.items()}
    true["removed"] = [missed[group] for group in _groups(gone)]
    false = {name: list(held[labels[name] == REFUTED]) for name, held in judged.items()}
    least = least_threshold(list(true.values())) or Thresholds(refuted=REFUTED_FROM[-1])
    plain = Thresholds()
    option = _option_settings(model, data)
    settings = {
        "pair_temperature": round(warmth, 3),
        "thresholds": [least.supported, least.refuted],
        "option_temperature": option["temperature"],
        "prefix_limit": option["prefix_limit"],
    }
    told = {
        "true_claims": {name: len(held) for name, held in true.items()},
        "true_called_refuted": {name: _both(held, REFUTED, (plain, least)) for name, held in true.items()},
        "true_called_supported": {name: _both(held, SUPPORTED, (plain, least)) for name, held in true.items()},
        "false_called_refuted": {name: _both(held, REFUTED, (plain, least)) for name, held in false.items()},
        "false_called_supported": {name: _both(held, SUPPORTED, (plain, least)) for name, held in false.items()},
        "log_loss_by_prefix_limit": option["losses"],
    }
    return settings, told


def shown_pairs(groups: Ints) -> dict[str, Ints]:
    """Row numbers of each group of dev pairs that is there, at most `PAIRS` of each."""
    places = {name: np.flatnonzero(groups == number)[:PAIRS] for number, name in enumerate(GROUPS)}
    return {name: held for name, held in places.items() if len(held)}


def _both(claims: Sequence[Floats], label: int, thresholds: tuple[Thresholds, Thresholds]) -> dict[str, float]:
    shares = [round(called_share(claims, label, least), 4) for least in thresholds]
    return {"at_one_half": shares[0], "as_shipped": shares[1]}


def best_temperature(scores: Sequence[Floats], targets: Sequence[Any]) -> float:
    """The temperature from .5 to 4 with the least mean log-loss; each array is [rows, options]."""
    return min(np.geomspace(0.5, 4.0, 60).tolist(), key=lambda t: log_loss(scores, targets, t))


def log_loss(scores: Sequence[Floats], targets: Sequence[Any], temperature: float) -> float:
    """Mean surprisal of the targets, in nats; every set weighs alike."""
    losses: list[float] = []
    for values, target in zip(scores, targets, strict=True):
        warm = values / temperature
        logs = warm - np.logaddexp.reduce(warm, axis=-1, keepdims=True)
        losses.append(-float(np.take_along_axis(logs, np.asarray(target)[:, None], -1).mean()))
    return float(np.mean(losses))


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
