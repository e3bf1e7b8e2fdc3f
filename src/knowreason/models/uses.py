"""What models are used for beside observing: who judges, and whether the model of a URI can do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from knowreason.errors import ModelError
from knowreason.models.load import Model
from knowreason.models.protocols import Decomposer, Marker
from knowreason.models.remote.counting import Counting, Idle

BUILTIN = "builtin:"
_CHAT = "models on servers can (openai:), and those with a chat template (hf:)"
T = TypeVar("T")


def use_of(place: int) -> str:
    """What the scorers of an audit are called: scorer, scorer_2, scorer_3 …"""
    return "scorer" if place == 0 else f"scorer_{place + 1}"


def named_scorers(described: Sequence[dict[str, str]]) -> dict[str, dict[str, str]]:
    """What several scorers say of themselves, by their use: scorer, scorer_2, scorer_3 …

    Their ids tell them apart: folders of one name get a piece of their hash. Raises `ModelError` for one model twice.
    """
    ids = [told["id"] for told in described]
    found: dict[str, dict[str, str]] = {}
    for place, told in enumerate(described):
        alone = ids.count(told["id"]) == 1
        named = told if alone else {**told, "id": f"{told['id']} ({told['sha256'][:8]})"}
        if any(named["id"] == other["id"] for other in found.values()):
            raise ModelError(f"two scorers are the same model, {named['id']}: a second one should be another")
        found[use_of(place)] = named
    return found


def judges_of(verifier: str, decomposer: str, grader: str) -> dict[str, str]:
    """The URIs of the models that judge, by their use; the rules of the package are no model."""
    others = {"decomposer": decomposer, "grader": grader}
    return {"verifier": verifier, **{use: uri for use, uri in others.items() if uri != BUILTIN}}


def decomposer_of(uri: str, models: Mapping[str, Model]) -> Decomposer | None:
    """The model that reads claims, None for the rules of the package. Raises `ModelError` where it cannot."""
    model = None if uri == BUILTIN else models[uri]
    if model is None or isinstance(model, Decomposer):
        return model
    raise ModelError(
        f"--decomposer {uri} cannot read claims: a model on a server can (openai:), or one with a chat template (hf:)"
    )


def marker_of(uri: str, models: Mapping[str, Model]) -> Marker | None:
    """The model that grades free text, None for nobody. Raises `ModelError` where it cannot."""
    model = None if uri == BUILTIN else models[uri]
    if model is None or isinstance(model, Marker):
        return model
    raise ModelError(
        f"--grader {uri} cannot grade free text: a model on a server can (openai:), or one with a chat template (hf:)"
    )


def counted(model: T | None, stand_in: Counting | Idle | None) -> Counting | T | None:
    """The stand-in of a server while calls are counted; a model on this machine costs nothing and stays."""
    return stand_in if isinstance(stand_in, Counting) else model
