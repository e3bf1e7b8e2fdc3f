"""The model that ships with the package: no network, no key, one core.

One small encoder with two heads. The entailment head says whether a passage supports a claim, refutes it, or
leaves it open; the answer head reads which option a text has settled on so far. What the answer head yields
is commitment (when, how firmly, how wrongly a text commits), never how informative its reasoning is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from knowreason.errors import ModelError
from knowreason.models.cues import CueWeights, read_all, weigh
from knowreason.models.packing import (
    Row,
    collate,
    pack_options,
    pack_pair,
    slots_of,
)
from knowreason.models.protocols import Reliability, Thresholds
from knowreason.records import Observation

WEIGHTS = Path(__file__).parent / "weights"
ROWS, TOKENS = 16, 2_048  # of one run at most: constants, so that memory does not grow with a call
TEXT_LIMIT = 4_000  # characters of a question or a passage that are looked at
PREFIX_CHARACTERS = 6_000
OPTION_CHARACTERS = 600

Floats = npt.NDArray[np.float64]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What turns raw scores into probabilities, chosen on data that trained no weight.

    Probabilities are softmax(logits / temperature). The thresholds make the verifier abstain rather than
    refute wrongly. The answer head's probabilities are weighed beside the cues of the text.
    """

    name: str
    pair_temperature: float
    thresholds: Thresholds
    option_temperature: float
    prefix_limit: int
    cues: CueWeights = CueWeights()


class BuiltinModel:
    """An `Entailer` and an `Observer` in one. Threads may share it; a result depends on its own item only."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        """Load the model in `folder`. Raises `ModelError` if a file is missing or broken."""
        self._folder = folder
        self._settings = _read_settings(folder / "settings.json")
        self._session = _open_session(folder / "model.onnx")
        self._tokenizer = open_tokenizer(folder / "tokenizer.json")
        self._continues = _continuations(self._tokenizer)
        self._trained = _read_trained(folder / "trained_questions.npy")

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float, float]]:
        """For each (premise, hypothesis): probabilities (supported, refuted, not enough information).

        A premise that does not fit beside its hypothesis loses its end.
        """
        encode = self._encoder()
        rows = [pack_pair(encode(premise[:TEXT_LIMIT]), encode(claim[:TEXT_LIMIT])) for premise, claim in pairs]
        out: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(rows)
        for index, logits in self._run(rows, "entailment"):
            values = np.exp(_log_softmax(logits / self._settings.pair_temperature))
            out[index] = (float(values[0]), float(values[1]), float(values[2]))
        return out

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: natural-log probabilities over its candidates, in their order.

        The order of the candidates does not matter. With labels the model also reads statements that name
        only the letter.
        """
        encode = self._encoder()
        rows = [self._pack(observation, encode) for observation in observations]
        cues = read_all([(observation, _tail(observation.prefix)) for observation in observations])
        out: list[list[float]] = [[] for _ in rows]
        for index, scores in self._run(rows, "options"):
            belief = _log_softmax(scores[: rows[index].options] / self._settings.option_temperature)
            out[index] = [float(v) for v in _log_softmax(weigh(self._settings.cues, belief, cues[index]))]
        return out

    @property
    def thresholds(self) -> Thresholds:
        """The probability that a verdict of this model needs, chosen so that few true claims are called refuted."""
        return self._settings.thresholds

    @property
    def reliability(self) -> tuple[Reliability, ...]:
        """How often its verdicts err, measured once on the shipped file; empty for weights that were never measured."""
        path = self._folder / "reliability.json"
        if not path.is_file():
            return ()
        try:
            return msgspec.json.decode(path.read_bytes(), type=tuple[Reliability, ...])
        except (OSError, msgspec.MsgspecError) as error:
            raise ModelError(f"the built-in model cannot be used: {path.name}: {error}") from error

    def trained_on(self, question_key: str) -> bool:
        """Whether the question with this key trained or calibrated the model: do not score it."""
        key = np.uint64(int(question_key[:16], 16))
        place = int(np.searchsorted(self._trained, key))
        return place < len(self._trained) and bool(self._trained[place] == key)

    def describe(self) -> dict[str, str]:
        """The model's name and the SHA-256 of its weights and settings, for the manifest."""
        return {"id": f"builtin:{self._settings.name}", "sha256": self._digest}

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256()
        for name in ("model.onnx", "settings.json", "tokenizer.json"):
            digest.update((self._folder / name).read_bytes())
        return digest.hexdigest()

    def _pack(self, observation: Observation, encode: Callable[[str], list[int]]) -> Row:
        if not observation.candidates:
            raise ModelError("an observation needs at least one candidate")
        if len(observation.labels) not in (0, len(observation.candidates)):
            raise ModelError("an observation has as many labels as candidates, or none")
        return pack_options(
            encode(_ends(observation.question, TEXT_LIMIT)),
            encode(_tail(observation.prefix)),
            [encode(_ends(candidate, OPTION_CHARACTERS)) for candidate in observation.candidates],
            labels=[encode(f"({label[:8]})") for label in observation.labels],
            continues=self._continues,
            prefix_limit=self._settings.prefix_limit,
        )

    def _encoder(self) -> Callable[[str], list[int]]:
        """Text to token ids; texts that recur within a call are encoded once."""
        seen: dict[str, list[int]] = {}

        def encode(text: str) -> list[int]:
            if text not in seen:
                seen[text] = self._tokenizer.encode(text, add_special_tokens=False).ids
            return seen[text]

        return encode

    def _run(self, rows: Sequence[Row], output: str) -> Iterator[tuple[int, Floats]]:
        """Yield (row index, raw output of the head) for every row, width by width."""
        for indices in _groups(rows):
            batch = collate([rows[index] for index in indices])
            values = self._session.run([output], batch._asdict())[0]
            for index, value in zip(indices, values, strict=True):
                yield index, np.asarray(value, np.float64)


