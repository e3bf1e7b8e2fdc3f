"""What models are used for beside observing: who judges, and whether the model of a URI can do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from knowreason.errors import ModelError
from knowreason.models.load import Model
from knowreason.models.openai import Use
from knowreason.models.protocols import Decomposer, Marker
from knowreason.models.remote.counting import Counting, Idle

BUILTIN = "builtin:"
T = TypeVar("T")


def judges_of(verifier: str, decomposer: str, grader: str) -> dict[Use, str]:
    """The URIs of the models that judge, by their use; the rules of the package are no model."""
    others: dict[Use, str] = {"decomposer": decomposer, "grader": grader}
    return {"verifier": verifier, **{use: uri for use, uri in others.items() if uri != BUILTIN}}


def decomposer_of(uri: str, models: Mapping[str, Model]) -> Decomposer | None:
    """The model that reads claims, None for the rules of the package. Raises `ModelError` where it cannot."""
    model = None if uri == BUILTIN else models[uri]
    if model is None or isinstance(model, Decomposer):
        return model
    raise ModelError(f"--decomposer {uri} cannot read claims: models on servers can, by openai:")


def marker_of(uri: str, models: Mapping[str, Model]) -> Marker | None:
    """The model that grades free text, None for nobody. Raises `ModelError` where it cannot."""
    model = None if uri == BUILTIN else models[uri]
    if model is None or isinstance(model, Marker):
        return model
    raise ModelError(f"--grader {uri} cannot grade free text: models on servers can, by openai:")


def counted(model: T | None, stand_in: Counting | Idle | None) -> Counting | T | None:
    """The stand-in of a server while calls are counted; a model on this machine costs nothing and stays."""
    return stand_in if isinstance(stand_in, Counting) else model
