"""A folder of sentence-transformers as an embedder: tokens to vectors, pooled and normalised as the folder says.

The folder is read without the package of that name: a transformer, then the mean of its token vectors or the first of
them, then, where asked for, unit length. What else a folder may hold (further layers, other poolings) is refused.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor

from knowreason.errors import ModelError
from knowreason.models.encoding import BATCH_INVARIANCE, Encoded, batches, encode, longest, tensors
from knowreason.models.huggingface import Opened
from knowreason.models.probes import STATEMENTS
from knowreason.records import Unscored

_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


class Layout(NamedTuple):
    """What stands in a folder beside the transformer.

    `pooling` is "mean" or "cls"; `limit` the most tokens it was made for, None where it does not say; `before` a text
    that the model expects in front of every other.
    """

    pooling: str
    normalised: bool
    limit: int | None
    lower: bool
    before: str


class SentenceEmbedder:
    """An `Embedder` made of a transformer and a folder's layout. Threads may share it."""

    def __init__(self, opened: Opened) -> None:
        """Raises `ModelError` for a layout that is not read, and where the model does not prove itself."""
        self._model, self._tokenizer = opened.model, opened.tokenizer
        self._name, self._sha256 = opened.name, opened.sha256
        self._layout = read_layout(opened.folder)
        limit = longest(self._model, self._tokenizer)
        self._limit = min(limit, self._layout.limit or limit)
        self._lock = Lock()
        self._same_from, self.proof = self._prove()

    @property
    def same_from(self) -> float:
        """Midway between the least alike of ten paraphrases and the most alike of ten pairs of other facts."""
        return self._same_from

    def embed(self, texts: Sequence[str]) -> list[list[float] | Unscored]:
        """For each text: its vector, or Unscored(context_too_long): a text is never cut."""
        given = [self._layout.before + (text.lower() if self._layout.lower else text) for text in texts]
        encoded = encode(self._tokenizer, given)
        out: list[list[float] | Unscored] = [
            Unscored(reason="context_too_long", detail=f"{len(one.ids)} tokens, the model reads {self._limit}")
            for one in encoded
        ]
        kept = [place for place, one in enumerate(encoded) if len(one.ids) <= self._limit]
        readable = [encoded[place] for place in kept]
        padded = self._tokenizer.pad_token_id is not None
        for batch in batches(readable, padded=padded, device=self._model.device.type):
            vectors = self._read([readable[n] for n in batch]).tolist()
            for n, vector in zip(batch, vectors, strict=True):
                out[kept[n]] = vector
        return out

    def describe(self) -> dict[str, str]:
        """Name, hash of weights, tokenizer and layout, dtype and device, and the cosine of one meaning."""
        return {
            "id": self._name,
            "sha256": self._sha256,
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "device": self._model.device.type,
            "architecture": str(self._model.config.model_type),
            "same_from": f"{self._same_from:.3f}",
        }

    def _read(self, chosen: Sequence[Encoded]) -> Tensor:
        given = tensors(chosen, self._tokenizer.pad_token_id or 0, self._model.device)
        with self._lock, torch.inference_mode():
            hidden = self._model(**given).last_hidden_state.float()
        if self._layout.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            mask = given["attention_mask"][:, :, None].float()
            pooled = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(pooled, dim=-1) if self._layout.normalised else pooled

    def _prove(self) -> tuple[float, str]:
        """Ten statements: each nearer to itself in other words than to another fact about the same thing."""
        texts = [text for three in STATEMENTS for text in three]
        try:
            together = self.embed(texts)
            alone = [self.embed([text])[0] for text in texts[:3]]
        except (ValueError, TypeError, RuntimeError, NotImplementedError, AttributeError, IndexError) as error:
            raise ModelError(f"{self._name} cannot embed a text: {' '.join(str(error).split())[:300]}") from error
        near, far, apart = _probed(together, alone, self._name)
        for (one, same, other), nearer, further in zip(STATEMENTS, near, far, strict=True):
            if not nearer > further:
                raise ModelError(
                    f"{self._name} did not prove itself: to it {one!r} is no nearer to {same!r} ({nearer:.2f}) than to "
                    f"{other!r} ({further:.2f})"
                )
        if not apart <= BATCH_INVARIANCE:
            raise ModelError(f"{self._name} did not prove itself: a vector changes by {apart:.2g} beside other texts")
        said = f"cosine {min(near):.2f} to {max(near):.2f}, to other facts {min(far):.2f} to {max(far):.2f}"
        return (min(near) + max(far)) / 2, f"ten statements are nearest to their paraphrase ({said})"


