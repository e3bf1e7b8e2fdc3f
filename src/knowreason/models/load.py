"""A model by its URI: `builtin:`, `hf:FOLDER`, `openai:MODEL@BASE_URL`, `scripted:PATH`, or a scheme of a package.

A package adds a scheme by an entry point in the group `knowreason.models`: its name is the scheme, its object
takes the rest of the URI and returns the model.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from knowreason.errors import ModelError

GROUP = "knowreason.models"


@runtime_checkable
class Model(Protocol):
    """What every model can do beside its own method: say what it is."""

    def describe(self) -> dict[str, str]:
        """An `id` and the `sha256` of the weights, for the manifest."""
        ...


def load(uri: str) -> Model:
    """The model that `uri` names; ask `isinstance(model, Entailer)` and its kin what it can do.

    Raises `ModelError` for an unknown scheme, with the known ones, and when the model cannot be loaded.
    """
    scheme, colon, rest = uri.partition(":")
    if colon and scheme in _OWN:
        return _OWN[scheme](rest)
    registered = {point.name: point for point in entry_points(group=GROUP)}
    if not colon or scheme not in registered:
        known = ", ".join(f"{name}:" for name in sorted({*_OWN, *registered}))
        raise ModelError(f"no model is called {uri!r}; known schemes: {known}")
    model = registered[scheme].load()(rest)
    if not isinstance(model, Model):
        raise ModelError(f"the package behind {scheme}: returned something that cannot describe itself")
    return model


def _load_builtin(rest: str) -> Model:
    from knowreason.models.builtin import BuiltinModel

    if rest:
        raise ModelError(f"builtin: takes no name, not {rest!r}; write builtin:")
    return BuiltinModel()


def _load_scripted(rest: str) -> Model:
    from knowreason.models.scripted import read_script

    if not rest:
        raise ModelError("scripted: needs the path of a recording, as in scripted:answers.jsonl")
    return read_script(Path(rest))


def _load_hf(rest: str) -> Model:
    from knowreason.models.huggingface import open_checkpoint

    if not rest:
        raise ModelError("hf: needs a folder or a name, as in hf:models/qwen or hf:ORG/NAME")
    return open_checkpoint(rest)


def _load_served(rest: str) -> Model:
    from knowreason.models.openai import load_served

    return load_served(rest)


_OWN: dict[str, Callable[[str], Model]] = {
    "builtin": _load_builtin,
    "hf": _load_hf,
    "openai": _load_served,
    "scripted": _load_scripted,
}