def _groups(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Indices of rows that may share a run: same width and slots, at most `ROWS` of them and `TOKENS` in all."""
    kinds: dict[tuple[int, int], list[int]] = {}
    for index, row in enumerate(rows):
        kinds.setdefault((row.width, slots_of([row])), []).append(index)
    for kind in sorted(kinds):
        count = max(1, min(ROWS, TOKENS // kind[0]))
        for start in range(0, len(kinds[kind]), count):
            yield kinds[kind][start : start + count]


def _log_softmax(values: Floats) -> Floats:
    shifted = values - values.max()
    return shifted - np.log(np.exp(shifted).sum())


def _ends(text: str, limit: int) -> str:
    """The text, or its first and last half of `limit` characters."""
    return text if len(text) <= limit else text[: limit // 2] + " " + text[-(limit // 2) :]


def _tail(prefix: str) -> str:
    """The last `PREFIX_CHARACTERS` of a prefix, from a whole word on."""
    if len(prefix) <= PREFIX_CHARACTERS:
        return prefix
    tail = prefix[-PREFIX_CHARACTERS:]
    return tail.split(maxsplit=1)[-1] if " " in tail[:200] else tail


def _read_settings(path: Path) -> Settings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelError(f"the built-in model cannot be used: {path.name}: {error}") from error


def _open_session(path: Path) -> Any:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

    if not path.is_file():
        raise ModelError(f"the built-in model is missing its weights: {path}; reinstall knowreason")
    onnxruntime.disable_telemetry_events()  # where the application had imported it before us
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # without this the matrices would be dequantised again in every run, a sixth slower
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise ModelError(f"the built-in model cannot be used: {path.name}: {error}") from error


def open_tokenizer(path: Path) -> Any:
    """The built-in tokenizer, which neither cuts nor pads. Raises `ModelError` where its file is missing."""
    from tokenizers import Tokenizer

    if not path.is_file():
        raise ModelError(f"the built-in model is missing its tokenizer: {path}; reinstall knowreason")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _continuations(tokenizer: Any) -> list[bool]:
    """For every token id, whether it continues a word."""
    size = tokenizer.get_vocab_size()
    return [str(tokenizer.id_to_token(token)).startswith("##") for token in range(size)]


def _read_trained(path: Path) -> npt.NDArray[np.uint64]:
    if not path.is_file():
        raise ModelError(f"the built-in model is missing the list of its training questions: {path}")
    return np.sort(np.load(path, allow_pickle=False).astype(np.uint64))
