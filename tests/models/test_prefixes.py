"""Every prefix is given the tokens that it has by itself, whatever the tokenizer; a text is encoded about once."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_causal import QUESTION, TEXT
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from knowreason.models.prefixes import Encode, packs, plan
from knowreason.records import Prefixes

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PIECES = [
    *TEXT.split(),
    "\n\n",
    "  ",
    "\t",
    "12.5",
    "1,204",
    "é",
    "naïve",
    "血糖",
    "🙂",
    "e\u0301",
    "-",
    "$x_1^2$",
    "don't",
]


def byte_level(made: Tokenizer) -> trainers.Trainer:
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )


def split_by_pattern(made: Tokenizer) -> trainers.Trainer:
    trainer = byte_level(made)
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return trainer


def one_piece(made: Tokenizer) -> trainers.Trainer:
    """No splitting at all; a blank is written before every text, so that a piece never looks as in the whole."""
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return trainers.BpeTrainer(vocab_size=300, initial_alphabet=sorted(set("".join(PIECES) + "▁")), show_progress=False)


def words_of_pieces(made: Tokenizer) -> trainers.Trainer:
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    return trainers.BpeTrainer(vocab_size=300, initial_alphabet=sorted(set("".join(PIECES) + "▁")), show_progress=False)


@cache
def encoder(kind: Callable[[Tokenizer], trainers.Trainer]) -> Encode:
    made = Tokenizer(models.BPE())
    trainer = kind(made)
    made.train_from_iterator([TEXT, QUESTION, "The answer is: 12"] * 3, trainer)
    return lambda texts: [made.encode(text, add_special_tokens=False).ids for text in texts]


KINDS = (byte_level, split_by_pattern, one_piece, words_of_pieces)


def long_text(seed: int) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(PIECES) + draw.choice(["", " ", " ", " ", " "]) for _ in range(400))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 1400), min_size=1, max_size=8), st.sampled_from(["", "\nSo:"]))
def test_a_prefix_has_the_tokens_that_it_has_alone(kind: object, seed: int, cuts: list[int], lead: str) -> None:
    encode = encoder(kind)  # type: ignore[arg-type]
    asked = Prefixes(context=long_text(seed), cuts=tuple(cuts), lead=lead, targets=(" 12", " insulin"))
    made = plan(asked, encode, [7])
    assert made.targets == encode([" 12", " insulin"])
    for cut, place in zip(cuts, made.places, strict=True):
        assert place.tail
        alone = encode([asked.context[:cut] + lead])[0]
        assert made.trunk[: place.shared] + place.tail == [7, *alone]


@pytest.mark.parametrize("kind", [byte_level, split_by_pattern])
def test_a_text_is_not_encoded_anew_for_every_prefix(kind: object) -> None:
    text = (TEXT + " ") * 100
    encode, given_texts = encoder(kind), []  # type: ignore[arg-type, var-annotated]

    def counting(texts: list[str]) -> list[list[int]]:
        given_texts.extend(texts)
        return encode(texts)

    cuts = tuple(range(600, len(text), 50))
    plan(Prefixes(context=text, cuts=cuts, lead="\nSo:", targets=(" B",)), counting, [])
    assert sum(map(len, given_texts)) < 2 * len(text) + len(cuts) * 600


def test_a_copy_sees_its_own_tail_and_target_and_no_other() -> None:
    encode = encoder(byte_level)
    asked = plan(Prefixes(context=TEXT, cuts=(30, 90), lead="\nSo:", targets=(" sugar", " beta")), encode, [])
    [pack] = packs(asked, 10_000, 10_000)
    sees = pack.sees()
    for row in range(len(pack.ids)):
        for column in range(len(pack.ids)):
            own = pack.piece[row] == pack.piece[column] and column <= row
            expected = own and pack.branch[column] in (0, pack.branch[row])
            assert bool(sees[row, column]) == expected
    for (place, target), tokens in pack.asked:
        assert [token for _, token in tokens] == asked.targets[target]
        first = pack.kept[tokens[0][0]]
        assert pack.positions[first] == asked.places[place].shared + len(asked.places[place].tail) - 1
    assert np.all(np.diff(pack.shared[pack.piece == 1]) == 0)


@given(st.integers(1, 40), st.integers(1, 12))
def test_packs_hold_every_branch_once_and_stay_within_bounds(tokens: int, rows: int) -> None:
    encode = encoder(byte_level)
    targets = (" sugar", "", " beta cells", " B")
    asked = plan(Prefixes(context=TEXT, cuts=(5, 30, 90), lead="\nSo:", targets=targets), encode, [])
    seen = []
    for pack in packs(asked, tokens, rows):
        assert len(pack.asked) == 1 or (len(pack.ids) <= tokens and len(pack.kept) <= rows)
        seen += [branch for branch, _ in pack.asked]
    assert sorted(seen) == [(p, t) for p in range(3) for t in (0, 2, 3)]
