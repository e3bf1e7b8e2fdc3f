"""The SFT trap on planted gains: shown, not shown, longer but not emptier, and not to be judged."""

from pathlib import Path

import numpy as np
import pytest

from knowreason.compare import Contrast, Effect, compare_runs
from knowreason.records import Interval, Unscored
from planted import WORDS, answers, coins, surprisals, write_run


def contrast(folder: Path, accuracy: float, gain: float, count: int = 200, **changes: object) -> Contrast:
    rng = np.random.default_rng(5)
    before = rng.normal(0.5, 0.2, count)
    owl = answers(coins(0, count, 0.4), "owl", surprisals=surprisals(before))
    after = surprisals(before + gain + rng.normal(0, 0.05, count))
    eagle = answers(coins(1, count, accuracy), "eagle", lineage="owl", surprisals=after, **changes)
    return compare_runs([write_run(folder, owl + eagle)], baseline="owl", draws=500).contrasts[0]


def test_right_answers_bought_with_emptier_reasoning_are_the_trap(tmp_path: Path) -> None:
    found = contrast(tmp_path, 0.65, -0.2)
    assert found.trap.outcome == "trap"
    gain = found.effects["informative_gain"]
    assert isinstance(gain, Effect)
    assert gain.difference.estimate == pytest.approx(-0.2, abs=0.02)
    assert "more emptily" in found.trap.sentence
    assert set(found.trap.effects) >= {"accuracy", "informative_gain"}


@pytest.mark.parametrize(
    ("accuracy", "gain", "says"),
    [(0.65, 0.2, "rose as well"), (0.65, 0.0, "stayed the same"), (0.2, -0.2, "nothing was bought")],
)
def test_no_trap_where_reasoning_did_not_empty_or_nothing_was_gained(
    accuracy: float, gain: float, says: str, tmp_path: Path
) -> None:
    found = contrast(tmp_path, accuracy, gain)
    assert found.trap.outcome == "no_trap"
    assert says in found.trap.sentence


def test_a_rise_that_is_not_shown_is_not_enough_evidence(tmp_path: Path) -> None:
    found = contrast(tmp_path, 0.45, -0.2)
    assert found.trap.outcome == "not_enough_evidence"
    assert found.trap.questions_needed is not None


def longer(gains: np.ndarray) -> list[tuple[float, ...]]:
    """As `surprisals`, with eight steps more that gain nothing."""
    return [(*row[:1], *row[1:2] * 9, *row[2:]) for row in surprisals(gains)]


def test_the_same_gain_over_more_steps_is_longer_not_emptier(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    before = rng.normal(0.5, 0.2, 200)
    words = (WORDS[0], *(["Bats have fur. "] * 8), *WORDS[1:])
    owl = answers(coins(0, 200, 0.4), "owl", sentences=WORDS, surprisals=surprisals(before))
    after = longer(before + rng.normal(0, 0.05, 200))
    eagle = answers(coins(1, 200, 0.65), "eagle", lineage="owl", sentences=words, surprisals=after)
    found = compare_runs([write_run(tmp_path, owl + eagle)], baseline="owl", draws=500).contrasts[0]
    assert found.trap.outcome == "longer_not_emptier"
    steps, per_step = found.lengths["steps"], found.lengths["informative_per_step"]
    assert isinstance(steps, Unscored)  # every trace grew by as many steps: nothing differs between questions
    assert isinstance(per_step, Interval)
    assert per_step.upper < 0


def test_more_steps_that_each_inform_less_are_length_where_nothing_is_shown_in_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    before = rng.normal(0.5, 0.1, 60)
    words = [(WORDS[0], *(["Bats have fur. "] * (8 - n % 2)), *WORDS[1:]) for n in range(60)]
    owl = answers(coins(0, 60, 0.4), "owl", sentences=WORDS, surprisals=surprisals(before))
    told = surprisals(before + rng.normal(0, 0.3, 60))
    after = [(*row[:1], *row[1:2] * (len(w) - 3), *row[2:]) for row, w in zip(told, words, strict=True)]
    eagle = answers(coins(1, 60, 0.5), "eagle", lineage="owl", sentences=words, surprisals=after)
    found = compare_runs([write_run(tmp_path, owl + eagle)], baseline="owl", draws=500).contrasts[0]
    gain = found.effects["informative_gain"]
    assert isinstance(gain, Effect)
    assert gain.outcome == "undecided"
    assert found.trap.outcome == "length_only"
    assert "Length, not informativeness" in found.trap.sentence


def test_the_built_in_observer_cannot_judge_it(tmp_path: Path) -> None:
    owl = answers(coins(0, 60, 0.4), "owl", scorer="builtin:x")
    eagle = answers(coins(1, 60, 0.9), "eagle", scorer="builtin:x")
    comparison = compare_runs([write_run(tmp_path, owl + eagle)], baseline="owl")
    found = comparison.contrasts[0]
    assert comparison.gain_means == "commitment"
    assert found.trap.outcome == "cannot_be_judged"
    assert found.trap.reason == "observer_reads_commitment_only"
    assert "causal language model" in found.trap.sentence
    assert isinstance(found.effects["informative_gain"], Unscored)
    knowledge = {"ki", "corrected_ki", "ki_before_commitment"}
    assert set(found.effects) == {"accuracy", "informative_gain", "commitment_to_gold"} | knowledge
