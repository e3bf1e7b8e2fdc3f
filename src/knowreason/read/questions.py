"""Questions without responses: what a benchmark asks, with its options, its right answer, and help that it brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from knowreason.errors import InputError
from knowreason.read.fields import GOLDS, QUESTIONS, all_of, at_path, first_of, options_of
from knowreason.read.gold import label_options, question_key, read_gold, read_options
from knowreason.read.integrity import require_text
from knowreason.read.jsonl import read_json, read_jsonl
from knowreason.read.parquet import read_parquet
from knowreason.read.rows import FoundRow, Place, Rejected, Row, issue
from knowreason.records import ReadIssue

FIELDS = ("question_id", "benchmark", "domain", "question", "options", "gold", "facts", "plan")
_IDS = ("question_id", "id", "_id", "qid", "uid")


class Asked(NamedTuple):
    """One question: `gold` is a letter where there are options, `facts` and `plan` are what the data set brings."""

    question_id: str
    question_key: str
    benchmark: str | None
    domain: str | None
    question: str
    options: dict[str, str] | None
    gold: str
    facts: tuple[str, ...]
    plan: str | None


def read_questions(path: Path, fields: Mapping[str, str] | None = None) -> Iterator[Asked | ReadIssue]:
    """The questions of a JSON Lines, JSON or Parquet file in order, each once; rejected rows as issues.

    `fields` says where a field of `FIELDS` stands; others are found under the names that data sets use. Reasons of
    issues are those of traces, and duplicate_question. Raises InputError for a file that is none and an unknown field.
    """
    names = dict(fields or {})
    for ours in names:
        if ours not in FIELDS:
            raise InputError(f"--field {ours}=…: '{ours}' is no field of a question; choose from {', '.join(FIELDS)}")
    if not path.is_file():
        raise InputError(f"{path} is no file of questions; check the path")
    return _read(path, names)


def _read(path: Path, names: Mapping[str, str]) -> Iterator[Asked | ReadIssue]:
    seen: set[str] = set()
    for place, row in _rows(path):
        try:
            asked = _asked(row, names)
            if asked.question_key in seen:
                raise Rejected("duplicate_question", "the same question and options came before")
        except Rejected as rejected:
            yield issue(place, rejected)
            continue
        seen.add(asked.question_key)
        yield asked


def _rows(path: Path) -> Iterator[FoundRow]:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        return read_parquet(path)
    if name.endswith(".json"):
        return read_json(path)
    if name.endswith((".jsonl", ".ndjson")):
        return read_jsonl(path)
    return iter([FoundRow(Place(str(path), 0), Rejected("unknown_format", "not .jsonl, .json or .parquet"))])


def _asked(row: Row | Rejected, names: Mapping[str, str]) -> Asked:
    if isinstance(row, Rejected):
        raise row

    def given(ours: str, found: Any) -> Any:
        return at_path(row, names[ours]) if ours in names else found

    question = require_text(given("question", first_of([row], QUESTIONS)), "question")
    options = read_options(given("options", options_of([row])))
    golds = (at_path(row, names["gold"]),) if "gold" in names else tuple(all_of([row], GOLDS))
    gold = read_gold([one for one in golds if one is not None], options)
    texts = options.texts if options else label_options(gold)
    key = question_key(question, texts)
    return Asked(
        question_id=str(given("question_id", first_of([row], _IDS)) or key),
        question_key=key,
        benchmark=_name(given("benchmark", row.get("benchmark"))),
        domain=_name(given("domain", row.get("domain"))),
        question=question,
        options=texts,
        gold=gold,
        facts=_texts(given("facts", row.get("facts"))),
        plan="\n".join(_texts(given("plan", row.get("plan")))) or None,
    )


def _name(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _texts(value: Any) -> tuple[str, ...]:
    """A text, or a list of texts, without the blank ones."""
    items = cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(item, str) for item in items):
        raise Rejected("wrong_type", "facts and plan are a text or a list of texts")
    return tuple(item.strip() for item in items if item.strip())
