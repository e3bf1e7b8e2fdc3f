"""Where a response runs on, which answer counts, and where a text commits to the content of its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from knowreason.answers.mentions import Mentions, OptionReader
from knowreason.answers.quantities import value_of
from knowreason.answers.statements import Statement, final_statement, find_statements
from knowreason.records import AnswerType, Commitment, ContentRule, Part
from knowreason.sentences import split_sentences

LABELS = ("yes", "no", "maybe")

_RUN_ON = re.compile(
    r"\n[ \t]*+(?:\*\*)?(?:question|q|problem|exercise|user|human|instruction|input)[ \t]*+\d*+[ \t]*+:"
    r"|\n[ \t]*+#{1,4}\s*+(?:question|instruction|problem|exercise|user|human)\b"
    r"|\n[ \t]*+={2,}\s*+response\s*+={2,}"
    r"|<\|[a-z_]{1,40}\|>|</s>|\[/?INST\]"
    r"|\n[ \t]*+the following (?:are|is) (?:a )?multiple[- ]choice"
    r"|\n[ \t]*+options\s*+:[ \t]*+\n",
    re.I,
)
_CLOSED = r"(?:[)\]}*_$]|\\[)\]])*+"
_LISTED_AFTER = re.compile(
    _CLOSED + r"\s*+(?:[,;]\s*+(?:and|or)\b|and\b|or\b|[,;/&+])\s*+(?:(?:option|choice)\s++)?(?:[*_$(\[]|\\[(\[])*+"
    r"(?P<key>[A-Z])(?=" + _CLOSED + r"\s*+(?:[,;/&+]|\.(?!\s?[a-z])|and\b|or\b|\n|\Z))"
)
_NUMBER = re.compile(r"(?<![\w.])[-−]?\$?(?:\d[\d,]*+(?:\.\d++)?|\.\d++)(?:\s?/\s?\d++)?%?")
_MATHEMATICAL = re.compile(r"\\[a-zA-Z]+|[\^=√π]|\d\s*[a-z]\b|^[\[({].*\d.*[\])}]$|^[-\d\s,;./]*\d[-\d\s,;./]*$")


def run_on_end(response: str) -> int:
    """Offset at which `response` runs on into another question or into harness text; its length if nowhere.

    A response that opens by restating its own question is not cut there.
    """
    opening = len(response) - len(response.lstrip())
    for match in _RUN_ON.finditer(response):
        if match.start() >= opening:
            return match.start()
    return len(response)


def answer_type(gold: str | None, options: Mapping[str, str] | None) -> AnswerType:
    """How an answer of this kind is graded: by option, as mathematics, or as free text that needs a judge."""
    if options:
        return "option"
    if gold is not None and (value_of(gold) is not None or _MATHEMATICAL.search(gold.strip())):
        return "math"
    return "free_text"


def stated_answer(text: str, thinking_end: int | None, options: Mapping[str, str] | None) -> Statement | None:
    """`final_statement`, or for a free numeric answer the last number of the text where nothing is stated."""
    statement = final_statement(text, thinking_end, options)
    if statement is not None or options:
        return statement
    return _last_number(text)


def conflicting_statements(text: str, options: Mapping[str, str] | None) -> int:
    """How many different answers are formally stated beyond the first; "(A) and (C)" states two."""
    statements = find_statements(text, options)
    stated = {s.answer.strip().lower() for s in statements}
    listed = {key.lower() for s in statements if s.letter for key in _listed_after(text, s.end, options or {})}
    return max(0, len(stated | listed) - 1)


def _listed_after(text: str, at: int, options: Mapping[str, str]) -> Iterator[str]:
    """The letters of options that follow a stated one in a list: ", B", "or (C)", "& D"."""
    while (match := _LISTED_AFTER.match(text, at)) is not None and match["key"] in options:
        yield match["key"]
        at = match.end("key")


def find_commitment(text: str, question: str, options: Mapping[str, str] | None, statement: Statement) -> Commitment:
    """Where the trace commits to the content of `statement`, and where it first states it formally after that.

    The content offset opens the last unbroken run of sentences that tell the chosen option (or value) as the
    result; without one it equals the statement offset. Both are sentence starts or statement starts, and
    depend on the whole text only, never on how it is cut into steps.
    """
    return _read(text, question, options, statement).commitment


def find_parts(
    text: str, question: str, options: Mapping[str, str] | None, statement: Statement
) -> tuple[Commitment, list[tuple[int, int, Part]]]:
    """The commitment, and consecutive spans that cover `text`, each with the part of the gain it belongs to.

    Before the content offset a sentence that names some option (or the final value), told or denied, is
    *mention* and all others are *informative*; up to the statement offset it is *commitment*, from there on
    *statement*. Every span's ends are step boundaries, so that cutting a step in two leaves the parts as
    they are.
    """
    reading = _read(text, question, options, statement)
    content, stated = reading.commitment.content_at, reading.commitment.statement_at
    parts: list[tuple[int, int, Part]] = []
    for (start, end), mentions in zip(reading.spans, reading.mentions, strict=True):
        if start >= content:
            break
        part: Part = "mention" if mentions.any else "informative"
        start = parts.pop()[0] if parts and parts[-1][2] == part else start
        parts.append((start, min(end, content), part))
    parts.append((content, stated, "commitment"))
    parts.append((stated, len(text), "statement"))
    return reading.commitment, [span for span in parts if span[1] > span[0]]


class _Reading(NamedTuple):
    """The sentences that begin before the statement, what each mentions, and the commitment they make."""

    spans: list[tuple[int, int]]
    mentions: list[Mentions]
    commitment: Commitment


def _read(text: str, question: str, options: Mapping[str, str] | None, statement: Statement) -> _Reading:
    spans = [span for span in split_sentences(text) if span[0] < statement.start]
    start = _statement_start(text, spans, statement)
    spans = [span for span in spans if span[0] < start]
    reader = OptionReader(question, options, statement.letter, statement.value)
    mentions = [reader.read(text[a : min(b, start)]) for a, b in spans]
    content, rule = _content_run(reader, spans, mentions)
    if content is None:
        return _Reading(spans, mentions, Commitment(content_at=start, statement_at=start, rule=rule))
    same = [s for s in find_statements(text, options) if content <= s.start <= start and s.answer == statement.answer]
    first = min((_statement_start(text, spans, s) for s in same), default=start)
    commitment = Commitment(content_at=min(content, first), statement_at=min(first, start), rule=rule)
    return _Reading(spans, mentions, commitment)


def _statement_start(text: str, spans: Sequence[tuple[int, int]], statement: Statement) -> int:
    """The start of the statement's clause: its sentence's start where only a lead-in stands before it."""
    sentence = next((a for a, b in reversed(spans) if a <= statement.start < b), statement.start)
    before = text[sentence : statement.start]
    return sentence if len(before.strip(" \t\n*_#>-")) < 12 else statement.start


def _content_run(
    reader: OptionReader, spans: Sequence[tuple[int, int]], mentions: Sequence[Mentions]
) -> tuple[int | None, ContentRule]:
    """The start of the sentence that opens the last unbroken run, and the rule by which that sentence counts."""
    if reader.unreadable:
        return None, "none"
    run: int | None = None
    rule: ContentRule = "unstated"
    for (start, _), said in zip(reversed(spans), reversed(mentions), strict=True):
        if reader.chosen in said.denied:
            break
        if said.told is None:
            continue
        if said.told != reader.chosen:
            break
        run, rule = start, said.rule
    return run, rule


def _last_number(text: str) -> Statement | None:
    numbers = list(_NUMBER.finditer(text, max(0, len(text) - 2000)))
    return Statement(numbers[-1].start(), numbers[-1].end(), None, numbers[-1].group()) if numbers else None
