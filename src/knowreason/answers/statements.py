"""Formal statements of an answer: where they stand and what they state.

All patterns are possessive or bounded, so that the time grows linearly with the text, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from knowreason.answers.mentions import OptionReader
from knowreason.answers.quantities import value_of

_CLAUSE_LIMIT = 400  # characters that a stated answer may take
_OPEN = (
    r"(?:\s++|[*_$(\[{\"'“‘:`]|<(?:b|strong|i|em|u)>"
    r"|\\\(|\\\[|\\boxed\s*+\{|\\text(?:bf|it|rm)?\s*+\{|\\math(?:rm|bf|it)\s*+\{){0,24}"
)
_ANSWER_IS = (
    r"answers?\s*+(?:\*\*|__)?+\s*+(?:(?:choice|option)s?\s*+)?+(?:\*\*|__)?+"
    r"(?:is|are|would\s++be|should\s++be|must\s++be|:)"
)
_LEAD = re.compile(
    r"(?P<answer>\b" + _ANSWER_IS + r")"
    r"|(?P<best>\b(?:closest|correct|best|right|most\s++(?:likely|appropriate|accurate)|only\s++(?:correct|possible))"
    r"\s++(?:option|choice|answer|response)(?:\s++(?:here|among\s++these|given))?+\s*+(?:is|would\s++be|must\s++be|:))"
    r"|(?P<hash>^####(?=\s*+[-+\d$\\.(]))"
    r"|(?P<heading>^[ \t]*+(?:\#{1,6}|\*\*|__)[ \t*_\#]*+(?:(?:the|my)\s++)?(?:final|most\s++likely)?+[ \t]*+"
    r"(?:answer|diagnosis)[ \t]*+:?+[ \t]*+(?:\*\*|__)?+:?+[ \t]*+$)"
    r"|(?P<short>^[ \t]*+(?-i:A):(?=\s*+[-+\d$\\.(]))"
    r"|(?P<tag><answer>(?=[^<]{0,400}+</answer>))"
    r"|(?P<boxed>\\(?:boxed|fbox)\s*+(?=\{))",
    re.I | re.M,
)
_LEADIN = re.compile(
    r"(?:(?:so|thus|therefore|hence|finally|and|in conclusion|overall|then|consequently)[,\s]+)*"
    r"(?:the|my|our|this|its)?\s*(?:(?:final|correct|best|right|closest|most likely|most appropriate)\s+)*$",
    re.I,
)
_SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|assume|assuming|unless|whether|neither|nor)\s+(?:that\s+)?(?:the|my|our|its)?\s*(?:\w+\s+)?$",
    re.I,
)
_CLAUSE_END = re.compile(r"(?:[.?]|(?<!\d)!)(?=\s|$|\*)|(?<=\S)\n|\n\s*+\n|。|</answer>")
_REASON = re.compile(
    r"[,;]?\s+\(?(?:because|since|which|where|as\s+(?:the|we|it|each)|so\s+that)\b|(?:,\s*|\s\()not\b", re.I
)
_AFTER_BARE = re.compile(
    r"\s*+(?:[.,;:!?)\]}*_$\"'”\\]|$|\n|(?:because|since|as|and|or|with|which|for|but|due|in|by|that|it)\b)"
)
_FORMULA_AFTER = re.compile(r"\s*+[=^](?!=)|[(\[]|_(?!_)|\s*+[+/]\s*+[\w\\(]")
_DENIED_AFTER = re.compile(
    r"[)\]}*_$.\s]*+(?:(?:[^.!?\n]|\.(?=\d)){0,60}?,\s*but\s+(?:this|that|it)\s+)?is\s+(?:also\s+)?(?:false|incorrect|wrong|not\s+(?:correct|right|true))\b",
    re.I,
)
_ASKED_AFTER = re.compile(r"[)\]}*_$\s]*+\?")
_LAST_LINES = re.compile(r"(?:[^\n]{1,400}\n?){1,3}\s*\Z")
_ROMANS_AFTER = re.compile(r"\s*+(?:,\s*+(?:and\b|or\b)?|and\b|or\b|&)\s*+[IVX]{2,5}\b")
_HYPHENATED = re.compile(r"-[a-z]")
_NAME_AFTER = re.compile(r"(?:[ -]|\.\s?)(?=[^\W_])")
_PARTS_AFTER = re.compile(r"[^\n]{0,300}?\([a-z]\)")


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


def find_statements(text: str, options: Mapping[str, str] | None) -> list[Statement]:
    """All formal statements of an answer in `text`, in order; they never overlap.

    With options: an option's key after "answer is" and its kin (bold, brackets, boxed or not), or exactly one
    option's full text there. A bare "(option I)" states nothing, nor does a statement that is supposed ("if
    the answer is B"), asked or denied at once. Without options: the value after such a phrase, after "####" or
    "A:" at a line's start, in a LaTeX box, between <answer> tags, or in the lines that end the text under a
    heading such as "### Answer:".
    """
    return list(_statements(text, options))


def final_statement(text: str, thinking_end: int | None, options: Mapping[str, str] | None) -> Statement | None:
    """The statement that counts as the trace's answer, None if it states none.

    With options: the first one without a thinking block (later ones belong to run-ons or to other
    questions); with one, the last after it, else the last in it. Free answers: the last boxed value, else the
    last stated value; with a thinking block, those after it go first.
    """
    if options and thinking_end is None:
        return next(_statements(text, options), None)
    statements = find_statements(text, options)
    after = [s for s in statements if thinking_end is not None and s.start >= thinking_end]
    return _last(after or statements)


def _statements(text: str, options: Mapping[str, str] | None) -> Iterator[Statement]:
    choices = _Choices(options) if options else None
    end = 0
    for lead in _LEAD.finditer(text):
        start = _with_lead_in(text, lead.start())
        if start < end or _SUPPOSED.search(text, max(0, start - 40), start):
            continue
        statement = _option_statement(text, start, lead, choices) if choices else _value_statement(text, start, lead)
        if statement is not None:
            end = statement.end
            yield statement


class _Choices:
    """The options of a question: the pattern of their keys, and a reader of their texts, made when needed."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options
        self.pattern = _key_pattern(tuple(options))

    @cached_property
    def reader(self) -> OptionReader:
        return OptionReader("", self.options, None, None)


