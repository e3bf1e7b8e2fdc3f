"""Steps: an exact partition, cut where a reader would say "next", and nowhere inside a formula or a number."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from taken_apart import CASE, HORMONES, check_invariants, count_words, make_trace, take_apart

from knowreason.decompose import decompose
from knowreason.decompose.steps import step_cuts
from knowreason.read import parse_source, read_traces
from knowreason.records import Trace

FRAGMENTS = st.sampled_from(
    [
        "Insulin lowers glucose. ",
        "So (B) fits. ",
        "The answer is (B).",
        "\n\n",
        "Step 2: ",
        "- ",
        "$x = 1. 5$ ",
        "e.g. ",
        "```\nx = 1. 2\n```\n",
        "It is 3.5 mg. ",
        "**Insulin**: ",
        "because ",
        ", which ",
        "答案。",
        "(",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(FRAGMENTS, max_size=30).map("".join))


@given(TEXTS, st.lists(st.integers(0, 400)), st.one_of(st.none(), st.integers(0, 400)))
def test_cuts_partition_any_text_and_keep_every_forced_boundary(text, forced, thinking_end):
    cuts = step_cuts(text, forced, thinking_end)
    assert "".join(text[a:b] for a, b in cuts) == text
    assert all(a < b for a, b in cuts)
    assert {f for f in forced if 0 < f < len(text)} <= {a for a, _ in cuts}
    if thinking_end is not None and 0 < thinking_end + 1 < len(text):
        assert thinking_end + 1 in {a for a, _ in cuts}


@given(TEXTS, st.sampled_from([None, HORMONES]))
def test_any_text_decomposes_into_steps_that_partition_it_and_claims_inside_them(text, options):
    trace = make_trace(text, CASE, options)
    check_invariants(trace, decompose(trace, count_words))


@given(TEXTS)
def test_a_trace_decomposes_the_same_way_twice(text):
    assert take_apart(text, CASE, HORMONES) == take_apart(text, CASE, HORMONES)


@pytest.mark.parametrize(
    "text",
    [
        "The dose was 3.5 mg per day, cf. the table of Dr. Lindqvist, approx. twice the usual.",
        "Let $a = 2. 5$ and $b = 3$ so that $a < b$ holds.",
        r"We have \[ x = 1. \quad Y = 2. \] which was to be shown.",
        "Run ```python\nx = 1. # Set. Then\nprint(x)\n``` to see it.",
        "E. coli and S. aureus grow in broth, i.e. in a rich medium.",
    ],
)
def test_abbreviations_decimals_formulas_and_code_stay_in_one_step(text):
    assert [step.text for step in take_apart(text).steps] == [text]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (
            "Step 1: Find the gland.\nStep 2: Name its hormone.",
            ["Step 1: Find the gland.\n", "Step 2: Name its hormone."],
        ),
        ("- Insulin comes first.\n- Glucagon comes next.", ["- Insulin comes first.\n", "- Glucagon comes next."]),
        ("The gland is small. It lies behind the stomach.", ["The gland is small. ", "It lies behind the stomach."]),
        ("One long paragraph\n\nAnother long one", ["One long paragraph\n\n", "Another long one"]),
        ("2.\nThe gland swells.", ["2.\nThe gland swells."]),
        (
            "```\n### Reasoning:\nThe gland is small. It swells after meals.\n```",
            ["```\n### Reasoning:\n", "The gland is small. ", "It swells after meals.\n```"],
        ),
    ],
)
def test_markers_paragraphs_list_items_and_sentences_begin_steps(text, steps):
    assert [step.text for step in take_apart(text).steps] == steps


def test_the_thinking_ends_a_step():
    text = "Insulin lowers glucose, and so\nthe answer is (B)."
    trace = make_trace(text, options=HORMONES, thinking_end=text.index("\n"))
    assert text.index("\n") + 1 in {step.start for step in decompose(trace, count_words).steps}


def test_where_the_trace_commits_is_always_a_boundary():
    found = take_apart(
        "Glucagon raises glucose. Insulin it is, since glucose falls. The answer is (B).", options=HORMONES
    )
    assert found.commitment is not None
    assert found.statement is not None
    assert found.statement.letter == "B"
    assert {found.commitment.content_at, found.commitment.statement_at} <= {step.start for step in found.steps}
    assert found.steps[-1].part == "statement"
    assert found.steps[-1].move == "answer"


def test_a_trace_without_a_statement_has_no_parts():
    found = take_apart("Glucagon raises glucose. I cannot decide.", options=HORMONES)
    assert (found.commitment, found.statement) == (None, None)
    assert {step.part for step in found.steps} == {None}


def test_steps_of_an_empty_text_are_none():
    assert take_apart("") == ((), (), None, None, {})


def test_real_traces_of_every_file_keep_the_invariants(data_dir, tmp_path):
    paths = sorted((data_dir / "traces").glob("*.jsonl.gz"))
    assert paths
    for path in paths:
        for trace in _every_60th(path, tmp_path):
            check_invariants(trace, decompose(trace, count_words))


def test_fenced_prose_of_real_traces_is_cut_into_its_steps(data_dir, tmp_path):
    traces = _every_60th(data_dir / "traces" / "medrbench.jsonl.gz", tmp_path)
    fenced = [trace for trace in traces if "```" in trace.reasoning]
    assert fenced
    assert max(step.end - step.start for trace in fenced for step in decompose(trace, count_words).steps) < 2500


def _every_60th(path: Path, folder: Path) -> list[Trace]:
    sample = folder / path.name.removesuffix(".gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        kept = [line for i, line in enumerate(lines) if i % 60 == 0]
    sample.write_text("".join(kept), encoding="utf-8")
    traces = [item for item in read_traces([parse_source(str(sample))]) if isinstance(item, Trace)]
    assert len(traces) == len(kept) > 0
    return traces
