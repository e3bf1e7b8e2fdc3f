"""Texts that break readers: fragments that hypothesis puts together, and long runs of one fragment."""

from __future__ import annotations

from hypothesis import strategies as st

FRAGMENTS = (
    "The answer is (B). ",
    "So the answer is ",
    "**Answer:** C",
    "\\boxed{",
    "\\boxed{12}",
    "}",
    "{",
    "$x = 5$",
    "$",
    "$$",
    "\\(",
    "\\[a. B\\]",
    "```\ncode. X\n",
    "\n\n",
    "\n",
    " ",
    "Dr. Grey ate 3.5 g of vitamin A. ",
    "not iron, but zinc. ",
    "zinc",
    "iron oxide",
    "(a)",
    "(A) iron",
    "= 12",
    "1/0",
    "10^999",
    "1,000,000",
    "½",
    "²",
    "这是。",
    "\u2028",
    "\x00",
    "1" * 500,
    "#### 4",
    "A: 7",
    "Question: ",
    "\\frac{1}{2}",
    "<|im_end|>",
    "if the answer is A",
    "e.g. ",
    "...",
    "?",
    "—",
    "\ud7ff",
    "i̇",
    "ﬁ",
)

texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=6)), max_size=20).map("".join),
)

OPTIONS = {"A": "iron", "B": "iron oxide", "C": "zinc", "D": "12", "E": "All of the above"}

# One fragment again and again: quadratic patterns take hours on a million characters, linear ones seconds.
REPEATED = (
    "a. ", "$", "(", "{", "\\[", "\\(", "\\begin{a}", "```", " ", "\n", "a\n", "!", "answer ", "answer is ",
    "\\boxed{", "\\frac{", "1", "1 ", "1,", "I and ", "so ", "not a, ", "10^", "= 1 ", "zinc ", "A: 1\n", "。",
    "'", "*", "if the answer is ", "best option ", "\nquestion ", "<|a", "x",
)  # fmt: skip


def repeated(fragment: str, length: int) -> str:
    """`length` characters of one fragment."""
    return (fragment * (length // len(fragment) + 1))[:length]
