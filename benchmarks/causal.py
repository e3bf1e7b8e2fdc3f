"""A causal scorer against its alternatives: random weights (speed does not depend on them), one trace of letters.

A trace of `size` tokens is cut into steps as real ones are (40 at 4,000, 15 at 1,000); an answer of eight tokens is
scored after the question and after every step. Needs the extra `hf`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from benchmarks.work import Measured

VOCABULARY, ANSWER, LEAD = 32_000, 8, 5
STEPS = {4_000: 40, 1_000: 15, 300: 6}


class Job(NamedTuple):
    """A text of one token a letter, where its steps end (the first: after the question), and what is asked there."""

    text: str
    ends: list[int]
    lead: str
    answer: str

    @property
    def read(self) -> int:
        """Tokens that must be read for all answers: the text, and each copy but its last token."""
        return len(self.text) + len(self.ends) * (len(self.lead) + len(self.answer) - 1)


def two_passes(size: int) -> Measured:
    """The scorer as an audit calls it, tokenizing included."""
    from knowreason.models.causal import CausalScorer
    from knowreason.records import Prefixes

    job, scorer = make_job(size), CausalScorer(make_model(), make_tokenizer(), name="hf:random")
    asked = Prefixes(context=job.text, cuts=tuple(job.ends), lead=job.lead, targets=(job.answer,))
    return _timed(size, lambda: scorer.prefix_logprobs(asked))


def step_by_step(size: int) -> Measured:
    """A pass over every prefix with its answer and the logits of all its tokens, as the published code does."""
    return _steps(size, keep=0)


def step_by_step_answer_logits(size: int) -> Measured:
    """The same with logits for the answer alone: what can be spared without a cache."""
    return _steps(size, keep=ANSWER + 1)


def plain_pass(size: int) -> Measured:
    """One plain pass over as many tokens as two passes read, with its logits."""
    return _plain(size, keep=0)


def plain_pass_answer_logits(size: int) -> Measured:
    """The same with as many logits as are needed."""
    return _plain(size, keep=(STEPS[size] + 1) * ANSWER)


def _steps(size: int, *, keep: int) -> Measured:
    import torch

    job, model, tokenizer = make_job(size), make_model(), make_tokenizer()

    def run() -> None:
        for end in job.ends:
            ids = torch.tensor([tokenizer(job.text[:end] + job.lead + job.answer).input_ids])
            with torch.inference_mode():
                logs = model(input_ids=ids, use_cache=False, logits_to_keep=keep).logits[0].log_softmax(-1)
                logs[-ANSWER - 1 : -1].gather(1, ids[0, -ANSWER:, None])

    return _timed(size, run)


def _plain(size: int, *, keep: int) -> Measured:
    import torch

    job, model = make_job(size), make_model()
    ids = torch.randint(VOCABULARY, (1, job.read))

    def run() -> None:
        with torch.inference_mode():
            model(input_ids=ids, use_cache=False, logits_to_keep=keep)

    return _timed(size, run)


def _timed(size: int, run: Callable[[], object], most: float = 20.0) -> Measured:
    """Processor time of the fastest of up to three runs on one thread: other work on the machine counts little."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < most:
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return Measured(size, "tokens", min(times))


def make_job(size: int) -> Job:
    draw = random.Random(size)
    text = "".join(draw.choices("abcdefgh ", k=size))
    question = max(20, size // (STEPS[size] + 2))
    ends = [question, *sorted(draw.sample(range(question + 5, size), STEPS[size] - 1)), size]
    return Job(text, ends, "\nSo: "[:LEAD], "an eight"[:ANSWER])


@cache
def make_model() -> Any:
    """A Qwen2 of 52 million weights."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=512,
        intermediate_size=1_536,
        num_hidden_layers=12,
        num_attention_heads=8,
        num_key_value_heads=2,
        max_position_embeddings=8_192,
        initializer_range=0.1,
        tie_word_embeddings=True,
    )
    return AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").eval()


def make_tokenizer() -> Any:
    """One token a byte, so that sizes are exact."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={sign: i for i, sign in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=made)


WORK: dict[str, Callable[[int], Measured]] = {
    f.__name__: f for f in (two_passes, step_by_step, step_by_step_answer_logits, plain_pass, plain_pass_answer_logits)
}
