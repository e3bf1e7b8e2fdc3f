"""Claims that a passage refutes or leaves open, made by one small change that can also be made in the passage."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from knowreason.planting.paraphrase import capital, small
from knowreason.planting.wording import (
    CONDITIONS,
    HELD_OPPOSITES,
    HELD_QUANTIFIERS,
    KINDS,
    NUMBER_WORDS,
    OPPOSITES,
    SUFFIXES,
    VERBS,
)

TRAINED = ("opposite", "number", "negation", "entity")
HELD = ("held_opposite", "quantifier", "role")

NUMBER = re.compile(r"(?<![\w.,\-])\d[\d,]*(?:\.\d+)?(?![\w\-])")
NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b", re.I)
NEGATED = re.compile(r"\b(is|are|was|were|can|may|will|should|must|could|do|does|did|has|have) not\b")
AUXILIARY = re.compile(r"\b(is|are|was|were|can|may|will|should|must|could)\b")
_VERB = re.compile(
    r"\b(cause|produce|contain|include|require|lead|result|affect|help|occur|increase|reduce|provide|form|regulate|control"
    r"|allow|involve|protect|prevent|develop|improve|carry|appear|begin|treat|support)(s?)\b"
)


class Change(NamedTuple):
    """A changed claim, the kind of change, and what was replaced by what ("" where it is no replacement)."""

    claim: str
    kind: str
    old: str = ""
    new: str = ""


class Contradictor:
    """Makes one change of a chosen kind; None where the claim offers no place for it."""

    def __init__(self, texts: Iterable[str], names: Iterable[tuple[str, str]], rng: random.Random) -> None:
        """`texts` give the vocabulary; `names` are (disease, its parent), so that siblings can be swapped."""
        self._rng = rng
        self._kin = _kin(texts)
        self._siblings: dict[str, list[str]] = defaultdict(list)
        self._parent: dict[str, str] = {}
        for name, parent in names:
            self._siblings[parent].append(name)
            self._parent[name.lower()] = parent
        self._opposites, self._held = _both_ways(OPPOSITES), _both_ways(HELD_OPPOSITES)
        self._makers: dict[str, Callable[[str, str], Change | None]] = {
            "opposite": lambda claim, passage: self._swap_word(claim, self._opposites, "opposite"),
            "held_opposite": lambda claim, passage: self._swap_word(claim, self._held, "held_opposite"),
            "quantifier": lambda claim, passage: self._swap_word(claim, HELD_QUANTIFIERS, "quantifier"),
            "number": lambda claim, passage: self._number(claim),
            "negation": lambda claim, passage: self._negation(claim),
            "entity": self._entity,
            "role": lambda claim, passage: _role(claim),
        }

    def change(self, claim: str, passage: str, kinds: Iterable[str] = TRAINED) -> Change | None:
        """A change of the first kind, in random order, that the claim has a place for."""
        order = list(kinds)
        self._rng.shuffle(order)
        for kind in order:
            changed = self._makers[kind](claim, passage)
            if changed is not None and changed.claim.lower() != claim.lower():
                return changed
        return None

    def add_condition(self, claim: str) -> Change:
        """The claim under a condition that the passage does not speak of: left open."""
        condition = self._rng.choice(CONDITIONS)
        if self._rng.random() < 0.3:
            return Change(f"{capital(condition)}, {small(claim)}", "condition", new=condition)
        return Change(f"{claim.rstrip('.')} {condition}.", "condition", new=condition)

    def other_subject(self, claim: str, title: str) -> Change | None:
        """The claim about another disease of the same family: a passage about `title` leaves it open."""
        match = re.search(rf"\b{re.escape(title)}\b", claim, re.I) if title else None
        others = self._siblings.get(self._parent.get(title.lower(), ""), [])
        others = [name for name in others if name.lower() not in claim.lower() and name[:5] != title[:5].lower()]
        if match is None or match.start() > 25 or not others:
            return None
        other = self._rng.choice(others)
        return Change(
            claim[: match.start()] + like(match.group(), other) + claim[match.end() :], "subject", title, other
        )

    def _swap_word(self, claim: str, table: dict[str, str], kind: str) -> Change | None:
        places = [match for match in re.finditer(r"[A-Za-z]+", claim) if match.group().lower() in table]
        if not places:
            return None
        match = self._rng.choice(places)
        old, new = match.group(), like(match.group(), table[match.group().lower()])
        return Change(claim[: match.start()] + new + claim[match.end() :], kind, old, new)

    def _number(self, claim: str) -> Change | None:
        places = [*NUMBER.finditer(claim), *NUMBER_WORD.finditer(claim)]
        if not places:
            return None
        match = self._rng.choice(places)
        old = match.group()
        new = self._other_word(old) if old.isalpha() else self._other_number(old)
        return Change(claim[: match.start()] + new + claim[match.end() :], "number", old, new)

    def _other_word(self, old: str) -> str:
        return like(old, self._rng.choice([word for word in NUMBER_WORDS if word != old.lower()]))

    def _other_number(self, old: str) -> str:
        value = float(old.replace(",", "") or 0)
        if 1500 <= value <= 2030 and "." not in old and "," not in old:
            return str(int(value) + self._rng.choice([-40, -17, -6, 5, 9, 14]))
        changed = value * self._rng.choice([0.1, 0.25, 0.5, 0.7, 1.5, 2, 3, 10])
        if "." in old:
            shown = f"{changed:.1f}"
        else:
            shown = f"{max(1, round(changed)):,}" if "," in old else str(max(1, round(changed)))
        return shown if shown != old else str(int(value) + 3)

    def _negation(self, claim: str) -> Change | None:
        match = NEGATED.search(claim)
        if match:
            return Change(claim[: match.end(1)] + claim[match.end() :], "negation")
        match = AUXILIARY.search(claim)
        if match:
            word = self._rng.choice([" not", " not", " never"]) if match.group() in ("is", "are") else " not"
            return Change(claim[: match.end()] + word + claim[match.end() :], "negation")
        match = _VERB.search(claim)
        if match and match.start() > 3:
            do = "does not " if match.group(2) else "do not "
            return Change(claim[: match.start()] + do + match.group(1) + claim[match.end() :], "negation")
        return None

    def _entity(self, claim: str, passage: str) -> Change | None:
        places = [
            (match, kin) for match in re.finditer(r"[A-Za-z][A-Za-z\-]{2,}", claim) for kin in self._kin_of(match)
        ]
        # a swap of the subject would be another topic, not a refutation
        places = [(match, kin) for match, kin in places if match.start() > len(claim) * 0.3]
        if not places:
            return None
        match, kin = self._rng.choice(places)
        low = claim.lower()
        fit = [other for other in kin if other.lower() not in low and other[:5] != match.group().lower()[:5]]
        near = [other for other in fit if re.search(rf"\b{re.escape(other)}\b", passage, re.I)]
        pool = near if near and self._rng.random() < 0.5 else fit
        if not pool:
            return None
        new = like(match.group(), self._rng.choice(pool))
        return Change(claim[: match.start()] + new + claim[match.end() :], "entity", match.group(), new)

    def _kin_of(self, match: re.Match[str]) -> list[list[str]]:
        kin = self._kin.get(match.group().lower())
        return [kin] if kin else []


def apply(change: Change, sentence: str) -> str | None:
    """The same replacement in another sentence or passage, everywhere; None where it cannot be made."""
    if not change.old:
        return None
    changed = re.sub(
        rf"(?<!\w){re.escape(change.old)}(?!\w)",
        lambda match: like(match.group(), change.new),
        sentence,
        flags=re.I,
    )
    return changed if changed != sentence else None


def _role(claim: str) -> Change | None:
    for singular, plural, _ in VERBS:
        match = re.match(rf"^([^,;]{{3,60}}?) ({singular}|{plural}) ([^,;]{{3,80}})\.$", claim)
        if match and not re.search(r"\b(?:that|which|and|to|not)\b", claim):
            agent, verb, patient = match.groups()
            return Change(f"{capital(patient)} {verb} {small(agent)}.", "role")
    return None


def _kin(texts: Iterable[str]) -> dict[str, list[str]]:
    """For each term: others of its kind, from the table and from word endings that recur in the texts."""
    kin = {term: [other for other in group if other != term] for group in KINDS for term in group}
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        for word in sorted(set(re.findall(r"[a-z]{6,}", text))):
            counts[word] += 1
    families: dict[str, list[str]] = defaultdict(list)
    for word, count in counts.items():
        ending = next((suffix for suffix in SUFFIXES if word.endswith(suffix) and len(word) > len(suffix) + 2), None)
        if ending and count >= 4:
            families[ending].append(word)
    for family in families.values():
        for word in family:
            kin.setdefault(word, [other for other in family if other != word])
    return kin


def _both_ways(pairs: Iterable[str]) -> dict[str, str]:
    table: dict[str, str] = {}
    for pair in pairs:
        left, right = pair.split("/")
        table.setdefault(left, right)
        table.setdefault(right, left)
    return table


def like(shown: str, new: str) -> str:
    """`new` with the capitals of `shown`."""
    if shown.isupper() and len(shown) > 1:
        return new.upper()
    return capital(new) if shown[:1].isupper() else new
