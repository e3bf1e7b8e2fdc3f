"""Graded predictions beside runs and alone: the same differences, and nothing that was not measured."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from told import predictions, write_predictions

from knowreason.compare import Comparison, Contrast, Effect, compare_runs
from knowreason.errors import InputError
from knowreason.records import Interval, Unscored
from planted import answers, coins, write_run


def only(comparison: Comparison) -> Contrast:
    (contrast,) = comparison.contrasts
    return contrast


def accuracy(contrast: Contrast) -> Effect:
    effect = contrast.effects["accuracy"]
    assert isinstance(effect, Effect)
    return effect


def test_predictions_alone_give_the_difference_that_a_run_gives(tmp_path: Path) -> None:
    own, theirs = coins(0, 200, 0.4), coins(1, 200, 0.7)
    rows = predictions("owl", own, tokens=10) + predictions("eagle", theirs, tokens=30)
    told = only(compare_runs([], baseline="owl", predictions=[write_predictions(tmp_path / "p.jsonl", rows)]))
    run = write_run(tmp_path / "run", answers(own, "owl") + answers(theirs, "eagle"))
    measured = only(compare_runs([run], baseline="owl"))
    assert accuracy(told).difference == accuracy(measured).difference
    assert told.transfer.outcome == measured.transfer.outcome == "transfers"
    longer = told.lengths["tokens"]
    assert isinstance(longer, Unscored)  # every answer has 20 more: no question differs from another
    assert longer.reason == "constant"


def test_lengths_are_compared_where_tokens_are_known(tmp_path: Path) -> None:
    spent = np.random.default_rng(0).integers(10, 50, 60)
    known = predictions("owl", coins(0, 60, 0.5), tokens=spent)
    found = predictions("eagle", coins(1, 60, 0.5), tokens=2 * spent)
    told = only(compare_runs([], baseline="owl", predictions=[write_predictions(tmp_path / "p.jsonl", known + found)]))
    longer = told.lengths["tokens"]
    assert isinstance(longer, Interval)
    assert longer.estimate == pytest.approx(spent.mean())
    assert told.lengths["steps"] == Unscored(reason="nothing_scored")


def test_what_predictions_do_not_hold_is_unscored_with_the_reason(tmp_path: Path) -> None:
    rows = predictions("owl", coins(0, 60, 0.5)) + predictions("eagle", coins(1, 60, 0.5))
    told = only(compare_runs([], baseline="owl", predictions=[write_predictions(tmp_path / "p.jsonl", rows)]))
    unmeasured = {name: effect for name, effect in told.effects.items() if name not in ("accuracy", "corrected_ki")}
    assert unmeasured
    for effect in unmeasured.values():
        assert effect == Unscored(reason="predictions_only")
    assert (told.trap.outcome, told.trap.reason) == ("cannot_be_judged", "predictions_only")
    assert "graded predictions hold no reasoning" in told.trap.sentence


def test_a_run_and_predictions_pair_by_benchmark_and_question_id(tmp_path: Path) -> None:
    own, theirs = coins(0, 80, 0.4), coins(1, 90, 0.7)
    run = write_run(tmp_path / "run", answers(own, "owl"))
    told = write_predictions(tmp_path / "p.jsonl", predictions("eagle", theirs, tokens=7))
    contrast = only(compare_runs([run], baseline="owl", predictions=[told]))
    assert (contrast.pairing.paired, contrast.pairing.candidate_only) == (80, 10)
    assert accuracy(contrast).candidate == pytest.approx(theirs[:80].mean())
    longer = contrast.lengths["tokens"]  # a harness counts tokens otherwise than the audit does
    assert isinstance(longer, Unscored)
    assert longer.reason == "different_instruments"


def test_an_answer_that_was_not_graded_is_left_out_and_counted(tmp_path: Path) -> None:
    own = [None, None, *coins(0, 60, 0.5)]
    rows = predictions("owl", own) + predictions("eagle", coins(1, 62, 0.5))
    told = only(compare_runs([], baseline="owl", predictions=[write_predictions(tmp_path / "p.jsonl", rows)]))
    assert (accuracy(told).difference.n, accuracy(told).unmeasured) == (60, 2)


def test_wrong_and_missing_answers_are_said_not_to_be_told_apart(tmp_path: Path) -> None:
    rows = predictions("owl", coins(0, 60, 0.5)) + predictions("eagle", coins(1, 60, 0.5))
    comparison = compare_runs([], baseline="owl", predictions=[write_predictions(tmp_path / "p.jsonl", rows)])
    assert any("do not tell a wrong answer from a missing one" in warning for warning in comparison.warnings)
    checked = {a.name: a.held for a in only(comparison).transfer.assumptions}
    assert checked["answers_told"] is False
    assert "answered_alike" not in checked


def test_one_answer_in_two_files_and_nothing_to_compare_are_refused(tmp_path: Path) -> None:
    rows = predictions("owl", coins(0, 30, 0.5)) + predictions("eagle", coins(1, 30, 0.5))
    twice = [write_predictions(tmp_path / name, rows) for name in ("a.jsonl", "b.jsonl")]
    with pytest.raises(InputError, match=r"the same answer of .* is in .*a.jsonl and .*b.jsonl"):
        compare_runs([], baseline="owl", predictions=twice)
    with pytest.raises(InputError, match="name a run directory, or graded answers with --predictions"):
        compare_runs([], baseline="owl")


def knowreason(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowreason.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_the_command_works_without_a_run_and_writes_beside_the_user(tmp_path: Path) -> None:
    rows = predictions("owl", coins(0, 60, 0.4)) + predictions("eagle", coins(1, 60, 0.9))
    renamed = [{("bench" if name == "benchmark" else name): value for name, value in row.items()} for row in rows]
    write_predictions(tmp_path / "p.jsonl", renamed)
    told = ("compare", "--predictions", "p.jsonl", "--baseline", "owl", "--field", "benchmark=bench")
    done = knowreason(tmp_path, *told, "--json")
    assert done.returncode == 0, done.stderr
    comparison = msgspec.json.decode(done.stdout, type=Comparison)
    assert comparison.predictions == ("p.jsonl",)
    assert json.loads((tmp_path / "comparison.json").read_text("utf-8"))["runs"] == []
    shown = knowreason(tmp_path, *told)
    assert "eagle against owl" in shown.stdout
    assert "Not measured  KI: graded predictions hold no reasoning." in shown.stdout


def test_a_bad_table_is_one_line_and_exit_1(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.jsonl", [{"question_id": "q", "benchmark": "b", "model": "owl"}])
    done = knowreason(tmp_path, "compare", "--predictions", "p.jsonl", "--baseline", "owl")
    assert done.returncode == 1
    assert "p.jsonl, line 1: 'correct' is missing; write true, false, or null" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
