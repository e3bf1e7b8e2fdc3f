"""`python -m knowreason.train.commitments --data FOLDER --marks FILE`: where real traces commit, against marks.

A mark is the offset of the sentence in which a reader saw the trace commit to the content of its answer, or none where
it does not before its formal statement. A place that the rules find counts as right where it is the marked one. Rounds
1 and 2 were read while the rules were written, the later ones before the rules were run on them. Beside it: whether
the stated letter is the one that the benchmark's own extraction gives.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from knowreason.answers import final_statement, find_commitment, run_on_end
from knowreason.errors import InputError
from knowreason.records import Interval, Unscored
from knowreason.sentences import split_sentences
from knowreason.stats.proportions import wilson
from knowreason.train.measures import Measured

SEEN = 2  # rounds of marks that the rules were written on
Report = dict[str, Any]


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a reader saw one trace commit; `content_at` is None where it does not before its statement."""

    round: int
    domain: str
    file: str
    question_id: str
    model: str
    content_at: int | None
    rule: str


class Read(NamedTuple):
    """A mark with what the rules find: the place (None: not before the statement), and the letters stated."""

    mark: Mark
    found: int | None
    near: bool  # the place is the marked sentence or one beside it
    letter: str | None
    published: str | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Measure where real traces are found to commit.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds traces/")
    parser.add_argument("--marks", type=Path, required=True)
    given = parser.parse_args(arguments)
    print(table(msgspec.to_builtins(measure(read_marked(given.data, read_marks(given.marks))))))


def read_marks(path: Path) -> list[Mark]:
    """All marks. Raises `InputError` naming the line that is none."""
    out: list[Mark] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            out.append(msgspec.json.decode(line, type=Mark))
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}, line {number}: {error}") from error
    return out


def read_marked(data: Path, marks: Sequence[Mark]) -> list[Read]:
    """Every marked trace, read. Raises `InputError` where a mark is no start of a sentence of its trace."""
    wanted = {(mark.file, mark.question_id): mark for mark in marks}
    return [
        _read(row, wanted[name, row["question_id"]])
        for name in sorted({mark.file for mark in marks})
        for row in _rows(data / "traces" / name)
        if (name, row["question_id"]) in wanted
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as lines:
        yield from map(msgspec.json.decode, lines)


def _read(row: Mapping[str, Any], mark: Mark) -> Read:
    text = row["response"][: run_on_end(row["response"])]
    starts = [start for start, _ in split_sentences(text)]
    statement = final_statement(text, None, row["options"])
    if statement is None or mark.content_at not in {None, *starts}:
        raise InputError(f"{mark.file} holds another text for {mark.question_id}: fetch it again")
    at = find_commitment(text, row["question"], row["options"], statement)
    found = at.content_at if at.content_at < at.statement_at else None
    near = found == mark.content_at or (
        found in starts and mark.content_at in starts and abs(starts.index(found) - starts.index(mark.content_at)) == 1
    )
    return Read(mark, found, near, statement.letter, row["meta"].get("published_pred"))


def measure(read: Sequence[Read]) -> Report:
    """Figures of all marks by domain, and of the rounds that the rules were not written on; intervals over traces."""
    domains = sorted({one.mark.domain for one in read})
    later = [one for one in read if one.mark.round > SEEN]
    return {
        name: {"all": figures(held)}
        | {domain: figures([one for one in held if one.mark.domain == domain]) for domain in domains}
        for name, held in (("all rounds", read), ("unseen rounds", later))
    }


def figures(read: Sequence[Read]) -> Report:
    """Precision and recall of the place, the same within one sentence, and agreement of the stated letters."""
    told = np.array([one.found is not None for one in read])
    marked = np.array([one.mark.content_at is not None for one in read])
    exact = told & marked & np.array([one.found == one.mark.content_at for one in read])
    near = told & marked & np.array([one.near for one in read])
    both = np.array([bool(one.letter and one.published) for one in read])
    agree = both & np.array([one.letter == one.published for one in read])
    return {
        "traces": len(read),
        "told": int(told.sum()),
        "marked": int(marked.sum()),
        "precision": _share(exact, told),
        "recall": _share(exact, marked),
        "near_precision": _share(near, told),
        "near_recall": _share(near, marked),
        "same_letter": _share(agree, both),
    }


def _share(part: Any, whole: Any) -> Measured:
    """Wilson's interval: every trace is of another question, and a share of 1 keeps a width."""
    found = wilson(int(part.sum()), int(whole.sum()))
    if found is None:
        return Unscored(reason="too_few", detail=f"{int(whole.sum())} traces")
    return Interval(estimate=found.estimate, lower=found.lower, upper=found.upper, level=found.level, n=found.clusters)


def table(report: Mapping[str, Any]) -> str:
    """The report as a Markdown table."""
    columns = ("precision", "recall", "near_precision", "near_recall", "same_letter")
    lines = [
        "| rounds | domain | traces | found, marked | precision | recall | precision, within a sentence | recall, "
        "within a sentence | stated letter as published |",
        "| --- " * 9 + "|",
    ]
    for name, domains in report.items():
        for domain, one in domains.items():
            cells = " | ".join(_cell(one[column]) for column in columns)
            lines.append(f"| {name} | {domain} | {one['traces']} | {one['told']}, {one['marked']} | {cells} |")
    return "\n".join(lines)


def _cell(figure: Mapping[str, Any]) -> str:
    return figure.get("reason") or f"{figure['estimate']:.2f} [{figure['lower']:.2f}, {figure['upper']:.2f}]"


if __name__ == "__main__":
    main()
