"""The claims written for this project: frozen, of topics that trained nothing, and telling nothing unread."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec import structs
from phrases import phrases

from conftest import ROOT
from knowreason.errors import InputError
from knowreason.planting.shared_words import content, overlap
from knowreason.train.claims import LABELS, ClaimRow, as_judged, claim_pairs, read_claims
from knowreason.train.shortcuts import NEGATION, SIDES, out_of_fold, shortcuts
from knowreason.train.store import GROUPS, load_pairs, save_pairs
from knowreason.train.written import DEV_FIELDS, WrittenSet, read_sets, written_pairs

FOLDER = ROOT / "examples" / "claims"
SHARED_FIELDS = {"genetics", "nutrition", "obstetrics", "public health"}  # other subjects of these fields did train


@pytest.fixture(scope="module")
def rows() -> list[ClaimRow]:
    return read_claims(FOLDER / "test.jsonl")


@pytest.fixture(scope="module")
def written() -> list[WrittenSet]:
    return read_sets(ROOT / "recipes" / "written_claims.jsonl")


def test_the_test_half_is_the_one_whose_hash_the_card_states() -> None:
    found = hashlib.sha256((FOLDER / "test.jsonl").read_bytes()).hexdigest()
    assert f"`{found}`" in (FOLDER / "README.md").read_text("utf-8")


def test_every_passage_has_claims_of_all_labels_and_none_occurs_twice(rows: list[ClaimRow]) -> None:
    assert len({row.id for row in rows}) == len({row.claim for row in rows}) == len(rows) >= 1100
    counts = Counter((row.title, row.label) for row in rows)
    titles = {row.title for row in rows}
    assert len({(row.topic, row.title, row.passage) for row in rows}) == len(titles) >= 130
    assert {counts[title, label] for title in titles for label in LABELS} <= {2, 3}


def test_both_labellings_agree_on_every_row_that_was_kept(rows: list[ClaimRow]) -> None:
    assert all(row.label_2 == row.label for row in rows)
    assert {row.author for row in rows} == {"model-written"}


def test_shared_words_and_negations_are_alike_for_all_labels(rows: list[ClaimRow]) -> None:
    shares = {label: [overlap(row.claim, row.passage) for row in rows if row.label == label] for label in LABELS}
    assert all(0.2 <= share <= 0.6 for held in shares.values() for share in held)
    found = shortcuts(rows)
    for sides in SIDES:
        assert 0.45 <= found["overlap"][sides].estimate <= 0.55, sides
        assert found["wording"][sides].estimate < 0.7, sides
    negated = {label: np.mean([bool(NEGATION.search(r.claim)) for r in rows if r.label == label]) for label in LABELS}
    assert abs(negated["supported"] - negated["refuted"]) < 0.03


def test_no_topic_of_the_test_half_trained(rows: list[ClaimRow], written: list[WrittenSet]) -> None:
    assert {row.topic for row in rows} & {held.field for held in written} == SHARED_FIELDS
    assert not {row.title.casefold() for row in rows} & {held.title.casefold() for held in written}
    trained = [(held.passage, *held.supported, *held.refuted, *held.open) for held in written]
    known = {phrase for texts in trained for text in texts for phrase in phrases(text)}
    for text in {row.passage for row in rows} | {row.claim for row in rows}:
        assert not phrases(text) & known, text


def test_no_passage_of_the_test_half_is_close_to_one_that_trained(
    rows: list[ClaimRow], written: list[WrittenSet]
) -> None:
    trained = [content(held.passage) for held in written]
    for passage in sorted({row.passage for row in rows}):
        words = content(passage)
        assert max(len(words & held) / min(len(words), len(held)) for held in trained) < 0.45, passage


def test_rows_are_judged_against_their_own_passage_and_vary_with_it(rows: list[ClaimRow]) -> None:
    (item,) = as_judged(rows[:1])
    assert (item.passages, item.claim, item.cluster) == ((rows[0].passage,), rows[0].claim, rows[0].title)
    assert item.label == LABELS[rows[0].label]


GOOD = {
    "id": "a",
    "topic": "gardening",
    "title": "Mulch",
    "passage": "Mulch keeps soil moist.",
    "claim": "Under mulch the ground dries out.",
    "label": "refuted",
    "kind": "direction",
    "span": "keeps soil moist",
    "author": "model-written",
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"span": "dries out"}, "does not stand"),
        ({"span": None}, "decides"),
        ({"kind": "paraphrase"}, "no kind of refuted"),
        ({"label": "wrong"}, "Invalid enum"),
    ],
)
def test_a_row_that_contradicts_itself_is_named(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    (tmp_path / "claims.jsonl").write_text(json.dumps(GOOD) + "\n" + json.dumps(GOOD | change) + "\n")
    with pytest.raises(InputError, match=rf"line 2.*{fault}"):
        read_claims(tmp_path / "claims.jsonl")


def made(count: int, claim: str, label: str) -> list[ClaimRow]:
    span = None if label == "not_enough_info" else "Mulch keeps soil moist."
    kind = {"supported": "paraphrase", "refuted": "value", "not_enough_info": "detail"}[label]
    return [
        ClaimRow(f"{label}{n}", f"topic {n % 7}", f"t{n}", GOOD["passage"], claim, label, kind, span, "made")  # type: ignore[arg-type]
        for n in range(count)
    ]


def test_a_word_that_only_false_claims_use_is_found_out() -> None:
    held = made(30, "mulch always dries soil", "refuted") + made(30, "mulch wets soil", "supported")
    found = shortcuts(held + made(30, "mulch costs money", "not_enough_info"))
    assert found["wording"]["supported_refuted"].estimate == 1.0
    assert found["wording"]["macro_f1"].estimate == 1.0
    assert found["overlap"]["supported_open"].estimate == 1.0


def test_wording_is_never_learned_from_the_topic_it_is_applied_to() -> None:
    groups = [f"g{n % 20}" for n in range(200)]
    own = np.eye(20)[[n % 20 for n in range(200)]]  # a word for every topic, and the topic decides the label
    labels = np.array([(n % 20) % 3 for n in range(200)], np.int64)
    found = out_of_fold(own, labels, groups)
    assert np.allclose(found, 1 / 3, atol=1e-6)
    assert np.allclose(out_of_fold(own, labels, ["one"] * 200), 1 / 3)


@pytest.fixture(scope="module")
def training() -> list[ClaimRow]:
    return read_claims(ROOT / "recipes" / "claims_train.jsonl")


@pytest.fixture(scope="module")
def choosing() -> list[ClaimRow]:
    return read_claims(ROOT / "recipes" / "claims_dev.jsonl")


def test_the_training_half_tells_of_the_passages_of_the_written_sets(
    training: list[ClaimRow], choosing: list[ClaimRow], written: list[WrittenSet]
) -> None:
    told = {
        (held.title, held.passage, claim, label)
        for held in written
        for label, claims in (
            ("supported", held.supported),
            ("refuted", held.refuted),
            ("not_enough_info", held.open),
        )
        for claim in claims
    }
    taken = [row for row in training if not re.match(r"train-[ab]", row.id)]
    assert {(row.title, row.passage, row.claim, row.label) for row in taken} <= told
    known = {(held.field, held.title, held.passage) for held in written}
    assert {(row.topic, row.title, row.passage) for row in (*training, *choosing)} <= known
    assert len({row.id for row in (*training, *choosing)}) == len(training) + len(choosing) >= 2900


def test_claims_written_anew_are_labelled_twice_alike_and_tell_nothing_unread(
    training: list[ClaimRow], choosing: list[ClaimRow]
) -> None:
    anew = [row for row in training if re.match(r"train-[ab]", row.id)]
    for held in (anew, choosing):
        assert {row.label_2 for row in held if row.label_2 != row.label} <= {
            None
        }  # reworded after the second labelling
        assert sum(row.label_2 is None for row in held) / len(held) < 0.01
        assert len(set(Counter(row.label for row in held).values())) == 1
        found = shortcuts(held)
        for sides in SIDES:
            assert 0.45 <= found["overlap"][sides].estimate <= 0.55, sides
            assert 0.45 <= found["length"][sides].estimate <= 0.55, sides
            assert found["wording"][sides].estimate < 0.65, sides


def test_shared_words_tell_no_label_of_the_training_half(training: list[ClaimRow]) -> None:
    assert all(0.2 <= overlap(row.claim, row.passage) <= 0.6 for row in training)
    found = shortcuts(training)["overlap"]
    assert all(0.45 <= found[sides].estimate <= 0.55 for sides in SIDES)


def test_the_parts_share_no_passage_no_claim_and_no_phrase_with_the_test_half(
    rows: list[ClaimRow], training: list[ClaimRow], choosing: list[ClaimRow]
) -> None:
    for first, second in ((rows, training), (rows, choosing), (choosing, training)):
        for one in ("title", "passage", "claim"):
            assert not {getattr(row, one).casefold() for row in first} & {
                getattr(row, one).casefold() for row in second
            }
    known = {phrase for row in rows for phrase in phrases(row.passage) | phrases(row.claim)}
    for row in (*training, *choosing):
        assert not phrases(row.claim) & known, row.id
    assert {row.topic for row in rows} & {row.topic for row in training} == SHARED_FIELDS
    assert not {row.topic for row in rows} & {row.topic for row in choosing}


def test_no_claim_shares_a_phrase_with_the_example(
    example_dir: Path, training: list[ClaimRow], choosing: list[ClaimRow]
) -> None:
    fields = {"notes.jsonl": ("text",), "traces.jsonl": ("question", "response")}
    known = {
        phrase
        for name, told in fields.items()
        for line in (example_dir / name).read_text("utf-8").splitlines()
        for field in told
        for phrase in phrases(json.loads(line)[field])
    }
    assert len(known) > 5_000
    for row in (*training, *choosing):
        assert not phrases(row.claim) & known, row.id


def test_what_is_told_of_the_fields_that_choose_trains_nothing(
    training: list[ClaimRow], choosing: list[ClaimRow], written: list[WrittenSet]
) -> None:
    assert {row.topic for row in choosing} == DEV_FIELDS
    assert not {row.topic for row in training} & DEV_FIELDS
    kept = {held.passage for held in written if held.field in DEV_FIELDS}
    pairs = [*claim_pairs([*training, *choosing]), *written_pairs(written, random.Random(0))]
    for pair in pairs:
        if pair.part == "train":
            assert not any(pair.premise.endswith(passage) for passage in kept), pair.claim
    assert {pair.claim for pair in pairs if pair.source == "claims" and pair.part == "dev"} <= {
        r.claim for r in choosing
    }


def test_what_is_told_of_one_passage_stays_in_one_part(training: list[ClaimRow], written: list[WrittenSet]) -> None:
    parts = {held.passage: held.part for held in written}
    made = list(claim_pairs(training))
    assert {parts[next(text for text in parts if pair.premise.endswith(text))] for pair in made[::50]} == {"train"}
    assert 1200 <= len(made) // 2 < sum(row.label_2 == row.label for row in training)


def test_claims_count_as_a_group_of_their_own(tmp_path: Path) -> None:
    told = {"id": "a", "topic": "ecology", "title": "Moss", "passage": "Moss has no roots.", "author": "made"}
    row = ClaimRow(claim="Moss grows roots.", label="refuted", kind="value", span="no roots", label_2="refuted", **told)  # type: ignore[arg-type]
    (pair,) = claim_pairs([row])
    assert (pair.premise, pair.label, pair.part) == ("Moss has no roots.", LABELS["refuted"], "dev")
    assert not list(claim_pairs([structs.replace(row, label_2=None)]))
    save_pairs(tmp_path / "pairs.npz", [pair], lambda text: SimpleNamespace(ids=[len(word) for word in text.split()]))
    loaded = load_pairs(tmp_path / "pairs.npz")
    assert (GROUPS[loaded.groups[0]], loaded.text(int(loaded.claims[0]))) == ("claims", [4, 5, 6])
