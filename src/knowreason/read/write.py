"""Our own JSON Lines out: what `knowreason read` leaves for an audit."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from knowreason.errors import InputError
from knowreason.records import ReadIssue, Trace

_COLUMNS = (
    *("question_id", "benchmark", "domain", "question", "options", "gold", "model", "variant", "lineage"),
    *("condition", "sample"),
)


def write_traces(traces: Iterable[Trace], path: str | Path) -> int:
    """Writes traces as JSON Lines (gzip where the name ends in .gz); returns how many.

    Reading the file back gives the same traces. The file appears under its name only when it is complete.
    Raises InputError if it cannot be written.
    """
    target = Path(path)
    part = target.with_name(target.name + ".part")
    count = 0
    with _writing(target):
        with part.open("wb") as raw, _packed(raw) if target.suffix == ".gz" else nullcontext(raw) as stream:
            for count, trace in enumerate(traces, 1):  # noqa: B007 - the count is what is returned
                stream.write(_line(trace))
        part.replace(target)
    return count


@contextmanager
def issue_file(path: Path) -> Generator[Callable[[ReadIssue], None]]:
    """Yields a function that adds an issue to a file; without any there is no file.

    Raises InputError if the file cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with _writing(path), part.open("wb") as stream:
            yield lambda issue: cast(None, stream.write(msgspec.json.encode(issue) + b"\n"))
        with _writing(path):
            path.unlink(missing_ok=True)
            if part.stat().st_size:
                part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            path.with_name(path.name + ".part").unlink()  # a half of a file is of no use
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def _packed(raw: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))


def _line(trace: Trace) -> bytes:
    end = trace.thinking_end
    row: dict[str, Any] = {name: getattr(trace, name) for name in _COLUMNS}
    row["reasoning"] = None if end is None else trace.reasoning[:end]
    row["response"] = trace.response
    row["integrity"] = trace.integrity
    row["integrity_basis"] = trace.integrity_basis
    row["meta"] = msgspec.Raw(trace.meta.encode())
    return msgspec.json.encode(row) + b"\n"
