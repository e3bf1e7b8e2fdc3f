"""Options and the right answer, whatever shape a data set gave them: letters to texts, and a letter."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, NamedTuple, cast

import msgspec

from knowreason.answers import LABELS
from knowreason.read.rows import Rejected

_LABEL = re.compile(r"\(?\s*([A-Za-z]|\d{1,2})\s*[).:]?\Z")
_LABELLED_TEXT = re.compile(r"\(?([A-Za-z])[).:]\s*(.+)\Z", re.DOTALL)
_HASHES = re.compile(r"####\s*(\S.*?)\s*\Z", re.DOTALL)


class Options(NamedTuple):
    """Options by letter, in letter order; `labels` maps the data set's own labels to our letters.

    `numeric` says that the options were numbers, so that a number as gold may mean a text.
    """

    texts: dict[str, str]
    labels: dict[str, str]
    numeric: bool


def question_key(question: str, options: Mapping[str, str] | None) -> str:
    """Hex hash (128 bits) that pairs a question across models, whatever ids a harness gave it.

    It covers the question and the option texts in letter order, each in Unicode form NFKC, casefolded, with
    white space collapsed.
    """
    texts = [question, *(text for _, text in sorted((options or {}).items()))]
    joined = "\x1f".join(normalise(text) for text in texts)
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def normalise(text: str) -> str:
    """NFKC, casefolded, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_options(value: Any) -> Options | None:
    """Options from an object, a list of texts, {"text": [...], "label": [...]}, or any of these as JSON text.

    None and empty ones are no options. Options that are null, NaN or blank are left out, and the others keep their
    letters. Labels other than single letters are replaced by A, B, C ... Raises Rejected("bad_options").
    """
    if isinstance(value, str):
        value = _parse(value)
    if value is None or value in ([], {}):
        return None
    held = [(place, label, text) for place, (label, text) in enumerate(_pairs(value)) if not _is_missing(text)]
    pairs = [(label, text) for _, label, text in held]
    if not 2 <= len(pairs) <= len(ascii_uppercase):
        raise Rejected("bad_options", f"{len(pairs)} options")
    texts = [_option_text(text) for _, text in pairs]
    numeric = all(not isinstance(text, str) for _, text in pairs)
    letters = _letters([label for label, _ in pairs], [place for place, _, _ in held])
    labels = {label: letter for (label, _), letter in zip(pairs, letters, strict=True)}
    return Options(dict(sorted(zip(letters, texts, strict=True))), labels, numeric)


def read_gold(golds: Sequence[Any], options: Options | None) -> str:
    """The right answer: a letter where there are options, else the text.

    The first candidate that can be read counts. Raises Rejected("missing_gold", "gold_not_an_option",
    "ambiguous_gold" or "several_golds").
    """
    stated = [single for gold in golds if (single := _single(gold)) is not None]
    if not stated:
        raise Rejected("missing_gold")
    if options is None:
        return _free_gold(stated[0])
    letters = [_letter(gold, options) for gold in stated]
    found = next((letter for letter in letters if len(letter) == 1), letters[0])
    if len(found) > 1:
        raise Rejected("ambiguous_gold", f"{stated[0]!r} is an option's place and another option's text")
    if not found:
        raise Rejected("gold_not_an_option", f"gold {str(stated[0])[:60]!r}")
    return found.pop()


def label_options(gold: str) -> dict[str, str] | None:
    """The options of a yes/no/maybe question without options of its own, else None."""
    return {label: label for label in sorted(LABELS)} if gold in LABELS else None