def _last(statements: Sequence[Statement]) -> Statement | None:
    boxed = [s for s in statements if s.boxed]
    return (boxed or list(statements) or [None])[-1]


def _option_statement(text: str, start: int, lead: re.Match[str], choices: _Choices) -> Statement | None:
    if lead["hash"] or lead["short"]:
        return None
    key = choices.pattern.match(text, lead.end())
    if key is not None and _is_key(text, key):
        other = _longer_name(text, key, choices)
        if other is not None:
            return other._replace(start=start)
        canonical = next((k for k in choices.options if k.casefold() == key["key"].casefold()), None)
        # the pattern also takes letters that only look like a key's ("\u0131" for i): they state nothing
        return None if canonical is None else Statement(start, key.end(), canonical, None, bool(lead["boxed"]))
    if lead["boxed"] or (key is not None and _is_refused(text, key.end())):
        return None
    begin = lead.end() + (_blank(text, lead.end()) if lead["heading"] else 0)
    end = _clause_end(text, begin)
    named = choices.reader.named_in(text[begin:end])
    return Statement(start, end, named[0], None) if len(named) == 1 else None


def _longer_name(text: str, key: re.Match[str], choices: _Choices) -> Statement | None:
    """The option whose full text stands here and begins like a key: "B cells", where an option is called so."""
    after = _NAME_AFTER.match(text, key.end())
    if after is None:
        return None
    begins = re.compile(re.escape(key["key"]) + (r"\." if after.group()[0] == "." else r"[\s.-]"), re.I)
    if not any(begins.match(option) for option in choices.options.values()):
        return None
    end = _clause_end(text, after.end())
    named = choices.reader.named_in(text[key.start("key") : end])
    found = len(named) == 1 and begins.match(choices.options[named[0]])
    return Statement(key.start(), end, named[0], None) if found else None


