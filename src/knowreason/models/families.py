"""Which family a model's name points to: who scores and who is scored should not be of one family.

A model finds the wording of its own family likelier than others do. What is read is a name, or the architecture that a
checkpoint declares: neither proves where weights come from, and many families share the architecture of Llama.
"""

from __future__ import annotations

import re

_NAMES = {
    "qwen": ("qwen", "qwq"),
    "llama": ("llama", "codellama", "vicuna", "alpaca"),
    "mistral": ("mistral", "mixtral", "mathstral", "ministral", "magistral", "codestral", "devstral", "zephyr"),
    "gemma": ("gemma", "medgemma", "codegemma", "gemini"),
    "phi": ("phi",),
    "deepseek": ("deepseek",),
    "gpt": ("gpt", "chatgpt", "o1", "o3", "o4"),
    "claude": ("claude",),
    "olmo": ("olmo", "olmoe", "tulu"),
    "falcon": ("falcon",),
    "yi": ("yi",),
    "glm": ("glm", "chatglm"),
    "granite": ("granite",),
    "pythia": ("pythia",),
    "smollm": ("smollm",),
    "internlm": ("internlm",),
    "nemotron": ("nemotron",),
    "kimi": ("kimi",),
    "grok": ("grok",),
}
_WORD = re.compile(r"[a-z]+\d*|\d+")
_BY_OTHERS = ("gpt_neo", "gpt_neox", "gpt_bigcode", "gptj")  # architectures that only share three letters with GPT


def families_of(name: str) -> set[str]:
    """The families that a model's name names: "DeepSeek-R1-Distill-Qwen-7B" names two, most names one or none."""
    words = {word: re.sub(r"\d+$", "", word) for word in _WORD.findall(name.lower())}
    return {family for family, names in _NAMES.items() if any(w in names or stem in names for w, stem in words.items())}


def family_of_architecture(architecture: str) -> set[str]:
    """The same for what a checkpoint declares as its architecture, such as "qwen2"."""
    return set() if architecture.startswith(_BY_OTHERS) else families_of(architecture)
