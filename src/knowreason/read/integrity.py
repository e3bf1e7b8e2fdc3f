"""Whether a trace is whole, and if not, how it is broken: declared by its source, or inferred from its text."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, cast, get_args

from knowreason.answers import final_statement, run_on_end
from knowreason.read.rows import Rejected
from knowreason.read.thinking import Thought
from knowreason.records import Basis, Integrity

Finish = Literal["length", "end", "cut"]
_FINISHES: dict[str, Finish] = {
    **dict.fromkeys(("length", "max_tokens", "model_length", "max_output_tokens", "max_length"), "length"),
    **dict.fromkeys(("stop", "end_turn", "eos", "eos_token", "completed", "end"), "end"),
    **dict.fromkeys(("stop_sequence", "content_filter", "refusal", "safety", "recitation"), "cut"),
}
_TERMINATOR = re.compile(r"(?:[.!?。！？…][\"'”’»)\]}*_`$]*|\\\]|\\\)|\$|```|</\w+>|\})\Z")
_LIST_MARK = re.compile(r"(?:\A|\n)[ \t*#]*\d{1,3}\.\**\Z")
_TAIL = 40
_REPEATS = 4


class Judged(NamedTuple):
    """The text that steps partition, where its thinking ends, and how whole it is."""

    reasoning: str
    thinking_end: int | None
    integrity: Integrity
    basis: Basis


def finish_kind(reason: Any) -> Finish | None:
    """What a server's finish or stop reason means: cut by length, ended by itself, cut otherwise, or unknown."""
    return _FINISHES.get(reason.lower()) if isinstance(reason, str) else None


def read_label(value: Any) -> Integrity | None:
    """An integrity label as written in a log; None for anything else."""
    return cast(Integrity, value) if isinstance(value, str) and value in get_args(Integrity) else None


def judge(
    thought: Thought, options: dict[str, str] | None, finish: Finish | None, label: Integrity | None = None
) -> Judged:
    """Puts thinking and response together and decides the integrity; the first match wins.

    empty; redacted, summary_only, stripped (`label`, or the message's mark: declared only);
    unclosed_thought; length_cut by the finish reason; looping (a 40-character tail four times, no statement);
    length_cut (no answer statement and no final terminator: a loop has none either, and more tokens would not
    end it); ends_without_answer; stop_cut (declared only); complete.
    A text that ran on into another question, or that a server saw end by itself, was not cut by length.
    """
    text, end = join(thought)
    ran_on = len(text) - (0 if end is None else end + 1) < len(thought.response)
    integrity, basis = _declared(thought, text, finish, label) or _unclosed(thought, finish) or (None, "inferred")
    if integrity is None:
        integrity, basis = _from_text(text, end, options, finish=finish, ran_on=ran_on)
    return Judged(text, end, integrity, basis)


def join(thought: Thought) -> tuple[str, int | None]:
    """The text that steps partition, and where its thinking ends: thinking, a newline, the response.

    The response counts up to the place where it runs on into another question.
    """
    response = thought.response[: run_on_end(thought.response)]
    if thought.thinking is None:
        return response, None
    return f"{thought.thinking}\n{response}", len(thought.thinking)


def _declared(
    thought: Thought, text: str, finish: Finish | None, label: Integrity | None
) -> tuple[Integrity, Basis] | None:
    if not text.strip():
        return ("empty", "declared") if finish else ("empty", "inferred")
    marked = thought.mark or label
    return (marked, "declared") if marked in ("redacted", "summary_only", "stripped") else None


def _unclosed(thought: Thought, finish: Finish | None) -> tuple[Integrity, Basis] | None:
    if thought.thinking is None or (thought.closed and thought.response.strip()):
        return None
    return "unclosed_thought", "declared" if finish == "length" else "inferred"


def _from_text(
    text: str, end: int | None, options: dict[str, str] | None, *, finish: Finish | None, ran_on: bool
) -> tuple[Integrity, Basis]:
    if finish == "length" and not ran_on:
        return "length_cut", "declared"
    if final_statement(text, end, options) is not None:
        return ("stop_cut", "declared") if finish == "cut" else ("complete", _ended(finish))
    if loops(text):
        return "looping", "inferred"
    cut = finish is None and not ran_on and not has_terminator(text)
    return ("length_cut" if cut else "ends_without_answer"), "inferred"


def _ended(finish: Finish | None) -> Basis:
    return "declared" if finish == "end" else "inferred"


def has_terminator(text: str) -> bool:
    """Whether a text ends as a finished one does: with a full stop, a closed formula or a closed block."""
    tail = text.rstrip()[-200:]
    return bool(_TERMINATOR.search(tail)) and not _LIST_MARK.search(tail)


def loops(text: str) -> bool:
    """Whether the last 40 characters stand in the text at least four times."""
    tail = text.rstrip()[-_TAIL:]
    return len(tail) == _TAIL and text.count(tail) >= _REPEATS


def require_text(value: Any, name: str) -> str:
    """A text that must be there. Raises Rejected("missing_...") or Rejected("wrong_type")."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Rejected(f"missing_{name}")
    if not isinstance(value, str):
        raise Rejected("wrong_type", f"{name} is not a text")
    return value