def _is_key(text: str, key: re.Match[str]) -> bool:
    """Whether what was matched is an option's key, not a word, a formula's symbol or the label of a part."""
    name, end = key["key"], key.end()
    bare = key.group().strip() == name
    if bare and name in {"A", "I"} and not _AFTER_BARE.match(text, end):
        return False
    if len(name) == 1 and name.islower() and _PARTS_AFTER.match(text, end):
        return False
    if _HYPHENATED.match(text, end) or (name == "I" and _ROMANS_AFTER.match(text, end)):
        return False  # "D-dimer"; "I and III"
    return not _FORMULA_AFTER.match(text, end) and not _is_refused(text, end)


def _is_refused(text: str, end: int) -> bool:
    return bool(_DENIED_AFTER.match(text, end) or _ASKED_AFTER.match(text, end))


def _value_statement(text: str, start: int, lead: re.Match[str]) -> Statement | None:
    if lead["boxed"]:
        return _boxed(text, start, lead.end())
    begin = lead.end() + _blank(text, lead.end())
    if lead["heading"]:
        return _under_heading(text, start, begin)
    end = _clause_end(text, begin)
    box = re.compile(r"\\(?:boxed|fbox)\s*+(?=\{)").search(text, begin, end)
    boxed = _boxed(text, start, box.end()) if box else None
    if boxed is not None:
        return boxed
    if lead["tag"] and _LEAD.search(text, begin, end):
        return None
    if reason := _REASON.search(text, begin, end):
        end = reason.start()
    value = text[begin:end].strip("*_ \t:").rstrip(".")
    wrapped = "\n" in text[lead.end() : begin] and value_of(value) is None  # a heading, not a statement
    if wrapped or value.lower().startswith("not ") or not re.search(r"\w", value):
        return None
    return Statement(start, end, None, value)


def _under_heading(text: str, start: int, begin: int) -> Statement | None:
    """The one to three lines under a heading such as "### Answer:", where they end the text and state nothing else."""
    if not _LAST_LINES.match(text, begin) or _LEAD.search(text, begin):
        return None
    value = text[begin:].strip("*_ \t\r\n:`").rstrip(".")
    return Statement(start, len(text.rstrip()), None, value) if re.search(r"\w", value) else None


def _boxed(text: str, start: int, at: int) -> Statement | None:
    inner = _braced(text, at)
    return Statement(start, inner[1] + 1, None, text[inner[0] : inner[1]], True) if inner else None


def _blank(text: str, start: int) -> int:
    """How many characters of white space and emphasis stand at `start`."""
    piece = text[start : start + 40]
    return len(piece) - len(piece.lstrip(" \t\r\n*_:"))


def _with_lead_in(text: str, start: int) -> int:
    """Moves a statement's start back over "so, the final ..." on the same line."""
    head = text[max(0, start - 60) : start]
    head = head[head.rfind("\n") + 1 :]
    match = _LEADIN.search(head)
    return start - (len(head) - match.start()) if match else start


def _clause_end(text: str, start: int) -> int:
    limit = min(len(text), start + _CLAUSE_LIMIT)
    match = _CLAUSE_END.search(text, start, limit)
    return match.start() if match else limit


def _braced(text: str, start: int) -> tuple[int, int] | None:
    """The inside of the balanced braces that open at `start`; None where they stay open for too long."""
    depth = 0
    for brace in re.compile(r"[{}]").finditer(text, start, start + _CLAUSE_LIMIT):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return start + 1, brace.start()
    return None


@lru_cache(maxsize=256)
def _key_pattern(keys: tuple[str, ...]) -> re.Pattern[str]:
    """Matches an option's key right after a lead, in brackets, bold or boxed; lower case only in brackets."""
    longest = sorted(keys, key=len, reverse=True)
    upper = "|".join(re.escape(k) for k in longest)
    if all(len(k) > 1 for k in keys):
        bare = rf"(?:(?i:{upper}))(?!\s+(?:one|longer|doubt|more|such|different|single|evidence|answer|option)\b)"
    else:
        bare = rf"(?:{upper})|(?<=[(\[])(?:{'|'.join(re.escape(k.lower()) for k in longest)})(?=[)\]])"
    adverb = r"(?:(?:therefore|thus|hence|likely|probably|actually|clearly|then|still|indeed|simply)\b,?\s++)?"
    named = rf"(?:(?:the\s++)?(?:option|choice|letter)\s++{_OPEN})?"
    return re.compile(rf"{_OPEN}{adverb}{named}(?P<key>{bare})(?!(?!__)[\w’]|'\w)")
