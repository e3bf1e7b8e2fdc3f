"""The page of methods: what every figure means, how the run was made, and how to make it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from knowreason.frame import Summary
from knowreason.report.contents import Methods, Table
from knowreason.report.index import flag_terms
from knowreason.report.limits import Manifest, instrument_lines, limits

_CITATIONS = (
    ("Knowledge Index and information gain per step, defined otherwise here", "Wu et al. 2025, arXiv 2506.02126"),
    ("Informativeness under an observer", "Ton et al. 2024, arXiv 2411.11984"),
    ("Intervals over questions resampled whole", "Davison and Hinkley 1997, chapter 3"),
    ("Intervals of shares", "Wilson 1927"),
    ("Intervals of paired shares", "Bonett and Price 2012"),
    ("Two one-sided tests of equivalence", "Schuirmann 1987"),
    ("False discovery rate over benchmarks", "Benjamini and Hochberg 1995"),
    ("Transferability index", "Huan et al. 2025, arXiv 2507.00432"),
    ("Search of passages (BM25)", "Robertson and Zaragoza 2009; Lù 2024, arXiv 2407.03618"),
)
_DEFINITIONS = (
    ("Trace", "One response of one model to one question. Its steps are spans of its own text and partition it."),
    (
        "Claim",
        "A span that asserts a checkable fact. It is supported, refuted or left open by the passages that a corpus "
        "holds about it; a claim that could not be checked has a reason instead and leaves every share.",
    ),
    (
        "Surprisal and gain",
        "Surprisal is −ln q(right answer | question, text so far), in nats. The gain of a step is the surprisal before "
        "it minus the surprisal after it; the gains of a trace sum to its total.",
    ),
    (
        "Not measured",
        "A figure that could not be made is a reason, never 0: it leaves the denominator, and coverage beside the mean "
        "shows it.",
    ),
)


def methods(summary: Summary, manifest: Manifest, tables: Sequence[Table], *, calibrated: bool = False) -> Methods:
    """Definitions of every column and flag, the manifest in words, commands, sources and limits."""
    terms = {heading: said for table in tables for heading, said in table.terms}
    return Methods(
        definitions=(*_DEFINITIONS, *terms.items()),
        rules=tuple(flag_terms()),
        run=tuple(_run(manifest)),
        commands=tuple(_commands(manifest)),
        citations=_CITATIONS,
        limits=tuple(limits(summary, manifest, calibrated=calibrated)),
    )


def _run(manifest: Manifest) -> Iterable[tuple[str, str]]:
    yield from instrument_lines(manifest)
    for name, said in (("date", "Date"), ("seed", "Seed"), ("fingerprint", "Fingerprint of the audit")):
        if manifest.get(name) is not None:
            yield said, str(manifest[name])
    counts = manifest.get("counts")
    if isinstance(counts, Mapping):
        yield "Counts", ", ".join(f"{str(name).replace('_', ' ')} {count}" for name, count in counts.items())


def _commands(manifest: Manifest) -> Iterable[str]:
    """The commands that make the run again; files are named without their folders, which are nobody's business."""
    arguments = manifest.get("arguments")
    if isinstance(arguments, Mapping) and arguments.get("sources"):
        yield shlex.join(["knowreason", "audit", *_sources(arguments), *_options(arguments), "--out", "RUN"])
    yield "knowreason report RUN"
    yield "knowreason compare RUN --baseline MODEL"
    yield "knowreason report RUN --serve"
    yield "knowreason report RUN --figures DIR"


def _sources(arguments: Mapping[str, Any]) -> Iterable[str]:
    for path, name in arguments["sources"]:
        yield f"{name}={Path(str(path)).name}" if name else Path(str(path)).name


def _options(arguments: Mapping[str, Any]) -> Iterable[str]:
    files = arguments.get("knowledge") or []
    yield from (["--knowledge", *(Path(str(file)).name for file in files)] if files else [])
    for field, values in (arguments.get("where") or {}).items():
        yield from ("--where", f"{field}={','.join(map(str, values)) if isinstance(values, list) else values}")
    for name, settings in (arguments.get("settings") or {}).items():
        for field, value in settings.items() if isinstance(settings, Mapping) else ():
            yield from ("--set", f"{field}={value}" if name == "*" else f"{name}.{field}={value}")
    for option in ("scorer", "verifier", "limit", "seed"):
        value = arguments.get(option)
        if value not in (None, "builtin:", 0):
            yield from (f"--{option}", str(value))
    if arguments.get("paper") is True:
        yield "--paper"
