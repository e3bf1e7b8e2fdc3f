"""A classifier of sentence pairs (NLI, fact verification) as an entailer: its labels read by name, and proven.

Which of its outputs means what stands in the checkpoint's own configuration. A permuted list of labels would turn
every verdict round without a sign, so the model must get three fixed pairs right when it is opened.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from threading import Lock

import torch

from knowreason.errors import ModelError, Unanswered
from knowreason.models.encoding import BATCH_INVARIANCE, batches, encode, longest, tensors
from knowreason.models.huggingface import Opened
from knowreason.models.probes import CLAIMS, PASSAGE
from knowreason.models.protocols import Judgement, Thresholds
from knowreason.records import Unscored

Probabilities = tuple[float, float, float]

_MEANINGS = ("supported", "refuted", "not enough information")
_NAMES = {
    0: frozenset("entailment entail entails entailed supports supported support".split()),
    1: frozenset("contradiction contradict contradicts contradicted refutes refuted refute".split()),
    2: frozenset("neutral notenoughinfo notenoughinformation nei unknown".split()),
}


class PairClassifier:
    """An `Entailer`, and a `Judge` that cites nothing: it can say that a pair is too long. Threads may share it.

    Probabilities are the softmax of the model's own logits. A verdict needs more than a half (`thresholds`): the one
    label more likely than the two others together. The checkpoint was not calibrated here, so no other limit could be
    justified.
    """

    thresholds = Thresholds(supported=0.5, refuted=0.5)

    def __init__(self, opened: Opened) -> None:
        """Raises `ModelError` where the labels have no meaning, or the model does not prove itself."""
        self._model, self._tokenizer = opened.model, opened.tokenizer
        self._name, self._sha256 = opened.name, opened.sha256
        self._order = label_order(self._model.config.id2label, self._name)
        self._limit = longest(self._model, self._tokenizer)
        self._lock = Lock()
        self.proof = self._prove()

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement | Unscored]:
        """For each (premise, hypothesis): probabilities, or why there are none.

        A pair that the model cannot read whole is Unscored(context_too_long): what was cut away could have said the
        opposite. not_finite: it gave no numbers.
        """
        encoded = encode(self._tokenizer, [p for p, _ in pairs], [h for _, h in pairs])
        out: list[Judgement | Unscored] = [
            Unscored(reason="context_too_long", detail=f"{len(one.ids)} tokens, the model reads {self._limit}")
            for one in encoded
        ]
        kept = [place for place, one in enumerate(encoded) if len(one.ids) <= self._limit]
        readable = [encoded[place] for place in kept]
        pad = self._tokenizer.pad_token_id
        for batch in batches(readable, padded=pad is not None, device=self._model.device.type):
            given = tensors([readable[n] for n in batch], pad or 0, self._model.device)
            with self._lock, torch.inference_mode():
                shares = self._model(**given).logits[:, self._order].double().softmax(-1).tolist()
            for n, (supported, refuted, neither) in zip(batch, shares, strict=True):
                out[kept[n]] = _judgement((supported, refuted, neither))
        return out

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[Probabilities]:
        """For each (premise, hypothesis): probabilities (supported, refuted, not enough information).

        Raises `Unanswered` where `judge` has none for a pair.
        """
        return [_probabilities(judgement) for judgement in self.judge(pairs)]

    def describe(self) -> dict[str, str]:
        """Name, hash of weights and tokenizer, and what probabilities depend on besides: dtype, device, labels."""
        labels = self._model.config.id2label
        return {
            "id": self._name,
            "sha256": self._sha256,
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "device": self._model.device.type,
            "labels": ", ".join(str(labels[place]) for place in self._order),
            "architecture": str(self._model.config.model_type),
        }

    def _prove(self) -> str:
        """Three fixed pairs, alone and together."""
        pairs = [(PASSAGE, claim) for claim, _, _ in CLAIMS]
        try:
            alone = [self.entail([pair])[0] for pair in pairs]
            together = self.entail(pairs)
        except (ValueError, TypeError, RuntimeError, NotImplementedError, AttributeError, IndexError) as error:
            raise ModelError(
                f"{self._name} cannot read a pair of texts: {' '.join(str(error).split())[:300]}"
            ) from error
        except Unanswered as error:
            raise ModelError(f"{self._name} did not prove itself on a short pair: {error}") from error
        for (claim, right, _), found in zip(CLAIMS, alone, strict=True):
            said = max(range(3), key=found.__getitem__)
            if said != right:
                raise ModelError(
                    f"{self._name} did not prove itself: to {PASSAGE!r} and {claim!r} it answers {_MEANINGS[said]} "
                    f"({found[said]:.2f}), not {_MEANINGS[right]}; it is no NLI model, or id2label in its config.json "
                    f"names its outputs wrongly ({self.describe()['labels']})"
                )
        apart = max(
            abs(a - b) for one, other in zip(together, alone, strict=True) for a, b in zip(one, other, strict=True)
        )
        if not apart <= BATCH_INVARIANCE:
            raise ModelError(
                f"{self._name} did not prove itself: a probability changes by {apart:.2g} beside other pairs"
            )
        sure = ", ".join(f"{found[right]:.2f}" for (_, right, _), found in zip(CLAIMS, alone, strict=True))
        return f"three fixed pairs are right (probabilities {sure}), together as alone within {apart:.1e}"


def label_order(labels: Mapping[int, str], name: str) -> list[int]:
    """The places of (supported, refuted, not enough information) among a checkpoint's outputs, by their names.

    Raises `ModelError`, with what to write, where the names do not say it.
    """
    said = ", ".join(f"{place}: {label}" for place, label in sorted(labels.items()))
    mend = (
        'write the meaning of each output into id2label of its config.json, as in {"0": "entailment", '
        '"1": "neutral", "2": "contradiction"}'
    )
    if labels and all(re.fullmatch(r"LABEL_\d+", str(label)) for label in labels.values()):
        raise ModelError(f"{name} does not name its labels ({said}): {mend}")
    found: dict[int, int] = {}
    for place, label in labels.items():
        meaning = next((m for m, names in _NAMES.items() if re.sub(r"[^a-z]", "", str(label).lower()) in names), None)
        if meaning is None or meaning in found:
            raise ModelError(f"{name} has labels that say nothing of entailment, or one twice ({said}): {mend}")
        found[meaning] = int(place)
    if len(found) != 3:
        raise ModelError(f"{name} has {len(found)} labels ({said}): a verifier needs to tell three cases apart")
    return [found[meaning] for meaning in range(3)]


def _judgement(shares: Probabilities) -> Judgement | Unscored:
    return Judgement(shares) if all(map(math.isfinite, shares)) else Unscored(reason="not_finite")


def _probabilities(judgement: Judgement | Unscored) -> Probabilities:
    if isinstance(judgement, Unscored):
        raise Unanswered(judgement.reason, judgement.detail)
    return judgement.probabilities
