"""Items of the answer head: real traces with the answer they end on, and worked numeric answers.

Only questions of a fixed hash split are used: shares 0 to 44 train, 45 to 49 calibrate, the rest is never
touched. The model that wrote a trace is never among the held-out ones.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from knowreason.answers import final_statement, find_commitment
from knowreason.answers.mentions import value_of
from knowreason.gain.candidates import number_text, numeric_candidates
from knowreason.read import ReadOptions, Source, question_key, read_traces
from knowreason.records import Trace
from knowreason.sentences import split_sentences
from knowreason.train.passages import rows

TRAIN_BELOW, CALIBRATE_BELOW = 45, 50
HELD_OUT = ("mathstral", "Mistral-7B", "gemini")
TEXT_LIMIT = 5_000  # characters: longer traces are loops, mostly


class Item(NamedTuple):
    """A question, its options, a text that ends on option `own`, and where it may be cut (offsets).

    Up to `content` nothing of the final choice is stated, up to `statement` no formal answer.
    """

    question_key: str
    question: str
    options: tuple[str, ...]
    labels: tuple[str, ...]
    text: str
    own: int
    gold: int
    cuts: tuple[int, ...]
    content: int
    statement: int
    model: str
    domain: str
    part: str  # train, calibrate or unseen


def share_of(key: str) -> str:
    """train, calibrate or unseen: fixed by the question's key."""
    share = int(sha256(key.encode()).hexdigest()[:8], 16) % 100
    if share < TRAIN_BELOW:
        return "train"
    return "calibrate" if share < CALIBRATE_BELOW else "unseen"


def held_out(model: str) -> bool:
    """Whether traces of this model are never trained on."""
    return any(name.lower() in model.lower() for name in HELD_OUT)


def read_items(data: Path, parts: Sequence[str] = ("train", "calibrate")) -> Iterator[Item]:
    """Items of the multiple-choice traces whose question is in one of `parts`, all models."""
    files = sorted((data / "traces").glob("mmlu_pro_*.jsonl.gz"))
    for trace in read_traces([Source(str(path), None) for path in files], ReadOptions()):
        if not isinstance(trace, Trace) or not trace.options or len(trace.reasoning) > TEXT_LIMIT:
            continue
        part = share_of(trace.question_key)
        if part in parts:
            item = item_of(trace, part)
            if item is not None:
                yield item


def item_of(trace: Trace, part: str) -> Item | None:
    """The trace as an item; None if it states no option as its answer or has no gold."""
    options = trace.options or {}
    statement = final_statement(trace.reasoning, trace.thinking_end, options)
    if statement is None or statement.letter not in options or trace.gold not in options:
        return None
    commitment = find_commitment(trace.reasoning, trace.question, options, statement)
    letters = sorted(options)
    cuts = [start for start, _ in split_sentences(trace.reasoning)]
    return Item(
        question_key=trace.question_key,
        question=trace.question,
        options=tuple(options[letter] for letter in letters),
        labels=tuple(letters),
        text=trace.reasoning,
        own=letters.index(statement.letter),
        gold=letters.index(trace.gold),
        cuts=tuple(sorted({0, *cuts, commitment.content_at, commitment.statement_at})),
        content=commitment.content_at,
        statement=commitment.statement_at,
        model=trace.model,
        domain=trace.domain,
        part=part,
    )


def read_worked(path: Path, rng: random.Random) -> Iterator[Item]:
    """Worked answers to word problems, right and wrong: half end on another candidate than the gold.

    Candidates come from the gold and the question, never from the text; the last value is rewritten for the
    wrong ones, so that the candidates alone do not tell which one a text ends on.
    """
    for row in rows(path):
        solution, _, gold = row["answer"].partition("####")
        text = re.sub(r"<<[^>]*>>", "", solution).strip()
        key = question_key(row["question"], None)
        candidates = numeric_candidates(gold.strip().replace(",", ""), row["question"], key)
        value = value_of(gold.strip().replace(",", ""))
        if candidates is None or value is None:
            continue
        right = candidates.index(number_text(value))
        own = right if rng.random() < 0.5 else rng.randrange(len(candidates))
        yield _worked_item(row["question"], key, text, candidates, (right, own))


def _worked_item(question: str, key: str, text: str, candidates: tuple[str, ...], ends: tuple[int, int]) -> Item:
    right, own = ends
    cuts = [start for start, _ in split_sentences(text)]
    last = cuts[-1]
    body = text if own == right else text[:last] + _rewritten(text[last:], candidates[right], candidates[own])
    stated = f"{body}\nThe answer is {candidates[own]}."
    cuts = [*cuts, len(body)]
    return Item(
        question_key=key,
        question=question,
        options=candidates,
        labels=(),
        text=stated,
        own=own,
        gold=right,
        cuts=tuple(sorted({0, *cuts})),
        content=last,
        statement=len(body),
        model="gsm8k-train",
        domain="gsm8k",
        part="train",
    )


def _rewritten(text: str, old: str, new: str) -> str:
    """The text with one number in place of another, however its thousands are written."""
    pattern = rf"(?<![\w.]){re.escape(old)}(?:\.0+)?(?![\w])"
    return re.sub(pattern, new, text.replace(",", "") if "," in text and old not in text else text)
