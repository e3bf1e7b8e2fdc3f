"""Self-contained wording: what "it", "these cells" and a heading stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from knowreason.decompose import vocabulary as v
from knowreason.decompose.clauses import Token, is_verb, tokenize, verb_at

_TRAILING = frozenset(
    "also often then both all still always never sometimes itself themselves further again already".split()
)
_SINGULAR = frozenset("diabetes herpes rabies scabies mumps measles rickets ascites caries series species".split())
_LONGEST_SUBJECT = 9  # words: a longer "subject" is a misread sentence
_MARKUP = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|^#+\s*|</?\w[^>\n]{0,20}>")
_DOLLARS = re.compile(r"\$\$?([^$\n]{1,300}?)\$\$?|\\[()\[\]]")
_LATEX = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\(?:text|mathrm|mathbf|mathit|textbf)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\^\s*\\circ|\^\{\\circ\}"), "°"),
    (re.compile(r"\\(?:cdot|times)\b"), "*"),
    (re.compile(r"\\pi\b"), "pi"),
    (re.compile(r"\\%"), "%"),
)
_PRONOUN = re.compile(
    r"(?P<own>its|their)\b|(?P<bare>it|they|this|these|that|those|both|both of them|which|"
    r"who)(?P<is>['’](?:s|re))?\b",
    re.I,
)
_DESCRIPTION = re.compile(
    r"(?:this|these|that|those|the same|such an?|such|the)\s+(?:(?:type|kind|form|class|group) of\s+)?(?P<noun>"
    r"hormone|drug|agent|enzyme|protein|vitamin|disease|disorder|condition|syndrome|infection|bacterium|"
    r"bacteria|virus|organism|"
    r"parasite|cells?|vessel|artery|vein|nerve|muscle|gland|organ|structure|pathway|receptor|gene|"
    r"molecule|compound|"
    r"substance|medication|antibiotic|test|method|theorem|rule|law|formula|lesion|murmur|tumou?r|cancer|"
    r"deficiency|class|group|"
    r"mutation|factor|antibod(?:y|ies)|toxin|technique|theory|term|drugs|hormones|"
    r"enzymes|proteins|"
    r"diseases|conditions|infections|medications|structures|organisms|tumou?rs|lesions|toxicity|species|"
    r"animals|plants)\b",
    re.I,
)
_OPTION = re.compile(
    r"^(?i:option|choice|answer|statement)?\s*\(?(?P<key>[A-J])(?:\)|[.:]|\s?[–—-](?=\s)|\),|,)\s*(?=\S)"
    r"|^(?i:option|choice|answer)\s*\(?(?P<named>[A-J])\)?(?=\s|,|:)\s*[:,–—-]?\s*"
    r"|^(?P<bare>[B-HJ])\s+(?=(?:is|was|would|says|states|describes|refers|fails|represents|can|could|does|seems)\b)"
)
_APPOSITION = re.compile(r"^(?P<name>[^,]{2,60}?),\s+(?=(?:which |who )?(?P<verb>\w+)\b)")


def clean(text: str) -> str:
    """`text` without Markdown, LaTeX dollar signs and commands for plain things; white space made single."""
    text = _DOLLARS.sub(lambda m: m[1] or "", text)
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    text = _MARKUP.sub("", text)
    return re.sub(r"\s+", " ", text).strip(" \t\n.;,")


def subject_of(text: str) -> str:
    """The subject noun phrase of a cleaned clause, for what comes after; "" where there is none to carry on."""
    tokens = tokenize(text, 0, len(text))
    verb = verb_at(tokens, 1)
    if not verb:
        return ""
    first = _after_introduction(tokens[:verb])
    last = _before_relative(tokens, first, verb)
    while last > first and (tokens[last - 1].lower.endswith("ly") or tokens[last - 1].lower in _TRAILING):
        last -= 1
    subject = tokens[first:last]
    if not subject or len(subject) > _LONGEST_SUBJECT:
        return ""
    if subject[0].lower in v.SINGULAR_PRONOUNS | v.PLURAL_PRONOUNS | v.CASE_PRONOUNS | v.FIRST_PERSON | {
        "there",
        "here",
    }:
        return ""
    return text[subject[0].start : subject[-1].end]


def last_phrase(text: str, plural: bool) -> str:
    """The noun phrase that ends a clause, the antecedent of a relative clause after it."""
    tokens = [t for t in tokenize(text, 0, len(text)) if t.lower not in ",;"]
    stops = v.PREPOSITIONS - {"of"} if not plural else v.PREPOSITIONS - {"of", "in"}
    first = len(tokens)
    while first > 0 and len(tokens) - first < _LONGEST_SUBJECT:
        token = tokens[first - 1]
        is_stop = token.lower in stops or is_verb(tokens, first - 1) or (token.lower in v.CONJUNCTIONS and not plural)
        if is_stop or token.kind == "stop":
            break
        first -= 1
        if not plural and token.lower in v.DETERMINERS and (first == 0 or tokens[first - 1].lower != "of"):
            break
    phrase = tokens[first:]
    return text[phrase[0].start : phrase[-1].end] if phrase else ""


def resolve(text: str, referent: str, link: str = "") -> str:
    """`text`, a cleaned clause, with the pronoun or short description at its start replaced by `referent`."""
    if not referent:
        return text
    pronoun = _PRONOUN.match(text)
    described = _DESCRIPTION.match(text)
    if described is not None:
        opened = described.group().lower()
        named = opened.startswith("the ") and not opened.startswith("the same ")
        return text if named else referent + text[described.end() :]
    if pronoun is None:
        return text
    if pronoun["own"]:
        return _possessive(referent) + text[pronoun.end() :]
    after = tokenize(text, pronoun.end(), min(len(text), pronoun.end() + 40))
    bare = pronoun["bare"].lower()
    if (
        bare in {"this", "these", "that", "those", "both"}
        and not pronoun["is"]
        and after
        and not _follows(bare, after[0])
    ):
        return text
    verb = {"'s": " is", "'re": " are"}.get((pronoun["is"] or "").replace("’", "'"), "")
    return referent + verb + text[pronoun.end() :]


def name_of_option(text: str, options: Mapping[str, str] | None) -> tuple[str, str]:
    """Splits "Option (B), insulin, lowers glucose" into the option's text and a clause with it as subject.

    The first is "" where no option is named at the start.
    """
    match = _OPTION.match(text)
    key = match["key"] or match["named"] or match["bare"] if match else ""
    if match is None or key not in (options or {}):
        return "", text
    rest = text[match.end() :].lstrip(" ,:")
    apposition = _APPOSITION.match(rest)
    if apposition is not None and (
        len(apposition["name"].split()) <= 6 and not verb_at(tokenize(apposition["name"], 0, len(apposition["name"])))
    ):
        return apposition["name"], f"{apposition['name']} {rest[apposition.end() :]}"
    tokens = tokenize(rest, 0, len(rest))
    name = (options or {})[key].strip().rstrip(".")
    if tokens and (is_verb(tokens, 0) or tokens[0].lower in v.AUXILIARIES | v.THIRD_PERSON):
        return name, f"{name} {rest}"
    return name, rest


def _follows(demonstrative: str, after: Token) -> bool:
    """Whether a verb or an adverb follows: "this raises", not "this hormone" or "this decrease"."""
    verbs = v.THIRD_PERSON if demonstrative in {"this", "that"} else v.VERBS
    return after.lower in v.AUXILIARIES | verbs or after.lower.endswith("ly") or after.lower in _TRAILING | {"in", "of"}


def is_description(text: str) -> bool:
    """Whether `text` opens with a word for a kind: "this hormone", "the same vessel"."""
    return _DESCRIPTION.match(text) is not None


def is_plural(phrase: str) -> bool:
    """Whether a noun phrase reads as plural by its last word or by an "and"."""
    head = re.split(r" (?:of|in|for|to|with|from|on|at) ", phrase)[0]
    if head.lower().split(" ")[-1] in _SINGULAR:
        return False
    return (
        re.search(r"(?:[^siu]s|teria|men|people|children|mice|fungi|nuclei|ae)$", head) is not None or " and " in head
    )


def _possessive(referent: str) -> str:
    return referent + ("'" if referent.endswith("s") else "'s")


def _after_introduction(tokens: Sequence[Token]) -> int:
    """Where the subject begins after "In adults, ..."."""
    if not tokens or tokens[0].lower not in v.PREPOSITIONS | v.SUBORDINATORS | v.CONCESSIVE:
        return 0
    comma = max((i for i, t in enumerate(tokens) if t.lower == ","), default=len(tokens) - 1)
    return comma + 1


def _before_relative(tokens: Sequence[Token], first: int, verb: int) -> int:
    cuts = [i for i in range(first + 1, verb) if tokens[i].lower in {",", "(", "which", "who", "that", "whose"}]
    return min(cuts, default=verb)
