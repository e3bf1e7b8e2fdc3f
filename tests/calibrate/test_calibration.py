"""A calibration: declared errors come back, what cannot be measured is refused, and the same task is the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from table_verifier import OPEN, REFUTED, SUPPORTED, record, write_table

from knowreason.calibrate import Task, calibrate
from knowreason.calibrate.figures import Known, figures
from knowreason.calibrate.sampling import Item, english_share, plant, with_source, without_source
from knowreason.calibrate.wording import LIMIT, untold, wording
from knowreason.errors import InputError
from knowreason.models.protocols import Judgement
from knowreason.planting.exchange import Stated, Twins
from knowreason.records import Hit, Interval, Passage, Unscored, Verdict
from knowreason.reliability import Calibration, Planted, encode_calibration
from knowreason.retrieve.knowledge import open_knowledge
from knowreason.verify import Checked

COUNT = 200
PRESENT = {
    True: [(SUPPORTED, 15), (REFUTED, 3), (OPEN, 2)],
    False: [(REFUTED, 12), (SUPPORTED, 4), (OPEN, 4)],
}
REMOVED = {True: [(REFUTED, 1), (SUPPORTED, 2), (OPEN, 17)], False: [(OPEN, 20)]}


def silent(stage: str, done: int, total: int | None) -> None:
    del stage, done, total


def quiet(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table"))


@pytest.fixture(scope="module")
def task(corpus: Path) -> Task:
    verdicts = record(corpus, corpus.parent / "verdicts.jsonl", PRESENT, REMOVED, COUNT)
    return Task(verifier=f"scripted:{verdicts}", knowledge=(corpus,), planted=COUNT)


@pytest.fixture(scope="module")
def found(task: Task) -> Calibration:
    return calibrate(task, silent, quiet)


def planted_of(found: Calibration) -> Planted:
    assert isinstance(found.planted, Planted)
    return found.planted


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("true_called_supported", 15 / 20),
        ("true_called_refuted", 3 / 20),
        ("true_left_open", 2 / 20),
        ("false_called_refuted", 12 / 20),
        ("false_called_supported", 4 / 20),
        ("false_left_open", 4 / 20),
        ("abstention", 6 / 40),
        ("sensitivity", 15 / 18),
        ("specificity", 12 / 16),
        ("youden", 15 / 18 + 12 / 16 - 1),
        # called supported .9 sure: 15 of 19 right; called refuted .8 sure: 12 of 15
        ("calibration_error", (19 * (0.9 - 15 / 19) + 15 * 0.0) / 34),
        # a true claim leans above a false one: supported above open above refuted, ties count half
        ("auroc", (15 * (4 / 2 + 4 + 12) + 2 * (4 / 2 + 12) + 3 * 12 / 2) / 400),
    ],
)
def test_declared_rates_come_back_within_their_intervals(found: Calibration, name: str, declared: float) -> None:
    measured = getattr(planted_of(found).present, name)
    assert isinstance(measured, Interval)
    assert measured.estimate == pytest.approx(declared)
    assert measured.lower <= declared <= measured.upper
    assert measured.upper - measured.lower < 0.25


def test_with_the_source_taken_out_the_declared_rates_come_back_too(found: Calibration) -> None:
    planted = planted_of(found)
    assert planted.taken_out == "documents"
    for measured, declared in (
        (planted.removed.true_called_refuted, 1 / 20),
        (planted.removed.abstention, 37 / 40),
        (planted.removed.false_left_open, 1.0),
    ):
        assert isinstance(measured, Interval)
        assert measured.estimate == pytest.approx(declared)
        assert measured.lower <= declared <= measured.upper


def test_counts_and_curve_add_up(found: Calibration) -> None:
    planted = planted_of(found)
    assert (planted.passages, planted.present.true, planted.present.false) == (COUNT, COUNT, COUNT)
    assert sum(kind.claims for kind in planted.kinds) == COUNT
    (number,) = planted.kinds
    assert (number.kind, number.refuted, number.supported, number.left_open) == ("number", 120, 40, 40)
    assert [(point.lower, point.claims) for point in planted.present.curve] == [(0.8, 150), (0.9, 190)]
    assert planted.present.curve[1].right == pytest.approx(15 / 19)
    assert planted.present.curve[0].right == pytest.approx(12 / 15)


def test_the_claim_alone_tells_nothing(found: Calibration) -> None:
    leakage = planted_of(found).leakage
    assert isinstance(leakage.wording, Interval)
    assert isinstance(leakage.alone, Interval)
    assert 0.4 < leakage.wording.estimate <= leakage.limit == 0.55
    assert leakage.alone.estimate == 0.5


def test_the_threshold_that_would_do_is_told_and_no_verdict_is_changed(found: Calibration) -> None:
    """Refutations come .8 sure: below .81 three in twenty true claims are refuted, from there on none is."""
    advice = found.threshold
    assert (advice.now, advice.needed, advice.limit) == (0.5, 0.81, 0.05)
    assert isinstance(advice.true_called_refuted, Interval)
    assert isinstance(advice.false_called_refuted, Interval)
    assert (advice.true_called_refuted.estimate, advice.false_called_refuted.estimate) == (0, 0)


def test_the_same_task_gives_the_same_bytes(task: Task, found: Calibration) -> None:
    assert encode_calibration(calibrate(task, silent, quiet)) == encode_calibration(found)


def test_nothing_that_states_a_claim_is_left_once_its_source_is_out(corpus: Path) -> None:
    index = open_knowledge([corpus])
    twins = plant(index, 40, 1)
    present, (_, removed) = with_source(index, twins), without_source(index, twins)
    for own, other in zip(present, removed, strict=True):
        assert own[:4] == other[:4]
        assert int(own.cluster) not in {hit.passage.passage_id for hit in other.hits}
        if own.true:
            assert int(own.cluster) in {hit.passage.passage_id for hit in own.hits}


def denied(number: int) -> Twins:
    """Only the false claim is denied, which a word tells."""
    said = f"Pump {number} of line {number % 7} is running today."
    return Twins(said, said.replace("is", "is not"), "negation", Stated(said, "", said, str(number)))


def test_claims_whose_wording_tells_their_truth_are_recognised_and_refused() -> None:
    told = wording([denied(n) for n in range(60)], 0)
    assert isinstance(told, Interval)
    assert told.estimate > 0.95
    _, refused = untold([denied(n) for n in range(60)], 0)
    assert isinstance(refused, Unscored)
    assert (refused.reason, "at most 0.55 may be" in refused.detail) == ("claims_tell_alone", True)


def test_the_few_that_give_themselves_away_are_left_out(corpus: Path) -> None:
    fair = plant(open_knowledge([corpus]), 100, 0)
    kept, refused = untold([*fair, *(denied(n + 1000) for n in range(20))], 0)
    assert refused is None
    assert sum(one.kind == "negation" for one in kept) < 20
    found = wording(kept, 0)
    assert isinstance(found, Interval)
    assert found.estimate <= LIMIT
    assert untold(fair, 0) == (fair, None)


def hit(text: str) -> Hit:
    passage = Passage(passage_id=1, doc_id="d", title="", source="", licence="", start=0, end=len(text), text=text)
    return Hit(passage=passage, score=1.0, coverage=1.0, shared=3, above_floor=True)


def test_a_failed_judgement_is_counted_apart_and_is_in_no_share() -> None:
    items = [Item(f"claim {n}", n % 2 == 0, "number", str(n), (hit("text"),)) for n in range(60)]
    made = Checked(Verdict(label="supported", confidence=0.9), ((hit("text"), Judgement((0.9, 0.05, 0.05))),))
    failed = Checked(Unscored(reason="judge_malformed"), ())
    checked = [failed if n < 10 else made for n in range(60)]
    seen = figures(Known(items, checked, 0))
    assert (seen.true, seen.false, seen.unscored) == (25, 25, 10)
    assert isinstance(seen.true_called_supported, Interval)
    assert seen.true_called_supported.estimate == 1.0
    assert seen.true_called_supported.n == 25
    nothing = figures(Known(items, [failed] * 60, 0))
    assert nothing.abstention == Unscored(reason="nothing_scored")
    assert isinstance(nothing.youden, Unscored)


def test_a_corpus_too_small_says_how_many_passages_would_do(tmp_path: Path) -> None:
    small = write_table(tmp_path, facts=11)
    with pytest.raises(InputError, match=r"11 passages give 10 claims .* 20 are needed: about 22 passages"):
        calibrate(Task(verifier="builtin:", knowledge=(small,)), silent, quiet)


def test_a_corpus_in_another_language_is_refused_in_words(tmp_path: Path) -> None:
    rows = [f"Der Kessel Nummer {n} fasst im Winter ungefähr {n + 200} Liter Öl für die Lampen." for n in range(60)]
    path = tmp_path / "kessel.jsonl"
    path.write_text("".join(json.dumps({"text": row}) + "\n" for row in rows), "utf-8")
    assert english_share(rows) == 0
    with pytest.raises(InputError, match="in English text only, and 0% of this corpus's sentences look English"):
        calibrate(Task(verifier="builtin:", knowledge=(path,)), silent, quiet)
