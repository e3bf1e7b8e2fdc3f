"""Which reader takes which file, and which shape a row has; folders are walked in order of their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from knowreason.errors import InputError
from knowreason.read.chat import chat_traces, is_chat
from knowreason.read.inspect_log import inspect_trace, is_inspect_json, read_inspect
from knowreason.read.jsonl import read_json, read_jsonl
from knowreason.read.lm_eval import SamplesFile, is_lm_eval, is_results_file
from knowreason.read.options import ReadOptions, Source
from knowreason.read.own import own_trace
from knowreason.read.parquet import read_parquet
from knowreason.read.rows import FoundRow, Place, RawTrace, Rejected, Row

SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz", ".parquet", ".eval")
ISSUES = "read_issues.jsonl"
_MANIFEST = "manifest.json"
_SIDE_FILES = ("logs.json", "eval-set.json")  # listings that Inspect leaves beside its logs


def find_files(source: Source) -> Iterator[Path]:
    """The files of a source in order of their names.

    Hidden files, mere summaries and what this package leaves (run directories, lists of rejected rows) are no
    input: `audit LOGS --out LOGS/run` can go on after a stop. Raises InputError for a folder that holds no file of
    a known kind, or is a run directory.
    """
    root = Path(source.path)
    if not root.is_dir():
        yield root
        return
    if _is_run(root):
        raise InputError(f"{root} holds an audit; its traces are read from {root / 'traces.parquet'}")
    files = sorted(path for path in root.rglob("*") if path.is_file() and not _is_hidden(path, root))
    runs = {path.parent for path in files if path.name == _MANIFEST and _is_run(path.parent)}
    files = [path for path in files if runs.isdisjoint(path.parents) and not _is_side_file(path)]
    if not any(path.name.lower().endswith(SUFFIXES) for path in files):
        raise InputError(f"{root} holds no traces; looked for files that end in {', '.join(SUFFIXES)}")
    yield from files


def read_file(path: Path, options: ReadOptions) -> Iterator[tuple[Place, RawTrace | Rejected]]:
    """What a file holds, in order: raw traces, and rejected rows. Raises MissingExtra for an Inspect log."""
    reader = _reader(path)
    if reader is None:
        yield Place(str(path), 0), Rejected("unknown_format", f"not one of {', '.join(SUFFIXES)}")
        return
    shapes = _Shapes(path, options, inspect=reader is read_inspect)
    for place, row in reader(path):
        try:
            for raw in shapes.traces(row, place):
                yield place, raw
        except Rejected as rejected:
            yield place, rejected
            if rejected.ends_file:
                return
    if complaint := shapes.complaint():
        yield Place(str(path), 0), complaint


class _Shapes:
    """Tells the shape of each row of a file, so that one file may mix them."""

    def __init__(self, path: Path, options: ReadOptions, *, inspect: bool) -> None:
        self._path = path
        self._inspect = inspect
        self._options = options
        self._samples: SamplesFile | None = None

    def traces(self, row: Row | Rejected, place: Place) -> Iterator[RawTrace]:
        fields = self._options.fields
        if isinstance(row, Rejected):
            raise row
        if self._inspect:
            yield inspect_trace(row, place, fields)
        elif is_lm_eval(row) and "response" not in fields:
            yield from self._harness().traces(row, place)
        elif is_chat(row) and "response" not in fields:
            yield from chat_traces(row, place, fields)
        else:
            yield own_trace(row, place, fields)

    def complaint(self) -> Rejected | None:
        return self._samples.complaint() if self._samples else None

    def _harness(self) -> SamplesFile:
        if self._samples is None:
            self._samples = SamplesFile(self._path, self._options.fields, self._options.filter)
        return self._samples


def _reader(path: Path) -> Callable[[Path], Iterator[FoundRow]] | None:
    name = path.name.lower()
    if name.endswith(".parquet"):
        return read_parquet
    if name.endswith(".eval") or (name.endswith((".json", ".json.gz")) and is_inspect_json(path)):
        return read_inspect
    if name.endswith((".json", ".json.gz")):
        return read_json
    return read_jsonl if name.endswith(SUFFIXES) else None


def _is_run(folder: Path) -> bool:
    """Whether an audit wrote here, to the end or not; the store itself would bring a table library along."""
    try:
        return b'"fingerprint"' in (folder / _MANIFEST).read_bytes()
    except OSError:
        return False


def _is_side_file(path: Path) -> bool:
    return path.name in _SIDE_FILES or path.name.endswith(ISSUES) or is_results_file(path)


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
