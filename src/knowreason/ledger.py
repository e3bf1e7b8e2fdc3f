"""Every paid model call by content, and on wish what a checkpoint said: never paid twice, shared, replayed offline.

A ledger is one SQLite file (write-ahead log). A call is found by the SHA-256 of everything that can change its
answer: model and revision, prompt version, input and parameters. Each answer is committed before the next step
is taken, so a kill loses at most the calls in flight. Long inputs are kept once, compressed: the candidates of one
question share their context, the claims of a trace their passages.

As JSON lines it is a recording that `scripted:` reads: `kind`, `input`, `output` and, for a judgement, `span`;
beside them `call` says what was asked of whom, at what price.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeVar

import msgspec

from knowreason.errors import InputError, LedgerMiss, StoreError
from knowreason.records import Letters, Mark, ReadClaims, Record, Scores, Unscored

Kind = Literal["entail", "observe", "logprobs", "letters", "prefixes", "claims", "grade", "proof"]
Output = list[float] | Letters | Scores | ReadClaims | Mark | Unscored
_WAIT = 60.0  # seconds to wait for another process that writes
_SCHEMA = """
create table if not exists texts (hash blob primary key, body blob not null) without rowid;
create table if not exists calls (
  key blob primary key, kind text not null, model text not null, revision text not null, prompt text not null,
  parameters text not null, turn integer not null, context blob not null references texts, target text not null,
  answer blob not null
) without rowid;
"""
_ROWS = (
    "select kind, model, revision, prompt, parameters, turn, body, target, answer from calls "
    "join texts on texts.hash = calls.context "
)
_ORDER = "order by kind, model, revision, prompt, parameters, context, target, turn"


class Call(NamedTuple):
    """What was asked. `context` and `target` are the input: passage and claim, context and continuation or letters.

    What comes with a step of reasoning or with a response to be graded is the context, as JSON; of a text
    that is read once for all its places they are the target, as `Places`.

    `prompt` names the prompt's version and hash, "" where there is none; `parameters` is canonical JSON; `turn` is 1
    for the question that follows an unusable first answer.
    """

    kind: Kind
    model: str
    revision: str
    prompt: str
    parameters: str
    context: str
    target: str
    turn: int = 0

    @property
    def key(self) -> bytes:
        """SHA-256 over all fields: the identity of the call."""
        return hashlib.sha256(msgspec.json.encode(self)).digest()


class Places(Record, frozen=True):
    """The target of a call of kind `prefixes`, as JSON: where the text was cut, what followed, what was asked there."""

    cuts: tuple[int, ...]
    lead: str
    targets: tuple[str, ...]


class Usage(Record, frozen=True):
    """Tokens that the server counted: of the input and of the answer."""

    read: int = 0
    written: int = 0


class Answer(Record, frozen=True):
    """What came back: `text` as the server sent it, `output` what was made of it.

    `output` are probabilities or log-probabilities in nats, claims, a grade, or why there are none. `span` is the
    cited piece of the passage. `latency` is in seconds, `date` in UTC.
    """

    output: Output
    text: str
    usage: Usage
    latency: float
    date: str
    span: tuple[int, int] | None = None


# made here, in one thread: types that several threads meet first at once can bring msgspec down
_ANSWER = msgspec.json.Decoder(Answer)


class Ledger:
    """The calls in one file. Threads and processes may share it.

    `replay` says that nothing may be asked that is not here: the file is only read.
    """

    def __init__(self, path: Path, *, replay: bool = False) -> None:
        """Opens or makes the file. Raises `InputError` for a missing replay, `StoreError` where it is no ledger."""
        if replay and not path.is_file():
            raise InputError(f"--replay {path} does not exist; give the ledger of an earlier audit")
        self.path, self.replay = path, replay
        self._lock = Lock()
        self._db = self._guard(self._open)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; what was put is already on disk."""
        self._db.close()

    def get(self, call: Call) -> Answer | None:
        """The answer of a call, None where it was never made. Raises `LedgerMiss` instead in a replay."""
        row = self._one("select answer from calls where key = ?", call.key)
        if row is not None:
            return _ANSWER.decode(zlib.decompress(row[0]))
        if self.replay:
            raise LedgerMiss(f"{self.path} holds no answer of {call.model} to {_named(call)}: run it without --replay")
        return None

    def holds(self, call: Call) -> bool:
        """Whether the call was made."""
        return self._one("select 1 from calls where key = ?", call.key) is not None

    def put(self, call: Call, answer: Answer) -> None:
        """Keeps an answer for good; the first answer to a call stands. Raises `StoreError` where it cannot."""
        context = call.context.encode()
        name = hashlib.sha256(context).digest()
        packed = zlib.compress(msgspec.json.encode(answer))
        row = (call.key, *call[:5], call.turn, name, call.target, packed)
        with self._lock:
            self._guard(lambda: self._write(name, zlib.compress(context), row))

    def __len__(self) -> int:
        row = self._one("select count(*) from calls")
        return int(row[0]) if row else 0

    def calls(self) -> Iterator[tuple[Call, Answer]]:
        """All calls with their answers, in an order that does not depend on when they were made."""
        yield from self._read(_ROWS + _ORDER)

    def proofs(self, model: str) -> list[tuple[Call, Answer]]:
        """What the model of that name has proven or said of itself; one for each of its revisions and parameters."""
        with self._lock:
            return self._guard(lambda: list(self._read(f"{_ROWS}where kind = 'proof' and model = ? {_ORDER}", model)))

    def _read(self, statement: str, *values: str) -> Iterator[tuple[Call, Answer]]:
        for kind, model, revision, prompt, parameters, turn, body, target, answer in self._db.execute(
            statement, values
        ):
            context = zlib.decompress(body).decode()
            call = Call(kind, model, revision, prompt, parameters, context, target, turn)
            yield call, _ANSWER.decode(zlib.decompress(answer))

    def _open(self) -> sqlite3.Connection:
        # read-only files and folders can be replayed: "immutable" needs no write-ahead files beside them
        target = self.path.absolute().as_uri() if self.replay else str(self.path)
        if self.replay and not self.path.with_name(self.path.name + "-wal").exists():
            target += "?mode=ro&immutable=1"
        elif not self.replay:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            target, timeout=_WAIT, isolation_level=None, check_same_thread=False, uri=target.startswith("file:")
        )
        try:
            if self.replay:
                db.execute("select 1 from calls")
            else:
                _prepare(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _write(self, name: bytes, body: bytes, row: tuple[Any, ...]) -> None:
        self._db.execute("begin immediate")
        try:
            self._db.execute("insert or ignore into texts values (?, ?)", (name, body))
            self._db.execute("insert or ignore into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._db.execute("commit")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise

    def _one(self, statement: str, *values: bytes) -> tuple[Any, ...] | None:
        with self._lock:
            return self._guard(lambda: self._db.execute(statement, values).fetchone())

    def _guard(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB or self.replay:
                raise StoreError(f"{self.path} is no ledger of knowreason: {error}") from error
            raise StoreError(f"cannot write the ledger {self.path}: {error}; what it holds is safe") from error
        except OSError as error:
            raise StoreError(f"cannot write the ledger {self.path}: {error.strerror or error}") from error


T = TypeVar("T")


def _prepare(db: sqlite3.Connection) -> None:
    """Makes the tables where there are none. SQLite does not wait where two processes open a new file at once."""
    until = time.monotonic() + _WAIT
    while True:
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            db.executescript(_SCHEMA)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _named(call: Call) -> str:
    """The call in words: what kind, with which prompt, and the beginning of its input."""
    with_prompt = f" with prompt {call.prompt}" if call.prompt else ""
    asked = call.target if len(call.target) <= 160 else call.target[:160] + "…"
    return f"{call.kind}{with_prompt} for {asked!r} after {call.context[-80:]!r}"


class Line(Record, frozen=True, omit_defaults=True):
    """One line of an exported ledger."""

    kind: Kind
    input: Any
    output: Output
    span: tuple[int, int] | None = None
    call: Asked | None = None


class Asked(Record, frozen=True):
    """The part of a line that `scripted:` does not need: of whom it was asked, how, and at what price."""

    model: str
    revision: str
    prompt: str
    parameters: str
    turn: int
    text: str
    usage: Usage
    latency: float
    date: str


def export_lines(ledger: Ledger, out: Path) -> int:
    """Writes all calls as JSON lines, in an order of their own; returns how many. Raises `StoreError`."""
    count = 0
    try:
        with out.open("wb") as stream:
            for call, answer in ledger.calls():
                stream.write(msgspec.json.encode(_line(call, answer)) + b"\n")
                count += 1
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}") from error
    return count


def import_lines(ledger: Ledger, path: Path) -> int:
    """Adds the calls of an exported ledger; returns how many lines it had. Raises `InputError` for a broken line."""
    if not path.is_file():
        raise InputError(f"{path} does not exist; give the JSON lines of an exported ledger")
    count = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                ledger.put(*_parsed(path, number, line))
                count += 1
    return count


def _line(call: Call, answer: Answer) -> Line:
    pair = {"context": call.context, "target": call.target}
    return Line(
        kind=call.kind,
        input=[call.context, call.target] if call.kind == "entail" else pair,
        output=answer.output,
        span=answer.span,
        call=Asked(
            model=call.model,
            revision=call.revision,
            prompt=call.prompt,
            parameters=call.parameters,
            turn=call.turn,
            text=answer.text,
            usage=answer.usage,
            latency=answer.latency,
            date=answer.date,
        ),
    )


def _parsed(path: Path, number: int, text: bytes) -> tuple[Call, Answer]:
    try:
        line = msgspec.json.decode(text, type=Line)
        given = line.input if isinstance(line.input, list) else [line.input["context"], line.input["target"]]
        context, target = msgspec.convert(given, tuple[str, str])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise InputError(f"{path}, line {number}: {error}; it is no line of an exported ledger") from error
    asked = line.call
    if asked is None:
        raise InputError(f"{path}, line {number}: it does not say which model was asked; scripted:{path.name} reads it")
    call = Call(line.kind, asked.model, asked.revision, asked.prompt, asked.parameters, context, target, asked.turn)
    answer = Answer(
        output=line.output,
        text=asked.text,
        usage=asked.usage,
        latency=asked.latency,
        date=asked.date,
        span=line.span,
    )
    return call, answer
