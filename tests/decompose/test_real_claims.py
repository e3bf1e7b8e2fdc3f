"""Claims of 306 real steps against labels: offsets, hashes and judgements in `data/step_claims.jsonl`.

The steps were drawn by hash, three consecutive ones of each of 102 traces (medicine 50, biology 30, mathematics and
physics 22), and labelled by a language model that had not seen what the rules find in them. A third of the traces,
`test`, was looked at once, after the rules had been changed on the others. The labelled faults are of the claims that
the rules found then. The limits are a few points below what was measured: docs/instrument.md has the figures.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from knowreason.errors import InputError
from knowreason.train.detection import Judged, judge, measure, read_labels, same, table

LABELS = Path(__file__).parent / "data" / "step_claims.jsonl"


@pytest.fixture(scope="module")
def judged(data_dir: Path) -> list[Judged]:
    return judge(data_dir, read_labels(LABELS))


@pytest.mark.parametrize(("part", "precision", "recall"), [("dev", 0.93, 0.82), ("test", 0.90, 0.80)])
def test_claims_of_real_steps_are_found_as_labelled(judged: list[Judged], part: str, precision: float, recall: float):
    held = [one for one in judged if one.label.part == part]
    found, labelled = sum(len(one.found) for one in held), sum(len(one.label.claims) for one in held)
    assert sum(one.right for one in held) / found >= precision
    assert sum(one.recalled for one in held) / labelled >= recall


def test_claims_of_real_steps_are_mostly_whole_and_say_what_the_trace_says(judged: list[Judged]):
    faults = [fault for one in judged for fault in one.faults if fault is not None]
    assert len(faults) >= 0.9 * sum(len(one.found) for one in judged), "too many claims are new: label their faults"
    assert sum("fabricated" in fault for fault in faults) <= 0.04 * len(faults)
    assert sum(one.usable for one in judged) / len(faults) >= 0.64


def test_facts_of_the_case_are_no_claims(judged: list[Judged]):
    cases = [one for one in judged if one.label.move in {"case", "plan", "check"} and not one.label.claims]
    assert len(cases) > 50
    assert sum(len(one.found) for one in cases) <= 0.05 * len(cases)


def test_the_table_has_a_row_for_every_part_and_domain(judged: list[Judged]):
    report = measure(judged)
    assert set(report) == {"dev", "test"}
    assert report["dev"]["all"]["steps"] + report["test"]["all"]["steps"] == len(judged) == 306


def test_labels_tell_every_step_and_the_parts_share_no_question():
    labels = read_labels(LABELS)
    questions = {part: {one.question_id for one in labels if one.part == part} for part in ("dev", "test")}
    assert not questions["dev"] & questions["test"]
    assert all(one.start <= a < b <= one.end for one in labels for a, b in one.claims)
    assert sum(one.domain in {"medicine", "biology"} for one in labels) >= 200


def test_another_text_than_the_labelled_one_is_refused(data_dir: Path):
    label = msgspec.structs.replace(read_labels(LABELS)[0], sha256="0" * 16)
    with pytest.raises(InputError, match="another text"):
        judge(data_dir, [label])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [((0, 10), (5, 30), True), ((0, 10), (6, 30), False), ((0, 40), (10, 14), True), ((0, 4), (4, 8), False)],
)
def test_claims_are_the_same_from_half_of_the_shorter_on(one: tuple[int, int], other: tuple[int, int], alike: bool):
    assert same(one, other) is alike
    assert same(other, one) is alike


def test_a_table_cell_without_a_figure_gives_the_reason():
    empty = {"traces": 1, "steps": 3, "found": 0, "labelled": 0, "missing": 0}
    empty |= {name: {"reason": "too_few"} for name in ("precision", "recall", "f1", "right_without_fault")}
    empty |= dict.fromkeys(("not_atomic", "not_self_contained", "fabricated", "redundant"), 0)
    assert "| test | math | 1, 3 | 0, 0 | too_few | too_few | too_few | too_few |" in table({"test": {"math": empty}})
