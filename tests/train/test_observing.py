"""Traces are cut where they are said to be cut, and a rule without a model reads what the text tells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from knowreason.models.scripted import Scripted
from knowreason.records import Observation
from knowreason.train.observing import (
    CUTS,
    Look,
    StringRule,
    error_of_a_calibrated_one,
    observe_items,
    observer_figures,
    prefixes,
)
from knowreason.train.options import Item

TEXT = "Kettles come in many metals. Copper conducts heat best. So it is copper. The answer is (B)."


def item(number: int = 0) -> Item:
    statement = TEXT.index("The answer")
    content = TEXT.index("So it is")
    return Item(
        question_key=f"k{number}",
        question=f"Which metal suits kettle number {number}?",
        options=("tin", "copper", "lead"),
        labels=("A", "B", "C"),
        text=TEXT,
        own=1,
        gold=number % 3,
        cuts=(0, TEXT.index("Copper"), content, statement),
        content=content,
        statement=statement,
        model="owl",
        domain="kitchen",
        part="unseen",
    )


def test_quarters_end_with_whole_sentences_before_the_statement() -> None:
    found = prefixes(item())
    assert set(found) == set(CUTS)
    assert found["quarter_0"] == ""
    assert found["quarter_0.5"] == TEXT[: TEXT.index("Copper")]
    assert found["quarter_1"] == TEXT[: TEXT.index("The answer")]
    assert found["end"] == TEXT


def test_the_rule_takes_what_is_told_last_and_shares_what_is_level() -> None:
    rule = StringRule(item())
    assert rule.shares(TEXT[: TEXT.index("The answer")]).tolist() == [0.0, 1.0, 0.0]
    assert rule.shares("").tolist() == pytest.approx([1 / 3] * 3)
    assert rule.shares("Tin is cheap. So it is tin.").tolist() == [1.0, 0.0, 0.0]


def test_an_observer_that_reads_the_end_gains_there_and_nowhere_else() -> None:
    def reads(seen: Observation) -> list[float]:
        knows = seen.prefix == TEXT
        return [math.log(0.9 if index == 1 else 0.05) if knows else math.log(1 / 3) for index in range(3)]

    seen = observe_items(Scripted(observe=reads), [item(number) for number in range(12)])
    found = observer_figures(seen)
    assert found["traces"] == 12
    assert found["cuts"]["end"]["top1"].estimate == 1.0
    assert found["cuts"]["quarter_1"]["log_loss"].estimate == pytest.approx(math.log(3), abs=1e-4)
    assert found["cuts"]["quarter_1"]["string_rule_top1"].estimate == 1.0
    assert found["before_content"]["own_answer_gain"].estimate == 0.0
    assert found["empty_text"]["other"]["own_answer_gain_beyond_half_a_nat"].estimate == 0.0
    assert all(isinstance(look, Look) and np.isfinite(look.logs).all() for look in seen[0].looks.values())


def test_the_calibration_error_of_a_calibrated_observer_is_that_of_chance_alone() -> None:
    assert error_of_a_calibrated_one(np.array([0.5])) == 0.5  # right or wrong, half away
    assert error_of_a_calibrated_one(np.ones(7)) == 0
    few, many = (error_of_a_calibrated_one(np.full(count, 0.3)) for count in (50, 5_000))
    assert few == pytest.approx(math.sqrt(0.3 * 0.7 / 50) * math.sqrt(2 / math.pi), rel=0.15)
    assert many < few / 5
