"""`hf:FOLDER` or `hf:ORG/NAME`: a checkpoint in Hugging Face's format, used as what it is.

A causal language model is a scorer, and a judge where it has a chat template; a classifier of sentence pairs is an
entailer; a folder of sentence-transformers is an embedder. Safetensors only, no code of the model's own is run, and
nothing is fetched for a folder.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import json
import re
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from knowreason.errors import MissingExtra, ModelError
from knowreason.store import hash_files

if TYPE_CHECKING:
    from knowreason.models.causal import CausalScorer
    from knowreason.models.embedding import SentenceEmbedder
    from knowreason.models.entailing import PairClassifier

_NEEDED = ("torch", "transformers", "safetensors")
_READS_AS_WRITTEN = ("TokenizersBackend", "PreTrainedTokenizerFast")
_FETCHED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
_HASHED = (
    *("*.safetensors", "config.json", "tokenizer*", "vocab.*", "merges.txt", "special_tokens_map.json"),
    *(
        "chat_template*",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "*/config.json",
    ),
)
_WRITES = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


class Kind(NamedTuple):
    """What a folder holds: in words, the class of transformers that reads it, and weights that it may lack."""

    words: str
    reader: str
    spared: tuple[str, ...] = ()


CAUSAL = Kind("a causal language model", "AutoModelForCausalLM")
CLASSIFIER = Kind("a classifier of sentence pairs", "AutoModelForSequenceClassification")
ENCODER = Kind("a sentence encoder", "AutoModel", ("pooler.",))


class Opened(NamedTuple):
    """A loaded checkpoint: its name for manifests, the hash of weights and tokenizer, and where it lies."""

    model: Any
    tokenizer: Any
    name: str
    sha256: str
    folder: Path


def open_checkpoint(name: str) -> CausalScorer | PairClassifier | SentenceEmbedder:
    """The model in the folder `name`, or the one of that name on the hub, as what its configuration says it is.

    A causal model is read in fp32 on a CPU and in bf16 on a GPU, the others always in fp32: they are small, and in
    half precision a figure would depend on what stands beside it. Raises `MissingExtra` without torch and
    transformers; `ModelError` where there is no such model, where it has no safetensors, lacks weights, needs code of
    its own, or does not prove itself.
    """
    if any(find_spec(module) is None for module in _NEEDED):
        raise MissingExtra("an hf: model", "hf")
    folder = Path(name) if name and Path(name).is_dir() else _fetch(name)
    _check(folder)
    kind = _kind(folder)
    try:
        opened = _open(folder, kind, name)
        if kind is CLASSIFIER:
            from knowreason.models.entailing import PairClassifier

            return PairClassifier(opened)
        if kind is ENCODER:
            from knowreason.models.embedding import SentenceEmbedder

            return SentenceEmbedder(opened)
        return _causal(opened)
    except ImportError as error:
        raise ModelError(f"torch or transformers cannot be used: {' '.join(str(error).split())[:300]}") from error


def hash_checkpoint(folder: Path) -> str:
    """SHA-256 over weights, configuration and tokenizer: which checkpoint it is. It needs no torch."""
    return hash_files(sorted({path for pattern in _HASHED for path in folder.glob(pattern) if path.is_file()}))


def _causal(opened: Opened) -> CausalScorer:
    from knowreason.models.causal import CausalScorer
    from knowreason.models.generating import ChatModel

    made = ChatModel if opened.tokenizer.chat_template else CausalScorer
    return made(opened.model, opened.tokenizer, name=opened.name, sha256=opened.sha256)


def _fetch(name: str) -> Path:
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise ModelError(f"hf:{name}: no such folder; write hf:FOLDER or hf:ORG/NAME")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(snapshot_download(name, allow_patterns=list(_FETCHED)))
    except (OSError, HFValidationError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"hf:{name}: no such folder, and it could not be fetched: {said[0]}") from error


def _check(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no model: it has no config.json")
    if not any(folder.glob("*.safetensors")):
        others = sorted(p.name for kind in ("*.bin", "*.pt", "*.pth", "*.gguf") for p in folder.glob(kind))
        found = f", only {others[0]}, which is not read" if others else ""
        raise ModelError(f"{folder} holds no weights in safetensors{found}; save the model as safetensors")


def _kind(folder: Path) -> Kind:
    """What the configuration names. A folder that names nothing is taken for a causal model, and must prove it."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        found = config.get("architectures") or []
        named = [found] if isinstance(found, str) else [str(architecture) for architecture in found]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{folder}/config.json cannot be read: {error}") from error
    if any(architecture.endswith("ForSequenceClassification") for architecture in named):
        return CLASSIFIER
    if (folder / "modules.json").is_file():
        return ENCODER
    if not named or any(architecture.endswith(_WRITES) for architecture in named):
        return CAUSAL
    raise ModelError(
        f"{folder} holds a {named[0]}, which has no use here: give a causal language model, a classifier of sentence "
        "pairs (…ForSequenceClassification) or a folder of sentence-transformers (with modules.json)"
    )


def _open(folder: Path, kind: Kind, name: str) -> Opened:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoConfig
    from transformers.utils import logging

    device = "cuda" if torch.cuda.is_available() else "cpu"
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **safe)
        tokenizer = _tokenizer(folder, safe)
        dtype = torch.bfloat16 if device == "cuda" and kind is CAUSAL else torch.float32
        model, told = _load(folder, kind, config=config, dtype=dtype, use_safetensors=True, **safe)
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        said = " ".join(str(error).split())[:300]
        raise ModelError(f"{folder} cannot be opened as {kind.words}: {said}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    absent = sorted({*told["missing_keys"], *(str(key) for key in told["mismatched_keys"])})
    absent = [key for key in absent if not key.startswith(kind.spared)]
    if absent:
        raise ModelError(f"{folder} lacks weights of its model: {absent[0]} and {len(absent) - 1} more")
    digest = hash_checkpoint(folder)
    shown = name if folder != Path(name) else folder.resolve().name
    return Opened(model.to(device).eval(), tokenizer, f"hf:{shown}", digest, folder)


def _tokenizer(folder: Path, safe: dict[str, Any]) -> Any:
    """The tokenizer as its folder describes it.

    Where that names no class but the one that reads tokenizer.json, nothing else is read: for some kinds of models
    (qwen2) transformers would put the rules of that kind in place of those that stand there, and say nothing.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    named = folder / "tokenizer_config.json"
    declared = json.loads(named.read_text("utf-8")).get("tokenizer_class") if named.is_file() else None
    if declared in _READS_AS_WRITTEN and (folder / "tokenizer.json").is_file():
        return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    return AutoTokenizer.from_pretrained(folder, **safe)


def _load(folder: Path, kind: Kind, *, config: Any, **given: Any) -> tuple[Any, dict[str, Any]]:
    """With the fast attention; with the plain one where a model lacks the fast, or bounds its attention scores."""
    import transformers

    reader = getattr(transformers, kind.reader)
    given = {**given, "config": config, "output_loading_info": True}
    if not getattr(config.get_text_config(), "attn_logit_softcapping", None):
        with suppress(ValueError):  # raised before any weight is read
            return reader.from_pretrained(folder, attn_implementation="sdpa", **given)
    return reader.from_pretrained(folder, attn_implementation="eager", **given)
