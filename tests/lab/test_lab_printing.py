"""A world on paper: the audit reads it as it reads anything else, and what it measures meets the table."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowreason.decompose import decompose
from knowreason.gain import OptionScorer
from knowreason.lab.arithmetic import draw_chain
from knowreason.lab.dials import TraceDials, WorldDials
from knowreason.lab.documents import CUE, asked
from knowreason.lab.language import parse
from knowreason.lab.printing import Printed, chain_row, print_world, write_rows, write_traces
from knowreason.lab.verifier import read_off, record_verdicts
from knowreason.lab.world import Fact, World
from knowreason.models.scripted import Scripted
from knowreason.models.tokens import count_tokens
from knowreason.read import read_traces
from knowreason.records import Continuation, Observation, Trace

WORLD = World(WorldDials(entities=40, answers=6, findings=12, paraphrases=3), 7)
TRACES = TraceDials(filler=0.6, corruption=0.25, off_topic=0.4)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    folder = tmp_path_factory.mktemp("world")
    return print_world(WORLD, {"writer": write_traces(WORLD, WORLD.diseases[:16], TRACES, seed=1)}, folder)


@pytest.fixture(scope="module")
def run(printed: Printed) -> Path:
    """The printed world audited by the command line, its claims judged by the table."""
    folder = printed.traces.parent
    recording = record_verdicts(printed.traces, printed.corpus, folder / "verdicts.jsonl")
    out = folder / "run"
    command = [sys.executable, "-m", "knowreason.cli", "audit", str(printed.traces), "--out", str(out), "--paper"]
    command += ["--knowledge", str(printed.corpus), "--verifier", f"scripted:{recording}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def truths(printed: Printed) -> dict[str, dict[str, Any]]:
    return {row["question_id"]: row for row in map(json.loads, printed.truth.read_text("utf-8").splitlines())}


def test_the_same_seed_prints_the_same_bytes(printed: Printed, tmp_path: Path) -> None:
    world = World(WORLD.dials, WORLD.seed)
    again = print_world(world, {"writer": write_traces(world, world.diseases[:16], TRACES, seed=1)}, tmp_path)
    for one, other in zip(printed, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    other = print_world(world, {"writer": write_traces(world, world.diseases[:16], TRACES, seed=2)}, tmp_path / "b")
    assert printed.traces.read_bytes() != other.traces.read_bytes()


def test_every_claim_of_a_trace_is_found_and_is_the_fact_that_was_written(printed: Printed) -> None:
    expected = truths(printed)
    for trace in read_traces([printed.traces]):
        assert isinstance(trace, Trace)
        found = [parse(claim.normalised) for claim in decompose(trace, count_tokens).claims]
        facts = [Fact(*s["fact"]) for s in expected[trace.question_id]["sentences"] if s["fact"]]
        assert list(dict.fromkeys(found)) == list(dict.fromkeys(facts))  # a repetition in the same words is one claim


def test_steps_end_where_sentences_end(printed: Printed) -> None:
    expected = truths(printed)
    for trace in read_traces([printed.traces]):
        assert isinstance(trace, Trace)
        ends = [step.end for step in decompose(trace, count_tokens).steps]
        assert ends[:-1] == [s["end"] for s in expected[trace.question_id]["sentences"]]
        assert ends[-1] == len(trace.reasoning)


def test_traces_on_lines_of_their_own_have_the_same_steps(tmp_path: Path) -> None:
    written = write_traces(WORLD, WORLD.diseases[:6], TraceDials(lines=True, filler=1.0), seed=1)
    printed = print_world(WORLD, {"writer": written}, tmp_path)
    test_steps_end_where_sentences_end(printed)
    test_every_claim_of_a_trace_is_found_and_is_the_fact_that_was_written(printed)


def test_the_audit_gives_every_claim_the_verdict_of_the_table(printed: Printed, run: Path) -> None:
    ids = pl.read_parquet(run / "traces.parquet").select("trace_id", "question_id")
    claims = pl.read_parquet(run / "claims.parquet").join(ids, on="trace_id")
    verdicts = {(row["question_id"], parse(row["normalised"])): row["verdict"] for row in claims.iter_rows(named=True)}
    checked = 0
    for question, row in truths(printed).items():
        for sentence in row["sentences"]:
            if sentence["fact"]:
                fact = Fact(*sentence["fact"])
                assert verdicts[question, fact] == ("supported" if WORLD.is_true(fact) else "refuted")
                checked += 1
    assert checked >= 60
    assert len(set(verdicts.values())) == 2


def test_the_index_of_knowledge_is_the_share_that_the_table_gives(printed: Printed, run: Path) -> None:
    ids = pl.read_parquet(run / "traces.parquet").select("trace_id", "question_id")
    scores = pl.read_parquet(run / "scores.parquet").join(ids, on="trace_id")
    expected = truths(printed)
    for row in scores.iter_rows(named=True):
        sentences = expected[row["question_id"]]["sentences"]
        claims = {s["text"]: s["true"] for s in sentences if s["fact"]}
        assert row["ki"] == sum(claims.values()) / len(claims)
        assert row["ki_coverage"] == 1
        assert (row["grade"] == "correct") is expected[row["question_id"]]["right"]


def test_the_published_index_counts_filler_as_knowledge(printed: Printed, run: Path) -> None:
    ids = pl.read_parquet(run / "traces.parquet").select("trace_id", "question_id")
    scores = pl.read_parquet(run / "scores.parquet").join(ids, on="trace_id")
    expected = truths(printed)
    inflated = 0
    for row in scores.iter_rows(named=True):
        sentences = expected[row["question_id"]]["sentences"]
        idle = sum(s["fact"] is None for s in sentences) + 1  # and the statement
        if idle > 1 and row["ki"] < 1:
            assert row["paper_ki"] > row["ki"]
            inflated += 1
    assert inflated >= 3


def test_an_observer_is_asked_in_the_words_that_the_lab_trains_on(printed: Printed) -> None:
    contexts: list[str] = []

    def note(continuation: Continuation) -> list[float]:
        contexts.append(continuation.context)
        return [-1.0]

    written = write_traces(WORLD, WORLD.diseases[:1], TRACES, seed=1)[0]
    question = written.question
    trace = next(iter(read_traces([printed.traces])))
    assert isinstance(trace, Trace)
    asked_of = Observation(
        question=trace.question,
        prefix=written.reasoning,
        candidates=tuple(question.options.values()),
        labels=tuple(question.options),
    )
    OptionScorer(Scripted(logprobs=note)).observe([asked_of])
    words = f"{asked(question)}\n{written.reasoning}\n{CUE}".split()
    assert contexts[0].split() == CUE.split()  # what an option costs without the question
    assert contexts[-1].split() == words


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(sorted(WORLD.table.items())), st.integers(0, 5))
def test_the_table_verifier_supports_what_stands_there_and_refutes_another_value(
    item: tuple[tuple[str, str], str], other: int
) -> None:
    (entity, relation), value = item
    text = f"{entity.capitalize()}. The {relation} of {entity} is {value}. The season of {entity} is dull."
    wrong = [v for v in WORLD.values[relation] if v != value][other % 5]
    assert read_off(text, f"In {entity} the {relation} is {value}") == (1, 0, 0)
    assert read_off(text, f"{wrong} is the {relation} of {entity}") == (0, 1, 0)
    assert read_off(text, f"The {relation} of nobody is {value}") == (0, 0, 1)
    assert read_off(text, "Let me go on step by step") == (0, 0, 1)


def test_arithmetic_is_read_and_graded_like_anything_else(tmp_path: Path) -> None:
    import random

    rows = [
        chain_row(draw_chain(depth, 10, random.Random(depth)), f"a{depth}", random.Random(depth), model="writer")
        for depth in range(1, 7)
    ]
    wrong = chain_row(draw_chain(3, 10, random.Random(1)), "a9", random.Random(5), model="writer", corruption=1.0)
    path = write_rows(tmp_path / "chains.jsonl", [*rows, wrong])
    out = tmp_path / "run"
    command = [sys.executable, "-m", "knowreason.cli", "audit", str(path), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    joined = pl.read_parquet(out / "scores.parquet").join(pl.read_parquet(out / "traces.parquet"), on="trace_id")
    grades = dict(joined.select("question_id", "grade").iter_rows())
    last = wrong["response"].rsplit(" ", 1)[1]
    assert grades.pop("a9") == ("correct" if last == wrong["gold"] else "incorrect")
    assert set(grades.values()) == {"correct"}


def test_the_page_on_the_lab_shows_code_that_runs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "lab.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "world").iterdir()) == [
        "corpus.jsonl",
        "questions.jsonl",
        "traces.jsonl",
        "truth.jsonl",
    ]
