"""Clauses: the parts of a sentence with a subject and a finite verb of their own, found without a parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from knowreason.decompose import vocabulary as v

_TOKEN = re.compile(
    r"(?P<formula>\$\$?[^$\n]{1,300}?\$\$?|\\\(.{1,300}?\\\))"
    r"|(?P<word>[^\W\d_][^\W_]*+(?:['’.-](?=[^\W_])[^\W_]++)*['’]?)"
    r"|(?P<number>\d+(?:[.,]\d+)*%?)"
    r"|(?P<stop>[,;:—–()!?]|(?<=\s)-(?=\s))"
    r"|(?P<sign>[^\s\w])"
)
_AFTER_AND = frozenset([",", "so", "thus", "hence", "therefore", "then"])
_AS_IDIOMS = ("long", "soon", "well", "far", "much", "if", "though", "opposed", "in", "a", "an", "shown")
_CONTRACTED = re.compile(r"(?:it|that|there|he|she|they|what|here|who)'(?:s|re|ll|d|ve)$")
_PLURAL = re.compile(r"[^su]s$")
_PLURAL_NOUN = re.compile(r"[^su]s$|(?:teria|ia|cytes|ies|men|ae|[ao]i)$")
_MAY_BE_MANY = re.compile(
    r"[^siu]s$|(?:ia|ae|i|men|people|children|mice|data|s['’])$|^(?:they|we|you|those|these|both|all|some|many|most|more|"
    r"few|several|others|there|which|who|that|and|or|two|three|four|five|six|cattle|sheep|fish)$"
)
_ENDS_IN_S = re.compile(r"[a-z]{3,}[^siu]s")
_ADVERB = re.compile(r"\w+ly|also|often|never|always|then|not|just")
_MAY_CUT = frozenset(",;:—–-") | v.SPLITTING
_OBJECTS = frozenset("it them to from with into on at as that".split())
_NO_SUBJECT = frozenset(["not", "to", "then", "thus", "therefore", "also", "hence"])
_LABEL = 8  # tokens: what stands before a colon without a verb and is not a heading is at most this long
_SUBJECT = 4  # tokens: a longer stretch after "that" holds a verb that no list knows
_REACH = 14  # tokens within which a new clause must show its verb


class Token(NamedTuple):
    """A word, number, formula or sign: `lower` is its text in lower case, the offsets are into the whole text."""

    lower: str
    start: int
    end: int
    kind: str


class Clause(NamedTuple):
    """A span of the text; `link` is the word or sign that joins it to the clause before ("" at a start)."""

    start: int
    end: int
    link: str


def tokenize(text: str, start: int, end: int) -> list[Token]:
    """Tokens of `text[start:end]`; `lower` has straight quotation marks, and keeps acronyms ("WAS") as they are."""
    if start == 0 and end == len(text):
        return list(_whole(text))  # several rules ask for the tokens of the same clause one after the other
    return [_token(match) for match in _TOKEN.finditer(text, start, end)]


@lru_cache(maxsize=64)
def _whole(text: str) -> tuple[Token, ...]:
    return tuple(_token(match) for match in _TOKEN.finditer(text))


def _token(match: re.Match[str]) -> Token:
    return Token(_lowered(match.group()), match.start(), match.end(), match.lastgroup or "")


def _lowered(word: str) -> str:
    return word if len(word) > 1 and word.isupper() else word.lower().replace("’", "'")


def cut_clauses(text: str, start: int, end: int) -> list[Clause]:
    """The clauses of one sentence, in order, without the conjunctions and commas between them.

    A cut needs a finite verb on its left and a subject with a finite verb on its right. Conditions ("if",
    "when", "in adults") stay with what they condition. Relative clauses after a comma come out as clauses of
    their own, linked by "which" or "who".
    """
    tokens = tokenize(text, start, end)
    clauses: list[Clause] = []
    opened, link = 0, ""
    for left, right in _cut_points(tokens):
        if left > opened:
            clauses.append(Clause(tokens[opened].start, tokens[left - 1].end, link))
        link = tokens[left + 1].lower if tokens[left].lower == "," else tokens[left].lower
        opened = right - 1 if link in {"which", "who"} else right
    if opened < len(tokens):
        clauses.append(Clause(tokens[opened].start, tokens[-1].end, link))
    return clauses


def verb_at(tokens: Sequence[Token], begin: int = 0) -> int | None:
    """Index of the first finite verb at or after `begin`; None without one. Verbs of relative clauses count.

    Where no word reads as one at first sight, weaker signs are taken: "the angles of a polygon total 360".
    """
    places = range(begin, len(tokens))
    first = next((i for i in places if is_verb(tokens, i)), None)
    return first if first is not None else next((i for i in places if _may_be_verb(tokens, i)), None)


def is_verb(tokens: Sequence[Token], i: int) -> bool:
    """Whether token `i` reads as a finite verb where it stands."""
    word = tokens[i].lower
    if tokens[i].kind == "sign":
        return word in "=≈→⇒"
    if tokens[i].kind == "formula":
        return "=" in word
    if tokens[i].kind != "word":
        return False
    if word in v.AUXILIARIES:
        return not (word == "can" and i == 0)
    if "'" in word and _CONTRACTED.search(word):
        return True
    if word in {"consists", "consist"}:
        return i > 0
    if word in v.THIRD_PERSON or word in v.IRREGULAR:
        return _after_subject(tokens, i) and not _next(tokens, i, ("of", "is", "are", "was", "were", "can", "may"))
    if word in v.VERBS:
        nominal = _next(tokens, i, ("of", "is", "are", "was", "were", "can", "may"))
        return not nominal and (_after_plural(tokens, i) or _after_long_plural(tokens, i))
    return _unlisted(tokens, i)


def _may_be_verb(tokens: Sequence[Token], i: int) -> bool:
    word = tokens[i].lower
    if tokens[i].kind != "word" or i + 1 >= len(tokens) or not _after_subject(tokens, i):
        return False
    if word in v.VERBS:
        return any(_PLURAL_NOUN.search(t.lower) for t in tokens[: i - 1]) or tokens[i - 1].kind == "formula"
    after = tokens[i + 1]
    if word.endswith("ed") and after.lower in v.DETERMINERS:
        return i > 0 and {word[:-1], word[:-2]} & v.VERBS != set()
    free = after.lower not in v.PREPOSITIONS | v.CONJUNCTIONS and not _next(tokens, i, ("is", "are", "can", "may"))
    return i > 0 and free and after.kind == "word" and _ENDS_IN_S.fullmatch(word) is not None


def _unlisted(tokens: Sequence[Token], i: int) -> bool:
    """A third person form that no list holds: -s after a noun, before a determiner."""
    word = tokens[i].lower
    if not _ENDS_IN_S.fullmatch(word) or not _after_subject(tokens, i) or i + 1 >= len(tokens):
        return False
    return tokens[i + 1].lower in v.DETERMINERS or tokens[i + 1].lower in {"itself", "themselves"}


def _after_subject(tokens: Sequence[Token], i: int) -> bool:
    """Whether what stands before can end a subject: a noun, a pronoun, a bracket, not "the" or "of"."""
    if i == 0:
        return False
    before = tokens[i - 1]
    if before.kind in {"number", "formula"} or before.lower in {")", "*", '"', "”", ",", "}"}:
        return True
    if before.lower in {"which", "who", "that", "this", "it", "what", "each", "one"} or before.lower.endswith("ly"):
        return True
    closed = before.lower in v.DETERMINERS or before.lower in v.PREPOSITIONS or before.lower in v.CONJUNCTIONS
    return (
        before.kind == "word" and not closed and before.lower not in v.AUXILIARIES and before.lower not in {"to", "not"}
    )


def _after_plural(tokens: Sequence[Token], i: int) -> bool:
    """Whether what stands before can be the plural subject of an uninflected verb."""
    if i == 0:
        return False
    before = tokens[i - 1].lower
    j = i - 1
    if i > 1 and _ADVERB.fullmatch(before):
        j = i - 2 if tokens[i - 2].lower not in v.CONJUNCTIONS | v.DETERMINERS else i - 1
    before = tokens[j].lower
    if before in {"they", "which", "who", "that", "you", "we", "these", "those", "both", "i", "people", "children"}:
        return True
    if (
        before in v.AUXILIARIES
        or before in v.DETERMINERS
        or before in v.PREPOSITIONS
        or (before in v.THIRD_PERSON and j == 0)
    ):
        return False
    plural = _PLURAL_NOUN.search(before) is not None
    joined = any(t.lower == "and" for t in tokens[max(0, j - 4) : j]) and tokens[j].kind == "word"
    return plural or joined


def _after_long_plural(tokens: Sequence[Token], i: int) -> bool:
    """ "The squares of the legs of a triangle add up": a plural further back, a particle or determiner next."""
    plural = any(_PLURAL.search(t.lower) for t in tokens[: max(0, i - 1)])
    return (
        plural and _after_subject(tokens, i) and (_next(tokens, i, ("up",)) or _next(tokens, i, tuple(v.DETERMINERS)))
    )


def _next(tokens: Sequence[Token], i: int, words: Sequence[str]) -> bool:
    return i + 1 < len(tokens) and tokens[i + 1].lower in words


def _cut_points(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Pairs (index where a clause ends, index where the next one begins)."""
    opened = depth = 0
    for i, token in enumerate(tokens):
        depth = max(0, depth + (token.lower == "(") - (token.lower == ")"))
        if i < opened or depth or token.lower not in _MAY_CUT:
            continue
        right = _cut_at(tokens, opened, i)
        if right is not None:
            yield i, right
            opened = right


