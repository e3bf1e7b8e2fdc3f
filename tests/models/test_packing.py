"""Rows of the built-in model: what fits, what is cut, and what each option may see."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowreason.models.packing import CLS, LATEST, PLAIN, SECOND, SEP, WHOLE, WIDTHS, collate, pack_options, pack_pair

tokens = st.lists(st.integers(1000, 20_000), max_size=700)


@given(tokens, tokens)
def test_a_pair_fits_and_keeps_its_claim_before_its_premise(premise: list[int], claim: list[int]) -> None:
    row = pack_pair(premise, claim)
    assert len(row.ids) <= 256
    assert row.ids[0] == CLS
    kept = [token for token, kind in zip(row.ids, row.types, strict=True) if kind == SECOND][:-1]
    assert kept == claim[:96]
    assert row.ids[1 : row.ids.index(SEP)] == premise[: row.ids.index(SEP) - 1]


@given(tokens, tokens, st.lists(tokens, min_size=1, max_size=30), st.booleans())
def test_all_options_fit_beside_some_context(
    question: list[int], prefix: list[int], options: list[list[int]], labelled: bool
) -> None:
    labels = [[1006, 1037, 1007]] * len(options) if labelled else []
    row = pack_options(question, prefix, options, labels=labels)
    assert len(row.ids) == len(row.types) == len(row.positions) == len(row.blocks) <= WIDTHS[-1]
    assert set(row.blocks) == set(range(len(options) + 1))
    assert max(row.positions) < 512


def test_every_option_starts_at_the_position_after_the_context() -> None:
    row = pack_options([2000, 2001], [2002], [[3000], [3001, 3002], [3003]])
    context = row.blocks.count(0)
    for slot in (1, 2, 3):
        assert row.positions[row.blocks.index(slot)] == context


def test_the_prefix_keeps_its_tail() -> None:
    row = pack_options([2000], list(range(5000, 6000)), [[3000]], prefix_limit=50)
    assert row.ids[row.blocks.count(0) - 2] == 5999
    assert 5949 not in row.ids
    assert 5950 in row.ids


def test_option_tokens_are_marked_by_where_they_stand_in_the_prefix() -> None:
    def kinds(prefix: list[int], option: list[int]) -> list[int]:
        row = pack_options([2000], prefix, [option], continues=[False] * 9000 + [True] * 1000)
        return [kind for kind, block in zip(row.types, row.blocks, strict=True) if block == 1]

    far = [4000] * 60
    assert kinds([4001, 4002], [3000, 3001]) == [PLAIN, PLAIN]
    assert kinds([3001, 4002], [3000, 3001]) == [PLAIN, SECOND]
    assert kinds([3000, 3001, *far], [3000, 3001]) == [WHOLE, WHOLE]
    assert kinds([*far, 3000, 3001], [3000, 3001]) == [LATEST, LATEST]
    assert kinds([*far, 3000, 3001, 9500], [3000, 3001]) == [SECOND, SECOND]  # the word goes on


def test_padding_belongs_to_no_block() -> None:
    batch = collate([pack_pair([2000], [3000]), pack_pair([2000] * 20, [3000])])
    assert batch.ids.shape == (2, 64)
    assert (batch.blocks[0, 5:] == -1).all()
