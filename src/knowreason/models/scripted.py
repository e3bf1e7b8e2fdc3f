"""Recorded answers, or plain functions, in place of a model: the test double and the replay in one format.

A recording is JSON lines of {"kind": "entail" | "observe" | "logprobs", "input": ..., "output": ...}. The
input of an entailment is [premise, hypothesis]; that of the others is the record's fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from knowreason.errors import ModelError
from knowreason.records import Continuation, Observation

Kind = Literal["entail", "observe", "logprobs"]
Probabilities = tuple[float, float, float]
_FORMAT = '{"kind": "entail", "input": [premise, claim], "output": [supported, refuted, open]}'
_INPUTS: dict[Kind, Any] = {"entail": tuple[str, str], "observe": Observation, "logprobs": Continuation}


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a recording."""

    kind: Kind
    input: Any
    output: list[float]


class Scripted:
    """A model made of plain functions, one item in, one answer out. A missing function is a `ModelError`."""

    def __init__(
        self,
        *,
        entail: Callable[[str, str], Sequence[float]] | None = None,
        observe: Callable[[Observation], Sequence[float]] | None = None,
        logprobs: Callable[[Continuation], Sequence[float]] | None = None,
        name: str = "function",
        sha256: str = "",
    ) -> None:
        self._entail, self._observe, self._logprobs = entail, observe, logprobs
        self._name, self._sha256 = name, sha256

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[Probabilities]:
        """For each (premise, hypothesis): what the function says."""
        function = _given(self._entail, "entail")
        return [_three(function(premise, hypothesis)) for premise, hypothesis in pairs]

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: what the function says, in nats."""
        function = _given(self._observe, "observe")
        return [list(function(observation)) for observation in observations]

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: what the function says, in nats."""
        function = _given(self._logprobs, "logprobs")
        return [list(function(continuation)) for continuation in continuations]

    def trained_on(self, question_key: str) -> bool:
        """Always false: nothing was trained."""
        del question_key
        return False

    def describe(self) -> dict[str, str]:
        """The script's name and the SHA-256 of its recording ("" for functions)."""
        return {"id": f"scripted:{self._name}", "sha256": self._sha256}


def read_script(path: Path) -> Scripted:
    """The model recorded in `path`. An input that was not recorded is a `ModelError` that names it."""
    if not path.is_file():
        raise ModelError(f"scripted:{path} does not exist; give the path of a JSON lines recording")
    data = path.read_bytes()
    answers = dict(_read_line(path, number, line) for number, line in _lines(data))

    def answer(kind: Kind, given: Any) -> list[float]:
        key = (kind, msgspec.json.encode(given, order="sorted"))
        if key not in answers:
            raise ModelError(f"{path.name} holds no answer of kind {kind} for {_short(key[1])}")
        return answers[key]

    return Scripted(
        entail=lambda premise, hypothesis: answer("entail", [premise, hypothesis]),
        observe=lambda observation: answer("observe", msgspec.to_builtins(observation)),
        logprobs=lambda continuation: answer("logprobs", msgspec.to_builtins(continuation)),
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _lines(data: bytes) -> list[tuple[int, bytes]]:
    return [(number, line) for number, line in enumerate(data.splitlines(), start=1) if line.strip()]


def _read_line(path: Path, number: int, line: bytes) -> tuple[tuple[Kind, bytes], list[float]]:
    try:
        recorded = msgspec.json.decode(line, type=Recorded)
        given = msgspec.to_builtins(msgspec.convert(recorded.input, _INPUTS[recorded.kind]))
    except msgspec.MsgspecError as error:
        raise ModelError(f"{path}, line {number}: {error}; a line is {_FORMAT}") from error
    return (recorded.kind, msgspec.json.encode(given, order="sorted")), recorded.output


F = TypeVar("F", bound=Callable[..., Any])


def _given(function: F | None, kind: Kind) -> F:
    if function is None:
        raise ModelError(f"this scripted model was given no function for {kind}")
    return function


def _three(values: Sequence[float]) -> Probabilities:
    if len(values) != 3:
        raise ModelError(f"an entailment needs three probabilities, not {len(values)}")
    return values[0], values[1], values[2]


def _short(text: bytes, limit: int = 200) -> str:
    shown = text.decode()
    return shown if len(shown) <= limit else shown[:limit] + "..."