def _cut_at(tokens: Sequence[Token], opened: int, i: int) -> int | None:
    """Where the next clause begins if this one ends before token `i`."""
    word, after = tokens[i].lower, tokens[i + 1].lower if i + 1 < len(tokens) else ""
    left = tokens[opened:i]
    if not left or not after:
        return None
    if word == ":" and tokens[i].end == tokens[i + 1].start and tokens[i + 1].kind != "sign":
        return None  # "the protein:energy ratio"
    said = any(is_verb(left, k) for k in range(len(left)))
    if word == ":" and not said:
        return i + 1 if len(left) <= _LABEL and opens_clause(tokens, i + 1) else None
    if not said:
        return None
    if word in ";:—–-" and tokens[i].kind == "stop":
        return i + 1 if _has_verb_soon(tokens, i + 1) else None
    if word == "," and after in {"which", "who"}:
        return i + 2 if _has_verb_soon(tokens, i + 2) else None
    if word == ",":
        return (
            i + 1
            if _closes_concession(left) and opens_clause(tokens, i + 1)
            else _cut_at_conjunction(tokens, opened, i, i + 1)
        )
    return _cut_at_conjunction(tokens, opened, i, i)


def _cut_at_conjunction(tokens: Sequence[Token], opened: int, end: int, i: int) -> int | None:
    word = tokens[i].lower
    if word not in v.SPLITTING or (word == "as" and (i == end or _next(tokens, i, _AS_IDIOMS))):
        return None
    if word in {"and", "but", "yet"} and _is_open_condition(tokens[opened:end]):
        return None
    if word == "and" and (_awaits_verb(tokens[opened:end]) or _completes_subject(tokens[i + 1 : i + 1 + _REACH])):
        return None
    begin = i + 1
    if begin < len(tokens) and tokens[begin].lower in _AFTER_AND:
        begin += 1
    if word in v.CONCESSIVE and _asserts_soon(tokens, begin):
        return begin
    return begin if opens_clause(tokens, begin) else None


