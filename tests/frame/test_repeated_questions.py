"""A question that a benchmark asks twice under two ids is one cluster and two traces."""

from collections import Counter
from pathlib import Path

import pytest

from knowreason.frame import summarise
from knowreason.read import ReadOptions, Source, read_traces
from knowreason.records import Interval, ReadIssue
from knowreason.stats import bootstrap_mean
from made_records import make_audited, make_tables


def twins(count: int, repeated: int) -> list:
    """`count` questions, the first `repeated` of them asked twice, by two models; a repeated one gets one grade."""
    return [
        make_audited(
            1000 * m + 100 * copy + i,
            question_id=f"q{i}-{copy}",
            question_key=f"key{i:02d}",
            model=model,
            grade="correct" if (i + m) % 2 else "incorrect",
            paper=True,
        )
        for m, model in enumerate(("owl", "finch"))
        for i in range(count)
        for copy in range(2 if i < repeated else 1)
    ]


def test_every_trace_counts_and_every_question_is_one_cluster() -> None:
    summary = summarise(make_tables(twins(30, 10)), seed=3, paper=True)
    assert (summary.traces, summary.questions) == (80, 30)
    for cell in summary.cells:
        assert (cell.traces, cell.questions, sum(cell.grades.values())) == (40, 30, 40)
        for measure in (cell.accuracy, cell.knowledge.ki, cell.gain.total, cell.steps, cell.commitment.content_at):
            assert isinstance(measure, Interval)
            assert measure.n == 30


def test_the_interval_is_that_of_clusters_not_of_rows() -> None:
    audited = twins(12, 12)
    cell = next(c for c in summarise(make_tables(audited), seed=3, draws=4000).cells if c.model == "owl")
    mine = [a for a in audited if a.trace.model == "owl"]
    right = [a.grade.outcome == "correct" for a in mine]
    by_hand = bootstrap_mean(right, [a.trace.question_key for a in mine], seed=9, draws=4000)
    once = summarise(make_tables([a for a in mine if a.trace.question_id.endswith("-0")]), seed=3, draws=4000)
    assert isinstance(cell.accuracy, Interval)
    assert by_hand is not None
    assert (cell.accuracy.lower, cell.accuracy.upper) == pytest.approx((by_hand.lower, by_hand.upper), abs=0.05)
    single = once.cells[0].accuracy
    assert isinstance(single, Interval)
    assert cell.accuracy.upper - cell.accuracy.lower >= 0.9 * (single.upper - single.lower)


def test_repeated_questions_of_a_real_benchmark_are_kept_apart_as_traces_and_together_as_questions(
    data_dir: Path,
) -> None:
    source = Source(str(data_dir / "traces" / "mmlu_pro_mistral-7b_base.jsonl.gz"))
    traces = [item for item in read_traces([source], ReadOptions()) if not isinstance(item, ReadIssue)]
    asked = Counter((t.benchmark, t.question_key) for t in traces)
    repeated = {question for question, count in asked.items() if count > 1}
    assert len({t.trace_id for t in traces}) == len(traces) == 4185
    assert (len(asked), len(repeated), max(asked.values())) == (4090, 95, 2)
    twice = [t for t in traces if (t.benchmark, t.question_key) in repeated]
    assert len({t.question_id for t in twice}) == len(twice)
    golds = {(t.question_key, t.options[t.gold]) for t in twice if t.options and t.gold}
    assert len(golds) == len(repeated)
