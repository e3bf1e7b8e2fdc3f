"""`python -m knowreason.train.detection --data FOLDER --labels FILE`: claims found in real steps against labels.

The labels hold offsets, hashes and judgements only: the steps themselves stay in the data folder and are checked by
hash. A claim that is found and a labelled one are the same where they share at least half of the shorter one.
Precision is over the claims found, recall over the claims labelled; a labelled claim that is not found is the fault
*missing*, and the other faults of decomposition are labelled for each claim found.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from knowreason.decompose import Decomposition, decompose
from knowreason.errors import InputError
from knowreason.read import read_traces
from knowreason.records import Trace
from knowreason.train.measures import Ints, Measured, resampled

SHARED = 0.5  # of the shorter of two claims, from which on they are the same
FAULTS = ("not_atomic", "not_self_contained", "fabricated", "redundant")
NARROW, WIDE = 12, 16  # digits of the hashes of a wording and of a step
Span = tuple[int, int]
Key = tuple[str, str, str]
Report = dict[str, Any]


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: where its text is, the claims that a reader sees in it, and what is wrong with those found.

    `found` holds start, end, hash of the wording, and the faults of each claim that the rules found when it was
    labelled; `move` is None where it is not clear.
    """

    part: str
    domain: str
    file: str
    question_id: str
    model: str
    start: int
    end: int
    sha256: str
    move: str | None
    claims: tuple[Span, ...]
    found: tuple[tuple[Any, ...], ...]

    @property
    def key(self) -> Key:
        """What names the trace."""
        return self.file, self.question_id, self.model


class Judged(NamedTuple):
    """A labelled step with the claims found in it now, their faults (None: not labelled), and its move."""

    label: Labelled
    found: tuple[Span, ...]
    faults: tuple[frozenset[str] | None, ...]
    move: str | None

    @property
    def right(self) -> int:
        """How many of the claims found are labelled ones."""
        return sum(any(same(one, held) for held in self.label.claims) for one in self.found)

    @property
    def recalled(self) -> int:
        """How many of the labelled claims are found."""
        return sum(any(same(one, held) for held in self.found) for one in self.label.claims)

    @property
    def usable(self) -> int:
        """How many of the claims found are labelled ones without a fault."""
        return sum(
            faults is not None and not faults and any(same(one, held) for held in self.label.claims)
            for one, faults in zip(self.found, self.faults, strict=True)
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description="Measure the detection of claims in real steps.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds traces/")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON here")
    given = parser.parse_args(arguments)
    report = measure(judge(given.data, read_labels(given.labels)))
    encoded = msgspec.json.format(msgspec.json.encode(report), indent=1)
    if given.out:
        given.out.write_bytes(encoded + b"\n")
    print(table(msgspec.json.decode(encoded)))


def read_labels(path: Path) -> list[Labelled]:
    """All labelled steps. Raises `InputError` naming the line that is none."""
    out: list[Labelled] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            out.append(msgspec.json.decode(line, type=Labelled))
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}, line {number}: {error}") from error
    return out


def same(one: Span, other: Span) -> bool:
    """Whether two spans share at least half of the shorter one."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= SHARED * min(one[1] - one[0], other[1] - other[0])


def judge(data: Path, labels: Sequence[Labelled]) -> list[Judged]:
    """Every labelled step with what the rules find in it. Raises `InputError` where a step's text is another."""
    traces = _read(data / "traces", labels)
    apart: dict[Key, Decomposition] = {key: decompose(trace, _no_tokens) for key, trace in traces.items()}
    return [_judge(label, traces.get(label.key), apart.get(label.key)) for label in labels]


def _judge(label: Labelled, trace: Trace | None, apart: Decomposition | None) -> Judged:
    text = "" if trace is None else trace.reasoning[label.start : label.end]
    if apart is None or digest(text, WIDE) != label.sha256:
        raise InputError(f"{label.file} holds another text for {label.question_id} of {label.model}: fetch it again")
    told = {(start, end, wording): frozenset(faults) for start, end, wording, *faults in label.found}
    found = [claim for claim in apart.claims if label.start <= claim.start < label.end]
    moves = [step.move for step in apart.steps if (step.start, step.end) == (label.start, label.end)]
    return Judged(
        label,
        tuple((claim.start, claim.end) for claim in found),
        tuple(told.get((claim.start, claim.end, digest(claim.normalised, NARROW))) for claim in found),
        moves[0] if moves else None,
    )