def opens_clause(tokens: Sequence[Token], begin: int) -> bool:
    """Whether a subject with a finite verb of its own begins at `begin`."""
    rest = _without_key(tokens[begin : begin + _REACH + 3])[:_REACH]
    if not rest or rest[0].lower in _NO_SUBJECT or starts_with_verb(rest):
        return False
    if rest[0].lower.endswith("ing") and not _next(rest, 0, ("is", "in", "of", "the", "a")):
        return False
    condition = rest[0].lower in v.SUBORDINATORS
    wanted = 1  # verbs: each relative clause inside the subject has one of its own
    for i, token in enumerate(rest):
        if token.lower in {";", ":", "(", "?"} or token.lower in v.CONJUNCTIONS:
            return False
        if token.lower == ",":
            return condition and opens_clause(tokens, begin + i + 1)
        wanted += i > 0 and token.lower in v.RELATIVE
        wanted -= i > 0 and is_verb(rest, i)
        if wanted == 0:
            return True
    return re.match(r"(?:it|that|there|he|she|they)'(?:s|re)", rest[0].lower) is not None


def starts_with_verb(tokens: Sequence[Token]) -> bool:
    """Whether a verb comes first, its subject being left to the clause before."""
    first, after = tokens[0].lower, tokens[1].lower if len(tokens) > 1 else ""
    if first in v.AUXILIARIES:
        return True
    if first in v.VERBS:  # "lower the dose", not "damage to nerves is"
        return after in v.DETERMINERS or not any(is_verb(tokens, i) for i in range(1, len(tokens)))
    return first in v.THIRD_PERSON and (after in v.DETERMINERS or after in _OBJECTS)


