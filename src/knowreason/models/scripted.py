"""Recorded answers, or plain functions, in place of a model: the test double and the replay in one format.

A recording is JSON lines of {"kind": "entail" | "observe" | "logprobs" | "letters" | "claims" | "grade", "input": ...,
"output": ...}. The input of an entailment is [premise, hypothesis], that of "observe" the record's fields, that of the
others {"context": ..., "target": ...}. An entailment may have a "span" of the premise that it cites, and any output may
be an Unscored. An exported ledger is a recording; its "prefixes" are the "logprobs" of many places of one text.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from knowreason.errors import ModelError, Unanswered
from knowreason.ledger import Line, Places
from knowreason.models.letters import letter_context
from knowreason.models.protocols import Judgement
from knowreason.models.remote.grading import GRADE
from knowreason.models.remote.reading import READ
from knowreason.records import (
    AnswerToGrade,
    Continuation,
    Letters,
    Mark,
    Observation,
    ReadClaims,
    Scores,
    StepToRead,
    Unscored,
)

Kind = Literal["entail", "observe", "logprobs", "letters", "claims", "grade"]
Probabilities = tuple[float, float, float]
_FORMAT = '{"kind": "entail", "input": [premise, claim], "output": [supported, refuted, open]}'
_INPUTS: dict[Kind, Any] = {"entail": tuple[str, str], "observe": Observation}  # of the others a Continuation


class Scripted:
    """A model made of plain functions, one item in, one answer out. A missing function is a `ModelError`."""

    def __init__(
        self,
        *,
        entail: Callable[[str, str], Sequence[float] | Judgement | Unscored] | None = None,
        observe: Callable[[Observation], Sequence[float]] | None = None,
        logprobs: Callable[[Continuation], Sequence[float]] | None = None,
        letters: Callable[[Observation], Sequence[float]] | None = None,
        claims: Callable[[StepToRead], ReadClaims | Unscored] | None = None,
        grade: Callable[[AnswerToGrade], Mark | Unscored] | None = None,
        name: str = "function",
        sha256: str = "",
    ) -> None:
        self._entail, self._observe, self._logprobs = entail, observe, logprobs
        self._letters, self._claims, self._grade = letters, claims, grade
        self._name, self._sha256 = name, sha256

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[Probabilities]:
        """For each (premise, hypothesis): what the function says. Raises `Unanswered` where that is an Unscored."""
        return [_said(judgement).probabilities for judgement in self.judge(pairs)]

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement | Unscored]:
        """For each (premise, hypothesis): what the function says, with the span it cites if it cites one."""
        function = _given(self._entail, "entail")
        return [_judgement(function(premise, hypothesis)) for premise, hypothesis in pairs]

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: what the function says, in nats."""
        function = _given(self._observe, "observe")
        return [list(function(observation)) for observation in observations]

    def logprobs(self, continuations: Sequence[Continuation]) -> list[list[float]]:
        """For each continuation: what the function says, in nats."""
        function = _given(self._logprobs, "logprobs")
        return [list(function(continuation)) for continuation in continuations]

    def letters(self, observations: Sequence[Observation]) -> list[list[float]]:
        """For each observation: what the function says of its letters, in nats."""
        function = _given(self._letters, "letters")
        return [list(function(observation)) for observation in observations]

    def read_claims(self, steps: Sequence[StepToRead]) -> list[ReadClaims | Unscored]:
        """For each step: what the function says."""
        function = _given(self._claims, "claims")
        return [function(step) for step in steps]

    def mark(self, asked: Sequence[AnswerToGrade]) -> list[Mark | Unscored]:
        """For each free answer: what the function says."""
        function = _given(self._grade, "grade")
        return [function(one) for one in asked]

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
    answers = _read_lines(path, data)

    def answer(kind: Kind, given: Any) -> Line:
        key = (kind, msgspec.json.encode(given, order="sorted"))
        if key not in answers:
            raise ModelError(f"{path.name} holds no answer of kind {kind} for {_short(key[1])}")
        return answers[key]

    def numbers(kind: Kind, record: Observation | Continuation) -> list[float]:
        return _said(_as(answer(kind, msgspec.to_builtins(record)).output, list[float]))

    def texts(kind: Kind, context: str, target: str) -> Any:
        return answer(kind, {"context": context, "target": target}).output

    def letters(observation: Observation) -> list[float]:
        told = _as(texts("letters", letter_context(observation), "".join(observation.labels)), Letters)
        return [-math.inf if value is None else value for value in _said(told).logprobs]

    return Scripted(
        entail=lambda premise, hypothesis: _recorded(answer("entail", [premise, hypothesis])),
        observe=lambda observation: numbers("observe", observation),
        logprobs=lambda continuation: numbers("logprobs", continuation),
        letters=letters,
        claims=lambda step: _as(texts("claims", *READ.texts(step)), ReadClaims),
        grade=lambda asked: _as(texts("grade", *GRADE.texts(asked)), Mark),
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _read_lines(path: Path, data: bytes) -> dict[tuple[str, bytes], Line]:
    """The lines by kind and input. The second answer to a call that was asked again stands."""
    answers: dict[tuple[str, bytes], Line] = {}
    for number, text in enumerate(data.splitlines(), start=1):
        if not text.strip():
            continue
        for line in _read_line(path, number, text):
            key = (line.kind, msgspec.json.encode(line.input, order="sorted"))
            if key in answers and _asked(answers[key]) != _asked(line):
                raise ModelError(f"{path}, line {number}: another model or prompt has answered the same input above")
            answers[key] = line
    return answers


def _asked(line: Line) -> tuple[str, ...]:
    call = line.call
    return () if call is None else (call.model, call.revision, call.prompt, call.parameters)


def _read_line(path: Path, number: int, text: bytes) -> list[Line]:
    """The answers that a line holds: none for a proof, those of all places for a text that was read once."""
    try:
        line = msgspec.json.decode(text, type=Line)
        if line.kind == "proof":
            return []
        if line.kind == "prefixes":
            return _places(line)
        given = msgspec.to_builtins(msgspec.convert(line.input, _INPUTS.get(line.kind, Continuation)))
    except (msgspec.MsgspecError, ValueError) as error:
        raise ModelError(f"{path}, line {number}: {error}; a line is {_FORMAT}") from error
    return [msgspec.structs.replace(line, input=given)]


def _places(line: Line) -> list[Line]:
    """One line a place and target. A text that was too long is so at its end: others may begin as it does."""
    given = msgspec.convert(line.input, Continuation)
    asked = msgspec.json.decode(given.target, type=Places)
    contexts = [given.context[:cut] + asked.lead for cut in asked.cuts]
    if isinstance(line.output, Unscored):
        contexts, rows = contexts[-1:], [[line.output] * len(asked.targets)]
    else:
        rows = [[list(one) for one in row] for row in msgspec.convert(line.output, Scores).logprobs]
    return [
        msgspec.structs.replace(line, kind="logprobs", input={"context": context, "target": target}, output=output)
        for context, row in zip(contexts, rows, strict=True)
        for target, output in zip(asked.targets, row, strict=True)
    ]


def _recorded(line: Line) -> Judgement | Unscored:
    output = _as(line.output, list[float])
    return output if isinstance(output, Unscored) else Judgement(_three(output), line.span)


def _judgement(said: Sequence[float] | Judgement | Unscored) -> Judgement | Unscored:
    return said if isinstance(said, Unscored | Judgement) else Judgement(_three(said))


S = TypeVar("S")


def _as(said: Any, kind: type[S]) -> S | Unscored:
    """An output of the kind that belongs to its line, or an Unscored. Raises `ModelError` for another."""
    try:
        return said if isinstance(said, Unscored) else msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise ModelError(f"the recording holds an answer of another kind than was asked for: {error}") from error


def _said(answer: S | Unscored) -> S:
    if isinstance(answer, Unscored):
        raise Unanswered(answer.reason, answer.detail)
    return answer


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
