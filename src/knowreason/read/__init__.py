"""Reading: foreign logs in, `Trace` records and `ReadIssue` records out, one row at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from knowreason.errors import InputError
from knowreason.read.advice import Tally, advice
from knowreason.read.assemble import Occurrences, assemble
from knowreason.read.formats import ISSUES, find_files, read_file
from knowreason.read.found import Found, Progress
from knowreason.read.gold import question_key
from knowreason.read.options import (
    ReadOptions,
    Source,
    as_source,
    check_options,
    parse_field,
    parse_setting,
    parse_source,
)
from knowreason.read.rows import RawTrace, Rejected, issue
from knowreason.read.write import issue_file, write_traces
from knowreason.records import ReadIssue, Trace

__all__ = [
    "Found",
    "ReadOptions",
    "Source",
    "Tally",
    "advice",
    "as_source",
    "convert",
    "parse_field",
    "parse_setting",
    "parse_source",
    "question_key",
    "read_traces",
    "source_files",
    "write_traces",
]


def read_traces(
    sources: Sequence[Source | str | Path], options: ReadOptions | None = None
) -> Iterator[Trace | ReadIssue]:
    """Every response that the sources hold, in order, as a Trace, or as a ReadIssue that says why it is none.

    Streams: beside the current row only a few hashes for each trace are held. Rows of lm-eval filters that
    were not chosen repeat a response and give nothing. Raises InputError at once for a missing path or a
    setting for an input that is not there; MissingExtra on meeting an Inspect log without the extra.
    """
    chosen = options or ReadOptions()
    named = [as_source(source) for source in ((sources,) if isinstance(sources, str) else sources)]
    check_options(named, chosen)
    return _read(named, chosen)


def source_files(sources: Sequence[Source]) -> list[Path]:
    """The files that `read_traces` reads, in its order, results files beside lm-eval samples included.

    Raises InputError for a missing path or a folder without traces.
    """
    check_options(sources, ReadOptions(settings={}))
    files = [path for source in sources for path in find_files(source)]
    folders = dict.fromkeys(path.parent for path in files)
    return [*files, *(path for folder in folders for path in sorted(folder.glob("results*.json")) if path not in files)]


def convert(sources: Sequence[Source], options: ReadOptions, out: str | Path, progress: Progress) -> Found:
    """Writes what the sources hold as our own JSON Lines, and says what was found.

    Rejected rows, if any, stand beside it, one ReadIssue a line, in `OUT.read_issues.jsonl`. Raises InputError as
    `read_traces` and `write_traces` do, and where `out` would be read too: a log is never written over.
    """
    found = Found()
    items = read_traces(sources, options)
    _check_apart(sources, Path(out))
    with issue_file(Path(f"{out}.{ISSUES}")) as reject:
        write_traces(found.kept(items, reject, progress), out)
    return found


def _read(sources: Sequence[Source], options: ReadOptions) -> Iterator[Trace | ReadIssue]:
    occurrences = Occurrences()
    for source in sources:
        for path in find_files(source):
            for place, raw in read_file(path, options):
                try:
                    yield assemble(_accepted(raw), source, options, occurrences)
                except Rejected as rejected:
                    yield issue(place, rejected)


def _check_apart(sources: Sequence[Source], out: Path) -> None:
    for source in sources:
        read = Path(source.path).resolve()
        if read == out.resolve() or read in out.resolve().parents:
            where = "is" if read == out.resolve() else "lies in"
            raise InputError(f"{out} {where} what is read ({source.path}): choose another --out")


def _accepted(raw: RawTrace | Rejected) -> RawTrace:
    if isinstance(raw, Rejected):
        raise raw
    return raw
