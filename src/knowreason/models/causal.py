"""Two passes of a causal model over one text: the text once, then all answer copies together.

The first pass reads the tokens that prefixes share and keeps their keys and values. The second reads every
target after every prefix under a mask: a copy sees the text up to its prefix and itself, never another copy.
Each answer costs its own tokens instead of the whole text. Logits are made for the target's tokens alone.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import DynamicCache

from knowreason.errors import ModelError
from knowreason.models.prefixes import Pack, Place, Plan, by_context, packs, plan
from knowreason.models.sight import sight_of
from knowreason.records import Continuation, Prefixes, Unscored

Answers = list[list[list[float]]]  # by place, by target, by token: natural logarithms

_PROBE = Prefixes(
    context=(
        "The kettle was filled with cold water and set on the stove. After four minutes the water began to boil. "
        "Anna poured it over the leaves, waited, and drank a cup of hot tea."
    ),
    cuts=(0, 43, 60, 107, 172),
    lead="\nWhat was in the cup:",
    targets=(" tea", " cold water with lemon", " a letter from the bank"),
)


class Bounds(NamedTuple):
    """How much is read at once. They bound memory; beyond rounding they change no figure.

    `chunk`: tokens of the text; `pack`: tokens of answer copies; `logits`: predictions times vocabulary.
    """

    chunk: int
    pack: int
    logits: int


CPU_BOUNDS = Bounds(chunk=4_096, pack=256, logits=2**24)
GPU_BOUNDS = Bounds(chunk=8_192, pack=4_096, logits=2**28)
_PROBE_BOUNDS = Bounds(chunk=16, pack=24, logits=2**62)  # so small that the probe crosses every boundary


class CausalScorer:
    """A `PrefixScorer` made of a causal language model and its tokenizer. Threads may share it.

    A figure depends on its own text only: texts are never read together.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, sha256: str = "", bounds: Bounds | None = None
    ) -> None:
        """Takes a loaded model, and makes it prove itself.

        Raises `ModelError` where two passes do not give what plain passes give: with an attention that ignores
        masks, positions or the cache, every figure would be wrong without a sign.
        """
        self._model, self._tokenizer = model.eval(), tokenizer
        self._name, self._sha256 = name, sha256
        self._bounds = bounds or (GPU_BOUNDS if model.device.type == "cuda" else CPU_BOUNDS)
        self._head = _head(tokenizer)
        self._lock = Lock()
        self._sight = sight_of(model.config)
        self.proof = self._prove()

    def prefix_logprobs(self, prefixes: Prefixes) -> Answers | Unscored:
        """For each cut, for each target: natural-log probabilities of the target's tokens.

        Unscored reason: context_too_long.
        """
        if not prefixes.cuts or not prefixes.targets:
            return [[] for _ in prefixes.cuts]
        asked = self._plan(prefixes)
        if asked.longest > self._sight.limit:
            detail = f"{asked.longest} tokens, the model reads {self._sight.limit}"
            return Unscored(reason="context_too_long", detail=detail)
        try:
            return self._score(asked, self._bounds)
        except torch.cuda.OutOfMemoryError as error:
            raise ModelError(f"{self._name}: no memory left for a text of {asked.longest} tokens") from error

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: natural-log probabilities of the target's tokens, encoded apart from the context.

        Raises `ModelError` for a context that is empty or longer than the model reads.
        """
        return by_context(continuations, self.prefix_logprobs, self._name)

    def in_double(self) -> CausalScorer:
        """The same model in double precision: slower, and what rounding leaves is nothing."""
        model = deepcopy(self._model).double()
        return CausalScorer(model, self._tokenizer, name=self._name, sha256=self._sha256, bounds=self._bounds)

    def describe(self) -> dict[str, str]:
        """Name, hash of weights and tokenizer, and what the figures depend on besides: dtype, device, attention."""
        return {
            "id": self._name,
            "sha256": self._sha256,
            "dtype": str(self._model.dtype).removeprefix("torch."),
            "device": self._model.device.type,
            "attention": str(self._model.config._attn_implementation),
            "architecture": str(self._model.config.model_type),
        }

    def _plan(self, prefixes: Prefixes) -> Plan:
        try:
            return plan(prefixes, self._encode, self._head)
        except ValueError as error:
            raise ModelError(f"{self._name}: {error}") from error

    def _encode(self, texts: list[str]) -> list[list[int]]:
        """Token ids without special tokens; what looks like one in a trace is text."""
        if not texts:
            return []
        return self._tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False).input_ids

    def _score(self, asked: Plan, bounds: Bounds) -> Answers:
        rows = max(1, bounds.logits // self._model.config.get_text_config().vocab_size)
        out: Answers = [[[] for _ in asked.targets] for _ in asked.places]
        with self._lock, torch.inference_mode():
            cache = self._read_trunk(asked.trunk, bounds.chunk)
            for pack in packs(asked, bounds.pack, rows):
                trunk = int(pack.shared.max())
                cache.crop(trunk - cache.get_seq_length())  # no later prefix sees more; a negative count, or none
                logs = self._read_pack(pack, cache, trunk)
                wanted = self._tensor([pair for _, pairs in pack.asked for pair in pairs])
                values = iter(logs[wanted[:, 0], wanted[:, 1]].tolist())
                for branch, pairs in pack.asked:
                    out[branch.place][branch.target] = [next(values) for _ in pairs]
        return out

    def _read_trunk(self, trunk: list[int], chunk: int) -> DynamicCache:
        """The cache of the text. It keeps all positions of all layers, whatever windows the configuration names."""
        cache = DynamicCache()
        for begin in range(0, len(trunk), chunk):
            ids = self._tensor([trunk[begin : begin + chunk]])
            positions = torch.arange(begin, begin + ids.shape[1], device=ids.device)[None]
            self._model.base_model(input_ids=ids, position_ids=positions, past_key_values=cache, use_cache=True)
        return cache

    def _read_pack(self, pack: Pack, cache: DynamicCache, trunk: int) -> Tensor:
        """Log-probabilities over the vocabulary for every kept token of the pack; the cache is left as it was."""
        kept = self._tensor(pack.kept)
        found = self._model(
            input_ids=self._tensor(pack.ids)[None],
            position_ids=self._tensor(pack.positions)[None],
            attention_mask=self._mask(pack, trunk),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=kept,
        )
        cache.crop(-len(pack.ids))
        return found.logits[0].float().log_softmax(-1)

    def _mask(self, pack: Pack, trunk: int) -> Tensor | dict[str, Tensor]:
        """[1, 1, tokens, trunk + tokens], for models whose layers slide or not one of each kind."""
        places = torch.arange(trunk, device=self._model.device)
        before = places < self._tensor(pack.shared)[:, None]
        sees = torch.cat([before, self._tensor(pack.sees())], dim=1)
        if self._sight.window is None:
            return self._additive(sees)
        positions = self._tensor(pack.positions)
        near = positions[:, None] - torch.cat([places, positions]) < self._sight.window
        sliding = self._additive(sees & near)
        return {"full_attention": self._additive(sees), "sliding_attention": sliding} if self._sight.mixed else sliding

    def _additive(self, sees: Tensor) -> Tensor:
        """Eager attention adds a mask whatever its type, so none may be boolean."""
        dtype = self._model.dtype
        hidden = torch.zeros(sees.shape, dtype=dtype, device=sees.device)
        return hidden.masked_fill_(~sees, torch.finfo(dtype).min)[None, None]

    def _tensor(self, values: Any) -> Tensor:
        return torch.as_tensor(values, device=self._model.device)

    def _prove(self) -> str:
        """Two passes, in tiny pieces and whole, against a plain pass over every prefix and target."""
        asked = self._plan(_PROBE)
        if asked.longest > self._sight.limit:
            raise ModelError(f"{self._name} reads {self._sight.limit} tokens: too few for any trace")
        known, embedded = len(self._tokenizer), self._model.get_input_embeddings().num_embeddings
        if known > embedded:
            raise ModelError(f"{self._name}: its tokenizer knows {known} tokens, the model {embedded}")
        limit, apart = (5e-4, _largest) if self._model.dtype == torch.float32 else (0.1, _mean)
        try:
            plain = self._plain(asked)
            found = max(apart(plain, self._score(asked, bounds)) for bounds in (_PROBE_BOUNDS, self._bounds))
            found = max(found, self._beyond_window(asked, apart))
        except (ValueError, TypeError, RuntimeError, NotImplementedError, AttributeError, IndexError) as error:
            raise ModelError(f"{self._name} cannot be read in two passes: {error}") from error
        if not found <= limit:
            raise ModelError(
                f"{self._name} did not prove itself: two passes and plain passes differ by {found:.2g} nats "
                f"({self.describe()['attention']} attention); its gains would be wrong"
            )
        if not apart([plain[0]] * (len(plain) - 1), plain[1:]) > limit:
            raise ModelError(f"{self._name} did not prove itself: its probabilities do not depend on the context")
        return f"two passes equal plain passes within {found:.1e} nats"

    def _beyond_window(self, asked: Plan, apart: Callable[[Answers, Answers], float]) -> float:
        """The difference on a text longer than what sliding layers see of it; 0 where none slide."""
        if self._sight.window is None:
            return 0.0
        last = asked.places[-1]
        again = asked.trunk * (2 + self._sight.window // len(asked.trunk))
        trunk = again[: min(self._sight.window + 2 * len(asked.trunk), self._sight.limit - asked.longest)]
        places = [Place(len(trunk) // 2, last.tail), Place(len(trunk), last.tail)]
        long = Plan(trunk, places, asked.targets[:2])
        return apart(self._plain(long), self._score(long, self._bounds))

    def _plain(self, asked: Plan) -> Answers:
        """A plain pass over each prefix with each target: no cache, no mask, no positions of ours."""
        out: Answers = []
        with self._lock, torch.inference_mode():
            for shared, tail in asked.places:
                before = asked.trunk[:shared] + tail
                out.append([self._plain_one(before, target) for target in asked.targets])
        return out

    def _plain_one(self, before: list[int], target: list[int]) -> list[float]:
        ids = self._tensor([before + target])
        logits = self._model(input_ids=ids, use_cache=False, logits_to_keep=len(target) + 1).logits[0]
        logs = logits[:-1].float().log_softmax(-1)
        return [float(logs[i, token]) for i, token in enumerate(target)]


def _head(tokenizer: Any) -> list[int]:
    """The tokens that the tokenizer puts before a text, such as a mark of its beginning."""
    marked: list[int] = tokenizer("a").input_ids
    plain: list[int] = tokenizer("a", add_special_tokens=False).input_ids
    for start in range(len(marked) - len(plain) + 1):
        if marked[start : start + len(plain)] == plain:
            return marked[:start]
    return []


def _largest(one: Answers, other: Answers) -> float:
    return max(_differences(one, other), default=math.inf)


def _mean(one: Answers, other: Answers) -> float:
    """For half precision, where a single unlikely token is off by more than a tenth of a nat by rounding alone."""
    differences = _differences(one, other)
    return sum(differences) / len(differences) if differences else math.inf


def _differences(one: Answers, other: Answers) -> list[float]:
    """Between two answers to the same plan, token by token; infinite where a figure is not finite."""
    pairs = [
        (a, b)
        for x, y in zip(one, other, strict=True)
        for u, v in zip(x, y, strict=True)
        for a, b in zip(u, v, strict=True)
    ]
    return [abs(a - b) if math.isfinite(a - b) else math.inf for a, b in pairs]
