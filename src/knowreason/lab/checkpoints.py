"""Checkpoints of the lab: small causal models of the Qwen2 architecture, trained from scratch, read by `hf:`."""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowreason.errors import InputError, MissingExtra
from knowreason.lab.language import words_of
from knowreason.lab.world import World
from knowreason.records import Record

if TYPE_CHECKING:
    from knowreason.lab.documents import Document

BEGIN, UNKNOWN = "<s>", "<unk>"
STATE = "training.pt"
_EMBEDDED = 0.3  # standard deviation of an embedding: from the usual .02 a model this narrow hardly starts to learn


class Size(Record, frozen=True):
    """How large a model is; with the defaults about 300,000 parameters."""

    width: int = 96
    inner: int = 192
    layers: int = 3
    heads: int = 4
    longest: int = 512


class Training(Record, frozen=True):
    """How a model is trained: steps of AdamW, and a seed for everything.

    rate: the highest learning rate; at step s it is rate * min(1, (s + 1) / warmup) * max(.02, fallen), where fallen is
    the smaller one of 1 - s / horizon and (end - s) / fall. horizon, end: None takes the steps.
    text_weight: of the loss on the text beside the loss on the answers.
    """

    steps: int
    rate: float = 2e-3
    warmup: int = 100
    horizon: int | None = None
    end: int | None = None
    fall: int = 1
    text_weight: float = 0.3
    seed: int = 0
    log_every: int = 50
    save_every: int = 200


def require_torch(purpose: str) -> None:
    """Raises `MissingExtra` where torch, transformers or safetensors are not installed."""
    if any(find_spec(module) is None for module in ("torch", "transformers", "safetensors")):
        raise MissingExtra(purpose, "lab")


def quiet() -> None:
    """Keeps transformers from drawing bars of its own, for checkpoints that open in milliseconds."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()


def make_tokenizer(world: World, more: Iterable[str] = ()) -> Any:
    """A tokenizer in which each word of the world, and of `more`, is one token, whatever its case, and blanks are none.

    An entity is one token, so copying it from the question is copying one token.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = list(dict.fromkeys([BEGIN, UNKNOWN, *words_of(world), *more]))
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=UNKNOWN))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[(BEGIN, 0)])
    return made


