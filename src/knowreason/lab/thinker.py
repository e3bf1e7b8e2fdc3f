"""A checkpoint that thinks for itself: asked many questions at once, its responses written out and read back."""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from knowreason.lab.arithmetic import is_true_step, parse_step
from knowreason.lab.checkpoints import quiet
from knowreason.lab.documents import asked
from knowreason.lab.language import parse
from knowreason.lab.repair import Reasoned
from knowreason.lab.world import DISTRACTORS, Fact, Question, World
from knowreason.lab.writing import Kind, Sentence

LONGEST = 96  # tokens of a response
WARMTH = 0.7  # the temperature at which experiments draw responses; reinforcement draws at 1, from the model itself
_STATED = re.compile(r"the answer is: (\w+)", re.IGNORECASE)
_ATTACHED = re.compile(r" ([.,:?])")


class Response(NamedTuple):
    """What was answered to a prompt: the text, the ids of its tokens, and what it states as its answer, if anything."""

    text: str
    ids: tuple[int, ...]
    answer: str | None

    @property
    def reasoning(self) -> str:
        """The text before the statement of the answer."""
        return _STATED.split(self.text)[0].strip()

    @property
    def sentences(self) -> list[str]:
        """The sentences of the reasoning, each with its full stop."""
        return [f"{piece.strip()}." for piece in self.reasoning.split(".") if piece.strip()]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that its sentences state, in order."""
        return tuple(fact for fact in map(parse, self.sentences) if fact is not None)


class Thinker:
    """A model with its tokenizer. Same seed and prompts, same responses."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = model, tokenizer

    @classmethod
    def open(cls, checkpoint: Path) -> Thinker:
        """The thinker in a folder."""
        from tokenizers import Tokenizer
        from transformers import Qwen2ForCausalLM

        quiet()
        model = Qwen2ForCausalLM.from_pretrained(checkpoint, dtype="float32")
        return cls(model.eval(), Tokenizer.from_file(str(checkpoint / "tokenizer.json")))

    def answer(
        self, prompts: Sequence[str], *, samples: int = 1, temperature: float = 1.0, seed: int = 0
    ) -> list[list[Response]]:
        """`samples` responses to each prompt; temperature 0 takes the likeliest token, and then one sample says all."""
        import torch

        found: dict[int, list[Response]] = {}
        with torch.random.fork_rng():  # a look at a model in training leaves the training's own chance alone
            torch.manual_seed(seed)
            for group in self._by_length(prompts):
                rows = self._written([prompts[i] for i in group], samples, temperature)
                for place, i in enumerate(group):
                    found[i] = [self.read(row) for row in rows[place * samples : (place + 1) * samples]]
        return [found[i] for i in range(len(prompts))]

    def _written(self, prompts: Sequence[str], samples: int, temperature: float) -> list[list[int]]:
        """The ids of `samples` responses to each of some prompts of one length."""
        import torch

        ids = torch.tensor([self._ids(prompt) for prompt in prompts])
        chance = {"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature > 0 else {}
        written = self.model.generate(
            ids.repeat_interleave(samples, 0),
            attention_mask=torch.ones(len(prompts) * samples, ids.shape[1], dtype=torch.long),
            max_new_tokens=LONGEST,
            do_sample=temperature > 0,
            **chance,
        )
        return written[:, ids.shape[1] :].tolist()

    def read(self, ids: Sequence[int]) -> Response:
        """The response that ids are, up to the mark that ends it."""
        kept = tuple(ids[: ids.index(0)] if 0 in ids else ids)
        text = written_out([self.tokenizer.id_to_token(i) for i in kept])
        stated = _STATED.search(text)
        return Response(text, kept, stated[1] if stated else None)

    def _ids(self, prompt: str) -> list[int]:
        return [0, *self.tokenizer.encode(f"{prompt}\n", add_special_tokens=False).ids]

    def _by_length(self, prompts: Sequence[str]) -> list[list[int]]:
        """Places of prompts of the same length: nothing has to be padded."""
        groups: dict[int, list[int]] = {}
        for i, prompt in enumerate(prompts):
            groups.setdefault(len(self._ids(prompt)), []).append(i)
        return list(groups.values())


def written_out(words: Iterable[str]) -> str:
    """Words as text: sentences open with a capital, signs stand at their word, the answer on a line of its own."""
    text = _ATTACHED.sub(r"\1", " ".join(words))
    text = ". ".join(piece[:1].upper() + piece[1:] for piece in text.split(". "))
    return re.sub(r"(^|\s)the answer is:", lambda m: ("\n" if m[1] else "") + "The answer is:", text, flags=re.I)


def prompt_of(question: Question) -> str:
    """A question of the clinic as a thinker is asked it."""
    return asked(question)


def judged(world: World, question: Question, response: Response) -> tuple[Sentence, ...]:
    """The sentences of a response, each with what is true of it.

    A hop is about the disease asked for or something that the trace reached from it, on a route; other facts are off
    topic.
    """
    reached = {question.entity}
    needed = world.required(question.entity)
    found: list[Sentence] = []
    for text in response.sentences:
        fact = parse(text)
        kind: Kind = "filler"
        if fact is not None:
            kind = "hop" if fact.entity in reached and fact.relation not in DISTRACTORS else "off_topic"
            reached |= {fact.value} if kind == "hop" else set()
        true = None if fact is None else world.is_true(fact)
        found.append(Sentence(text, kind, fact, true, fact in needed))
    return tuple(found)


def reasoned(question: Question, response: Response) -> Reasoned:
    """A response as oracle repair takes it."""
    return Reasoned(question, response.facts, response.answer)


def true_steps(response: Response, modulus: int) -> tuple[int, int]:
    """Of the steps of an arithmetic response, how many are computed rightly, and how many there are."""
    steps = [f for f in map(parse_step, response.sentences) if f is not None]
    held = [is_true_step(step, modulus) for step in steps]
    return sum(bool(h) for h in held), sum(h is not None for h in held)
