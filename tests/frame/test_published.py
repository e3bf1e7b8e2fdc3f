"""The published formulas as they were printed, and the two ways in which they mislead."""

import math
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.errors import StoreError
from knowreason.frame import read_summary, rows_of, summarise, write_summary
from knowreason.frame.published import paper_infogain, paper_ki
from knowreason.records import Gain, Interval, Unscored
from made_records import SENTENCES, make_audited, make_tables

figures = st.lists(st.floats(0, 20), min_size=2, max_size=12)


def gains(surprisals: list[float]) -> list[Gain]:
    return [
        Gain(step=i, surprisal=h, gain=surprisals[i - 1] - h if i else None, part=None, entropy=None)
        for i, h in enumerate(surprisals)
    ]


def scores(**changes: object) -> dict[str, object]:
    return rows_of(make_audited(paper=True, **changes))["scores"][0]  # type: ignore[arg-type]


def published(**changes: object) -> float | Unscored:
    audited = make_audited(**changes)  # type: ignore[arg-type]
    return paper_ki(audited.steps, audited.claims, audited.verifications)


def test_both_formulas_agree_with_a_calculation_by_hand() -> None:
    # four steps: supported, refuted, undecided, no claim
    assert published(verdicts=("supported", "refuted", "not_enough_info")) == (1 + 0 + 1 + 1) / 4
    by_hand = (math.exp(0.7) - math.exp(0.1)) / 4
    assert paper_infogain(gains([0.7, 0.6, 0.8, 0.3, 0.1])) == pytest.approx(by_hand)


def test_the_perplexity_of_an_answer_of_several_tokens_is_per_token() -> None:
    assert paper_infogain(gains([6.0, 3.0]), 3) == pytest.approx(math.exp(2) - math.exp(1))
    gain = msgspec.structs.replace(make_audited().gain, answer_space="tokens", answer_tokens=2)
    row = rows_of(make_audited(paper=True)._replace(gain=gain))["scores"][0]
    assert row["answer_tokens"] == 2
    assert row["paper_infogain"] == pytest.approx((math.exp(0.7 / 2) - math.exp(0.1 / 2)) / 4)


@given(figures)
def test_the_same_text_cut_into_twice_as_many_steps_scores_half(surprisals: list[float]) -> None:
    whole = paper_infogain(gains(surprisals))
    halves = [h for pair in pairwise(surprisals) for h in (pair[0], sum(pair) / 2)]
    cut = paper_infogain(gains([*halves, surprisals[-1]]))
    assert isinstance(whole, float)
    assert cut == pytest.approx(whole / 2)


def test_cutting_a_step_halves_theirs_and_leaves_our_total_gain() -> None:
    words = [word for sentence in SENTENCES for word in (sentence[:8], sentence[8:])]
    whole = scores(verdicts=())
    path = (0.7, 0.65, 0.6, 0.7, 0.8, 0.5, 0.3, 0.2, 0.1)
    cut = make_audited(verdicts=(), paper=True, sentences=words, surprisals=path)
    assert cut.trace.reasoning == make_audited().trace.reasoning
    row = rows_of(cut)["scores"][0]
    assert row["paper_infogain"] == pytest.approx(whole["paper_infogain"] / 2)  # type: ignore[operator]
    assert row["gain_total"] == pytest.approx(whole["gain_total"])


@given(st.integers(1, 30))
def test_a_trace_without_claims_scores_one_and_so_does_an_undecided_one(steps: int) -> None:
    sentences = ["Nothing is said. "] * steps
    assert published(sentences=sentences, verdicts=()) == 1.0
    assert published(sentences=sentences, verdicts=("not_enough_info",) * steps) == 1.0


def test_empty_steps_raise_their_index_and_leave_ours() -> None:
    plain, padded = (scores(verdicts=("supported", "refuted"), sentences=SENTENCES[:n]) for n in (2, 4))
    assert (plain["ki"], padded["ki"]) == (0.5, 0.5)
    assert (plain["paper_ki"], padded["paper_ki"]) == (0.5, 0.75)


def test_a_run_that_verified_nothing_has_no_published_index_either() -> None:
    assert published(verdicts=("no_corpus", "no_corpus")) == Unscored(reason="no_corpus")
    mixed = [make_audited(i, verdicts=("no_corpus",) if i < 6 else (), paper=True) for i in range(20)]
    paper = summarise(make_tables(mixed), paper=True).cells[0].paper
    assert paper is not None
    assert (paper.ki, paper.traces_with_ki) == (Unscored(reason="no_corpus"), 0)
    assert isinstance(paper.infogain, Interval)


def test_a_perplexity_too_large_for_a_number_is_not_scored() -> None:
    assert paper_infogain(gains([5000.0, 1.0])) == Unscored(reason="not_finite")
    assert paper_infogain(gains([5.0])) == Unscored(reason="no_steps")
    assert scores(surprisals=(5000.0, 1, 1, 1, 1))["paper_infogain"] is None


def test_without_being_asked_for_the_columns_are_null_and_the_summary_is_silent() -> None:
    audited = [make_audited(i) for i in range(10)]
    tables = make_tables(audited)
    assert tables["scores"]["paper_ki"].null_count() == tables["scores"]["paper_infogain"].null_count() == 10
    assert summarise(tables).cells[0].paper is None


def test_means_of_the_published_figures_have_intervals_over_questions() -> None:
    audited = [
        make_audited(i, paper=True, verdicts=("refuted",) * (i % 3), surprisals=(0.7, 0.6, 0.5, 0.4, 0.02 * i))
        for i in range(30)
    ]
    tables = make_tables(audited)
    paper = summarise(tables, paper=True).cells[0].paper
    assert paper is not None
    for measure, column in ((paper.ki, "paper_ki"), (paper.infogain, "paper_infogain")):
        assert isinstance(measure, Interval)
        assert measure.estimate == pytest.approx(tables["scores"][column].mean())
        assert measure.lower < measure.estimate < measure.upper
        assert measure.n == 30


def test_asking_for_the_published_figures_changes_no_other_figure(tmp_path: Path) -> None:
    plain = summarise(make_tables([make_audited(i) for i in range(20)]), seed=2)
    asked = summarise(make_tables([make_audited(i, paper=True) for i in range(20)]), seed=2)
    assert plain == asked


def test_tables_of_an_older_version_are_one_clear_line(tmp_path: Path) -> None:
    for name, table in make_tables([make_audited(i) for i in range(6)]).items():
        kept = table.drop("paper_ki") if name == "scores" else table
        kept.write_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(StoreError, match=r"another version .it lacks paper_ki.: run the audit again"):
        write_summary(tmp_path)
    with pytest.raises(StoreError):
        read_summary(tmp_path)
