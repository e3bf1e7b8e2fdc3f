"""Rows of one trace: what is measured is a number, what is not is null with its reason."""

import json
import math
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.frame import SCHEMAS, rows_of
from knowreason.records import Commitment, TraceGain, Unscored, Verdict
from made_records import SENTENCES, make_audited, make_gain, make_tables, make_verification


def score(**changes: object) -> dict[str, object]:
    return rows_of(make_audited(**changes))["scores"][0]  # type: ignore[arg-type]


def test_every_row_has_exactly_the_columns_of_its_table_and_their_types() -> None:
    others = {"hf:other": (0.7, 0.6, 0.8, 0.3, 0.1)}
    for name, rows in rows_of(make_audited(others=others)).items():
        assert rows
        assert all(tuple(row) == tuple(SCHEMAS[name]) for row in rows), name
        frame = pl.DataFrame(rows, schema=SCHEMAS[name], strict=True, orient="row")
        assert dict(frame.schema) == SCHEMAS[name]


def test_tables_without_rows_keep_their_columns_on_disk(tmp_path: Path) -> None:
    for name, table in make_tables([]).items():
        table.write_parquet(tmp_path / f"{name}.parquet")
        assert dict(pl.read_parquet(tmp_path / f"{name}.parquet").schema) == SCHEMAS[name]


def test_the_options_of_a_trace_come_back_from_their_column_in_order() -> None:
    row = rows_of(make_audited(options={"B": "two", "A": 'o"ne'}))["traces"][0]
    assert list(json.loads(str(row["options"])).items()) == [("B", "two"), ("A", 'o"ne')]


def test_steps_in_their_table_still_partition_the_reasoning() -> None:
    rows = rows_of(make_audited())
    assert "".join(str(r["text"]) for r in rows["steps"]) == rows["traces"][0]["reasoning"]


def test_three_supported_and_one_refuted_claim_have_index_three_quarters() -> None:
    found = score(verdicts=("supported", "supported", "refuted", "supported"))
    assert found["ki"] == 0.75
    assert (found["claims"], found["supported"], found["refuted"], found["ki_coverage"]) == (4, 3, 1, 1.0)
    assert (found["ki_lower"], found["ki_upper"], found["ki_unscored"]) == (0.75, 0.75, None)


def test_undecided_claims_leave_the_index_alone_and_widen_its_bounds() -> None:
    found = score(verdicts=("supported", "refuted", "not_enough_info", "verifier_failed"))
    assert (found["ki"], found["ki_coverage"]) == (0.5, 0.5)
    assert (found["ki_lower"], found["ki_upper"]) == (0.25, 0.75)
    assert (found["not_enough_info"], found["claims_unscored"]) == (1, 1)


@given(st.lists(st.sampled_from(["supported", "refuted", "not_enough_info", "no_corpus"]), max_size=4))
def test_the_index_lies_between_its_bounds_or_says_why_it_is_missing(verdicts: list[str]) -> None:
    found = score(verdicts=tuple(verdicts))
    assert (found["ki"] is None) == (found["ki_unscored"] is not None)
    if found["ki"] is not None:
        assert 0 <= found["ki_lower"] <= found["ki"] <= found["ki_upper"] <= 1  # type: ignore[operator]
    counted = ("supported", "refuted", "not_enough_info", "claims_unscored")
    assert sum(int(str(found[c])) for c in counted) == found["claims"] == len(verdicts)


@pytest.mark.parametrize(
    ("verdicts", "reason", "bounds", "coverage"),
    [
        ((), "no_claims", (None, None), None),
        (("no_corpus", "no_corpus"), "no_corpus", (None, None), 0.0),
        (("not_enough_info", "not_enough_info"), "no_decided_claim", (0.0, 1.0), 0.0),
        (("no_corpus", "not_enough_info"), "no_decided_claim", (0.0, 1.0), 0.0),
    ],
)
def test_an_index_that_was_not_measured_is_null_with_its_reason(
    verdicts: tuple[str, ...], reason: str, bounds: tuple[float | None, float | None], coverage: float | None
) -> None:
    found = score(verdicts=verdicts)
    assert (found["ki"], found["ki_unscored"], found["ki_coverage"]) == (None, reason, coverage)
    assert (found["ki_lower"], found["ki_upper"]) == bounds


def test_only_claims_made_before_the_commitment_count_before_it() -> None:
    found = score(verdicts=("supported", "refuted", "supported", "supported"))
    assert found["ki_before_commitment"] == 0.5
    early = make_audited()._replace(commitment=Commitment(content_at=0, statement_at=80, rule="verbatim"))
    assert rows_of(early)["scores"][0]["ki_before_commitment"] is None


def test_claims_off_the_topic_do_not_raise_the_on_topic_index() -> None:
    audited = make_audited(verdicts=("supported", "refuted"))
    first, second = audited.claims
    moved = (make_verification(first, "supported", on_topic=False), make_verification(second, "refuted"))
    found = rows_of(audited._replace(verifications=moved))["scores"][0]
    assert (found["ki"], found["ki_on_topic"]) == (0.5, 0.0)


