"""More compute against a model that reasons: votes, passes and ways of asking, with planted crossings."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from told import predictions, write_predictions

from knowreason.compare import CatchUp, Comparison, Meeting, compare_runs
from knowreason.records import Interval, Unscored
from knowreason.report.comparison import print_comparison
from planted import answers, coins, write_run


def compared(folder: Path, rows: list[dict[str, Any]], **told: Any) -> Comparison:
    path = write_predictions(folder / "p.jsonl", rows)
    return compare_runs([], baseline="owl", predictions=[path], draws=500, **told)


def one(comparison: Comparison, strategy: str) -> CatchUp:
    (found,) = [each for each in comparison.compute if each.strategy == strategy]
    return found


def samples(model: str, chances: np.ndarray, count: int, seed: int, **changes: Any) -> list[dict[str, Any]]:
    """`count` answers a question; wrong ones choose among three letters."""
    rng = np.random.default_rng(seed)
    rows = []
    for sample in range(count):
        right = rng.random(len(chances)) < chances
        letters = np.where(right, "A", rng.choice(["B", "C", "D"], len(chances)))
        rows += predictions(model, right, sample=sample, answer=letters, tokens=100, **changes)
    return rows


@pytest.fixture(scope="module")
def voting(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """An owl that is right on 60 % of its samples of every question: a vote of nine is right far more often."""
    rows = samples("owl", np.full(300, 0.6), 9, seed=0) + samples("eagle", np.full(300, 0.85), 1, seed=1)
    return compared(tmp_path_factory.mktemp("voting"), rows)


def test_a_vote_that_grows_past_the_candidate_catches_up_where_it_was_planted(voting: Comparison) -> None:
    found = one(voting, "majority")
    shares = [point.right.estimate for point in found.points if isinstance(point.right, Interval)]
    # right with .6, else one of three wrong letters: counted over all splits of the votes
    assert shares[0] == pytest.approx(0.6, abs=0.03)
    assert shares == sorted(shares)
    assert found.conclusion.outcome == "catches_up"
    assert isinstance(found.meets, Meeting)
    first = next(p.way for p, share in zip(found.points, shares, strict=True) if share >= found.target.estimate - 0.03)
    assert found.meets.way == first
    assert [point.tokens for point in found.points] == [100 * point.samples for point in found.points]


def test_pass_at_k_is_the_chance_that_one_of_k_is_right(voting: Comparison) -> None:
    found = one(voting, "best")
    for point in found.points:
        assert isinstance(point.right, Interval)
        assert point.right.estimate == pytest.approx(1 - 0.4**point.samples, abs=0.035)
    assert found.conclusion.outcome == "catches_up"
    assert "if the right one of its samples were known" in found.conclusion.sentence


def test_a_model_that_errs_alike_every_time_never_catches_up_and_no_further_budget_is_spoken_of(tmp_path: Path) -> None:
    known = np.array(coins(0, 300, 0.4), dtype=float)
    rows = samples("owl", known, 8, seed=0) + samples("eagle", np.full(300, 0.8), 1, seed=1)
    for strategy in ("majority", "best"):
        found = one(compared(tmp_path, rows), strategy)
        assert found.conclusion.outcome == "not_within_budget"
        assert isinstance(found.meets, Meeting)
        assert (found.meets.way, found.meets.latest, found.meets.never) == (None, None, 1.0)
        assert "within the budget seen, up to 800 tokens a question" in found.conclusion.sentence
        assert max(point.samples for point in found.points) == 8


def test_one_answer_in_one_way_is_no_curve_and_the_count_is_said(tmp_path: Path) -> None:
    rows = predictions("owl", coins(0, 60, 0.4), tokens=5) + predictions("eagle", coins(1, 60, 0.9), tokens=50)
    found = one(compared(tmp_path, rows), "conditions")
    assert found.meets == Unscored(reason="too_few_points", detail="seen 1 of the 3 points of a curve")
    assert found.conclusion.outcome == "cannot_be_judged"
    assert "of the 3 points that a curve takes 1 were seen (cot)" in found.conclusion.sentence
    assert len(compared(tmp_path, rows).compute) == 1


WAYS = {"direct": (0.3, 5), "cot": (0.5, 300), "self_consistency_5": (0.52, 1500), "refine": (0.85, 4000)}


def ways(count: int, told: dict[str, tuple[float, int]] = WAYS) -> list[dict[str, Any]]:
    return [
        row
        for seed, (way, (share, tokens)) in enumerate(told.items())
        for row in predictions("owl", coins(seed, count, share), condition=way, tokens=tokens)
    ]


def test_ways_of_asking_stand_in_the_order_of_their_tokens_and_the_first_that_meets_is_named(tmp_path: Path) -> None:
    rows = ways(400) + predictions("eagle", coins(9, 400, 0.8), condition="direct", tokens=900)
    found = one(compared(tmp_path, rows), "conditions")
    assert [point.way for point in found.points] == list(WAYS)
    assert (found.target_condition, found.target_tokens) == ("direct", 900)
    assert isinstance(found.meets, Meeting)
    assert (found.meets.way, found.meets.earliest, found.meets.latest) == ("refine",) * 3
    assert found.conclusion.outcome == "catches_up"
    assert found.conclusion.effects["gap at refine"].estimate == pytest.approx(0.05)


def test_a_way_without_token_counts_has_no_place_on_the_curve_and_is_named(tmp_path: Path) -> None:
    rows = ways(60) + predictions("owl", coins(5, 60, 0.9), condition="debate")
    found = one(compared(tmp_path, rows + predictions("eagle", coins(9, 60, 0.8), tokens=900)), "conditions")
    assert "debate" not in [point.way for point in found.points]
    assert "debate" in next(a.detail for a in found.conclusion.assumptions if a.name == "enough_points")


def test_a_budget_below_the_candidates_is_said(tmp_path: Path) -> None:
    cheap = {way: (0.3, tokens // 100) for way, (_, tokens) in WAYS.items()}
    found = one(
        compared(tmp_path, ways(300, cheap) + predictions("eagle", coins(9, 300, 0.8), tokens=900)), "conditions"
    )
    assert found.conclusion.outcome == "not_within_budget"
    assert "less than the candidate spent" in found.conclusion.sentence
    assert not next(a.held for a in found.conclusion.assumptions if a.name == "budget_reaches_candidate")


def test_votes_without_the_answers_are_refused_but_passes_are_counted(tmp_path: Path) -> None:
    rows = samples("owl", np.full(60, 0.5), 4, seed=0) + samples("eagle", np.full(60, 0.5), 1, seed=1)
    comparison = compared(tmp_path, [{name: v for name, v in row.items() if name != "answer"} for row in rows])
    votes = one(comparison, "majority")
    assert isinstance(votes.meets, Unscored)
    assert votes.meets.reason == "answers_unknown"
    assert votes.points == ()
    assert isinstance(one(comparison, "best").meets, Meeting)


def test_samples_of_traces_are_votes_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    owls = [a for n in range(3) for a in answers(rng.random(60) < 0.5, "owl", sample=n)]
    run = write_run(tmp_path, owls + answers(coins(1, 60, 0.9), "eagle"))
    found = {each.strategy: each for each in compare_runs([run], baseline="owl", draws=300).compute}
    assert [point.samples for point in found["majority"].points] == [1, 2, 3]
    assert set(found) == {"conditions", "majority", "best"}


def test_fewer_than_twenty_questions_are_refused(tmp_path: Path) -> None:
    found = one(compared(tmp_path, ways(19) + predictions("eagle", coins(9, 19, 0.8), tokens=900)), "conditions")
    assert isinstance(found.meets, Unscored)
    assert found.meets.reason == "too_few"
    assert isinstance(found.target, Unscored)


def test_a_question_that_lacks_some_of_the_answers_is_dropped_and_counted(tmp_path: Path) -> None:
    rows = [row for row in ways(100) if not (row["condition"] == "refine" and row["question_id"] in ("q3", "q7"))]
    found = one(compared(tmp_path, rows + predictions("eagle", coins(9, 100, 0.8), tokens=9)), "conditions")
    assert (found.questions, found.dropped) == (98, 2)


def test_other_candidates_change_no_figure_but_the_adjusted_p(tmp_path: Path) -> None:
    eagle = predictions("eagle", coins(9, 120, 0.8), tokens=900)
    alone = one(compared(tmp_path / "a", ways(120) + eagle), "conditions")
    hawk = predictions("hawk", coins(8, 120, 0.5), tokens=900)
    both = compared(tmp_path / "b", ways(120) + eagle + hawk).compute
    beside = next(each for each in both if each.candidate.model == "eagle")
    assert beside.points == alone.points
    assert isinstance(beside.meets, Meeting)
    assert isinstance(alone.meets, Meeting)
    assert (beside.meets.p_meets, beside.meets.never) == (alone.meets.p_meets, alone.meets.never)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_terminal_shows_every_point_and_the_sentence(width: int, voting: Comparison) -> None:
    stream = io.StringIO()
    print_comparison(voting, Console(file=stream, width=width))
    shown = stream.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    flat = " ".join(shown.split())
    assert one(voting, "majority").conclusion.sentence in flat
    assert "majority of 9 (cot)" in flat


def test_tokens_counted_in_two_ways_are_not_held_against_each_other(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", answers(coins(9, 60, 0.8), "eagle"))
    told = write_predictions(tmp_path / "p.jsonl", ways(60))
    (found,) = [
        each
        for each in compare_runs([run], baseline="owl", predictions=[told], draws=300).compute
        if each.strategy == "conditions"
    ]
    assert (len(found.points), found.target_tokens) == (4, None)
    assert not next(a.held for a in found.conclusion.assumptions if a.name == "budget_reaches_candidate")


def test_facts_and_plans_that_were_given_are_no_compute(tmp_path: Path) -> None:
    rows = [
        *predictions("base", coins(0, 80, 0.4), condition="direct", tokens=10),
        *predictions("base", coins(1, 80, 0.5), condition="cot", tokens=60),
        *predictions("base", coins(2, 80, 0.95), condition="facts_given", tokens=200),
        *predictions("base", coins(3, 80, 0.95), condition="plan_given", tokens=220),
        *predictions("big", coins(4, 80, 0.85), condition="cot", tokens=90),
    ]
    comparison = compare_runs([], baseline="base", predictions=[write_predictions(tmp_path / "p.jsonl", rows)])
    assert "facts_given" not in str(comparison.compute)
    assert "plan_given" not in str(comparison.compute)
    assert not any(one.conclusion.outcome == "catches_up" for one in comparison.compute)
