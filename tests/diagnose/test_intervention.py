"""The interventional arm: what was planted is what is said, in figures that can be checked by hand."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW
from worlds import given, share, under, write_run

from knowreason.diagnose import Diagnosis, Need, diagnose_predictions, diagnose_runs
from knowreason.diagnose.contrasts import Measured, measured
from knowreason.diagnose.intervention import benefits_of
from knowreason.errors import InputError, StoreError
from knowreason.read.predictions import read_predictions
from knowreason.records import Interval, Unscored


def only(diagnosis: Diagnosis) -> Need:
    assert len(diagnosis.needs) == 1
    return diagnosis.needs[0]


def need(folder: Path, count: int = 200, **levels: float) -> Need:
    return only(diagnose_runs([write_run(folder, given(count, **levels))], draws=500))


def test_facts_that_help_more_than_reasoning_are_a_need_for_knowledge(tmp_path: Path) -> None:
    found = need(tmp_path, direct=0.38, cot=0.4, facts_given=0.7)
    assert found.conclusion.outcome == "knowledge_bound"
    assert found.conclusion == found.intervention.conclusion
    deficit, benefit = found.intervention.contrasts.values()
    assert isinstance(deficit, Interval)
    assert isinstance(benefit, Interval)
    assert deficit.estimate == pytest.approx(0.3)
    assert benefit.estimate == pytest.approx(0.02)
    assert isinstance(found.intervention.difference, Interval)
    assert found.intervention.difference.estimate == pytest.approx(0.28)
    assert "needs knowledge rather than reasoning" in found.conclusion.sentence
    assert "+30.0 points" in found.conclusion.sentence


def test_reasoning_that_helps_more_than_facts_is_a_need_for_reasoning(tmp_path: Path) -> None:
    found = need(tmp_path, direct=0.2, cot=0.5, facts_given=0.52)
    assert found.conclusion.outcome == "reasoning_bound"
    assert found.intervention.reasoning == "cot - direct"
    assert "by reasoning aloud" in found.conclusion.sentence


def test_facts_that_win_only_because_reasoning_harms_are_no_need(tmp_path: Path) -> None:
    found = need(tmp_path, direct=0.6, cot=0.4, facts_given=0.4)
    assert isinstance(found.intervention.difference, Interval)
    assert found.intervention.difference.lower > 0
    assert found.conclusion.outcome == "not_enough_evidence"
    assert "not itself shown to help" in found.conclusion.sentence


def test_what_cannot_be_separated_names_the_questions_that_would_do(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    audited = [one for name in ("direct", "cot", "facts_given") for one in under(name, rng.permutation(share(80, 0.5)))]
    found = only(diagnose_runs([write_run(tmp_path, audited)], draws=500))
    assert found.conclusion.outcome == "not_separable"
    assert found.conclusion.questions_needed is not None
    assert found.conclusion.questions_needed > 1000
    assert "takes about" in found.conclusion.sentence


def test_the_same_answers_everywhere_show_that_neither_outweighs_the_other(tmp_path: Path) -> None:
    found = need(tmp_path, 3000, direct=0.5, cot=0.5, facts_given=0.5)
    assert found.conclusion.outcome == "not_separable"
    assert found.conclusion.questions_needed is None
    assert "ruled out" in found.conclusion.sentence


def test_the_benefit_is_chosen_in_an_order_fixed_in_advance() -> None:
    every = {"cot", "direct", "plan_given", "facts_given", "budget_64", "budget_512", "budget_128"}
    wanted = [("plan_given", "cot"), ("cot", "direct"), ("budget_512", "budget_64")]
    assert benefits_of(every) == wanted
    assert benefits_of(every - {"plan_given"}) == wanted[1:]
    assert benefits_of({"cot", "budget_64"}) == []
    assert benefits_of({"budget_100", "budget_20"}) == [("budget_100", "budget_20")]


def test_all_benefits_are_shown_and_the_first_one_is_taken(tmp_path: Path) -> None:
    found = need(tmp_path, cot=0.4, facts_given=0.7, plan_given=0.45, budget_64=0.3, budget_512=0.5)
    assert found.intervention.reasoning == "plan_given - cot"
    assert list(found.intervention.contrasts) == ["facts_given - cot", "plan_given - cot", "budget_512 - budget_64"]
    assert found.conclusion.outcome == "knowledge_bound"
    assert "given a plan" in found.conclusion.sentence


@pytest.mark.parametrize(
    ("levels", "missing"),
    [
        ({"direct": 0.3, "cot": 0.5}, "facts_given"),
        ({"cot": 0.5, "facts_given": 0.6}, "direct (or plan_given, or two budget_N)"),
        ({"cot": 0.5}, "facts_given and direct (or plan_given, or two budget_N)"),
        ({"direct": 0.3, "facts_given": 0.6}, "cot"),
    ],
)
def test_a_missing_condition_is_named_with_the_next_act(levels: dict[str, float], missing: str, tmp_path: Path) -> None:
    arm = need(tmp_path, **levels).intervention
    assert arm.conclusion.outcome == "cannot_be_judged"
    assert arm.difference == Unscored(reason="condition_missing", detail=missing)
    assert f"what is missing is {missing};" in arm.conclusion.sentence
    assert "`knowreason conditions`" in arm.conclusion.sentence


def test_a_benefit_alone_is_measured_and_gives_no_verdict(tmp_path: Path) -> None:
    arm = need(tmp_path, direct=0.3, cot=0.5).intervention
    assert isinstance(arm.contrasts["cot - direct"], Interval)
    assert "by reasoning aloud right answers change by +20.0 points" in arm.conclusion.sentence.lower()


@pytest.mark.parametrize("count", [1, 19])
def test_fewer_than_twenty_questions_are_refused(count: int, tmp_path: Path) -> None:
    arm = need(tmp_path, count, direct=0.3, cot=0.5, facts_given=0.9).intervention
    assert arm.conclusion.outcome == "cannot_be_judged"
    assert arm.conclusion.reason == "too_few"
    assert all(isinstance(found, Unscored) for found in arm.contrasts.values())


def test_questions_that_were_not_asked_everywhere_are_dropped_and_counted(tmp_path: Path) -> None:
    audited = [*under("cot", share(120, 0.5)), *under("direct", share(120, 0.4)), *under("facts_given", share(90, 0.8))]
    arm = only(diagnose_runs([write_run(tmp_path, audited)], draws=500)).intervention
    assert isinstance(arm.difference, Interval)
    assert (arm.difference.n, arm.dropped) == (90, 30)
    assert not next(a for a in arm.conclusion.assumptions if a.name == "same_questions").held


def test_a_difference_of_two_answers_has_the_interval_and_p_of_statsmodels_t_test() -> None:
    rng = np.random.default_rng(1)
    values = rng.choice([-2.0, -1.0, 0.0, 1.0, 2.0], 400, p=[0.05, 0.15, 0.4, 0.3, 0.1])
    found = measured(values, 2, True, margin=0.03, seed=1, draws=4000)
    assert isinstance(found, Measured)
    theirs = DescrStatsW(values)
    lower, upper = theirs.tconfint_mean()
    assert found.interval.lower == pytest.approx(lower, abs=0.01)
    assert found.interval.upper == pytest.approx(upper, abs=0.01)
    assert np.log(found.p) == pytest.approx(np.log(scipy_stats.ttest_1samp(values, 0).pvalue), rel=0.1)


def test_many_subjects_are_adjusted_together(tmp_path: Path) -> None:
    audited = []
    for number, right in enumerate((0.46, 0.5, 0.55, 0.6)):
        for condition, level in (("direct", 0.4), ("cot", 0.4), ("facts_given", right)):
            audited += under(condition, share(150, level), benchmark=f"b{number}")
    found = diagnose_runs([write_run(tmp_path, audited)], draws=500)
    adjusted = [one.intervention.adjusted_p for one in found.needs]
    assert [one.subject.benchmark for one in found.needs] == ["b0", "b1", "b2", "b3"]
    assert all(p is not None for p in adjusted)


def write_predictions(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "graded.jsonl"
    pl.DataFrame(rows).write_ndjson(path)
    return path


def test_a_table_of_predictions_gives_the_same_as_a_run(tmp_path: Path) -> None:
    levels = {"direct": 0.38, "cot": 0.4, "facts_given": 0.7}
    rows = [
        {"question_id": f"key{n}", "benchmark": "animals", "model": "owl", "variant": "base", "condition": name}
        | {"sample": 0, "correct": bool(right), "tokens": 7}
        for name, level in levels.items()
        for n, right in enumerate(share(200, level))
    ]
    path = write_predictions(tmp_path, rows)
    told = only(diagnose_predictions(read_predictions(path), path, draws=500))
    run = need(tmp_path / "run", **levels)
    assert told.intervention.difference == run.intervention.difference
    assert told.intervention.levels == run.intervention.levels
    assert told.observation.conclusion.reason == "no_traces"
    assert "no_traces" not in told.conclusion.sentence


def test_samples_of_a_question_count_as_one_question(tmp_path: Path) -> None:
    rows = [
        {"question_id": str(n), "benchmark": "b", "model": "m", "condition": name, "sample": sample}
        | {"correct": bool((n * 7 + sample) % 10 < 10 * level), "tokens": 7}
        for name, level in {"direct": 0.3, "cot": 0.5, "facts_given": 0.8}.items()
        for n in range(60)
        for sample in range(4)
    ]
    path = write_predictions(tmp_path, rows)
    arm = only(diagnose_predictions(read_predictions(path), path, draws=500)).intervention
    assert isinstance(arm.difference, Interval)
    assert arm.difference.n == 60


def test_mistakes_are_clear_lines(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", given(30, cot=0.5))
    with pytest.raises(InputError, match="--margin 0"):
        diagnose_runs([run], margin=0.0)
    with pytest.raises(InputError, match="knowledge=SHARE"):
        diagnose_runs([run], reliabilities={"luck": 0.5})
    with pytest.raises(StoreError, match="no finished audit"):
        diagnose_runs([tmp_path / "nowhere"])