def _probed(
    together: Sequence[list[float] | Unscored], alone: Sequence[list[float] | Unscored], name: str
) -> tuple[list[float], list[float], float]:
    """Cosines with the paraphrase and with the other fact, and how far a vector is from itself alone."""
    unread = next((vector for vector in (*together, *alone) if isinstance(vector, Unscored)), None)
    if unread is not None:
        raise ModelError(f"{name} cannot read a sentence: {unread.detail}")
    vectors = torch.tensor(together, dtype=torch.float64)
    unit = torch.nn.functional.normalize(vectors, dim=-1).reshape(len(STATEMENTS), 3, -1)
    near, far = ((unit[:, 0] * unit[:, other]).sum(-1).tolist() for other in (1, 2))
    return near, far, float((vectors[: len(alone)] - torch.tensor(alone, dtype=torch.float64)).abs().max())


def read_layout(folder: Path) -> Layout:
    """What modules.json and its neighbours say. Raises `ModelError` where a part of it is not read here."""
    modules: list[dict[str, Any]] = _json(folder / "modules.json", [])
    try:
        kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
        paths = {kind: folder / str(module["path"]) for kind, module in zip(kinds, modules, strict=True)}
    except (TypeError, KeyError) as error:
        raise ModelError(f"{folder}/modules.json cannot be read: it lacks {error}") from error
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise ModelError(f"{folder} is made of {', '.join(kinds)}: only Transformer, Pooling and Normalize are read")
    if paths["Transformer"].resolve() != folder.resolve():
        raise ModelError(f"{folder} keeps its transformer in {paths['Transformer'].name}: give one with it at the top")
    own: dict[str, Any] = _json(folder / "sentence_bert_config.json", {})
    said: dict[str, Any] = _json(folder / "config_sentence_transformers.json", {})
    prompts, chosen = said.get("prompts") or {}, said.get("default_prompt_name")
    return Layout(
        pooling=_pooling(_json(paths["Pooling"] / "config.json", {}), folder, prompted=chosen is not None),
        normalised=kinds[2:] == ["Normalize"],
        limit=own.get("max_seq_length"),
        lower=own.get("do_lower_case") is True,
        before=str(prompts[chosen]) if chosen in prompts else "",
    )


def _pooling(told: dict[str, Any], folder: Path, *, prompted: bool) -> str:
    """One of the two poolings, in the old notation of a switch for each or the new one of a name."""
    on = [
        name.removeprefix("pooling_mode_") for name, value in told.items() if name.startswith("pooling_mode_") and value
    ]
    old = [_POOLINGS[name] for name, value in told.items() if name in _POOLINGS and value]
    named = told.get("pooling_mode")
    found = [named] if isinstance(named, str) and named in _POOLINGS.values() else old if len(on) == 1 else []
    if len(found) != 1:
        shown = ", ".join(on) or str(named or "nothing")
        raise ModelError(f"{folder} pools by {shown}: only the mean of the tokens or the first one (cls) is read")
    if prompted and told.get("include_prompt") is False:
        raise ModelError(f"{folder} leaves its own prompt out of the mean, which is not read")
    return found[0]


def _json(path: Path, otherwise: Any) -> Any:
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else otherwise
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, type(otherwise)):
        raise ModelError(f"{path} cannot be read: it should hold a JSON {'list' if otherwise == [] else 'object'}")
    return found
