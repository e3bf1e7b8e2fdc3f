"""Tiny causal models with random weights, made where they are needed: three architectures, one tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TEXT = (
    "The pancreas releases two hormones with opposite effects. Muscle takes up sugar after a meal. Beta cells answer "
    "a rise in sugar. Glucagon is not the one, because it raises sugar. So the hormone is insulin. The answer is (B)."
)
QUESTION = "Which hormone lowers blood sugar?"
KINDS = ("qwen2", "llama", "gpt2")


def make_tokenizer(*, begin: bool = False, more: str = "") -> Any:
    """A byte-level BPE tokenizer learned from a few sentences and `more`; `begin` puts a mark before every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator([TEXT, QUESTION, "The answer is: insulin glucagon cortisol", more], trainer)
    if begin:
        made.post_processor = processors.TemplateProcessing(
            single="<|end|> $A", special_tokens=[("<|end|>", made.token_to_id("<|end|>"))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>", bos_token="<|end|>")


def make_model(kind: str, *, attention: str = "sdpa", vocabulary: int = 400, **changes: Any) -> Any:
    """Weights are wide, so that every log-probability leans strongly on the text before it."""
    import torch
    from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config

    sizes: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "initializer_range": 0.2,
        "max_position_embeddings": 1024,
    }
    config = {
        "qwen2": lambda: Qwen2Config(**{**sizes, **changes}),
        "llama": lambda: LlamaConfig(**{**sizes, **changes}),
        "mistral": lambda: MistralConfig(**{**sizes, **changes}),
        "gpt2": lambda: GPT2Config(
            **{
                "vocab_size": vocabulary,
                "n_embd": 48,
                "n_layer": 3,
                "n_head": 4,
                "n_positions": 1024,
                "initializer_range": 0.2,
                "bos_token_id": 0,
                "eos_token_id": 0,
                **changes,
            }
        ),
    }[kind]()
    torch.manual_seed(5)
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()


def save_model(folder: Path, kind: str = "qwen2", **changes: Any) -> Path:
    """A model and its tokenizer in a folder, as `hf:` reads it."""
    make_model(kind, **changes).save_pretrained(folder)
    make_tokenizer(begin=kind == "llama").save_pretrained(folder)
    return folder
