"""`hf:FOLDER` or `hf:ORG/NAME`: a causal language model in Hugging Face's format as a scorer.

Safetensors only, no code of the model's own is run, and nothing is fetched for a folder.
"""

# pyright: reportMissingImports=false, reportUnknownParameterType=false

from __future__ import annotations

import json
import re
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowreason.errors import MissingExtra, ModelError
from knowreason.store import hash_files

if TYPE_CHECKING:
    from knowreason.models.causal import CausalScorer

_NEEDED = ("torch", "transformers", "safetensors")
_READS_AS_WRITTEN = ("TokenizersBackend", "PreTrainedTokenizerFast")
_FETCHED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
_HASHED = ("*.safetensors", "config.json", "tokenizer*", "vocab.*", "merges.txt", "special_tokens_map.json")


def open_causal(name: str) -> CausalScorer:
    """The model in the folder `name`, or the one of that name on the hub: fp32 on a CPU, bf16 on a GPU.

    Raises `MissingExtra` without torch and transformers; `ModelError` where there is no such model, where it
    has no safetensors, lacks weights, needs code of its own, or does not prove itself.
    """
    if any(find_spec(module) is None for module in _NEEDED):
        raise MissingExtra("an hf: model", "hf")
    folder = Path(name) if name and Path(name).is_dir() else _fetch(name)
    _check(folder)
    try:
        from knowreason.models.causal import CausalScorer
    except ImportError as error:
        raise ModelError(f"torch or transformers cannot be used: {' '.join(str(error).split())[:300]}") from error
    model, tokenizer = _open(folder)
    digest = hash_files(sorted({path for pattern in _HASHED for path in folder.glob(pattern) if path.is_file()}))
    shown = name if folder != Path(name) else folder.resolve().name
    return CausalScorer(model, tokenizer, name=f"hf:{shown}", sha256=digest)


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


def _open(folder: Path) -> tuple[Any, Any]:
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
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model, told = _load(folder, config=config, dtype=dtype, use_safetensors=True, **safe)
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        said = " ".join(str(error).split())[:300]
        raise ModelError(f"{folder} cannot be opened as a causal language model: {said}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    absent = sorted({*told["missing_keys"], *(str(key) for key in told["mismatched_keys"])})
    if absent:
        raise ModelError(f"{folder} lacks weights of its model: {absent[0]} and {len(absent) - 1} more")
    return model.to(device), tokenizer


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


def _load(folder: Path, *, config: Any, **given: Any) -> tuple[Any, dict[str, Any]]:
    """With the fast attention; with the plain one where a model lacks the fast, or bounds its attention scores."""
    from transformers import AutoModelForCausalLM

    given = {**given, "config": config, "output_loading_info": True}
    if not getattr(config.get_text_config(), "attn_logit_softcapping", None):
        with suppress(ValueError):  # raised before any weight is read
            return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa", **given)
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", **given)
