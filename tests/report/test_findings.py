"""The map says what the run's conclusions say, and nothing where there are none; the plane fits what can be fitted."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from opened import made_run, two_models

from knowreason.conclusions import Assumption, Conclusion, ConclusionOutcome
from knowreason.errors import StoreError
from knowreason.frame import summarise
from knowreason.records import Interval, Unscored
from knowreason.report.contents import Node, Point
from knowreason.report.findings import STATES, doubts, findings_map, read_documents
from knowreason.report.plane import contours_of, planes
from knowreason.report.questions import EDGES, QUESTIONS
from made_records import make_audited, make_tables


def node_of(run: Path, name: str) -> Node:
    return next(node for node in findings_map(read_documents(run)).nodes if node.id == name)


def concluded(about: str, outcome: str, **changes: object) -> Conclusion:
    fields: dict[str, object] = {
        "about": about,
        "outcome": outcome,
        "reason": "",
        "effects": {"difference": Interval(estimate=0.1, lower=0.02, upper=0.2, level=0.95, n=40)},
        "questions": 40,
        "questions_needed": None,
        "assumptions": (Assumption(name="lineage", held=False, detail="nobody knows"),),
        "sentence": "A sentence.",
    }
    return Conclusion(**{**fields, **changes})  # type: ignore[arg-type]


def test_without_documents_every_question_is_not_measured_and_says_how_to_measure_it(tmp_path: Path) -> None:
    for node in findings_map(read_documents(tmp_path)).nodes:
        assert (node.state, node.findings, node.effect) == ("unmeasured", (), "")
        assert node.why
        assert node.command.startswith("knowreason ") or node.id == "text"


def test_every_outcome_of_a_conclusion_has_a_state() -> None:
    told_by_gain = {"trap", "no_trap", "longer_not_emptier", "length_only"}
    assert set(get_args(ConclusionOutcome)) - told_by_gain <= set(STATES)


def test_every_edge_joins_two_questions_and_the_middle_is_reached_from_all() -> None:
    names = {question.id for question in QUESTIONS}
    assert {name for edge in EDGES for name in edge[:2]} == names
    assert {edge[2] for edge in EDGES} == {"explains", "contrasts", "compounds", "mends", "extends", "bounds"}
    reached = {"transfer"}
    for _ in names:
        reached |= {name for edge in EDGES for name in edge[:2] if set(edge[:2]) & reached}
    assert reached == names


def test_a_comparison_answers_transfer_and_fine_tuning_with_its_own_outcomes(tmp_path: Path) -> None:
    run = made_run(tmp_path, two_models(), baseline="owl")
    transfer = json.loads((run / "comparison.json").read_bytes())["contrasts"][0]["transfer"]
    node = node_of(run, "transfer")
    assert (node.state, node.outcome) == ("yes", "transfers")
    (finding,) = node.findings
    assert finding.sentence == transfer["sentence"]
    found = transfer["effects"]["accuracy"]
    assert (
        node.effect
        == f"{100 * found['estimate']:+.1f} points [{100 * found['lower']:+.1f}, {100 * found['upper']:+.1f}]"
    )
    assert node_of(run, "training").state == "no"
    assert node_of(run, "reinforcement").state == "unmeasured"


def test_what_was_learned_at_home_is_no_transfer(tmp_path: Path) -> None:
    run = made_run(tmp_path, two_models(), baseline="owl")
    path = run / "comparison.json"
    path.write_text(path.read_text("utf-8").replace('"trained_on": null', '"trained_on": "zoology"'), "utf-8")
    assert node_of(run, "transfer").state == "unmeasured"


@pytest.mark.parametrize(
    ("outcomes", "state", "said"),
    [
        (["knowledge_bound"], "yes", "bound by knowledge"),
        (["not_separable", "not_separable"], "open", "not separable"),
        (["cannot_be_judged"], "unmeasured", "not measured"),
        (["knowledge_bound", "cannot_be_judged"], "yes", "bound by knowledge"),
        (["knowledge_bound", "not_separable"], "mixed", "1 yes, 1 not separable"),
    ],
)
def test_conclusions_of_a_diagnosis_are_found_wherever_they_stand(
    tmp_path: Path, outcomes: list[str], state: str, said: str
) -> None:
    inner = [{"benchmark": "b", "verdict": concluded("need", outcome)} for outcome in outcomes]
    (tmp_path / "diagnosis.json").write_bytes(msgspec.json.encode({"version": "1", "cells": inner}))
    node = node_of(tmp_path, "need")
    assert (node.state, node.outcome) == (state, said)
    assert doubts(node.findings[0]) == "not known to be tuned from the baseline"


def test_an_effect_that_was_not_measured_is_its_reason_and_never_the_headline(tmp_path: Path) -> None:
    effects = {
        "benefit": Unscored(reason="too_few"),
        "deficit": Interval(estimate=0.1, lower=0.0, upper=0.2, level=0.95, n=9),
    }
    (tmp_path / "diagnosis.json").write_bytes(
        msgspec.json.encode([concluded("need", "knowledge_bound", effects=effects)])
    )
    node = node_of(tmp_path, "need")
    assert node.effect == "+10.0 points [0.0, +20.0]"
    assert [line.measured for line in node.findings[0].effects] == [False, True]
    assert node.findings[0].effects[0].said == "too few questions for an interval"


@pytest.mark.parametrize("name", ["comparison.json", "diagnosis.json"])
def test_a_document_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{")
    with pytest.raises(StoreError, match=f"{name} cannot be read"):
        read_documents(tmp_path)


def point(x: float, y: float, accuracy: float) -> Point:
    return Point(name="m", x=(x, x, x), y=(y, y, y), accuracy=accuracy, said="", link="")


def test_lines_of_equal_accuracy_lie_where_the_plane_that_made_the_points_has_them() -> None:
    def accuracy(x: float, y: float) -> float:
        return 1 / (1 + math.exp(-(-2 + 3 * x + 1.5 * y)))

    places = [(0.3, 0.1), (0.5, 0.9), (0.7, 0.2), (0.9, 0.8), (0.4, 0.5), (0.8, 0.4), (0.6, 0.7)]
    lines, note = contours_of([point(x, y, accuracy(x, y)) for x, y in places])
    assert "explains 100%" in note
    assert len(lines) >= 3
    for line in lines:
        assert math.isclose(accuracy(line.x0, line.y0), line.accuracy, abs_tol=1e-6)
        assert math.isclose(accuracy(line.x1, line.y1), line.accuracy, abs_tol=1e-6)


def test_no_lines_are_drawn_from_few_models_or_from_a_fit_that_explains_little() -> None:
    lines, note = contours_of([point(0.1 * i, 0.2 * i, 0.5) for i in range(5)])
    assert lines == ()
    assert "need 6 measured models; here are 5" in note
    jumble = [(0.1, 0.2, 0.9), (0.2, 0.9, 0.1), (0.9, 0.1, 0.1), (0.8, 0.9, 0.9), (0.5, 0.5, 0.1), (0.4, 0.6, 0.9)]
    lines, note = contours_of([point(*one) for one in jumble])
    assert lines == ()
    assert note.startswith("No lines of equal accuracy")


def test_a_model_without_a_figure_is_named_and_not_drawn_and_arrows_follow_lineage() -> None:
    audited = [*two_models(20), *(make_audited(900 + i, model="mute", verdicts=("no_corpus",)) for i in range(12))]
    (plane,) = planes(summarise(make_tables(audited), draws=200))
    assert [p.name for p in plane.points] == ["owl (base)", "owlet (sft)"]
    assert plane.arrows == ((0, 1),)
    assert plane.left_out == ("mute (base): no corpus was given to verify against",)