def digest(text: str, digits: int) -> str:
    """The first digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def _no_tokens(texts: Sequence[str]) -> list[int]:
    return [0] * len(texts)


def _read(folder: Path, labels: Sequence[Labelled]) -> dict[Key, Trace]:
    """The traces that labels name, read as an audit reads them from files that hold nothing else."""
    wanted = {label.key for label in labels}
    out: dict[Key, Trace] = {}
    with TemporaryDirectory() as scratch:
        for name in sorted({label.file for label in labels}):
            path = Path(scratch) / name.removesuffix(".gz")
            path.write_bytes(b"\n".join(_rows(folder / name, {key for key in wanted if key[0] == name})) + b"\n")
            for trace in read_traces([path]):
                if isinstance(trace, Trace):
                    out[name, trace.question_id, trace.model] = trace
    return out


def _rows(path: Path, wanted: set[Key]) -> Iterator[bytes]:
    with gzip.open(path) as lines:
        for line in lines:
            row: dict[str, Any] = msgspec.json.decode(line)
            if (path.name, row["question_id"], row["model"]) in wanted:
                yield line.strip()


def measure(judged: Sequence[Judged]) -> Report:
    """Figures by part of the labels and by domain, intervals over traces."""
    out: Report = {}
    for part in ("dev", "test"):
        held = [one for one in judged if one.label.part == part]
        out[part] = {"all": figures(held)}
        for domain in sorted({one.label.domain for one in held}):
            out[part][domain] = figures([one for one in held if one.label.domain == domain])
    return out


def figures(judged: Sequence[Judged]) -> Report:
    """Counts, precision, recall, F1, the share found right and without fault, and the count of each fault."""
    traces = ["/".join(one.label.key) for one in judged]
    found, labelled, right, recalled, usable = (
        np.array(counts, np.float64)
        for counts in zip(
            *((len(one.found), len(one.label.claims), one.right, one.recalled, one.usable) for one in judged),
            strict=True,
        )
    )
    faults = [fault for one in judged for fault in one.faults]
    moves = [one.move == one.label.move for one in judged if one.label.move is not None]
    return {
        "traces": len(set(traces)),
        "steps": len(judged),
        "found": int(found.sum()),
        "labelled": int(labelled.sum()),
        "precision": _ratio(right, found, traces),
        "recall": _ratio(recalled, labelled, traces),
        "f1": _f1(np.stack([right, found, recalled, labelled]), traces),
        "right_without_fault": _ratio(usable, found, traces),
        "missing": int((labelled - recalled).sum()),
        **{name: sum(fault is not None and name in fault for fault in faults) for name in FAULTS},
        "fault_unlabelled": sum(fault is None for fault in faults),
        "moves_agree": round(sum(moves) / len(moves), 3) if moves else None,
    }


def _ratio(part: npt.NDArray[Any], whole: npt.NDArray[Any], traces: Sequence[str]) -> Measured:
    def statistic(rows: Ints) -> float | None:
        return float(part[rows].sum() / whole[rows].sum()) if whole[rows].sum() else None

    return resampled(statistic, traces)


def _f1(counts: npt.NDArray[Any], traces: Sequence[str]) -> Measured:
    def statistic(rows: Ints) -> float | None:
        right, found, recalled, labelled = counts[:, rows].sum(axis=1)
        if not (found and labelled and right):
            return None
        precision, recall = right / found, recalled / labelled
        return float(2 * precision * recall / (precision + recall))

    return resampled(statistic, traces)


def table(report: Mapping[str, Any]) -> str:
    """The report as two Markdown tables: detection, and faults."""
    detection = ["| part | domain | traces, steps | found, labelled | precision | recall | F1 | right without fault |"]
    faults = ["| part | domain | found | missing | not atomic | not self-contained | fabricated | redundant |"]
    detection.append("| --- " * 8 + "|")
    faults.append("| --- " * 8 + "|")
    for part, domains in report.items():
        for domain, one in domains.items():
            names = ("precision", "recall", "f1", "right_without_fault")
            cells = " | ".join(cell(one[name]) for name in names)
            counts = f"{one['traces']}, {one['steps']} | {one['found']}, {one['labelled']}"
            detection.append(f"| {part} | {domain} | {counts} | {cells} |")
            told = " | ".join(str(one[name]) for name in ("found", "missing", *FAULTS))
            faults.append(f"| {part} | {domain} | {told} |")
    return "\n".join([*detection, "", *faults])


def cell(figure: Mapping[str, Any]) -> str:
    """An interval, or the reason why there is none."""
    return figure.get("reason") or f"{figure['estimate']:.2f} [{figure['lower']:.2f}, {figure['upper']:.2f}]"


if __name__ == "__main__":
    main()
