"""Claims that a sentence supports, in other words: rules over English, each silent where it is unsure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from knowreason.planting.wording import NUMBER_WORDS, SYNONYMS, VERBS

_LEAD = re.compile(
    r"^(?:However|Therefore|Thus|For example|For instance|In addition|Additionally|Moreover|Furthermore|In fact|Also"
    r"|Finally|Similarly|As a result|Indeed|Hence|Consequently|In contrast|In general),\s+(\w)"
)
_CONDITION = re.compile(
    r"^((?:In|During|After|When|At|For|By|On|Within|Among|If|Because|Although|While|Before) [^,]{3,70}), ([^,]{15,})\.$"
)
_DEFINITION = re.compile(
    r"^((?:An? |The )?[A-Z]?[\w\- ]{2,50}?) (is|are) ((?:an? |the )?[\w\-, ]{3,60}?)"
    r" (that|which|in which|who|where) (.{8,})\.$"
)
_APPOSITIVE = re.compile(r"^([A-Z][\w\- ]{2,50}), (an? [\w\- ]{3,60}), (\w.{8,})\.$")
_RELATIVE = re.compile(
    r"^(.*?\b([\w\-]+(?: [\w\-]+)?)), which (is|are|was|were|can|may|has|have|causes?|helps?) ([^,.]{6,}),?(.*)\.$"
)
_TWO_CLAUSES = re.compile(
    r"^([^,;]{20,}?)(?:, (?:and|but|so|while|whereas)|;) ((?:the|an?|it|they|this|these|some|most|[A-Z])\b.{15,})\.$"
)
_MEMBERS = re.compile(
    r"^(.{3,80}?)\b(?P<cue>such as|including|includes?|for example,?|like) (?P<members>[^.;:()]{6,160}?)\.?$"
)
_CALLED = re.compile(r"^(.{3,60}?) (?:is|are) (?:also )?(?:called|known as|referred to as) ([\w\- ]{3,50})\.$")
_VAGUE = re.compile(
    r"^(?:It|This (?:condition|disease|disorder|syndrome|drug|hormone|process|cancer|tumor|type)"
    r"|The (?:condition|disease|disorder|syndrome)|They|These)\b"
    r" (?=(?:is|are|was|can|may|has|have|affects?|causes?|occurs?|usually|often|\w+s)\b)"
)
_PERCENT = re.compile(r"\b(\d{1,3}(?:\.\d+)?)(?: percent|%| per cent)(?= |\.|,)")
_FRACTIONS = {
    "50": "half",
    "25": "a quarter",
    "75": "three quarters",
    "20": "one in five",
    "10": "one in ten",
    "33": "a third",
}


def reword(sentence: str, rng: random.Random, swaps: int = 3) -> str:
    """The same statement with up to `swaps` synonyms, no parentheses, no opening connective."""
    sentence = _LEAD.sub(lambda match: match.group(1).upper(), sentence)
    if rng.random() < 0.6:
        sentence = re.sub(r"\s*\([^)]*\)", "", sentence)
    moved = _CONDITION.match(sentence)
    if moved and rng.random() < 0.5:
        condition, main = moved.groups()
        sentence = f"{capital(main)} {small(condition)}."
    return capital(_synonyms(sentence, rng, swaps))


def _synonyms(sentence: str, rng: random.Random, swaps: int) -> str:
    pairs = [(a, b) for a, b in SYNONYMS] + [(b, a) for a, b in SYNONYMS]
    rng.shuffle(pairs)
    low, done = sentence.lower(), 0
    for old, new in pairs:
        if done >= swaps:
            break
        if old in low:
            changed = re.sub(rf"\b{re.escape(old)}\b", new, sentence, count=1, flags=re.I)
            done += changed != sentence
            sentence, low = changed, changed.lower()
    return sentence


def smaller_claims(sentence: str, title: str, rng: random.Random) -> list[str]:
    """Claims that follow from one sentence of a passage with this title, shorter or turned round.

    A sentence about "it" or "this condition" becomes one about the title.
    """
    named = _name_subject(sentence, title)
    found = [claim for rule in _RULES for claim in rule(named, rng)]
    if named != sentence:
        found.append(named)
    return [capital(claim) for claim in found if 4 <= len(claim.split()) <= 40]


def _name_subject(sentence: str, title: str) -> str:
    if not title or len(title.split()) > 6:
        return sentence
    return _VAGUE.sub(lambda _: f"{capital(title)} ", sentence, count=1)


def _definition(sentence: str, rng: random.Random) -> list[str]:
    match = _DEFINITION.match(sentence)
    if not match:
        return []
    term, verb, kind, link, rest = match.groups()
    bare = re.sub(r"^(?:An?|The) ", "", term)
    if verb == "are":
        return [f"{kind} {link} {rest} are called {small(bare)}.", f"{term} are {kind}."]
    return [
        f"{kind} {link} {rest} is called {small(bare)}.",
        f"The term {small(bare)} refers to {kind} {link} {rest}.",
        f"{term} is {kind}.",
    ]


def _apposition(sentence: str, rng: random.Random) -> list[str]:
    match = _APPOSITIVE.match(sentence)
    if not match:
        return []
    subject, kind, rest = match.groups()
    return [f"{subject} is {kind}.", f"{subject} {rest}."]


def _relative_clause(sentence: str, rng: random.Random) -> list[str]:
    match = _RELATIVE.match(sentence)
    if not match:
        return []
    before, noun, verb, rest, after = match.groups()
    return [f"{noun} {verb} {rest}.", f"{before}{' ' if after else ''}{after.strip(' ,')}.".replace(" .", ".")]


def _clauses(sentence: str, rng: random.Random) -> list[str]:
    match = _TWO_CLAUSES.match(sentence)
    if not match or re.match(r"(?:it|they|this|these)\b", match.group(2)):
        return [f"{match.group(1)}."] if match else []
    return [f"{match.group(1)}.", f"{match.group(2)}."]


def _membership(sentence: str, rng: random.Random) -> list[str]:
    match = _MEMBERS.match(sentence)
    if not match:
        return []
    members = [part.strip() for part in re.split(r",\s*(?:and |or )?| and | or ", match["members"])]
    members = [part for part in members if 1 <= len(part.split()) <= 5]
    if len(members) < 2:
        return []
    head = match.group(1).strip(" ,")
    member = rng.choice(members)
    if match["cue"].startswith("includ") and match["cue"] != "including":
        return [
            f"{member} is one of {_definite(head)}.",
            f"Among {_definite(head)} is {member}.",
            f"{head} include {member}.",
        ]
    noun = re.search(r"([\w\-]+(?: [\w\-]+)?)$", head)
    return [f"{member} is an example of {noun.group(1)}."] if noun else []


def _definite(head: str) -> str:
    return small(head) if re.match(r"(?:the|a|an|some|many)\b", head, re.I) else f"the {small(head)}"


def _other_name(sentence: str, rng: random.Random) -> list[str]:
    match = _CALLED.match(sentence)
    if not match:
        return []
    first, second = match.groups()
    return [f"{second} is another name for {small(first)}.", f"{second} and {small(first)} are the same thing."]


def _voice(sentence: str, rng: random.Random) -> list[str]:
    for singular, plural, participle in VERBS:
        active = re.match(rf"^([^,;]{{3,60}}?) (?:{singular}|{plural}) ([^,;]{{3,60}})\.$", sentence)
        if active and not re.search(r"\b(?:that|which|and|to|not|by)\b", sentence):
            agent, patient = active.groups()
            return [f"{patient} {_be(patient)} {participle} by {small(agent)}."]
        passive = re.match(rf"^([^,;]{{3,60}}?) (?:is|are) {participle} by ([^,;]{{3,60}})\.$", sentence)
        if passive:
            patient, agent = passive.groups()
            return [f"{agent} {plural if _be(agent) == 'are' else singular} {small(patient)}."]
    return []


def _be(noun: str) -> str:
    head = re.split(r" (?:of|in|from|for|with|on) ", noun)[0]
    return "are" if re.search(r"(?<![suio])s$", head) else "is"


def _other_number(sentence: str, rng: random.Random) -> list[str]:
    match = _PERCENT.search(sentence)
    if not match:
        return []
    value = match.group(1)
    out = [sentence[: match.start()] + f"{value}%" + sentence[match.end() :]] if "%" not in match.group() else []
    if value in _FRACTIONS:
        out.append(sentence[: match.start()] + _FRACTIONS[value] + sentence[match.end() :])
    return out


def number_words(sentence: str) -> str:
    """Small digits as words: "3 types" to "three types"."""
    table = {str(index): word for index, word in enumerate(NUMBER_WORDS, start=2)}
    return re.sub(
        r"(?<![\d.,])\b(\d{1,2})\b(?![\d.,%])", lambda match: table.get(match.group(), match.group()), sentence
    )


def small(text: str) -> str:
    """The text with a small first letter, unless its first word is a name or an abbreviation."""
    first = text.split(" ", 1)[0]
    return text if len(first) > 1 and first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


_RULES: Sequence[Callable[[str, random.Random], list[str]]] = (
    _definition,
    _apposition,
    _relative_clause,
    _clauses,
    _membership,
    _other_name,
    _voice,
    _other_number,
)
