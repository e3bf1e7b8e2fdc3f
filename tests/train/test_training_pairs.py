"""What trains the built-in model: claims that the rules make, and what they must not give away."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from phrases import phrases

import knowreason.train
from knowreason.errors import InputError
from knowreason.planting.contradict import Change, Contradictor, apply
from knowreason.planting.paraphrase import number_words, reword, smaller_claims
from knowreason.planting.shared_words import overlap
from knowreason.stats import area_above
from knowreason.train.grids import GridMaker, Seed
from knowreason.train.overlap import balance, leakage
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED, Pair
from knowreason.train.passages import Passage, part_of, sentences_of
from knowreason.train.studies import statement_of
from knowreason.train.written import WrittenSet, read_sets, written_pairs

MEASURING = {
    "evaluate.py",
    "example.py",
    "recall.py",
}  # read the example to measure with it; nothing that trains imports them


def test_training_names_no_path_of_the_example(example_dir: Path) -> None:
    names = {example_dir.name, *(path.name for path in example_dir.iterdir() if path.suffix == ".jsonl")}
    forbidden = {*names, f"{example_dir.parent.name}/", f'"{example_dir.parent.name}"', "example_dir"} - {
        "traces.jsonl"
    }
    forbidden |= {f"knowreason.train.{name.removesuffix('.py')}" for name in MEASURING}
    recipes = {
        path.name: path.read_text("utf-8") for path in (example_dir.parent.parent / "recipes").glob("builtin*.sh")
    }
    assert len(recipes) == 2
    texts = {name: text.partition("-m knowreason.train.evaluate")[0] for name, text in recipes.items()}
    for path in Path(knowreason.train.__file__).parent.glob("**/*.py"):
        if path.name not in MEASURING:
            texts[path.name] = path.read_text("utf-8")
    for name, text in texts.items():
        found = [word for word in sorted(forbidden) if word in text]
        assert not found, f"{name} names {found}"


WRITTEN = Path(knowreason.train.__file__).parents[3] / "recipes" / "written_claims.jsonl"


@pytest.fixture(scope="module")
def written() -> list[WrittenSet]:
    return read_sets(WRITTEN)


def test_no_written_set_shares_a_phrase_with_the_example(example_dir: Path, written: list[WrittenSet]) -> None:
    fields = {"notes.jsonl": ("text",), "traces.jsonl": ("question", "response")}
    known = {
        phrase
        for name, told in fields.items()
        for line in (example_dir / name).read_text("utf-8").splitlines()
        for field in told
        for phrase in phrases(json.loads(line)[field])
    }
    assert len(known) > 5_000
    for held in written:
        for text in (held.passage, *held.supported, *held.refuted, *held.open):
            assert not phrases(text) & known, text


def test_written_sets_are_whole_and_none_occurs_twice(written: list[WrittenSet]) -> None:
    assert len({held.title.casefold() for held in written}) == len(written) >= 900
    for held in written:
        assert (len(held.supported), len(held.refuted), len(held.open)) == (3, 3, 2), held.title
        assert len({*held.supported, *held.refuted, *held.open}) == 8, held.title


def test_a_written_claim_stays_in_its_part_and_is_open_elsewhere(written: list[WrittenSet]) -> None:
    some = [held for held in written[::5] if held.part != "apart"]
    parts = {claim: held.part for held in some for claim in (*held.supported, *held.refuted, *held.open)}
    passages = {held.passage: held for held in some}
    for pair in written_pairs(some, random.Random(0)):
        assert pair.part == parts[pair.claim]
        shown = next(held for text, held in passages.items() if pair.premise.endswith(text))
        assert shown.part == pair.part
        own = {SUPPORTED: shown.supported, REFUTED: shown.refuted}.get(pair.label)
        assert pair.claim in own if own is not None else pair.claim not in (*shown.supported, *shown.refuted)


def test_a_line_that_is_no_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "sets.jsonl").write_text(json.dumps({"field": "gardening", "title": "Mulch"}) + "\n")
    with pytest.raises(InputError, match="line 1"):
        read_sets(tmp_path / "sets.jsonl")


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("A barometer is an instrument that measures the pressure of the air.", "A barometer is an instrument."),
        ("Otters, a kind of weasel, swim well in cold rivers.", "Otters is a kind of weasel."),
        ("The furnace heats the hall, and the stove warms the kitchen.", "The stove warms the kitchen."),
        ("Garden pests include slugs, aphids and voles.", "Garden pests include slugs."),
        ("Rust destroys iron gates.", "Iron gates are destroyed by rust."),
        ("About 50 percent of the seeds sprout.", "About half of the seeds sprout."),
    ],
)
def test_a_sentence_gives_smaller_claims(sentence: str, claim: str) -> None:
    found = {text for seed in range(12) for text in smaller_claims(sentence, "", random.Random(seed))}
    assert claim in found or "Otters" in claim


def test_a_pronoun_becomes_the_title() -> None:
    found = smaller_claims("It is caused by damp air.", "Leaf mould", random.Random(0))
    assert any("Leaf mould" in claim for claim in found)


def test_synonyms_lower_the_overlap_and_digits_become_words() -> None:
    sentence = "Hypertension frequently affects the kidney and usually requires medication."
    shares = [overlap(reword(sentence, random.Random(seed), 5), sentence) for seed in range(10)]
    assert min(shares) < 0.5
    assert number_words("It has 3 legs and 40 eyes.") == "It has three legs and 40 eyes."


@pytest.mark.parametrize(
    ("question", "term", "statement"),
    [
        ("Does ice float on water?", "", "Ice float on water."),
        ("Is Mount Fuji taller than a house?", "Mount Fuji", "Mount Fuji is taller than a house."),
        ("Which is taller?", "", None),
    ],
)
def test_a_question_becomes_a_statement(question: str, term: str, statement: str | None) -> None:
    assert statement_of(question, term) == statement


@pytest.fixture
def contradictor() -> Contradictor:
    names = [("red rust", "rust"), ("brown rust", "rust")]
    return Contradictor(["Salt air speeds rust."], names, random.Random(3))


def test_every_kind_of_error_changes_the_claim_and_nothing_else(contradictor: Contradictor) -> None:
    cases = {
        "opposite": "Salt air increases the wear of hulls.",
        "number": "A hull lasts 40 years in fresh water.",
        "negation": "Salt air is bad for hulls.",
        "entity": "The organ that filters the blood is the kidney.",
    }
    for kind, claim in cases.items():
        change = contradictor.change(claim, "", [kind])
        assert change is not None, kind
        assert change.kind == kind
        assert change.claim != claim
        kept = set(claim.lower().split()) & set(change.claim.lower().split())
        assert len(kept) >= len(set(claim.split())) - 2


def test_the_same_change_can_be_made_in_a_passage() -> None:
    change = Change("Salt lowers wear.", "opposite", "raises", "lowers")
    assert apply(change, "Raises here, raises there; raisest not.") == "Lowers here, lowers there; raisest not."
    assert apply(change, "nothing") is None


def grid(contradictor: Contradictor) -> list[Pair]:
    sentences = (
        "Tanning turns hides into leather in large vats.",
        "Bark increases the strength of leather over several months.",
        "Tanners wear gloves at work.",
    )
    passage = Passage("openstax", "d", "Leather", sentences, "train")
    far = Passage("openstax", "e", "Bark", ("Bark keeps trees dry.", "Cork is one bark of many."), "train")
    maker = GridMaker(contradictor, random.Random(5))
    return [pair for _ in range(40) for pair in maker.pairs(Seed(passage, sentences[1], (far,)))]


def test_a_grid_uses_each_claim_with_each_label(contradictor: Contradictor) -> None:
    pairs = grid(contradictor)
    assert {pair.label for pair in pairs} == {SUPPORTED, REFUTED, OPEN}
    by_claim: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for pair in pairs:
        if pair.kind in ("same", "opposite", "both_opposite", "passage_opposite"):
            raised = any(word in pair.claim for word in ("increase", "raise"))
            by_claim[raised][pair.label] += 1
    assert all(counts[SUPPORTED] and counts[REFUTED] for counts in by_claim.values())


def test_balanced_pairs_cannot_be_told_by_overlap() -> None:
    rng = random.Random(0)
    words = [f"w{index}" for index in range(30)]
    pairs: list[Pair] = []
    for _ in range(6000):
        label = rng.choice([0, 0, 1, 2])
        shared = min(10, max(0, round(rng.gauss((7, 6, 4)[label], 2))))
        claim = " ".join(rng.sample(words, 10))
        premise = " ".join(claim.split()[:shared])
        pairs.append(Pair(premise, claim, label, "s", "k", rng.choice(["train", "test"])))
    assert leakage(pairs)["overlap_decided_open"] > 0.7
    kept = leakage(balance(pairs, rng))
    assert abs(kept["overlap_decided_open"] - 0.5) < 0.12
    assert abs(kept["overlap_supported_refuted"] - 0.5) < 0.06


def test_auroc_agrees_with_counting_pairs() -> None:
    left, right = np.array([1.0, 2.0, 2.0]), np.array([0.0, 2.0])
    counted = np.mean([(a > b) + 0.5 * (a == b) for a in left for b in right])
    assert area_above(left, right) == pytest.approx(counted)


def test_parts_are_fixed_by_name_and_about_as_large_as_stated() -> None:
    parts = Counter(part_of(f"document {index}") for index in range(4000))
    assert 0.07 < parts["test"] / 4000 < 0.13
    assert 0.03 < parts["dev"] / 4000 < 0.07


def test_sentences_end_where_a_capital_follows() -> None:
    assert sentences_of("It is 3.5 cm long.  It swims. (See Fig. 2.)")[:2] == ["It is 3.5 cm long.", "It swims."]