@given(st.lists(st.floats(0, 30), min_size=5, max_size=5))
def test_the_parts_sum_to_the_total_gain(surprisals: list[float]) -> None:
    found = score(surprisals=surprisals)
    parts = [found[f"gain_{p}"] for p in ("informative", "mention", "commitment", "statement")]
    assert math.isclose(sum(parts), found["gain_total"], abs_tol=1e-9)  # type: ignore[arg-type]
    assert math.isclose(found["gain_total"], surprisals[0] - surprisals[-1], abs_tol=1e-9)  # type: ignore[arg-type]


def test_misled_mass_adds_up_what_the_steps_lost() -> None:
    found = score(surprisals=(1.0, 1.5, 0.5, 0.75, 0.25))
    assert found["misled_mass"] == pytest.approx(0.75)
    assert score(surprisals=(1.0, 0.8, 0.6, 0.4, 0.2))["misled_mass"] == 0.0


def test_a_trace_without_gains_has_one_row_that_says_why() -> None:
    audited = make_audited()
    gain = TraceGain(trace_id="t0000", outcome=Unscored(reason="no_gold"), confident_wrong=None, answer_space="options")
    rows = rows_of(audited._replace(gain=gain))
    assert [(r["step"], r["surprisal"], r["gain"], r["unscored"]) for r in rows["gains"]] == [
        (0, None, None, "no_gold")
    ]
    found = rows["scores"][0]
    assert (found["gain_total"], found["misled_mass"], found["gain_informative"]) == (None, None, None)
    assert (found["gain_unscored"], found["parts_unscored"]) == ("no_gold", "no_gold")


def test_a_surprisal_that_is_not_finite_is_unscored_and_never_stored() -> None:
    rows = rows_of(make_audited(surprisals=(0.7, 0.6, math.inf, 0.3, 0.1)))
    assert [r["unscored"] for r in rows["gains"]] == ["not_finite"]
    assert (rows["scores"][0]["gain_total"], rows["scores"][0]["gain_unscored"]) == (None, "not_finite")


def test_without_an_answer_the_total_stands_and_the_parts_do_not() -> None:
    found = rows_of(make_audited()._replace(commitment=None))["scores"][0]
    assert found["gain_total"] == pytest.approx(0.6)
    assert (found["gain_informative"], found["parts_unscored"], found["content_at"]) == (None, "no_statement", None)


def test_a_bare_answer_has_no_parts() -> None:
    bare = ("Well then.\n", "The answer is (B).")
    audited = make_audited(verdicts=(), sentences=bare, surprisals=(0.7, 0.7, 0.1))
    audited = audited._replace(commitment=Commitment(content_at=11, statement_at=11, rule="unstated"))
    found = rows_of(audited)["scores"][0]
    assert (found["gain_statement"], found["parts_unscored"]) == (None, "no_reasoning")


def test_a_grade_is_a_label_or_a_reason() -> None:
    assert (score(grade="no_answer")["grade"], score(grade="no_answer")["grade_unscored"]) == ("no_answer", None)
    free = score(grade="needs_judge")
    assert (free["grade"], free["grade_unscored"]) == (None, "needs_judge")


def test_records_that_do_not_belong_together_are_refused() -> None:
    audited = make_audited()
    with pytest.raises(ValueError, match="zip"):
        rows_of(audited._replace(verifications=()))
    with pytest.raises(ValueError, match="order of the claims"):
        rows_of(audited._replace(verifications=audited.verifications[::-1]))
    with pytest.raises(ValueError, match="do not belong to its steps"):
        rows_of(audited._replace(gain=make_gain(audited.trace, audited.steps[:2], (0.7, 0.6, 0.5))))


def test_evidence_is_ranked_from_one_and_keeps_its_licence_and_probabilities() -> None:
    row = rows_of(make_audited())["evidence"][0]
    assert (row["rank"], row["licence"], row["title"]) == (1, "CC0-1.0", "Bats")
    assert (row["p_supported"], row["p_refuted"], row["p_not_enough"]) == (0.8, 0.15, 0.05)


def test_hostile_text_survives_the_tables_unchanged(tmp_path: Path) -> None:
    nasty = "\0</script>\u202e\U0001f9a0 " * 3
    tables = make_tables([make_audited(sentences=(nasty, *SENTENCES[1:]), model=nasty)])
    tables["steps"].write_parquet(tmp_path / "steps.parquet")
    assert pl.read_parquet(tmp_path / "steps.parquet")["text"][0] == nasty
    assert tables["traces"]["model"][0] == nasty
    assert msgspec.json.decode(tables["traces"]["options"][0]) == {"A": "an owl", "B": "a bat"}


def test_a_claim_for_which_nothing_was_found_has_no_probability() -> None:
    audited = make_audited(verdicts=("not_enough_info", "supported"))
    unfound = msgspec.structs.replace(
        audited.verifications[0],
        outcome=Verdict(label="not_enough_info", confidence=1.0, reason="no_evidence"),
        evidence=(),
    )
    rows = rows_of(audited._replace(verifications=(unfound, audited.verifications[1])))["claims"]
    assert [(r["verdict"], r["reason"], r["confidence"]) for r in rows] == [
        ("not_enough_info", "no_evidence", None),
        ("supported", None, 0.8),
    ]
