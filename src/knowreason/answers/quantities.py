"""Numbers as people write them: signed, fractions, powers of ten, with a currency or a unit beside them.

`normalise` brings a text to one plain form (no LaTeX, no thousands separators, lower case), `value_of` reads a
text that is a single number, `results_of` the numbers that a sentence ends up with.
"""

from __future__ import annotations

import math
import re
import unicodedata

_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_THOUSANDS = re.compile(r"(?<=\d)(?:,|\{,\}|,?\\[,!]|[\u00a0\u2009\u202f])(?=\d{3}(?!\d))")
_MINUS = re.compile(r"[−﹣－]|(?:(?<=^)|(?<=[\s(=$]))–(?=\s?[\d$])")
_CURRENCY = re.compile(r"-\s?\\?[$£€¥](?=\d)")
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}]{0,80})\}\s?\{([^{}]{0,80})\}")
_LATEX_WORD = re.compile(
    r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf|it|bb|cal)|boxed|left|right|displaystyle|operatorname|quad|qquad)\b"
)
_LATEX_SIGN = {"times": "*", "cdot": "*", "approx": "≈", "simeq": "≈", "equiv": "≡", "pm": "±", "div": "/"}
_SIGN = re.compile(r"\\(" + "|".join(_LATEX_SIGN) + r")\b")
_DEGREE = re.compile(r"\^\s?\{?\s?\\circ\b\s?\}?")
_LATEX_SPACE = re.compile(r"\\[,;:! ()\[\]]")
_BRACES = str.maketrans("${}\\", "    ")

_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-+]?)(?P<digits>\d++(?:\.\d++)?|\.\d++)(?:\s?/\s?(?P<below>\d++(?:\.\d++)?))?"
    r"(?:\s?(?:x|×|\*|·|times)?\s?10\s?\^\s?(?P<power>[-+]?\d{1,3})|e(?P<exponent>[-+]?\d{1,3}))?"
    r"(?!\w*\d|\.\d)"
)
_GREEK_NAMES = "alpha beta gamma delta epsilon theta lambda mu nu pi rho sigma tau phi omega delta omega sigma delta"
_GREEK = str.maketrans({a: f" {name} " for a, name in zip("αβγδεθλμνπρστφωΔΩΣ∆", _GREEK_NAMES.split(), strict=True)})
_DIGIT = re.compile(r"[\d¼½¾⅐-⅞]")
_POWER = re.compile(r"(?<![\w.])10\s?\^\s?(?P<power>[-+]?\d{1,3})(?!\w*\d|\.\d)")
_MIXED = re.compile(r"(?P<whole>\d{1,9})\s(?P<above>\d{1,9})\s?/\s?(?P<below>\d{1,9})(?!\d)")
_BEFORE = re.compile(r"(?:[\s$£€¥~≈(\[]|about\b|approximately\b|approx\.?|roughly\b|exactly\b|rs\.?\s|usd\b)*+")
_NEGATIVE = re.compile(r"\A(?:negative|minus)\s(?=[\d.])")
_UNIT_POWER = re.compile(r"(?<=[^\W\d_])\s?\^?\s?-?[1-4](?!\d)")
_UNIT = re.compile(r"[^\W\d_]+|\S")
_TIMES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0}
_FACTORS = frozenset(
    "pi sqrt root ln log exp sin cos tan theta alpha beta lambda or and to plus minus times over mod choose "
    "factorial infinity if when where x y z n k d v t r b p q u i e o".split()
)
_UNIT_LETTERS = frozenset("nkvt")  # after a space these stand for newton, kelvin, volt, tesla
_NOT_PLAIN = re.compile(r"\s?(?:pi\b|sqrt|√|root\b|\^|!|[*·]\s?[a-z(\d]|\()|[xyznkdvtrbpquieo](?![a-z])")
_GOES_ON = re.compile(r"\s?(?:[a-zµ°%$/]{1,12}\s?)?[-+*/·×]\s?[\d(]")
_DENIED = re.compile(r"(?:\b(?:not|cannot|never|except)|n't)\s(?:\w{1,10}\s){0,2}$")
_RIGHT_HAND = re.compile(
    r"(?:=|≈|≡|\b(?:equals?|is|are|was|be|gives?|gets?|got|yields?|becomes?|leaves?))\s?(?:(?:to|about|approximately|roughly|also|equal)\s)*$"
)


