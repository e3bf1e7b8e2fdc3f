"""What models are used for beside observing: who judges, and whether the model of a URI can do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from knowreason.errors import ModelError
from knowreason.models.load import Model
from knowreason.models.protocols import Decomposer, Entailer, Judge, Marker, Prompted
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


def described_as(model: Model, use: str) -> dict[str, str]:
    """What a model says of itself in one use: a model that is asked in words is another one with another prompt."""
    return model.describe_as(use) if isinstance(model, Prompted) else model.describe()


def verifier_of(uri: str, model: Model, option: str = "--verifier") -> Entailer | Judge:
    """The model that judges claims. Raises `ModelError`, naming the option that named it, where it cannot."""
    if isinstance(model, Entailer | Judge):
        return model
    raise ModelError(f"{option} {uri} cannot judge claims: it has neither entailment nor a chat template")


def decomposer_of(uri: str, models: Mapping[str, Model], option: str = "--decomposer") -> Decomposer | None:
    """The model that reads claims, None for the rules of the package.

    Raises `ModelError`, naming the option that named it, where it cannot.
    """
    model = None if uri == BUILTIN else models[uri]
    if model is None or isinstance(model, Decomposer):
        return model
    raise ModelError(f"{option} {uri} cannot read claims: {_CHAT}{_otherwise(option, 'decomposer')}")


def marker_of(uri: str, models: Mapping[str, Model], option: str = "--grader") -> Marker | None:
    """The model that grades free text, None for nobody.

    Raises `ModelError`, naming the option that named it, where it cannot.
    """
    model = None if uri == BUILTIN else models[uri]
    if model is None or isinstance(model, Marker):
        return model
    raise ModelError(f"{option} {uri} cannot grade free text: {_CHAT}{_otherwise(option, 'grader')}")


def _otherwise(option: str, use: str) -> str:
    """What to do where a model was named for several uses and cannot do one of them."""
    return "" if option == f"--{use}" else f"; name it with --verifier alone, or another with --{use}"


def counted(model: T | None, stand_in: Counting | Idle | None) -> Counting | T | None:
    """The stand-in of a server while calls are counted; a model on this machine costs nothing and stays."""
    return stand_in if isinstance(stand_in, Counting) else model