def _parse(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Rejected("bad_options", "a text that is not JSON") from None


def _pairs(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        row = cast(Mapping[str, Any], value)
        texts, labels = row.get("text"), row.get("label")
        if isinstance(texts, list) and isinstance(labels, list) and len(texts) == len(cast(list[Any], labels)):
            return [(str(a), b) for a, b in zip(cast(list[Any], labels), cast(list[Any], texts), strict=True)]
        return [(str(label), text) for label, text in row.items()]
    if isinstance(value, list):
        return list(zip(map(str, range(10_000)), cast(list[Any], value), strict=False))
    raise Rejected("bad_options", "neither an object nor a list")


def _option_text(text: Any) -> str:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise Rejected("bad_options", "an option is not a text")
    return text if isinstance(text, str) else str(text)


def _is_missing(text: Any) -> bool:
    """Whether a data set pads with it: null, NaN as Python's own writer puts it, or nothing but white space."""
    return (
        text is None or (isinstance(text, float) and math.isnan(text)) or (isinstance(text, str) and not text.strip())
    )


def _letters(labels: Sequence[str], places: Sequence[int]) -> list[str]:
    """The labels as letters if all are single, different letters (or yes/no/maybe), else the letters of the places."""
    lowered = [label.strip().lower() for label in labels]
    if set(lowered) <= set(LABELS) and len(set(lowered)) == len(labels):
        return lowered
    matches = [_LABEL.match(label.strip()) for label in labels]
    letters = [m[1].upper() for m in matches if m and m[1].isalpha()]
    if len(letters) == len(set(letters)) == len(labels):
        return letters
    return [ascii_uppercase[place] for place in (places if places[-1] < len(ascii_uppercase) else range(len(labels)))]


def _single(gold: Any) -> Any:
    """A gold answer out of a list of one; None where there is none."""
    if isinstance(gold, list):
        items = cast(list[Any], gold)
        if len(items) > 1:
            raise Rejected("several_golds", f"{len(items)} right answers")
        gold = items[0] if items else None
    if isinstance(gold, str):
        return gold.strip() or None
    if gold is None or isinstance(gold, bool | int):
        return gold
    if isinstance(gold, float):
        return None if not math.isfinite(gold) else int(gold) if gold.is_integer() else gold
    raise Rejected("wrong_type", "gold is neither a text nor a number")


def _free_gold(gold: Any) -> str:
    """A free gold answer as text; of a worked solution, what stands after its "####"."""
    if isinstance(gold, bool):
        return "yes" if gold else "no"
    text = str(gold)
    final = _HASHES.search(text)
    text = final[1] if final else text
    return text.lower() if text.lower() in LABELS else text


def _letter(gold: Any, options: Options) -> set[str]:
    """The letters that a gold may mean: none, one, or two where its place and its text disagree."""
    if isinstance(gold, bool):
        return _by_text("yes" if gold else "no", options) | _by_text("true" if gold else "false", options)
    text = str(gold)
    if (named := _by_label(text, options)) is not None:
        return {named}
    letters = list(options.texts)
    place = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else len(letters)
    by_place = {letters[place]} if place < len(letters) else set[str]()
    if isinstance(gold, str) or options.numeric:
        return by_place | _by_text(text, options)
    return by_place


def _by_label(text: str, options: Options) -> str | None:
    """The letter that a text names by a label, or by a label and the option's text."""
    match = _LABEL.match(text)
    label = match[1] if match else text
    known = {**options.labels, **{letter.lower(): letter for letter in options.texts}}
    places = list(options.labels) == [str(i) for i in range(len(options.labels))]
    if places and label.isdigit():
        return None  # a list's places: read as places, where a text may say otherwise
    if label in known or label.lower() in known:
        return known.get(label) or known[label.lower()]
    labelled = _LABELLED_TEXT.match(text)
    letter = known.get(labelled[1].lower()) if labelled else None
    if labelled is None or letter is None:
        return None
    return letter if normalise(options.texts[letter]) == normalise(labelled[2]) else None


def _by_text(text: str, options: Options) -> set[str]:
    """The first option with exactly this text."""
    wanted = normalise(text)
    found = (letter for letter, option in options.texts.items() if normalise(option) == wanted)
    return {letter for letter in [next(found, None)] if letter}