def make_model(vocabulary: int, size: Size, seed: int) -> Any:
    """A model with random weights, the same for the same seed: of a matrix they keep the size of what they multiply."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=size.width,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        max_position_embeddings=size.longest,
        tie_word_embeddings=True,
        attn_implementation="sdpa",
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    model = Qwen2ForCausalLM(config)
    for name, weights in model.named_parameters():
        if weights.dim() == 2:
            torch.nn.init.normal_(weights, std=_EMBEDDED if "embed" in name else weights.shape[1] ** -0.5)
    return model


def save_checkpoint(folder: Path, model: Any, tokenizer: Any, notes: dict[str, Any]) -> None:
    """The model as half-precision safetensors, its tokenizer, and `lab.json` with how it was made."""
    import torch
    from transformers import PreTrainedTokenizerFast

    quiet()
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(folder)
    model.to(torch.float32)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=BEGIN, unk_token=UNKNOWN)
    wrapped.save_pretrained(folder)
    temporary = folder / ".lab.json"  # last, and as a whole: a folder with notes is a checkpoint that is done
    temporary.write_text(json.dumps(notes, indent=2, sort_keys=True) + "\n", "utf-8")
    os.replace(temporary, folder / "lab.json")


Draw = Callable[[int], "Sequence[Document]"]
"""The documents of a training step, by its number: the same for the same step, so that training can be resumed."""


def train(
    model: Any,
    tokenizer: Any,
    draw: Draw,
    training: Training,
    folder: Path,
    notify: Callable[[int], None],
    *,
    of: str = "",
) -> float:
    """Trains `model` in place, or goes on where an interrupted training in `folder` stopped; returns its seconds.

    The folder gets `log.jsonl` (step, loss on answers and on text in nats a token, seconds) and the state to go on.
    `of` says whose training it is beside its schedule: text, world, start. Raises `InputError` where the folder
    holds another training.
    """
    trainer = _Trainer(model, tokenizer, training, folder, of)
    begun = time.monotonic()
    for step in range(trainer.step, training.steps):
        losses = trainer.learn(draw(step))
        notify(step + 1)
        if (step + 1) % training.log_every == 0 or step + 1 == training.steps:
            trainer.log(step + 1, losses, time.monotonic() - begun)
        if (step + 1) % training.save_every == 0 or step + 1 == training.steps:
            trainer.save(step + 1, time.monotonic() - begun)
    model.eval()
    return trainer.spent + time.monotonic() - begun


class _Trainer:
    """The optimiser with its schedule, its log and its saved state."""

    def __init__(self, model: Any, tokenizer: Any, training: Training, folder: Path, of: str) -> None:
        import torch

        self._of = of
        self._model, self._tokenizer, self._training, self._folder = model, tokenizer, training, folder
        self._optimiser = torch.optim.AdamW(model.parameters(), lr=training.rate, weight_decay=0.01, betas=(0.9, 0.98))
        self.step, self.spent = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).is_file():
            self._resume(torch.load(folder / STATE, weights_only=True))

    def _resume(self, state: dict[str, Any]) -> None:
        if state["training"] != self._told():
            raise InputError(f"{self._folder} holds another training: choose another folder, or delete it")
        self._model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.spent = state["step"], state["seconds"]

    def learn(self, documents: Iterable[Document]) -> tuple[float, float]:
        """One step; returns the mean losses on answers and on text, in nats a token."""
        import torch

        from knowreason.lab.batches import batch

        self._model.train()
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate(self.step)
        made = batch(list(documents), self._tokenizer, 0)
        answers, text = self._losses(made)
        loss = answers + self._training.text_weight * text
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        return float(answers.detach()), float(text.detach())

    def _losses(self, made: Any) -> tuple[Any, Any]:
        import torch

        sees = torch.from_numpy(made.sees)
        mask = torch.zeros(sees.shape).masked_fill_(~sees, torch.finfo(torch.float32).min)[:, None]
        hidden = self._model.base_model(
            input_ids=torch.from_numpy(made.ids), position_ids=torch.from_numpy(made.positions), attention_mask=mask
        ).last_hidden_state
        labels, asked = torch.from_numpy(made.labels), torch.from_numpy(made.answers)
        kept = labels >= 0
        logits = self._model.lm_head(hidden[kept])
        each = torch.nn.functional.cross_entropy(logits, labels[kept], reduction="none")
        asked = asked[kept]
        zero = each.sum() * 0
        return (
            each[asked].mean() if bool(asked.any()) else zero,
            each[~asked].mean() if bool((~asked).any()) else zero,
        )

    def _rate(self, step: int) -> float:
        plan = self._training
        fallen = min(1 - step / (plan.horizon or plan.steps), ((plan.end or plan.steps) - step) / plan.fall)
        return plan.rate * min(1.0, (step + 1) / plan.warmup) * max(0.02, fallen)

    def log(self, step: int, losses: tuple[float, float], seconds: float) -> None:
        """One line of the training's log."""
        line = {"step": step, "answers": losses[0], "text": losses[1], "seconds": round(self.spent + seconds, 1)}
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def save(self, step: int, seconds: float) -> None:
        """All that is needed to go on, replaced as a whole; `seconds` were spent since training went on."""
        import torch

        state = {
            "training": self._told(),
            "model": self._model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": step,
            "seconds": self.spent + seconds,
        }
        temporary = self._folder / f".{STATE}"
        torch.save(state, temporary)
        os.replace(temporary, self._folder / STATE)

    def _told(self) -> str:
        import msgspec

        return msgspec.json.encode(self._training).decode() + str(self._model.num_parameters()) + self._of
