"""Verdicts on planted differences: what was planted is what is said, with its figures and its doubts."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from knowreason.compare import Comparison, Contrast, Effect, Pairing, compare_runs, write_comparison
from knowreason.compare.transferability import transferability
from knowreason.errors import InputError, StoreError
from knowreason.records import Grade, Interval, Unscored
from planted import answers, coins, surprisals, write_run


def only(comparison: Comparison) -> Contrast:
    assert len(comparison.contrasts) == 1
    return comparison.contrasts[0]


def accuracy(contrast: Contrast) -> Effect:
    effect = contrast.effects["accuracy"]
    assert isinstance(effect, Effect)
    return effect


def compared(folder: Path, before: np.ndarray, after: np.ndarray, **changes: object) -> Contrast:
    run = write_run(folder, answers(before, "owl") + answers(after, "eagle", lineage="owl", **changes))
    return only(compare_runs([run], baseline="owl", draws=500))


def test_a_planted_gain_transfers(tmp_path: Path) -> None:
    found = compared(tmp_path, coins(0, 200, 0.4), coins(1, 200, 0.65))
    assert found.transfer.outcome == "transfers"
    effect = accuracy(found)
    assert (effect.baseline, effect.candidate) == (0.4, 0.65)
    assert effect.difference.estimate == pytest.approx(0.25)
    assert effect.difference.lower > 0
    assert effect.difference.n == 200
    assert "+25.0 points" in found.transfer.sentence
    assert all(a.held for a in found.transfer.assumptions)


def test_a_planted_loss_harms(tmp_path: Path) -> None:
    found = compared(tmp_path, coins(0, 200, 0.65), coins(1, 200, 0.4))
    assert found.transfer.outcome == "harms"
    assert accuracy(found).difference.upper < 0


def test_the_same_answers_show_that_nothing_transferred(tmp_path: Path) -> None:
    right = coins(0, 300, 0.5)
    found = compared(tmp_path, right, right)
    assert found.transfer.outcome == "does_not_transfer"
    assert accuracy(found).p == 1.0
    assert "3 points or more either way is ruled out" in found.transfer.sentence


def test_few_questions_without_a_difference_are_not_evidence_of_none(tmp_path: Path) -> None:
    found = compared(tmp_path, coins(0, 60, 0.5), coins(1, 60, 0.5))
    verdict = found.transfer
    assert verdict.outcome == "not_enough_evidence"
    assert verdict.questions_needed is not None
    assert verdict.questions_needed > 1000
    assert "takes about" in verdict.sentence


def test_a_gain_within_the_margin_does_not_transfer_however_certain_it_is(tmp_path: Path) -> None:
    before = coins(0, 1500, 0.5)
    after = before | (np.arange(1500) % 60 == 0)
    found = compared(tmp_path, before, after)
    effect = accuracy(found)
    assert effect.difference.lower > 0
    assert found.transfer.outcome == "does_not_transfer"


def test_the_interval_and_both_tests_are_those_of_paired_right_and_wrong_answers(tmp_path: Path) -> None:
    before, after = coins(3, 120, 0.5), coins(4, 120, 0.6)
    effect = accuracy(compared(tmp_path, before, after))
    won, lost = int((after & ~before).sum()), int((before & ~after).sum())
    assert effect.p == pytest.approx(scipy_stats.binomtest(won, won + lost).pvalue)
    p, q = (won + 1) / 122, (lost + 1) / 122
    assert effect.error == pytest.approx(np.sqrt((p + q - (p - q) ** 2) / 122))
    assert effect.equivalence.upper < effect.difference.upper


@pytest.mark.parametrize("questions", [0, 1, 19])
def test_fewer_than_twenty_shared_questions_are_refused(questions: int, tmp_path: Path) -> None:
    before = answers(coins(0, 60, 0.5), "owl")
    other = answers(coins(1, 60, 0.9), "eagle", question_key=[f"key{i + 60 - questions}" for i in range(60)])
    found = only(compare_runs([write_run(tmp_path, before + other)], baseline="owl"))
    assert (found.pairing.paired, found.pairing.baseline_only) == (questions, 60 - questions)
    assert found.transfer.outcome == "cannot_be_judged"
    assert found.transfer.reason in ("too_few", "nothing_scored")
    assert isinstance(found.effects["accuracy"], Unscored)
    assert "cannot be compared" in found.transfer.sentence


def test_unpaired_questions_are_dropped_counted_and_change_nothing(tmp_path: Path) -> None:
    before, after = coins(0, 100, 0.4), coins(1, 100, 0.6)
    whole = compared(tmp_path / "a", before, after)
    extra = answers(coins(2, 90, 1.0), "owl", sample=5, question_key=[f"other{i}" for i in range(90)])
    run = write_run(tmp_path / "b", [*extra, *answers(before, "owl"), *answers(after, "eagle", lineage="owl")])
    found = only(compare_runs([run], baseline="owl", draws=500))
    assert found.pairing == Pairing(paired=100, baseline_only=90, candidate_only=0)
    assert not next(a for a in found.transfer.assumptions if a.name == "same_questions").held
    assert found.effects["accuracy"] == whole.effects["accuracy"]


def test_samples_of_a_question_count_as_one_question(tmp_path: Path) -> None:
    before, after = coins(0, 80, 0.4), coins(1, 80, 0.6)
    once = accuracy(compared(tmp_path / "a", before, after))
    both = answers(before, "owl") + answers(before, "owl", sample=1)
    both += answers(after, "eagle") + answers(after, "eagle", sample=1)
    twice = accuracy(only(compare_runs([write_run(tmp_path / "b", both)], baseline="owl", draws=500)))
    assert (twice.difference.estimate, twice.difference.n, twice.p) == (once.difference.estimate, 80, once.p)
    assert twice.difference.lower == pytest.approx(once.difference.lower, abs=0.03)
    assert twice.difference.upper == pytest.approx(once.difference.upper, abs=0.03)


def test_ungraded_answers_leave_the_comparison_and_are_counted(tmp_path: Path) -> None:
    before, after = coins(0, 100, 0.4), coins(1, 100, 0.6)
    owl, eagle = answers(before, "owl"), answers(after, "eagle", lineage="owl")
    spoilt = answers(after[:30], "eagle", lineage="owl")
    spoilt = [
        one._replace(grade=Grade(trace_id=one.grade.trace_id, outcome=Unscored(reason="grader_timeout"), answer=None))
        for one in spoilt
    ]
    found = only(compare_runs([write_run(tmp_path, owl + spoilt + eagle[30:])], baseline="owl"))
    effect = accuracy(found)
    assert (effect.difference.n, effect.unmeasured) == (70, 30)
    assert effect.baseline == pytest.approx(before[30:].mean())
    assert not next(a for a in found.transfer.assumptions if a.name == "graded_alike").held


def test_knowledge_is_the_pooled_share_of_each_side(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["supported", "refuted", "not_enough_info"])
    told = {
        m: [tuple(rng.choice(labels, 3, p=p)) for _ in range(80)]
        for m, p in (("owl", (0.4, 0.4, 0.2)), ("eagle", (0.7, 0.1, 0.2)))
    }
    audited = [a for model, said in told.items() for a in answers(coins(0, 80, 0.5), model, verdicts=said)]
    effect = only(compare_runs([write_run(tmp_path, audited)], baseline="owl")).effects["ki"]
    assert isinstance(effect, Effect)
    flat = {model: [label for each in said for label in each] for model, said in told.items()}
    share = {m: f.count("supported") / (f.count("supported") + f.count("refuted")) for m, f in flat.items()}
    assert effect.baseline == pytest.approx(share["owl"])
    assert effect.candidate == pytest.approx(share["eagle"])
    assert effect.difference.estimate == pytest.approx(share["eagle"] - share["owl"])
    assert effect.outcome == "higher"
    assert effect.difference.lower < effect.equivalence.lower < effect.equivalence.upper < effect.difference.upper


def test_no_corpus_is_a_reason_and_no_number(tmp_path: Path) -> None:
    found = compared(tmp_path, coins(0, 40, 0.4), coins(1, 40, 0.6))
    none = write_run(
        tmp_path / "n",
        answers(coins(0, 40, 0.4), "owl", verdicts=("no_corpus",))
        + answers(coins(1, 40, 0.5), "eagle", verdicts=("no_corpus",)),
    )
    assert isinstance(found.effects["ki"], Unscored)  # every trace has the same claims: nothing differs
    assert found.effects["ki"].reason == "constant"
    assert only(compare_runs([none], baseline="owl")).effects["ki"] == Unscored(reason="no_corpus")


def test_models_measured_in_runs_of_their_own_give_the_same_comparison(tmp_path: Path) -> None:
    owl, eagle = answers(coins(0, 60, 0.4), "owl"), answers(coins(1, 60, 0.6), "eagle")
    together = compare_runs([write_run(tmp_path / "both", owl + eagle)], baseline="owl", draws=300)
    apart = [write_run(tmp_path / "one", owl), write_run(tmp_path / "two", eagle)]
    assert compare_runs(apart, baseline="owl", draws=300).contrasts == together.contrasts
    assert compare_runs(apart[::-1], baseline="owl", draws=300).contrasts == together.contrasts


def test_different_corpora_leave_right_answers_only(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / model, answers(coins(n, 60, 0.5), model), {"corpus": {"hash": model}, "version": "1"})
        for n, model in enumerate(("owl", "eagle"))
    ]
    found = only(compare_runs(runs, baseline="owl"))
    assert isinstance(found.effects["accuracy"], Effect)
    assert isinstance(found.effects["ki"], Unscored)
    assert found.effects["ki"].reason == "different_instruments"
    assert not next(a for a in found.transfer.assumptions if a.name == "same_instruments").held


@pytest.mark.parametrize(
    ("lineage", "held", "says"),
    [
        ("owl", True, "tuned from owl"),
        ("birds/OWL", True, "tuned from birds/OWL"),
        ("hawk", False, "tuned from hawk, not from owl"),
        (None, False, "not known"),
    ],
)
def test_lineage_is_checked_and_said(lineage: str | None, held: bool, says: str, tmp_path: Path) -> None:
    run = write_run(tmp_path, answers(coins(0, 40, 0.5), "owl") + answers(coins(1, 40, 0.5), "eagle", lineage=lineage))
    comparison = compare_runs([run], baseline="owl")
    checked = next(a for a in only(comparison).transfer.assumptions if a.name == "lineage")
    assert checked.held == held
    assert says in checked.detail
    assert bool(comparison.warnings) != held
    assert ("need not be due to the training" in only(comparison).transfer.sentence) != held


def test_a_parent_may_be_named_as_its_logs_were(tmp_path: Path) -> None:
    owl = answers(coins(0, 40, 0.5), "owl", variant="base")
    run = write_run(tmp_path, owl + answers(coins(1, 40, 0.5), "eagle", variant="sft", lineage="base"))
    comparison = compare_runs([run], baseline="owl")
    assert next(a for a in only(comparison).transfer.assumptions if a.name == "lineage").held
    assert not comparison.warnings


def test_two_trainings_of_one_parent_are_no_contrast_of_one(tmp_path: Path) -> None:
    run = write_run(
        tmp_path, [a for n, m in enumerate(("owl", "eagle")) for a in answers(coins(n, 40, 0.5), m, lineage="egg")]
    )
    assert "Both were tuned from egg" in only(compare_runs([run], baseline="owl")).transfer.sentence


def test_p_are_adjusted_over_benchmarks(tmp_path: Path) -> None:
    audited = []
    for number, share in enumerate((0.5, 0.58, 0.62, 0.66)):
        audited += answers(coins(number, 100, 0.5), "owl", benchmark=f"b{number}")
        audited += answers(coins(number + 9, 100, share), "eagle", benchmark=f"b{number}", lineage="owl")
    found = compare_runs([write_run(tmp_path, audited)], baseline="owl", draws=300)
    effects = [accuracy(c) for c in found.contrasts]
    assert [e.adjusted_p for e in effects] == pytest.approx(scipy_stats.false_discovery_control([e.p for e in effects]))
    assert all(e.adjusted_p >= e.p for e in effects)
    assert [c.benchmark for c in found.contrasts] == ["b0", "b1", "b2", "b3"]


def test_the_index_is_the_gain_here_for_a_point_gained_at_home(tmp_path: Path) -> None:
    audited = []
    for place, before, after in (("sums", 0.3, 0.7), ("cures", 0.4, 0.5)):
        audited += answers(coins(0, 300, before), "owl", benchmark=place, domain=place)
        audited += answers(coins(1, 300, after), "eagle", benchmark=place, domain=place, lineage="owl")
    run = write_run(tmp_path, audited)
    cures, sums = compare_runs([run], baseline="owl", trained_on="sums", draws=300).contrasts
    assert isinstance(cures.index, Interval)
    assert cures.index.estimate == pytest.approx(0.25)
    assert cures.index.lower < 0.25 < cures.index.upper
    assert sums.index == Unscored(reason="trained_here")
    assert "learned, not transferred" in sums.transfer.sentence
    assert "learned" not in cures.transfer.sentence
    turned = compare_runs([run], baseline="eagle", trained_on="sums", draws=300).contrasts[0]
    assert isinstance(turned.index, Unscored)
    assert turned.index.reason == "no_gain_to_transfer"
    unnamed = compare_runs([run], baseline="owl", draws=300).contrasts[0]
    assert unnamed.index == Unscored(reason="training_domain_not_named")
    with pytest.raises(InputError, match="--trained-on chess"):
        compare_runs([run], baseline="owl", trained_on="chess")


def test_fiellers_interval_covers_a_ratio_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        here, home = rng.normal(0.05, 0.02), rng.normal(0.2, 0.03)
        found = transferability(gained(here, 0.02), [gained(home, 0.03)])
        assert isinstance(found, Interval)
        hits += found.lower <= 0.25 <= found.upper
    assert 0.94 <= hits / 2000 <= 0.96


def gained(estimate: float, error: float) -> Effect:
    ends = Interval(estimate=estimate, lower=estimate - 2 * error, upper=estimate + 2 * error, level=0.95, n=100)
    return Effect(
        measure="accuracy",
        baseline=0.5,
        candidate=0.5 + estimate,
        difference=ends,
        equivalence=ends,
        error=error,
        margin=0.03,
        p=0.0,
        adjusted_p=0.0,
        equivalence_p=1.0,
        adjusted_equivalence_p=1.0,
        outcome="higher",
        unmeasured=0,
        questions_needed=1,
    )


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    run = write_run(
        tmp_path,
        answers(coins(0, 40, 0.4), "owl")
        + answers(coins(1, 40, 0.6), "eagle", surprisals=surprisals(np.linspace(0, 1, 40))),
    )
    written = [
        write_comparison(compare_runs([run], baseline="owl", seed=7), tmp_path / f"{n}.json").read_bytes()
        for n in (1, 2)
    ]
    assert written[0] == written[1]


def test_mistakes_are_clear_lines(tmp_path: Path) -> None:
    audited = (
        answers(coins(0, 30, 0.5), "owl")
        + answers(coins(1, 30, 0.5), "eagle")
        + answers(coins(1, 30, 0.5), "eagle", variant="sft", sample=1)
    )
    run = write_run(tmp_path / "run", audited)
    with pytest.raises(InputError, match="what is compared holds eagle, owl"):
        compare_runs([run], baseline="hawk")
    with pytest.raises(InputError, match=r"'eagle \(base\)' or 'eagle \(sft\)'"):
        compare_runs([run], baseline="owl", candidates=["eagle"])
    with pytest.raises(InputError, match="no other model"):
        compare_runs([run], baseline="owl", candidates=["owl"])
    with pytest.raises(InputError, match="--margin 0"):
        compare_runs([run], baseline="owl", margin=0.0)
    with pytest.raises(InputError, match="the same trace of"):
        compare_runs([run, run], baseline="owl")
    with pytest.raises(StoreError, match="no finished audit"):
        compare_runs([tmp_path / "nowhere"], baseline="owl")
    assert compare_runs([run], baseline="owl", candidates=["eagle (sft)"]).contrasts[0].candidate.variant == "sft"


def test_answers_that_are_only_missing_are_told_apart_from_wrong_ones(tmp_path: Path) -> None:
    before, after = coins(0, 100, 0.5), coins(0, 100, 0.5)
    silent = np.flatnonzero(before)[:20]
    owl = [
        one._replace(grade=Grade(trace_id=one.trace.trace_id, outcome="no_answer", answer=None)) if n in silent else one
        for n, one in enumerate(answers(before, "owl"))
    ]
    found = only(compare_runs([write_run(tmp_path, owl + answers(after, "eagle", lineage="owl"))], baseline="owl"))
    assert found.transfer.outcome == "transfers"
    checked = next(a for a in found.transfer.assumptions if a.name == "answered_alike")
    assert not checked.held
    assert "on the 80 questions where both state one the difference is +0.0 points" in checked.detail
    assert "part of this may be format" in found.transfer.sentence
