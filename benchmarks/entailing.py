"""A pair classifier in batches by length against one pair a call: random weights of the size of MiniLM-L6.

Pairs are a claim of some 25 tokens and a passage of 60 to 180, as an audit has them. Needs the extra `hf`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.causal import make_tokenizer
from benchmarks.work import Measured


def entail_batched(size: int) -> Measured:
    """All pairs in one call, as an audit asks those of a trace."""
    model, pairs = make_classifier(), make_pairs(size)
    return _timed(size, lambda: model.entail(pairs))


def entail_one_at_a_time(size: int) -> Measured:
    """The same model, a call for each pair: the plain way."""
    model, pairs = make_classifier(), make_pairs(size)
    return _timed(size, lambda: [model.entail([pair]) for pair in pairs])


def _timed(size: int, run: Callable[[], object]) -> Measured:
    """Processor time of the fastest of three runs on one thread: other work on the machine counts little."""
    times: list[float] = []
    for _ in range(3):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return Measured(size, "pairs", min(times))


def make_pairs(size: int) -> list[tuple[str, str]]:
    draw = random.Random(size)

    def text(least: int, most: int) -> str:
        return "".join(draw.choices("abcdefgh ", k=draw.randint(least, most)))

    return [(text(60, 180), text(15, 35)) for _ in range(size)]


def make_classifier() -> Any:
    """Random weights prove nothing, so the proof is left out; speed does not depend on what a model has learned."""
    import torch
    from transformers import AutoModelForSequenceClassification, BertConfig

    from knowreason.models.entailing import PairClassifier
    from knowreason.models.huggingface import Opened

    class Unproven(PairClassifier):
        def _prove(self) -> str:
            return "not proven"

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=384,
        intermediate_size=1_536,
        num_hidden_layers=6,
        num_attention_heads=12,
        id2label={0: "contradiction", 1: "entailment", 2: "neutral"},
    )
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="sdpa").eval()
    tokenizer = make_tokenizer()
    tokenizer.pad_token_id = 0
    return Unproven(Opened(model, tokenizer, "hf:random", "", Path()))


WORK: dict[str, Callable[[int], Measured]] = {f.__name__: f for f in (entail_batched, entail_one_at_a_time)}
