"""A world on paper: traces in the input format of `audit`, a corpus to verify against, questions, and the truth."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from knowreason.lab.arithmetic import Chain, ask_chain, reason
from knowreason.lab.dials import TraceDials
from knowreason.lab.language import ask, say, statement
from knowreason.lab.truth import Reader, class_of, true_gains
from knowreason.lab.world import Fact, World
from knowreason.lab.writing import Written, write_trace

SOURCE = "made by the lab"
LICENCE = "CC0-1.0"


class Declared(NamedTuple):
    """Whose gains stand in the truth: a reader, and by which name he is declared."""

    name: str
    reader: Reader


class Printed(NamedTuple):
    """The files of a printed world."""

    traces: Path
    corpus: Path
    questions: Path
    truth: Path


def write_traces(world: World, entities: Sequence[str], dials: TraceDials, *, seed: int) -> list[Written]:
    """One trace a disease; each has its own stream of the seed, so a trace does not depend on the others."""
    return [
        write_trace(
            world,
            world.question(entity, shortcut=dials.shortcut),
            dials,
            random.Random(f"{world.seed} {seed} trace {entity}"),
        )
        for entity in entities
    ]


def print_world(
    world: World, traces: Mapping[str, Sequence[Written]], folder: Path, declared: Declared | None = None
) -> Printed:
    """Writes traces.jsonl (the traces of each model), corpus.jsonl, questions.jsonl and truth.jsonl into a folder.

    With a declared reader the truth holds the gain of every sentence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    printed = Printed(*(folder / f"{name}.jsonl" for name in Printed._fields))
    rows = [(model, written) for model, several in traces.items() for written in several]
    write_rows(printed.traces, (trace_row(written, model) for model, written in rows))
    write_rows(printed.truth, (_truth(world, written, model, declared) for model, written in rows))
    write_rows(printed.corpus, corpus_rows(world))
    write_rows(printed.questions, (question_row(world, entity) for entity in world.diseases))
    return printed


def trace_row(written: Written, model: str) -> dict[str, Any]:
    """A trace in the input format."""
    question = written.question
    return {
        "question_id": question.question_id,
        "benchmark": "clinic",
        "domain": "clinic",
        "question": ask(question),
        "options": question.options,
        "gold": question.gold,
        "model": model,
        "variant": "written",
        "lineage": None,
        "condition": "cot",
        "sample": 0,
        "reasoning": None,
        "response": written.response,
        "meta": {},
    }


def truth_row(written: Written, model: str) -> dict[str, Any]:
    """What is true of every sentence of a trace; `end` is its end in the response."""
    ends = zip(written.sentences, written.ends, strict=True)
    return {
        "question_id": written.question.question_id,
        "model": model,
        "answer": written.answer,
        "right": written.answer == written.question.answer,
        "sentences": [
            {
                "end": min(end, len(written.response)),
                "text": s.text,
                "class": class_of(s),
                "fact": s.fact,
                "true": s.true,
                "needed": s.needed,
                "on_topic": s.fact is not None and s.fact.entity in _topics(written),
            }
            for s, end in ends
        ],
    }


def _truth(world: World, written: Written, model: str, declared: Declared | None) -> dict[str, Any]:
    row = truth_row(written, model)
    if declared is None:
        return row
    gains = true_gains(world, written, declared.reader)
    told = [{**sentence, "gain": gain} for sentence, gain in zip(row["sentences"], gains, strict=True)]
    return {**row, "reader": declared.name, "sentences": told}


def _topics(written: Written) -> set[str]:
    """The disease asked about, and what the trace's own hops reached from it."""
    return {written.question.entity, *(s.fact.value for s in written.sentences if s.kind == "hop" and s.fact)}


def corpus_rows(world: World) -> Iterable[dict[str, str]]:
    """One document an entity, with every fact of the table about it."""
    by_entity: dict[str, list[str]] = {}
    for (entity, relation), value in world.table.items():
        by_entity.setdefault(entity, []).append(say(Fact(entity, relation, value)))
    for entity, sentences in by_entity.items():
        yield {
            "id": f"clinic-{world.seed}-{entity}",
            "title": entity.capitalize(),
            "text": " ".join(sentences),
            "source": SOURCE,
            "licence": LICENCE,
        }


def question_row(world: World, entity: str) -> dict[str, Any]:
    """A question without a trace, with the split that its disease belongs to."""
    question = world.question(entity)
    return {
        "question_id": question.question_id,
        "question": ask(question),
        "options": question.options,
        "gold": question.gold,
        "split": world.splits[entity],
    }


def chain_row(
    chain: Chain, question_id: str, draw: random.Random, *, model: str, corruption: float = 0.0, filler: float = 0.0
) -> dict[str, Any]:
    """A trace of the arithmetic domain in the input format: a free number is asked for."""
    sentences, result = reason(chain, draw, corruption=corruption, filler=filler)
    return {
        "question_id": question_id,
        "benchmark": "arithmetic",
        "domain": "arithmetic",
        "question": ask_chain(chain),
        "options": None,
        "gold": str(chain.result),
        "model": model,
        "variant": "written",
        "lineage": None,
        "condition": "cot",
        "sample": 0,
        "reasoning": None,
        "response": f"{' '.join(sentences)}\n{statement(str(result))}",
        "meta": {},
    }


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows as JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path