def normalise(text: str) -> str:
    """Lower case, NFKC, LaTeX and dollar signs removed, fractions as a/b, powers as ^, digits without commas."""
    if not text.isascii():
        text = _SUPERSCRIPT.sub(lambda m: "^" + m.group().translate(_SUPERSCRIPTS), text)
        text = re.sub(r"(?<=\d)(?=[¼½¾⅐-⅞])", " ", _MINUS.sub("-", text))
        text = _THOUSANDS.sub("", text)
        text = unicodedata.normalize("NFKC", text).replace("⁄", "/").translate(_GREEK)
    text = _CURRENCY.sub("-", _THOUSANDS.sub("", text))
    if "\\" in text:
        text = _SIGN.sub(lambda m: f" {_LATEX_SIGN[m[1]]} ", _DEGREE.sub("°", text))
        text = _LATEX_WORD.sub(" ", _FRACTION.sub(r" \1/\2 ", text))
        text = _LATEX_SPACE.sub(" ", text)
    return " ".join(text.translate(_BRACES).split()).lower()


def value_of(text: str) -> float | None:
    """The number that `text` states with at most a currency and a unit beside it; None where it is no single
    number (a product with a variable, a comparison, a list, an equation). A per cent sign counts as a unit.
    """
    if _DIGIT.search(text) is None:
        return None
    text = _NEGATIVE.sub("-", normalise(text).lstrip(" *_").rstrip(" .*_"))
    start = _match_end(_BEFORE, text)
    number = _POWER.match(text, start) or _MIXED.match(text, start) or _NUMBER.match(text, start)
    if number is None:
        return None
    factor = _unit_factor(text[number.end() :])
    value = _number(number)
    return None if factor is None or value is None else value * factor


def numbers_of(text: str) -> list[float]:
    """All plain numbers of a normalised text, in order."""
    values = (_number(match) for match in _NUMBER.finditer(text) if _is_plain(text, match))
    return [value for value in values if value is not None]


def results_of(text: str) -> list[float]:
    """What a normalised sentence ends up with: its last right-hand side, then its last number, where plain.

    A number times a variable, an exponent, a term of a longer expression or a denied number is no result.
    """
    plain = [m for m in _NUMBER.finditer(text) if _is_plain(text, m) and not _is_term(text, m)]
    right = [m for m in plain if _RIGHT_HAND.search(text, max(0, m.start() - 28), m.start())]
    values = (_number(m) for m in (*right[-1:], *plain[-1:]))
    return list(dict.fromkeys(v for v in values if v is not None))


def _is_plain(text: str, number: re.Match[str]) -> bool:
    before = text[max(0, number.start() - 2) : number.start()].rstrip()[-1:]
    return before not in {"^", "_", "√"} and not _NOT_PLAIN.match(text, number.end())


def _is_term(text: str, number: re.Match[str]) -> bool:
    """Whether an operator follows, or a denial stands before."""
    denied = _DENIED.search(text, max(0, number.start() - 24), number.start())
    return bool(_GOES_ON.match(text, number.end()) or denied)


def _unit_factor(after: str) -> float | None:
    """1 where `after` reads like a unit, more for a word like "million", None where it changes the number."""
    words = _UNIT.findall(_UNIT_POWER.sub("", after))
    if len(words) > 8 or re.search(r"[\d=+(,!<>^:;|±√?]", _UNIT_POWER.sub("", after)):
        return None
    letters = [w for w in words if w.isalpha()]
    if after[:1].isalpha() and letters[0] in _FACTORS:
        return None
    if any(w in _FACTORS and w not in _UNIT_LETTERS for w in letters) or len(letters) > 4:
        return None
    return _TIMES.get(letters[0], 1.0) if letters else 1.0


def _match_end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


def _number(match: re.Match[str]) -> float | None:
    """The value of a match; None where it is beyond floats or divides by zero."""
    parts = match.groupdict()
    below = float(parts.get("below") or 1)
    if not below:
        return None
    if parts.get("whole"):
        return float(parts["whole"]) + float(parts["above"]) / below
    power = int(parts.get("power") or parts.get("exponent") or 0)
    if abs(power) > 300:
        return None
    value = float(f"{parts.get('digits') or 1}e{power}") / below
    value = -value if parts.get("sign") == "-" else value
    return value if math.isfinite(value) else None