def _asserts_soon(tokens: Sequence[Token], begin: int) -> bool:
    """Whether a finite verb follows "because" or "while", which hardly join anything but clauses."""
    rest = tokens[begin : begin + _REACH]
    stop = next((i for i, t in enumerate(rest) if t.lower in ",;:(" or (i and t.lower in v.RELATIVE)), len(rest))
    gerund = bool(rest) and (rest[0].lower.endswith("ing") or rest[0].lower in v.PREPOSITIONS)
    return not gerund and any(is_verb(rest[:stop], i) for i in range(1, stop))


def _without_key(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens after an option's key in brackets, "(B)"."""
    keyed = len(tokens) > 3 and tokens[0].lower == "(" and len(tokens[1].lower) == 1 and tokens[2].lower == ")"
    return [tokens[1], *tokens[3:]] if keyed else tokens


def _has_verb_soon(tokens: Sequence[Token], begin: int) -> bool:
    return verb_at(tokens[begin : begin + 2 * _REACH]) is not None or (
        begin < len(tokens) and tokens[begin].lower in v.THIRD_PERSON | v.VERBS
    )


def _is_open_condition(left: Sequence[Token]) -> bool:
    """Whether "and" still belongs to a condition ("if", "when") or to a list of definitions ("where")."""
    opens = left[0].lower in v.SUBORDINATORS - {"in", "by", "during"} and not any(t.lower == "," for t in left)
    return opens or any(t.lower == "where" for t in left[1:])


def _awaits_verb(left: Sequence[Token]) -> bool:
    """Whether a "that" on the left still waits for its verb: "states that allele | and genotype frequencies stay"."""
    that = max((i for i, t in enumerate(left) if i and t.lower == "that"), default=None)
    return that is not None and 1 < len(left) - that <= _SUBJECT + 1 and verb_at(left, that + 1) is None


def _completes_subject(right: Sequence[Token]) -> bool:
    """Whether a plural verb follows a singular: "the pumps of one | and the membrane are", a subject in two halves."""
    verb = next((i for i in range(1, len(right)) if is_verb(right, i)), None)
    if verb is None or right[verb].lower not in {"are", "were", "have"}:
        return False
    return all(t.kind == "word" and not _MAY_BE_MANY.search(t.lower) for t in right[:verb])


def _closes_concession(left: Sequence[Token]) -> bool:
    return left[0].lower in v.CONCESSIVE and verb_at(left, 1) is not None
