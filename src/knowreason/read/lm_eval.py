"""Sample logs of the lm-evaluation-harness: `samples_<task>_<date>.jsonl` beside `results_<date>.json`.

A file has one row for each document and filter; every filter's row holds the same raw responses (`resps`), so
one filter is read and the others are passed over. Numbers and booleans may arrive as strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from knowreason.read.fields import GOLDS, QUESTIONS, all_of, first_of, mapped, options_of
from knowreason.read.rows import Place, RawTrace, Rejected, Row

_NAME = re.compile(r"samples_(?P<task>.+?)_(?P<date>\d{4}-\d\d-\d\dT[\d:.-]+?)\.jsonl?(?:\.gz)?\Z")
KEEP_THINKING = "KEEP"  # our advice: an end of thinking that never occurs deletes nothing
_MAX_RESULTS = 256 * 1024 * 1024  # bytes of a results file that is read for the model's name


class RunInfo(NamedTuple):
    """What the results file beside the samples tells: the model, and whether its thinking was cut off."""

    model: str
    strips_thinking: bool


def is_lm_eval(row: Row) -> bool:
    """Whether a row is a sample of the lm-evaluation-harness."""
    return isinstance(row.get("doc"), Mapping) and ("resps" in row or "filtered_resps" in row)


def is_results_file(path: Path) -> bool:
    """Whether a file only sums up the samples that lie beside it."""
    return path.name == "results.json" or (path.name.startswith("results_") and path.suffix == ".json")


class SamplesFile:
    """Reads the rows of one samples file; remembers which filter it reads."""

    def __init__(self, path: Path, fields: Mapping[str, str], wanted: str | None) -> None:
        self._path = path
        self._fields = fields
        self._filter = wanted
        self._filters: set[str] = set()
        name = _NAME.match(path.name)
        self._task = name["task"] if name else path.name.split(".")[0].removeprefix("samples_")
        self._run = read_run_info(path.parent, name["date"] if name else "")

    def traces(self, row: Row, place: Place) -> Iterator[RawTrace]:
        """The raw traces of a row, one for each repeat; none where the row is another filter's.

        Raises Rejected("no_generated_text") for a task scored by log-likelihood: it ends the file.
        """
        name = row.get("filter", "none")
        if not isinstance(name, str):
            raise Rejected("wrong_type", "filter is not a text")
        self._filters.add(name)
        if self._filter is None:
            self._filter = name
        if name != self._filter:
            return
        responses = _responses(row, self._task)
        for sample, response in enumerate(responses):
            yield self._raw_trace(row, place, response, sample if len(responses) > 1 else None)

    def complaint(self) -> Rejected | None:
        """Why nothing of the file was read, if its rows carry other filters than the one asked for."""
        if not self._filters or self._filter in self._filters:
            return None
        return Rejected("unknown_filter", f"no filter '{self._filter}'; there are {', '.join(sorted(self._filters))}")

    def _raw_trace(self, row: Row, place: Place, response: str, sample: int | None) -> RawTrace:
        doc = cast(Row, row["doc"])
        rows, fields = [row, doc], self._fields
        options, question = mapped(rows, fields, "options"), mapped(rows, fields, "question")
        thinks_aloud = "think>" in response
        return RawTrace(
            place=place,
            harness="lm-eval",
            question_id=mapped(rows, fields, "question_id") or row.get("doc_hash") or row.get("doc_id"),
            benchmark=mapped(rows, fields, "benchmark") or self._task,
            domain=mapped(rows, fields, "domain"),
            question=question if question is not None else first_of([doc], QUESTIONS),
            options=options if options is not None else options_of([doc]),
            golds=self._golds(row, doc),
            model=mapped(rows, fields, "model") or self._run.model,
            variant=mapped(rows, fields, "variant"),
            lineage=mapped(rows, fields, "lineage"),
            condition=mapped(rows, fields, "condition"),
            sample=sample,
            message={"content": response},
            declared="stripped" if self._run.strips_thinking and not thinks_aloud else None,
            meta=_meta(row),
        )

    def _golds(self, row: Row, doc: Row) -> tuple[Any, ...]:
        if "gold" in self._fields:
            gold = mapped([row, doc], self._fields, "gold")
            return () if gold is None else (gold,)
        return (*([row["target"]] if row.get("target") not in (None, "") else []), *all_of([doc], GOLDS))


def read_run_info(folder: Path, date: str) -> RunInfo:
    """What the results file of a folder says of the run: that of the same date, else the newest."""
    results = sorted(path for path in folder.glob("results*.json") if is_results_file(path))
    same_run = [path for path in results if date and date in path.name]
    for path in reversed(same_run or results):
        try:
            if path.stat().st_size <= _MAX_RESULTS:
                return _run_info(cast(Row, msgspec.json.decode(path.read_bytes(), type=dict[str, Any])), folder)
        except (OSError, ValueError, RecursionError):
            continue  # an unreadable summary costs a name, not the samples
    return RunInfo(folder.name, False)


def _run_info(results: Row, folder: Path) -> RunInfo:
    config = results.get("config")
    arguments = cast(Row, config).get("model_args") if isinstance(config, Mapping) else None
    given = _arguments(arguments)
    stated = results.get("model_name") or given.get("pretrained") or given.get("model")
    return RunInfo(str(stated or folder.name), given.get("think_end_token") not in (None, "", KEEP_THINKING))


def _arguments(arguments: Any) -> dict[str, Any]:
    if isinstance(arguments, Mapping):
        return dict(cast(Row, arguments))
    if not isinstance(arguments, str):
        return {}
    found = {name.strip(): value for name, equals, value in (p.partition("=") for p in arguments.split(",")) if equals}
    return {**found}


def _responses(row: Row, task: str) -> list[str]:
    """The raw responses of a row: its repeats. The harness writes "None" where a server gave no text."""
    resps = row.get("resps")
    rows = cast(list[Any], resps) if isinstance(resps, list) else []
    texts = cast(list[Any], rows[0]) if rows and isinstance(rows[0], list) else rows
    if not texts:
        raise Rejected("missing_response")
    if isinstance(texts[0], list) or (len(rows) > 1 and _is_likelihood(rows)):
        advice = f"task {task} was scored by log-likelihood; run a variant that generates (output_type generate_until)"
        raise Rejected("no_generated_text", advice, ends_file=True)
    if not all(isinstance(text, str) for text in texts):
        raise Rejected("wrong_type", "resps holds no text")
    return ["" if text == "None" else cast(str, text) for text in texts]


def _is_likelihood(resps: list[Any]) -> bool:
    """Whether there is one response for each option, each a number and whether it was the greedy choice."""
    pairs = [item for item in resps if isinstance(item, list) and len(cast(list[Any], item)) == 2]
    return len(pairs) == len(resps) and all(str(pair[1]) in ("True", "False") for pair in cast(list[Any], pairs))


def _meta(row: Row) -> dict[str, Any]:
    """The harness's own verdicts: its metrics and its extraction."""
    metrics = row.get("metrics")
    names = [m for m in cast(list[Any], metrics) if isinstance(m, str)] if isinstance(metrics, list) else []
    kept = {name: row[name] for name in ("doc_id", "filter", "filtered_resps", *names) if name in row}
    return {"harness": "lm-eval", **kept}
