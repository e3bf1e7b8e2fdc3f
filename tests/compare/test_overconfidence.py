"""Accuracy in a domain as general accuracy promises it, against what is measured."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from told import predictions, write_predictions

from knowreason.compare import Comparison, Reliance, compare_runs
from knowreason.errors import InputError
from knowreason.records import Unscored
from knowreason.report.comparison import print_comparison

MODELS = ("auk", "bat", "cat", "dog", "elk", "fox", "gnu", "hen")


def planted(lack: float = 0.2, questions: int = 1500, models: int = 8, general: str = "math") -> list[dict[str, Any]]:
    """Models whose share in law is that in the general benchmark minus 10 points; "dog" lacks `lack` more."""
    rows: list[dict[str, Any]] = []
    for number, model in enumerate(MODELS[:models]):
        rng = np.random.default_rng(number)
        share = 0.3 + 0.5 * number / models
        law = share - 0.1 - (lack if model == "dog" else 0.0)
        rows += predictions(model, rng.random(questions) < share, benchmark=general, domain=general)
        rows += predictions(model, rng.random(questions) < law, benchmark="bar exam", domain="law")
    return rows


def compared(folder: Path, rows: list[dict[str, Any]], **told: Any) -> Comparison:
    path = write_predictions(folder / "p.jsonl", rows)
    return compare_runs([], baseline="auk", candidates=["bat"], predictions=[path], draws=400, **told)


def reliances(comparison: Comparison) -> dict[str, Reliance]:
    found = comparison.overconfidence
    assert not isinstance(found, Unscored), found
    return {each.model.model: each for each in found}


def test_who_trusts_general_reasoning_is_overconfident_where_that_was_planted(tmp_path: Path) -> None:
    found = reliances(compared(tmp_path, planted()))
    assert set(found) == set(MODELS)  # every model is judged, not only the two that are compared
    dog = found["dog"]
    assert dog.conclusion.outcome == "overconfident"
    assert dog.excess.lower < 0.2 < dog.excess.upper
    assert dog.predicted - dog.measured == pytest.approx(dog.excess.estimate)
    assert "who trusts its general reasoning here is overconfident" in dog.conclusion.sentence
    assert (dog.general, dog.domain, dog.models) == ("math", "bar exam", 8)


def test_a_model_better_than_its_general_reasoning_says_is_told_without_a_double_negative(tmp_path: Path) -> None:
    dog = reliances(compared(tmp_path, planted(lack=-0.2)))["dog"]
    assert dog.conclusion.outcome == "underconfident"
    assert "too little by" in dog.conclusion.sentence
    assert "−" not in dog.conclusion.sentence


def test_with_nothing_planted_and_many_questions_it_is_about_right(tmp_path: Path) -> None:
    found = reliances(compared(tmp_path, planted(lack=0.0, questions=6000), margin=0.05))
    assert {each.conclusion.outcome for each in found.values()} == {"about_right"}


def test_an_extended_line_is_said(tmp_path: Path) -> None:
    found = reliances(compared(tmp_path, planted(lack=0.0)))
    for model, extended in (("auk", True), ("dog", False), ("hen", True)):
        held = next(a.held for a in found[model].conclusion.assumptions if a.name == "within_range")
        assert held is not extended
        assert ("The line had to be extended" in found[model].conclusion.sentence) is extended


def test_what_stands_for_general_reasoning_is_named_or_refused(tmp_path: Path) -> None:
    rows = planted(general="puzzles")
    refused = compared(tmp_path, rows).overconfidence
    assert isinstance(refused, Unscored)
    assert (refused.reason, "--general" in refused.detail) == ("general_not_named", True)
    assert reliances(compared(tmp_path, rows, general="puzzles"))["dog"].conclusion.outcome == "overconfident"
    with pytest.raises(InputError, match=r"--general riddles: no benchmark .* holds bar exam, law, puzzles"):
        compared(tmp_path, rows, general="riddles")


def test_five_models_carry_no_line(tmp_path: Path) -> None:
    refused = compared(tmp_path, planted(models=5)).overconfidence
    assert isinstance(refused, Unscored)
    assert refused.reason == "too_few_models"
    assert "5 models answered both math and bar exam; 6 are needed" in refused.detail


def test_only_questions_that_all_models_answered_count(tmp_path: Path) -> None:
    rows = [row for row in planted() if not (row["model"] == "cat" and row["question_id"] in ("q1", "q2"))]
    dog = reliances(compared(tmp_path, rows))["dog"]
    assert dog.excess.n == 1498
    assert "4 of 3,000 questions were dropped" in " ".join(a.detail for a in dog.conclusion.assumptions)


def test_the_terminal_shows_the_table_and_says_what_is_shown(tmp_path: Path) -> None:
    comparison = compared(tmp_path, planted())
    stream = io.StringIO()
    print_comparison(comparison, Console(file=stream, width=80))
    flat = " ".join(stream.getvalue().split())
    assert "bar exam as expected from math by the other models" in flat
    assert reliances(comparison)["dog"].conclusion.sentence in flat
