"""The evaluation judges as the audit does, and reads what it must not read from nowhere else."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowreason.models.scripted import Scripted
from knowreason.records import Claim, Hit, Interval, Passage, Trace, Verdict
from knowreason.train.calibration import best_temperature, shown_pairs
from knowreason.train.human import SETS, read_human
from knowreason.train.judging import Judged, called, deciding, figures, judge
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED
from knowreason.train.passages import Passage as Source
from knowreason.train.planted import Twin, states
from knowreason.verify import Thresholds, verify_claims
from knowreason.verify.thresholds import WRONG_REFUTATIONS, called_share, least_threshold
from made_records import make_trace

NAMES = {"supported": SUPPORTED, "refuted": REFUTED, "not_enough_info": OPEN}
probabilities = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: (p[0] / 100, p[1] / 100))
rows = st.lists(probabilities.map(lambda p: (p[0], p[1], 1 - p[0] - p[1])), min_size=1, max_size=5)


def trace() -> Trace:
    return make_trace(
        question="Which mould spoils bread?",
        options=None,
        gold=None,
        answer_type="free_text",
        reasoning="Damp speeds mould.",
        response="",
    )


def hit(number: int) -> Hit:
    passage = Passage(
        passage_id=number,
        doc_id=f"d{number}",
        title="",
        source="s",
        licence="l",
        start=0,
        end=9,
        text=f"passage {number}",
    )
    return Hit(passage=passage, score=9.0 - number, coverage=1.0, shared=3, above_floor=True)


@given(rows, st.sampled_from([0.5, 0.65, 0.8]))
def test_the_rule_of_the_evaluation_is_the_rule_of_the_audit(
    found: list[tuple[float, float, float]], refuted: float
) -> None:
    said = {f"passage {number}": row for number, row in enumerate(found)}
    entailer = Scripted(entail=lambda premise, claim: said[premise])
    claim = Claim(
        trace_id="t", step=1, claim=0, start=0, end=18, text="Damp speeds mould.", normalised="Damp speeds mould."
    )
    hits = [hit(number) for number in range(len(found))]
    (verified,) = verify_claims(trace(), [claim], [hits], entailer, Thresholds(refuted=refuted))
    assert isinstance(verified.outcome, Verdict)
    assert called(deciding(np.array(found)), Thresholds(refuted=refuted)) == NAMES[verified.outcome.label]


def test_a_claim_without_a_passage_is_left_open() -> None:
    assert called(deciding(np.zeros((0, 3))), Thresholds()) == OPEN


def items() -> list[Judged]:
    return [
        Judged((f"{label} one", f"{label} two"), f"claim {n}", label, "k", f"c{n}")
        for n in range(30)
        for label in range(3)
    ]


def test_an_oracle_scores_fully_and_one_that_abstains_scores_nothing() -> None:
    def knows(premise: str, claim: str) -> tuple[float, float, float]:
        own = int(premise[0])
        return tuple(0.8 if label == own else 0.1 for label in range(3))  # type: ignore[return-value]

    held = items()
    best = figures(held, judge(Scripted(entail=knows), held), Thresholds())
    for name in ("auroc_supported_refuted", "macro_f1", "sensitivity", "specificity", "open_left_open"):
        assert best[name].estimate == 1.0, name
    assert best["true_called_refuted"].estimate == 0.0
    silent = figures(held, judge(Scripted(entail=lambda premise, claim: (0.1, 0.1, 0.8)), held), Thresholds())
    assert silent["abstention"].estimate == 1.0
    assert silent["auroc_supported_refuted"].estimate == 0.5
    assert isinstance(silent["sensitivity"], Interval)


def test_the_threshold_is_the_least_that_keeps_wrong_refutations_rare() -> None:
    rng = np.random.default_rng(4)
    claims = [rng.dirichlet([3.0, 2.0, 2.0], 3) for _ in range(300)]
    least = least_threshold([claims])
    assert least is not None
    assert called_share(claims, REFUTED, least) <= WRONG_REFUTATIONS
    assert called_share(claims, REFUTED, Thresholds(refuted=least.refuted - 0.01)) > WRONG_REFUTATIONS
    assert called_share(claims, SUPPORTED, least) == called_share(claims, SUPPORTED, Thresholds())


def test_the_best_temperature_finds_how_much_too_sure_scores_are() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(0, 2, (4000, 3))
    weights = np.exp(true) / np.exp(true).sum(-1, keepdims=True)
    drawn = np.array([rng.choice(3, p=row) for row in weights])
    assert best_temperature([true * 2], [drawn]) == pytest.approx(2.0, rel=0.1)


def test_a_passage_of_the_same_title_or_the_same_words_states_the_claim() -> None:
    source = Source("medquad", "d", "Bread mould", ("Damp air speeds the growth of mould on bread.",), "test")
    twin = Twin("Damp air speeds mould.", SUPPORTED, "same", source, source.sentences[0])

    def passage(title: str, text: str) -> Hit:
        held = hit(0).passage
        changed = Passage(**{**{f: getattr(held, f) for f in held.__struct_fields__}, "title": title, "text": text})
        return Hit(passage=changed, score=1.0, coverage=1.0, shared=3, above_floor=True)

    assert states(passage("What is bread mould?", "Nothing."), twin)
    assert states(passage("Cellars", "In damp air the growth of mould on bread speeds up."), twin)
    assert not states(passage("Cellars", "Damp cellars smell."), twin)


def test_human_claims_are_read_whole(data_dir: Path) -> None:
    for chosen in SETS:
        found = read_human(data_dir, chosen)
        assert {item.label for item in found} >= {SUPPORTED, REFUTED}
        assert all(len(item.passages) == 1 and item.passages[0].strip() and item.claim for item in found)
        assert random.Random(0).choice(found).cluster.startswith(chosen.name)


def test_a_kind_of_pairs_that_was_not_prepared_sets_no_threshold() -> None:
    shown = shown_pairs(np.array([3, 0, 0, 3]))
    assert {name: rows.tolist() for name, rows in shown.items()} == {"corpora": [1, 2], "claims": [0, 3]}
