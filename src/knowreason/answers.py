"""How an answer is stated: the one place that knows.

Three questions about a text, each asked by several stages and answered only here: where a response runs on
into another question (`run_on_end`), which answer it formally states (`find_statements`, `final_statement`),
and where it commits to the content of that answer (`find_commitment`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from knowreason.mentions import Mentions, OptionReader, value_of
from knowreason.records import AnswerType, Commitment, ContentRule, Part
from knowreason.sentences import split_sentences

LABELS = ("yes", "no", "maybe")

_RUN_ON = re.compile(
    r"\n[ \t]*(?:\*\*)?(?:question|q|problem|exercise|user|human|instruction|input)\s*\d*\s*:"
    r"|\n[ \t]*#{1,4}\s*(?:question|instruction|problem|exercise|user|human)\b"
    r"|\n[ \t]*={2,}\s*response\s*={2,}"
    r"|<\|[a-z_]+\|>"
    r"|\n[ \t]*the following (?:are|is) (?:a )?multiple[- ]choice"
    r"|\n[ \t]*options\s*:[ \t]*\n",
    re.I,
)
_OPEN = r"(?:[\s*_$(\[{\"'“:]|\\\(|\\\[|\\boxed\s*\{|\\text\s*\{|\\textbf\s*\{|\\mathrm\s*\{|\\mathbf\s*\{)*"
_ANSWER_IS = r"answers?\s*(?:\*\*|__)?\s*(?:(?:choice|option)\s*)?(?:is|are|would be|should be|must be|:)"
_LEAD = re.compile(
    r"(?P<answer>\b" + _ANSWER_IS + r")"
    r"|(?P<best>\b(?:closest|correct|best|right|most (?:likely|appropriate|accurate)|only (?:correct|possible))"
    r"\s+(?:option|choice|answer|response)(?:\s+(?:here|among these|given))?\s*(?:is|would be|must be|:))"
    r"|(?P<hash>^####)"
    r"|(?P<short>^[ \t]*a:)"
    r"|(?P<boxed>\\boxed\s*(?=\{))",
    re.I | re.M,
)
_LEADIN = re.compile(
    r"(?:(?:so|thus|therefore|hence|finally|and|in conclusion|overall|then|consequently)[,\s]+)*"
    r"(?:the|my|our|this|its)?\s*(?:(?:final|correct|best|right|closest|most likely|most appropriate)\s+)*$",
    re.I,
)
_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?%?")
_CLAUSE_END = re.compile(r"[.!?](?=\s|$|\*)|\n\s*\n|(?<=\S)\n|。")
_AFTER_BARE = re.compile(r"\s*(?:[.,;:!?)\]}*_$\"'”\\]|$|\n|(?:because|since|as|and|or|with|which|for|but|due|in|by)\b)")


class Statement(NamedTuple):
    """A formal statement of an answer: the span of the phrase, and what it states.

    `letter` is the key of an option; `value` is the text of a free answer; exactly one of them is set.
    `boxed` marks a value inside a LaTeX box.
    """

    start: int
    end: int
    letter: str | None
    value: str | None
    boxed: bool = False

    @property
    def answer(self) -> str:
        """What is stated: the option's key or the value's text."""
        return self.letter if self.letter is not None else self.value or ""


def run_on_end(response: str) -> int:
    """Offset at which `response` runs on into another question or into harness text; its length if nowhere."""
    match = _RUN_ON.search(response)
    return match.start() if match else len(response)


def answer_type(gold: str | None, options: Mapping[str, str] | None) -> AnswerType:
    """How an answer of this kind is graded: by option, as mathematics, or as free text that needs a judge."""
    if options:
        return "option"
    if gold is not None and value_of(gold) is not None:
        return "math"
    if gold is not None and re.search(r"\\[a-zA-Z]+|[\^=]|\d\s*[a-z]\b|^[\[({].*\d.*[\])}]$", gold):
        return "math"
    return "free_text"


def find_statements(text: str, options: Mapping[str, str] | None) -> list[Statement]:
    """All formal statements of an answer in `text`, in order.

    With options: an option's key after "answer is" and its kin (bold, brackets, boxed or not), or exactly one
    option's full text there. A bare "(option I)" states nothing. Without options: the value after such a
    phrase, after "####" or "A:" at a line's start, or in a LaTeX box.
    """
    found: list[Statement] = []
    for lead in _LEAD.finditer(text):
        statement = _option_statement(text, lead, options) if options else _value_statement(text, lead)
        if statement is not None and not (found and statement.start < found[-1].end):
            found.append(statement)
    return found


def final_statement(
    text: str, thinking_end: int | None, options: Mapping[str, str] | None
) -> Statement | None:
    """The statement that counts as the trace's answer, None if it states none.

    With options: the first one without a thinking block (later ones belong to run-ons or to other
    questions); with one, the last after it, else the last in it. Free answers: the last boxed value, else the
    last stated value; with a thinking block, those after it go first.
    """
    statements = find_statements(text, options)
    if thinking_end is not None:
        after = [s for s in statements if s.start >= thinking_end]
        return _last(after or statements)
    if options:
        return statements[0] if statements else None
    return _last(statements)


def stated_answer(text: str, thinking_end: int | None, options: Mapping[str, str] | None) -> Statement | None:
    """`final_statement`, or for a free numeric answer the last number of the text where nothing is stated."""
    statement = final_statement(text, thinking_end, options)
    if statement is not None or options:
        return statement
    return _last_number(text)


def conflicting_statements(text: str, options: Mapping[str, str] | None) -> int:
    """How many different answers are formally stated beyond the first."""
    return max(0, len({s.answer.strip().lower() for s in find_statements(text, options)}) - 1)


def find_commitment(
    text: str, question: str, options: Mapping[str, str] | None, statement: Statement
) -> Commitment:
    """Where the trace commits to the content of `statement`, and where it first states it formally after that.

    The content offset opens the last unbroken run of sentences that tell the chosen option (or value) as the
    result; without one it equals the statement offset. Both are sentence starts or statement starts, and
    depend on the whole text only, never on how it is cut into steps.
    """
    spans = [span for span in split_sentences(text) if span[0] < statement.start]
    reader = OptionReader(question, options, statement.letter, statement.value)
    start = _statement_start(text, spans, statement)
    content, rule = _content_run(reader, text, spans, start)
    if content is None:
        return Commitment(content_at=start, statement_at=start, rule=rule)
    same = [s for s in find_statements(text, options) if s.answer == statement.answer and s.start >= content]
    first = min((_statement_start(text, spans, s) for s in same), default=start)
    return Commitment(content_at=min(content, first), statement_at=min(first, start), rule=rule)


def find_parts(
    text: str, question: str, options: Mapping[str, str] | None, statement: Statement
) -> tuple[Commitment, list[tuple[int, int, Part]]]:
    """The commitment, and consecutive spans that cover `text`, each with the part of the gain it belongs to.

    Before the content offset a sentence that names some option (or the final value), told or denied, is
    *mention* and all others are *informative*; up to the statement offset it is *commitment*, from there on
    *statement*. Every span's ends are step boundaries, so that cutting a step in two leaves the parts as
    they are.
    """
    commitment = find_commitment(text, question, options, statement)
    reader = OptionReader(question, options, statement.letter, statement.value)
    parts: list[tuple[int, int, Part]] = []
    for start, end in split_sentences(text[: commitment.content_at]):
        part: Part = "mention" if reader.read(text[start:end]).any else "informative"
        if parts and parts[-1][2] == part:
            start = parts.pop()[0]
        parts.append((start, end, part))
    parts.append((commitment.content_at, commitment.statement_at, "commitment"))
    parts.append((commitment.statement_at, len(text), "statement"))
    return commitment, [span for span in parts if span[1] > span[0]]


def _last(statements: Sequence[Statement]) -> Statement | None:
    boxed = [s for s in statements if s.boxed]
    return (boxed or list(statements) or [None])[-1]


def _statement_start(text: str, spans: Sequence[tuple[int, int]], statement: Statement) -> int:
    """The start of the statement's clause: its sentence's start where only a lead-in stands before it."""
    sentence = next((a for a, b in reversed(spans) if a <= statement.start), 0)
    before = text[sentence : statement.start]
    return sentence if len(before.strip(" \t\n*_#>-")) < 12 else statement.start


def _content_run(
    reader: OptionReader, text: str, spans: Sequence[tuple[int, int]], stop: int
) -> tuple[int | None, ContentRule]:
    if reader.unreadable:
        return None, "none"
    run: int | None = None
    rule: ContentRule = "unstated"
    for start, end in reversed(spans):
        mentions: Mentions = reader.read(text[start : min(end, max(stop, start + 1))])
        if mentions.told is None:
            continue
        if mentions.told != reader.chosen:
            break
        run, rule = start, mentions.rule
    return run, rule if run is not None else "unstated"


def _option_statement(text: str, lead: re.Match[str], options: Mapping[str, str]) -> Statement | None:
    if lead["hash"] or lead["short"]:
        return None
    key = _key_pattern(tuple(options)).match(text, lead.end())
    start = _with_lead_in(text, lead.start())
    if key is not None:
        bare = key.group().strip() == key["key"]
        if not (bare and key["key"] in {"A", "I"} and not _AFTER_BARE.match(text, key.end())):
            return Statement(start, key.end(), _canonical(key["key"], options), None, bool(lead["boxed"]))
    if lead["boxed"]:
        return None
    end = _clause_end(text, lead.end())
    named = OptionReader("", options, None, None).named_in(text[lead.end() : end])
    return Statement(start, end, named[0], None) if len(named) == 1 else None


def _value_statement(text: str, lead: re.Match[str]) -> Statement | None:
    start = _with_lead_in(text, lead.start())
    if lead["boxed"]:
        inner = _braced(text, lead.end())
        return Statement(start, inner[1] + 1, None, text[inner[0] : inner[1]], True) if inner else None
    end = _clause_end(text, lead.end())
    value = text[lead.end() : end].strip().strip("*_ \t").rstrip(".")
    return Statement(start, end, None, value) if re.search(r"\w", value) else None


def _with_lead_in(text: str, start: int) -> int:
    """Moves a statement's start back over "so, the final ..." on the same line."""
    line = text.rfind("\n", 0, start) + 1
    head = text[max(line, start - 60) : start]
    match = _LEADIN.search(head)
    return start - (len(head) - match.start()) if match else start


