"""Tiny encoders made where they are needed: an NLI model trained from scratch on pairs of our own, and wrong ones."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

from knowreason.models.probes import CLAIMS, PASSAGE, STATEMENTS

THINGS = "vitamin tea iron copper sleep rain".split()
EFFECTS = "growth pain hunger rust mood".split()
LABELS = {0: "contradiction", 1: "entailment", 2: "neutral"}  # no order of ours: the names must be read
_WAYS = ("raises", "lowers")
_EMPTY = "[CLS] [SEP] [PAD] . , a the is in of to at from by as under".split()
_STEPS, _RATE = 300, 1.5e-3


def nli_pairs(count: int, seed: int = 0) -> list[tuple[str, str, int]]:
    """(premise, hypothesis, label): the premise says what a thing does to an effect, the hypothesis agrees or not."""
    draw = random.Random(seed)
    made: list[tuple[str, str, int]] = []
    for _ in range(count):
        thing, other = draw.sample(THINGS, 2)
        effect, way = draw.choice(EFFECTS), draw.randrange(2)
        premise = draw.choice(("{t} {w} {e}.", "{t} with a meal {w} {e}."))
        label = draw.randrange(3)
        told = _WAYS[way if label != 0 else 1 - way]
        about = other if label == 2 else thing
        made.append((premise.format(t=thing, w=_WAYS[way], e=effect), f"{about} {told} {effect}.", label))
    return made


def _probe_pairs() -> list[tuple[str, str, int]]:
    ours = {0: 1, 1: 0, 2: 2}
    return [(PASSAGE, claim, ours[right]) for claim, right, _ in CLAIMS]


def word_tokenizer(texts: list[str], longest: int = 128) -> Any:
    """One token a word, with the marks of BERT; the same texts give the same tokens every time."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = sorted(set(re.findall(r"\w+|[^\w\s]", " ".join(texts).lower())))
    vocabulary = {word: place for place, word in enumerate([*marks, *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    named = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), marks, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=longest, **named)


def bert(vocabulary: int, **changes: Any) -> Any:
    """Without dropout, and small enough to learn in seconds."""
    from transformers import BertConfig

    sizes: dict[str, Any] = {
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
        "initializer_range": 0.05,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    return BertConfig(vocab_size=vocabulary, **{**sizes, **changes})


def train_nli(folder: Path) -> Path:
    """An NLI model of some 40,000 weights that learns the pairs, the fixed probes among them, in about five seconds."""
    import torch
    from transformers import AutoModelForSequenceClassification

    pairs, probes = nli_pairs(3_000), _probe_pairs()
    tokenizer = word_tokenizer([text for pair in [*pairs, *probes] for text in pair[:2]])
    torch.manual_seed(0)
    config = bert(len(tokenizer), num_labels=3, id2label=LABELS)
    model = AutoModelForSequenceClassification.from_config(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=_STEPS)
    draw = random.Random(1)
    for step in range(_STEPS):
        batch = draw.sample(pairs, 48)
        loss = _loss(model, tokenizer, batch) + (0.3 * _loss(model, tokenizer, probes) if step % 3 == 0 else 0)
        loss.backward()
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _loss(model: Any, tokenizer: Any, pairs: list[tuple[str, str, int]]) -> Any:
    import torch

    given = tokenizer([p for p, _, _ in pairs], [h for _, h, _ in pairs], padding=True, return_tensors="pt")
    return torch.nn.functional.cross_entropy(model(**given).logits, torch.tensor([label for _, _, label in pairs]))


def relabel(folder: Path, copy: Path, labels: dict[int, str] | None) -> Path:
    """The same weights under other names of their outputs; None takes the names away."""
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    config.pop("id2label"), config.pop("label2id")
    if labels is not None:
        config["id2label"] = {str(place): label for place, label in labels.items()}
        config["label2id"] = {label: place for place, label in labels.items()}
    else:
        config["num_labels"] = 3
    (copy / "config.json").write_text(json.dumps(config))
    return copy


def save_embedder(folder: Path, *, pooling: str = "mean", normalise: bool = True, kinds: tuple[str, ...] = ()) -> Path:
    """A folder of sentence-transformers around a bag of words made by hand: words in common make texts alike."""
    import torch
    from transformers import AutoModel

    tokenizer = word_tokenizer([text for three in STATEMENTS for text in three])
    torch.manual_seed(0)
    model = AutoModel.from_config(bert(len(tokenizer), num_hidden_layers=1)).eval()
    words = model.embeddings.word_embeddings.weight.data.normal_()
    words[tokenizer.convert_tokens_to_ids(_EMPTY)] = 0
    layer = model.encoder.layer[0]
    attention = layer.attention.self
    nothing = (model.embeddings.position_embeddings, model.embeddings.token_type_embeddings, layer.output.dense)
    for part in (*nothing, attention.query, attention.key):
        part.weight.data.zero_()
    for part in (attention.value, layer.attention.output.dense):
        part.weight.data.copy_(torch.eye(48))  # every token adds the mean of all: what the words have in common
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    names = ["Transformer", "Pooling", *(["Normalize"] if normalise else []), *kinds]
    paths = ["", *(f"{place}_{name}" for place, name in enumerate(names[1:], 1))]
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{name}"}
        for place, (name, path) in enumerate(zip(names, paths, strict=True))
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    switches = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}
    told = {f"pooling_mode_{switch}": name == pooling for name, switch in switches.items()}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 48, **told}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64, "do_lower_case": False}))
    return folder
