"""Gain per 100 tokens of reasoning: those before the statement, pooled, never without the length beside it."""

import pytest

from knowreason.frame import rows_of, summarise
from knowreason.records import Commitment, Interval, Unscored
from made_records import SENTENCES, make_audited, make_tables

BEFORE = sum(len(sentence.split()) for sentence in SENTENCES[:3])


def row(**changes: object) -> dict[str, object]:
    return rows_of(make_audited(**changes))["scores"][0]  # type: ignore[arg-type]


def test_tokens_of_the_statement_do_not_count() -> None:
    found = row()
    assert found["reasoning_tokens"] == BEFORE
    assert found["tokens"] == BEFORE + len(SENTENCES[3].split())
    assert found["gain_density"] == pytest.approx(100 * 0.1 / BEFORE)


def test_twice_the_words_for_the_same_gain_have_half_the_density() -> None:
    twice = [f"{sentence}{sentence}" for sentence in SENTENCES]
    assert row(sentences=twice)["gain_density"] == pytest.approx(row()["gain_density"] / 2)  # type: ignore[operator]


def test_without_a_statement_there_is_no_density_and_no_zero() -> None:
    found = rows_of(make_audited()._replace(commitment=None))["scores"][0]
    assert (found["gain_density"], found["reasoning_tokens"]) == (None, None)


def test_a_text_that_opens_with_its_answer_has_no_density() -> None:
    audited = make_audited()._replace(commitment=Commitment(content_at=0, statement_at=0, rule="unstated"))
    found = rows_of(audited)["scores"][0]
    assert (found["gain_density"], found["reasoning_tokens"], found["parts_unscored"]) == (None, 0, "no_reasoning")


def test_the_pooled_density_is_all_gain_over_all_tokens() -> None:
    long = [f"{sentence}{'and so on ' * 20}" for sentence in SENTENCES]
    audited = [make_audited(i, sentences=long if i % 2 else SENTENCES) for i in range(20)]
    audited[0] = audited[0]._replace(commitment=None)
    tables = make_tables(audited)
    cell = summarise(tables).cells[0]
    kept = tables["scores"].drop_nulls("gain_density")
    assert isinstance(cell.gain.density, Interval)
    by_hand = 100 * kept["gain_informative"].sum() / kept["reasoning_tokens"].sum()
    assert cell.gain.density.estimate == pytest.approx(by_hand)
    assert cell.gain.density.n == 19
    assert isinstance(cell.reasoning_tokens, Interval)
    assert isinstance(cell.steps, Interval)


def test_where_nothing_has_parts_the_density_says_why() -> None:
    audited = [make_audited(i)._replace(commitment=None) for i in range(10)]
    assert summarise(make_tables(audited)).cells[0].gain.density == Unscored(reason="no_statement")