def _clause_end(text: str, start: int) -> int:
    match = _CLAUSE_END.search(text, start)
    return match.start() if match else len(text)


def _braced(text: str, start: int) -> tuple[int, int] | None:
    """The inside of the balanced braces that open at `start`."""
    depth = 0
    for i in range(start, min(len(text), start + 400)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return start + 1, i
    return None


def _last_number(text: str) -> Statement | None:
    tail = max(0, len(text) - 2000)
    numbers = list(_NUMBER.finditer(text, tail))
    return Statement(numbers[-1].start(), numbers[-1].end(), None, numbers[-1].group()) if numbers else None


@lru_cache(maxsize=256)
def _key_pattern(keys: tuple[str, ...]) -> re.Pattern[str]:
    """Matches an option's key right after a lead, in brackets, bold or boxed; lower case only in brackets."""
    longest = sorted(keys, key=len, reverse=True)
    words = all(len(k) > 1 for k in keys)
    upper = "|".join(re.escape(k) for k in longest)
    bracketed = "|".join(re.escape(k.lower()) for k in longest)
    bare = rf"(?:(?i:{upper}))" if words else rf"(?:{upper})|(?<=[(\[])(?:{bracketed})(?=[)\]])"
    return re.compile(rf"{_OPEN}(?:(?:the\s+)?(?:option|choice|letter)\s+{_OPEN})?(?P<key>{bare})(?![\w'’])")


def _canonical(key: str, options: Mapping[str, str]) -> str:
    return next(k for k in options if k.lower() == key.lower())
