"""The summary: pooled by question, silent about nothing, stable."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from knowreason.errors import StoreError
from knowreason.frame import Summary, read_summary, summarise, write_summary
from knowreason.records import Commitment, Interval, Unscored
from knowreason.stats import bootstrap_ratio, wilson
from made_records import make_audited, make_tables

VERDICTS = [("supported",), ("supported", "refuted"), ("refuted", "refuted", "supported"), ("not_enough_info",)]
GRADES = ["correct", "incorrect", "no_answer", "correct"]


def varied(count: int = 40, **changes: object) -> list:
    return [
        make_audited(
            i,
            verdicts=VERDICTS[i % 4],
            grade=GRADES[i % 4],
            surprisals=(0.7, 0.6 + i / 100, 0.8, 0.3, 0.1),
            **changes,  # type: ignore[arg-type]
        )
        for i in range(count)
    ]


def only(summary: Summary):
    assert len(summary.cells) == 1
    return summary.cells[0]


def test_pooled_index_is_a_ratio_of_sums_with_its_coverage_and_bounds() -> None:
    cell = only(summarise(make_tables(varied()), seed=1))
    knowledge = cell.knowledge
    assert (knowledge.claims, knowledge.supported, knowledge.refuted, knowledge.not_enough_info) == (70, 30, 30, 10)
    assert isinstance(knowledge.ki, Interval)
    assert knowledge.ki.estimate == 0.5
    assert knowledge.ki.n == 30  # questions with a decided claim
    assert isinstance(knowledge.coverage, Interval)
    assert knowledge.coverage.estimate == pytest.approx(60 / 70)
    assert (knowledge.lower, knowledge.upper) == (30 / 70, 40 / 70)
    assert isinstance(knowledge.mean_over_traces, Interval)
    assert knowledge.mean_over_traces.estimate == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_an_answer_that_was_not_given_counts_as_wrong() -> None:
    cell = only(summarise(make_tables(varied())))
    expected = wilson(20, 40)
    assert expected is not None
    assert cell.accuracy == Interval(estimate=0.5, lower=expected.lower, upper=expected.upper, level=0.95, n=40)
    assert cell.grades == {"correct": 20, "incorrect": 10, "no_answer": 10}
    assert isinstance(cell.no_answer, Interval)
    assert cell.no_answer.estimate == 0.25


def test_samples_of_one_question_are_one_cluster() -> None:
    rng = np.random.default_rng(0)
    right = rng.integers(0, 2, 60)
    audited = [
        make_audited(i, grade="correct" if right[i] else "incorrect", question_key=f"k{i % 12:02d}", sample=i // 12)
        for i in range(60)
    ]
    cell = only(summarise(make_tables(audited), seed=0, draws=4000))
    by_hand = bootstrap_ratio(right, np.ones(60), np.arange(60) % 12, seed=5, draws=4000)
    assert by_hand is not None
    assert isinstance(cell.accuracy, Interval)
    assert (cell.traces, cell.questions, cell.accuracy.n) == (60, 12, 12)
    assert (cell.accuracy.lower, cell.accuracy.upper) == pytest.approx((by_hand.lower, by_hand.upper), abs=0.03)


def test_where_all_claims_agree_the_interval_still_has_a_width() -> None:
    cell = only(summarise(make_tables([make_audited(i, verdicts=("supported",) * 2) for i in range(10)])))
    assert isinstance(cell.knowledge.ki, Interval)
    assert cell.knowledge.ki.estimate == cell.knowledge.ki.upper == 1.0
    assert 0.6 < cell.knowledge.ki.lower < 0.8


def test_where_every_question_is_half_right_the_interval_still_has_a_width() -> None:
    cell = only(summarise(make_tables([make_audited(i, verdicts=("supported", "refuted")) for i in range(6)])))
    assert isinstance(cell.knowledge.ki, Interval)
    assert cell.knowledge.ki.estimate == 0.5
    assert cell.knowledge.ki.lower < 0.25 < 0.75 < cell.knowledge.ki.upper


def test_four_questions_are_too_few_for_any_interval() -> None:
    cell = only(summarise(make_tables(varied(4))))
    for measure in (cell.accuracy, cell.knowledge.ki, cell.gain.total, cell.steps, cell.commitment.content_at):
        assert isinstance(measure, Unscored)
        assert measure.reason == "too_few"


def test_what_was_never_measured_carries_the_reason_instead_of_a_number() -> None:
    audited = [make_audited(i, grade="needs_judge", verdicts=("no_corpus",)) for i in range(10)]
    cell = only(summarise(make_tables(audited)))
    assert cell.accuracy == Unscored(reason="needs_judge")
    assert cell.knowledge.ki == Unscored(reason="no_corpus")
    assert (cell.knowledge.lower, cell.knowledge.upper, cell.graded) == (None, None, 0)
    assert cell.unscored == {"grade": {"needs_judge": 10}, "knowledge": {"no_corpus": 10}, "claims": {"no_corpus": 10}}


def test_traces_without_claims_do_not_hide_why_the_others_have_no_index() -> None:
    audited = [make_audited(i, verdicts=("no_corpus",) if i < 3 else ()) for i in range(20)]
    knowledge = only(summarise(make_tables(audited))).knowledge
    assert (knowledge.ki, knowledge.coverage) == (Unscored(reason="no_corpus"), Unscored(reason="no_corpus"))
    silent = only(summarise(make_tables([make_audited(i, verdicts=()) for i in range(20)]))).knowledge
    assert silent.ki == silent.coverage == Unscored(reason="no_claims")


def test_unscored_claims_leave_the_pooled_index_unchanged() -> None:
    plain = only(summarise(make_tables(varied()), seed=3))
    more = [make_audited(i, verdicts=(*VERDICTS[i % 4], "verifier_failed")) for i in range(40)]
    assert only(summarise(make_tables(more), seed=3)).knowledge.ki == plain.knowledge.ki


def test_claims_after_the_commitment_stay_out_of_the_index_before_it() -> None:
    audited = [make_audited(i, verdicts=("supported", "refuted", "supported", "supported")) for i in range(10)]
    cell = only(summarise(make_tables(audited)))
    assert isinstance(cell.knowledge.before_commitment, Interval)
    assert cell.knowledge.before_commitment.estimate == 0.5
    assert isinstance(cell.knowledge.ki, Interval)
    assert cell.knowledge.ki.estimate == 0.75


def test_a_bare_answer_commits_nowhere() -> None:
    thinkers = [make_audited(i) for i in range(10)]
    bare = [
        make_audited(i, sentences=("The answer is (B).",), verdicts=(), surprisals=(0.7, 0.1)) for i in range(10, 40)
    ]
    bare = [b._replace(commitment=Commitment(content_at=0, statement_at=0, rule="unstated")) for b in bare]
    alone, mixed = (only(summarise(make_tables(a), seed=1)).commitment for a in (thinkers, [*thinkers, *bare]))
    assert (mixed.content_at, mixed.early) == (alone.content_at, alone.early)
    assert mixed.rules == {"verbatim": 10, "unstated": 30}
    few_words = [b._replace(commitment=Commitment(content_at=0, statement_at=9, rule="verbatim")) for b in bare]
    assert only(summarise(make_tables([*thinkers, *few_words]), seed=1)).commitment.early == alone.early
    none = only(summarise(make_tables(bare))).commitment
    assert none.content_at == none.early == Unscored(reason="no_reasoning")


def test_every_claim_is_decided_or_has_its_reason_counted() -> None:
    cell = only(summarise(make_tables(varied())))
    assert cell.unscored["claims"] == {"undecided": cell.knowledge.not_enough_info}


def test_decided_claims_that_all_follow_the_commitment_are_not_too_few_questions() -> None:
    late = [a._replace(commitment=Commitment(content_at=0, statement_at=84, rule="verbatim")) for a in varied(20)]
    knowledge = only(summarise(make_tables(late))).knowledge
    assert isinstance(knowledge.ki, Interval)
    assert knowledge.before_commitment == Unscored(reason="no_decided_claim")


def test_the_strict_rule_also_counts_vague_and_contradictory_answers() -> None:
    audited = [make_audited(i) for i in range(10)]
    audited[0] = audited[0]._replace(commitment=None)
    grade = audited[1].grade
    audited[1] = audited[1]._replace(
        grade=type(grade)(trace_id=grade.trace_id, outcome="correct", answer="B", conflicting_statements=2)
    )
    cell = only(summarise(make_tables(audited)))
    assert isinstance(cell.no_answer, Interval)
    assert isinstance(cell.no_answer_strict, Interval)
    assert (cell.no_answer.estimate, cell.no_answer_strict.estimate) == (0.0, 0.2)


def test_means_leave_out_what_was_not_scored_and_say_how_many_they_rest_on() -> None:
    audited = [make_audited(i) for i in range(12)]
    audited[:4] = [a._replace(commitment=None) for a in audited[:4]]
    rules = Commitment(content_at=60, statement_at=84, rule="none")
    audited[4:6] = [a._replace(commitment=rules) for a in audited[4:6]]
    gain = only(summarise(make_tables(audited))).gain
    assert (gain.traces, gain.traces_with_parts) == (12, 8)
    assert isinstance(gain.informative, Interval)
    assert isinstance(gain.informative_where_read, Interval)
    assert (gain.informative.n, gain.informative_where_read.n) == (8, 6)
    assert gain.informative.estimate == pytest.approx(0.1)
    assert isinstance(gain.surprisal_before, Interval)
    assert gain.surprisal_before.estimate == pytest.approx(0.7)


def test_a_cell_is_the_same_whatever_else_the_run_holds_and_in_whatever_order() -> None:
    mine = varied()
    others = [
        make_audited(100 + i, model="finch", grade="incorrect", question_key=f"key{i}", verdicts=()) for i in range(30)
    ]
    alone = only(summarise(make_tables(mine), seed=7))
    together = summarise(make_tables([*others, *mine[::-1]]), seed=7)
    assert [c.model for c in together.cells] == ["finch", "owl"]
    assert together.cells[1] == alone
    assert (together.traces, together.questions) == (70, 40)


def test_ways_of_asking_are_never_pooled() -> None:
    audited = varied() + [make_audited(200 + i, condition="facts_given") for i in range(10)]
    assert [c.condition for c in summarise(make_tables(audited)).cells] == ["cot", "facts_given"]


def test_figures_of_the_built_in_observer_are_called_commitment() -> None:
    assert summarise(make_tables(varied(scorer="builtin:"))).instruments.gain_means == "commitment"
    assert summarise(make_tables(varied(scorer="hf:some/model"))).instruments.gain_means == "gain"


def test_a_summary_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    tables = make_tables(varied())
    for name, table in tables.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
    write_summary(tmp_path, seed=4)
    first = (tmp_path / "summary.json").read_bytes()
    assert read_summary(tmp_path) == summarise(tables, seed=4)
    write_summary(tmp_path, seed=4)
    assert (tmp_path / "summary.json").read_bytes() == first
    assert b"NaN" not in first
    assert not list(tmp_path.glob("*.tmp"))


def test_an_empty_run_has_an_empty_summary() -> None:
    summary = summarise(make_tables([]))
    assert (summary.traces, summary.cells, summary.instruments.scorers) == (0, (), ())


def test_a_folder_without_a_finished_audit_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"traces\.parquet is missing"):
        write_summary(tmp_path)
    with pytest.raises(StoreError, match=r"summary\.json is missing"):
        read_summary(tmp_path)
    (tmp_path / "summary.json").write_text('{"cells": 1}')
    with pytest.raises(StoreError, match="cannot be read"):
        read_summary(tmp_path)


def test_tables_of_two_runs_are_refused_together() -> None:
    tables = make_tables(varied())
    with pytest.raises(StoreError, match="do not belong together"):
        summarise({**tables, "scores": tables["scores"].head(3)})
    assert isinstance(tables["scores"], pl.DataFrame)
