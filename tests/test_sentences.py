from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given

from hostile_text import REPEATED, repeated, texts
from knowreason.sentences import protected_spans, split_sentences


def pieces(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


@given(texts)
def test_sentences_partition_any_text_exactly(text: str) -> None:
    spans = split_sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(a < b for a, b in spans)
    assert all(left[1] == right[0] for left, right in pairwise(spans))


@given(texts)
def test_every_sentence_of_a_text_with_words_has_words_of_its_own(text: str) -> None:
    if text.strip():
        assert all(piece.strip() for piece in pieces(text))


@given(texts)
def test_white_space_belongs_to_the_sentence_before_it(text: str) -> None:
    assert not any(piece[0].isspace() for piece in pieces(text)[1:])


@given(texts)
def test_no_boundary_falls_inside_a_formula_or_code(text: str) -> None:
    cuts = {a for a, _ in split_sentences(text)}
    assert not any(start < cut < end for start, end in protected_spans(text) for cut in cuts)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("One sentence without an end", 1),
        ("It rains. It pours.", 2),
        ("Dr. Grey met Prof. Moss vs. Mr. Lake.", 1),
        ("Some minerals, e.g. Gypsum, dissolve. Others, i.e. Quartz, do not.", 2),
        ("The ratio is 3.5 and 0.25 m. Next comes 4.75.", 2),
        ("J. Smith and B. Jones agree. They left.", 2),
        ("She lacks vitamin C. The gums bleed.", 2),
        ("The answer is D. Therefore we stop.", 2),
        ("See Fig. 3 and No. 5 for it.", 1),
        ("Did it? Yes. No! Well…  Maybe.", 5),
        ("We know $a. B$ holds. Good.", 2),
        ("Then \\(p. Q\\) and \\[r.\n\nS\\] follow. End.", 2),
        ("$$a = 1.\n B = 2$$ Done.", 1),
        ("\\begin{align}a. B\n\nC\\end{align}\nNext.", 2),
        ("It costs $5. Then $10. Then nothing.", 3),
        ("```py\nx = 1\n\nY. Z\n```\nText.", 2),
        ("```\nFirst we count them. Then we add them.\nSo it is six.\n```", 5),
        ("1. Wash it. 2. Dry it.", 2),
        ("Step 1. Wash it.\nStep 2. Dry it.", 2),
        ("- one\n- two\n- three", 3),
        ("A line that only\nwraps here. And ends.", 2),
        ("A heading:\n\nthen text", 2),
        ("水会结冰。它会膨胀！为什么？", 3),
        ("「冷。」然后热。", 2),
        ("Вода кипит. Лёд тает.", 2),
        ("He said “Stop.” Then he left.", 2),
        ("\n\n  Late start. Then more.\n", 2),
        ("Windows line.\r\nAnother line.\r\n", 2),
    ],
)
def test_sentence_boundaries(text: str, count: int) -> None:
    assert len(pieces(text)) == count, pieces(text)


@pytest.mark.parametrize("opener", ["\\[", "\\(", "$$", "$", "\\begin{align}"])
def test_an_opener_that_nobody_closes_protects_nothing(opener: str) -> None:
    assert len(pieces(f"First {opener} here. Second there. Third.")) == 3


def test_an_unclosed_code_fence_runs_to_the_end() -> None:
    assert len(pieces("Look:\n```py\nx = a. B\n\nc. D")) == 2


@pytest.mark.parametrize("fragment", REPEATED)
def test_a_million_characters_of_one_fragment_end(fragment: str) -> None:
    text = repeated(fragment, 1_000_000)
    assert sum(b - a for a, b in split_sentences(text)) == len(text)
