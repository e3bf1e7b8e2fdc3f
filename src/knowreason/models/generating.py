"""A causal model with a chat template: it writes answers, and judges claims by what it writes.

Prompts are read in batches padded on the left, so that every answer begins at one place. Chance is drawn for each
prompt apart (the Gumbel trick: the likeliest token after noise of its own), so that an answer does not depend on what
stands beside it. What stands in a prompt's texts is never read as a control token, whatever it looks like.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

import msgspec
import torch
from jinja2 import TemplateError
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList

from knowreason.errors import ModelError
from knowreason.models.causal import Bounds, CausalScorer
from knowreason.models.protocols import Judgement
from knowreason.models.remote.grading import GRADE
from knowreason.models.remote.judging import VERIFY, judgement_of
from knowreason.models.remote.prompting import PROMPTS_OF, Task, Told, messages, of_kind, outcome, prompt
from knowreason.models.remote.reading import READ
from knowreason.models.remote.replies import ChatChoice, Message
from knowreason.records import AnswerToGrade, Mark, Prompt, ReadClaims, StepToRead, Unscored, Written

_CPU_TOKENS, _GPU_TOKENS = 8_192, 131_072  # of one batch, read and written
_ROWS = 64
_MARK = "\ue000{}\ue001"  # stands for a text while the template is laid out: private characters, in no template
_MARKED = re.compile("\ue000(\\d+)\ue001")
_FENCE = re.compile(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", re.S)
_PROBES = (
    (("user", "Name a planet."),),
    (("user", "List three rivers of Europe, with the countries that they pass, in the order of their length."),),
)

A = TypeVar("A")


class ChatModel(CausalScorer):
    """A `PrefixScorer` that is a `Generator` and a `Judge` too. Threads may share it."""

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, sha256: str = "", bounds: Bounds | None = None
    ) -> None:
        """Raises `ModelError` where the model does not prove itself as a scorer, or reads padding as text."""
        super().__init__(model, tokenizer, name=name, sha256=sha256, bounds=bounds)
        self._ends = _ends(model, tokenizer)
        # what a checkpoint ships (penalties, temperatures) would change answers without a word
        model.generation_config = GenerationConfig(pad_token_id=self._ends[0], eos_token_id=self._ends)
        self.proof = f"{self.proof}; {self._prove_padding()}"

    def generate(self, prompts: Sequence[Prompt]) -> list[Written | Unscored]:
        """For each prompt: what the model writes, or Unscored(context_too_long)."""
        encoded = [self._encode_chat(asked.turns) for asked in prompts]
        out: list[Written | Unscored] = []
        for asked, ids in zip(prompts, encoded, strict=True):
            needed = len(ids) + asked.max_tokens
            detail = f"{needed} tokens with the answer, the model reads {self._sight.limit}"
            out.append(Unscored(reason="context_too_long", detail=detail))
        kept = [n for n, ids in enumerate(encoded) if len(ids) + prompts[n].max_tokens <= self._sight.limit]
        for batch in _batches(
            kept, prompts, encoded, _GPU_TOKENS if self._model.device.type == "cuda" else _CPU_TOKENS
        ):
            for n, written in zip(
                batch, self._write([prompts[n] for n in batch], [encoded[n] for n in batch]), strict=True
            ):
                out[n] = written
        return out

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement | Unscored]:
        """For each (passage, claim): the verdict with the words it cites, or why there is none.

        Unscored reasons: those of `_ask`.
        """
        return [judgement_of(told) for told in self._ask(VERIFY, pairs)]

    def read_claims(self, steps: Sequence[StepToRead]) -> list[ReadClaims | Unscored]:
        """For each step: its claims, or why they could not be read. Unscored reasons: those of `_ask`."""
        return [of_kind(told.output, ReadClaims) for told in self._ask(READ, steps)]

    def mark(self, asked: Sequence[AnswerToGrade]) -> list[Mark | Unscored]:
        """For each free answer: its grade, or why there is none. Unscored reasons: those of `_ask`."""
        return [of_kind(told.output, Mark) for told in self._ask(GRADE, asked)]

    def describe(self) -> dict[str, str]:
        """As a scorer, with the prompt that a verifier is given."""
        return self.describe_as("verifier")

    def describe_as(self, use: str) -> dict[str, str]:
        """As a scorer, with the prompt of its use as a judge."""
        name = PROMPTS_OF.get(use)
        return super().describe() if name is None else {**super().describe(), "prompt": prompt(name).name}

    def _ask(self, task: Task[A], items: Sequence[A]) -> list[Told]:
        """What the model says of each item. An answer that cannot be used is asked for once more.

        Unscored reasons: judge_malformed (twice no answer of the schema, or a quotation that is none),
        context_too_long.
        """
        first = self._told(task, items, [None] * len(items))
        again = [n for n, (told, _) in enumerate(first) if _malformed(told)]
        unusable = [(first[n][1], _detail(first[n][0])) for n in again]
        out = [told for told, _ in first]
        for n, (told, _) in zip(again, self._told(task, [items[n] for n in again], unusable), strict=True):
            out[n] = told
        return out

    def _told(
        self, task: Task[A], items: Sequence[A], unusable: Sequence[tuple[str, str] | None]
    ) -> list[tuple[Told, str]]:
        """For each item: what was made of the answer, and its text."""
        prompts = [
            Prompt(
                turns=tuple((t["role"], t["content"]) for t in messages(prompt(task.prompt), task.given(item), before)),
                max_tokens=task.most,
            )
            for item, before in zip(items, unusable, strict=True)
        ]
        return [_read(task, item, written) for item, written in zip(items, self.generate(prompts), strict=True)]

    def _write(self, prompts: Sequence[Prompt], encoded: Sequence[list[int]]) -> list[Written]:
        """The answers to prompts that share how long and how far they may be."""
        ids, mask = self._padded(encoded)
        stops: dict[str, Any] = {}
        if prompts[0].stop:
            stops = {"stop_strings": list(prompts[0].stop), "tokenizer": self._tokenizer}
        with self._lock, torch.inference_mode():
            made = self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=prompts[0].max_tokens,
                do_sample=False,
                logits_processor=LogitsProcessorList([_Noise(prompts, encoded)]),
                **stops,
            )
        return [self._cut(row, prompt) for row, prompt in zip(made[:, ids.shape[1] :].tolist(), prompts, strict=True)]

    def _cut(self, row: list[int], prompt: Prompt) -> Written:
        """The text up to the token or the words that end it."""
        end = next((place for place, token in enumerate(row) if token in self._ends), len(row))
        text = self._tokenizer.decode(row[:end], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        places = [place for stop in prompt.stop if (place := text.find(stop)) >= 0]
        if places:
            return Written(text=text[: min(places)], finished=True)
        return Written(text=text, finished=end < len(row))

    def _padded(self, encoded: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
        width = max(map(len, encoded))
        ids = [[self._ends[0]] * (width - len(one)) + one for one in encoded]
        mask = [[0] * (width - len(one)) + [1] * len(one) for one in encoded]
        return self._tensor(ids), self._tensor(mask)

    def _encode_chat(self, turns: Sequence[tuple[str, str]]) -> list[int]:
        """The chat in the model's own template; its texts are encoded apart and cannot become control tokens."""
        laid_out = self._lay_out([(role, _MARK.format(n)) for n, (role, _) in enumerate(turns)])
        texts = [content for _, content in turns]
        if isinstance(laid_out, TemplateError) and [role for role, _ in turns[:2]] == ["system", "user"]:
            system, asked = turns[:2]  # some templates know no system turn: it opens the first question
            merged = [(asked[0], f"{_MARK.format(0)}\n\n{_MARK.format(1)}")]
            laid_out = self._lay_out([*merged, *((role, _MARK.format(n)) for n, (role, _) in enumerate(turns[2:], 2))])
            texts = [system[1], asked[1], *texts[2:]]
        if isinstance(laid_out, TemplateError):
            raise ModelError(f"{self._name}: its chat template cannot be used: {laid_out}")
        pieces = _MARKED.split(laid_out)
        if [int(number) for number in pieces[1::2]] != list(range(len(texts))):
            raise ModelError(f"{self._name}: its chat template leaves out or moves a turn of the chat")
        ids: list[int] = []
        for place, piece in enumerate(pieces):
            if place % 2:
                ids += self._encode([texts[int(piece)]])[0]
            elif piece:
                ids += self._tokenizer(piece, add_special_tokens=False, verbose=False).input_ids
        return ids

    def _lay_out(self, turns: Sequence[tuple[str, str]]) -> str | TemplateError:
        chat = [{"role": role, "content": content} for role, content in turns]
        try:
            # models that can think first are asked not to: a verdict is wanted, and the schema allows nothing else
            return self._tokenizer.apply_chat_template(
                chat, tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        except TemplateError as error:
            return error

    def _prove_padding(self) -> str:
        """What follows a short chat beside a long one, and alone."""
        encoded = [self._encode_chat(turns) for turns in _PROBES]
        limit = 5e-4 if self._model.dtype == torch.float32 else 0.1
        try:
            together = self._following(encoded)[0]
            alone = self._following(encoded[:1])[0]
        except (ValueError, TypeError, RuntimeError, NotImplementedError, AttributeError, IndexError) as error:
            raise ModelError(f"{self._name} cannot read a chat: {' '.join(str(error).split())[:300]}") from error
        likely = alone.topk(min(50, len(alone))).indices
        apart = float((together[likely] - alone[likely]).abs().mean())
        if not apart <= limit:
            raise ModelError(
                f"{self._name} did not prove itself: beside a longer chat an answer changes by {apart:.2g} nats"
            )
        return f"a chat beside a longer one is read as alone within {apart:.1e} nats"

    def _following(self, encoded: Sequence[list[int]]) -> Tensor:
        ids, mask = self._padded(encoded)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        with self._lock, torch.inference_mode():
            found = self._model(input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=1)
        return found.logits[:, -1].float().log_softmax(-1)


class _Noise:
    """Turns "take the likeliest" into "draw": log p / temperature + Gumbel noise, each prompt with its own source."""

    def __init__(self, prompts: Sequence[Prompt], encoded: Sequence[list[int]]) -> None:
        self._temperatures = [prompt.temperature for prompt in prompts]
        self._sources = [
            torch.Generator().manual_seed(_seed(prompt.seed, ids)) if prompt.temperature > 0 else None
            for prompt, ids in zip(prompts, encoded, strict=True)
        ]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        for row, (temperature, source) in enumerate(zip(self._temperatures, self._sources, strict=True)):
            if source is not None:
                drawn = torch.rand(scores.shape[-1], generator=source, dtype=torch.float64).clamp_(min=1e-300)
                noise = -torch.log(-torch.log(drawn))
                scores[row] = (scores[row].double() / temperature + noise.to(scores.device)).to(scores.dtype)
        return scores


def _seed(seed: int, ids: Sequence[int]) -> int:
    """A seed of the prompt's own: the same question twice is one draw, whatever stands beside it."""
    told = hashlib.sha256(msgspec.json.encode([seed, list(ids)])).digest()
    return int.from_bytes(told[:8], "big") >> 1


def _batches(
    kept: Sequence[int], prompts: Sequence[Prompt], encoded: Sequence[list[int]], room: int
) -> Iterator[list[int]]:
    """Places of prompts that are read together: those that may write alike, by length."""

    def alike(n: int) -> tuple[int, tuple[str, ...]]:
        return prompts[n].max_tokens, prompts[n].stop

    for (most, _), some in groupby(sorted(kept, key=lambda n: (alike(n), len(encoded[n]))), key=alike):
        held: list[int] = []
        for n in some:
            if held and (len(held) == _ROWS or (len(encoded[n]) + most) * (len(held) + 1) > room):
                yield held
                held = []
            held.append(n)
        yield held


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer, as the checkpoint names them. Raises `ModelError` where it names none."""
    named = [model.generation_config.eos_token_id, model.config.get_text_config().eos_token_id, tokenizer.eos_token_id]
    flat = [token for one in named for token in (one if isinstance(one, list) else [one]) if token is not None]
    if not flat:
        raise ModelError("a chat model needs a token that ends an answer: its configuration names no eos_token_id")
    return list(dict.fromkeys(int(token) for token in flat))


def _read(task: Task[A], item: A, written: Written | Unscored) -> tuple[Told, str]:
    if isinstance(written, Unscored):
        return Told(written), ""
    fenced = _FENCE.fullmatch(written.text)  # what chat models put around JSON is no part of it
    text = fenced[1] if fenced else written.text.strip()
    choice = ChatChoice(message=Message(content=text), finish_reason="stop" if written.finished else "length")
    return outcome(task, choice, item), written.text


def _malformed(told: Told) -> bool:
    return isinstance(told.output, Unscored) and told.output.reason == "judge_malformed"


def _detail(told: Told) -> str:
    return told.output.detail if isinstance(told.output, Unscored) else ""
