"""Claims: spans that assert a general, checkable fact, with a self-contained wording beside each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from knowreason.answers import value_of
from knowreason.decompose import vocabulary as v
from knowreason.decompose.clauses import Clause, cut_clauses, starts_with_verb, tokenize, verb_at
from knowreason.decompose.knowledge import names_person, why_no_fact
from knowreason.decompose.questions import Case, read_case
from knowreason.decompose.referents import (
    clean,
    is_description,
    is_plural,
    last_phrase,
    name_of_option,
    resolve,
    subject_of,
)
from knowreason.records import Claim, Step, Trace
from knowreason.sentences import split_sentences

_INDENT = 40  # characters: white space before a label at the start of a line
_LONGEST = 600  # characters: a longer clause is a table or a run-on, not one fact
_LEAD = re.compile(
    r"(?:\s+|[*_#>•`]+|[-–—]\s+|</?\w[^>\n]{0,20}>|(?:step|point)\s*\d+\s*[:.)-]\s*|\(?(?:\d{1,3}|"
    r"(?-i:[a-hj-z]|[ivx]{1,4}))[.)]\s+|"
    rf"(?:{v.CONNECTIVES})(?:,\s*|\s+|:\s*)|(?:{v.ATTITUDES})[,:]?\s+|[,;:.]\s*)",
    re.I,
)
_LABEL = re.compile(r"(?P<label>[^:.\n]{2,70}?)(?:\*\*|__)?\s*(?::|\.(?=\*\*)|\s[–—-]\s)\s*(?:\*\*|__)?\s*(?=\S)")
_HEADING_NOISE = re.compile(
    r"^(?:(?:step|part|point|option|choice|phase)\s*\(?\w{1,2}\)?\s*)?[:.)-]*\s*$|\b(?:step|analysis|"
    r"conclusion|reasoning|"
    r"symptoms?|findings?|assessment|review|consider\w*|diagnosis|differential|evaluation|summary|history|"
    r"examination|tests?|"
    r"imaging|studies|correlation|presentation|answer|check|mechanism|definition|why|exclusion|"
    r"elimination|confirmation|"
    r"results?|note|given|formula|timing|site|overview|because|reason|justify|explanation)\b",
    re.I,
)


_TRIMMABLE = frozenset("number case judgement specific answer conclusion self_talk inference computation".split())
_KEYS = re.compile(
    r"(?<=\w) \((?:options? )?[A-J](?:(?:,| and|, and| or) [A-J])*\)(?!,| and|$)|(?<=\w) \([A-J](?:, [A-J])+\)$"
)
_CONSEQUENCE = re.compile(r", (?:and )?(?:so|hence|thus|therefore|which)\b(?! (?:is|are|do|does|can) )")
_CONDITION = re.compile(r"(?:if|when|once|unless|after|before|in|by|for|even)\b", re.I)
_TAIL = re.compile(r", |\s(?:and|but|so|yet)\s|;\s")
_ABOUT_TASK = re.compile(r"\b(?:questions?|statements?|options?|answers?|choices?|description|problem)\b", re.I)
_CARRIED = frozenset([None, "answer", "judgement", "specific", "conclusion", "inference", "no_verb"])
_BARE_PRONOUN = re.compile(
    r"(?:it|they|its|their)(?:'s|’s|'re)?\b|(?:this|these|that|those) (?:is|are|was|were|has|have|can|may|"
    r"could|also|\w+s)\b",
    re.I,
)
_NUMBER = {
    "it": False,
    "its": False,
    "this": False,
    "that": False,
    "they": True,
    "their": True,
    "these": True,
    "those": True,
}
_OPTION_SAYS = re.compile(
    r"(?:is|are|was|has|gives|lists|says?|states?|describes?|refers?|mentions?|suggests?|implies|involves?|represents?|"
    r"would|does|fails?|could|can|"
    r"seems?|appears?|only|also|correctly|incorrectly)\b",
    re.I,
)


class _Found(NamedTuple):
    start: int
    end: int
    normalised: str


class _Reader:
    """Reads a trace from start to end and remembers what pronouns and headings stand for."""

    def __init__(self, trace: Trace) -> None:
        self._text = trace.reasoning
        self._options = trace.options
        self._case: Case = read_case(trace.question, trace.reasoning, _asks_number(trace))
        subject = self._case.subject if self._case.kind == "plain" else ""
        self._about_case = False
        self._last = False
        self._referents = {True: "", False: ""}  # the last plural and the last singular subject
        self._refer_to(subject)
        self._heading = ""
        self._said: set[str] = set()

    def read(self, start: int, end: int) -> Iterator[_Found]:
        """The claims of one sentence."""
        text = self._text
        begin = self._open_label(start, end)
        if end - begin > _LONGEST or text[begin:end].rstrip().rstrip('*_"”) ').endswith("?"):
            return
        clauses = cut_clauses(text, begin, end)
        i = 0
        while i < len(clauses):
            clause = clauses[i]
            joined = self._join_relative(clauses, i)
            found = self._claim(clause if joined is None else clause._replace(end=joined.end))
            if found is None and joined is not None:
                found = self._claim(clause)
                joined = None
            if found is not None:
                yield found
            i += 1 if joined is None else 2

    @property
    def spoken_of(self) -> tuple[str, ...]:
        """The things that a pronoun of the next sentence may stand for, the last one first."""
        return tuple(name for name in (self._referents[self._last], self._referents[not self._last]) if name)

    def _join_relative(self, clauses: Sequence[Clause], i: int) -> Clause | None:
        """The relative clause that belongs to clause `i`, which a claim keeps."""
        following = clauses[i + 1] if i + 1 < len(clauses) else None
        return following if following is not None and following.link in {"which", "who"} else None

    def _claim(self, clause: Clause) -> _Found | None:
        start, end = self._trim(clause)
        if start >= end:
            return None
        raw = clean(self._text[start:end])
        if self._options:
            raw = _KEYS.sub("", raw)
        if clause.link in {"which", "who"}:
            return self._relative(clause, start, end, raw)
        link = self._concluding(clause, start)
        named, said = name_of_option(raw, self._options)
        if named and _OPTION_SAYS.match(said.removeprefix(named).lstrip()) and not self._text[start:end].count(","):
            self._refer_to(named)
            return None
        if self._heading and named == "" and not _has_subject(said):
            said = f"{self._heading} {said[:1].lower()}{said[1:]}"
        if self._about_case and _BARE_PRONOUN.match(said):
            return None
        resolved = resolve(said, self._referent_of(said))
        reason = why_no_fact(said, self._case, link)
        if resolved != said and reason is None and self._names_case(resolved):
            reason = "case"
        if resolved != said and reason == "restated":
            reason = why_no_fact(resolved, self._case, link)
        if reason in _TRIMMABLE:
            shorter = self._without_tail(start, end)
            if shorter is not None:
                return self._claim(Clause(start, shorter, clause.link))
        self._remember(named or subject_of(resolved), reason)
        if reason is not None or resolved.lower() in self._said:
            return None
        self._said.add(resolved.lower())
        return _Found(start, end, resolved)

    def _relative(self, clause: Clause, start: int, end: int, raw: str) -> _Found | None:
        """ "He has scurvy, which is a lack of vitamin C": the knowledge in a clause about the case."""
        before = clean(self._text[max(0, clause.start - 200) : clause.start].rpartition(". ")[2])
        plural = re.match(r"(?:which|who) (?:are|have|were)\b", raw, re.I) is not None
        antecedent = last_phrase(before, plural)
        if not antecedent or why_no_fact(raw, self._case, clause.link) is not None:
            return None
        resolved = antecedent + re.sub(r"^(?:which|who)\b", "", raw, flags=re.I)
        if why_no_fact(resolved, self._case) is not None or resolved.lower() in self._said:
            return None
        self._said.add(resolved.lower())
        return _Found(start, end, resolved)

    def _trim(self, clause: Clause) -> tuple[int, int]:
        """The clause without list marks, connectives and "I think" before it and punctuation after it."""
        text, start, end = self._text, clause.start, clause.end
        while (lead := _LEAD.match(text, start, end)) is not None and lead.end() > start:
            start = lead.end()
        while end > start and text[end - 1] in " \t\n.,;:*_`!":
            end -= 1
        opened = text.count("(", start, end)
        while end > start and text[end - 1] == ")" and text.count(")", start, end) > opened:
            end -= 1
        return start, end

    def _concluding(self, clause: Clause, start: int) -> str:
        head = self._text[clause.start : start].lower()
        match = re.search(rf"\b(?:{v.CONCLUDING})\b", head)
        within = clause.link in {"so", "therefore", "thus", "hence"} and self._case.kind != "plain"
        return "so" if match or within else "" if clause.link in v.CONCLUDING.split("|") else clause.link

    def _without_tail(self, start: int, end: int) -> int | None:
        """Where the clause ends without its last consequence, second predicate or addition, if enough is left."""
        text = self._text
        tails = [m.start() for m in _CONSEQUENCE.finditer(text, start + 16, end)]
        if not tails:
            tails = [m.start() for m in _TAIL.finditer(text, start + 16, end) if _adds_predicate(text, m, end)]
        tails = [tail for tail in tails if text.count("(", start, tail) <= text.count(")", start, tail)]
        if not tails or verb_at(tokenize(text, start, tails[-1])) is None:
            return None
        condition = _CONDITION.match(text, start, end) is not None and "," not in text[start : tails[-1]]
        return None if condition else tails[-1]

    def _remember(self, subject: str, reason: str | None) -> None:
        """A pronoun may stand for the subject of a claim or of a judgement; that of a case fact is the case's."""
        if reason in {"case", "number", "restated", "inference"}:
            self._about_case = self._case.kind != "plain"
        elif subject and reason in _CARRIED and not _ABOUT_TASK.search(subject):
            self._refer_to(subject)

    def _names_case(self, resolved: str) -> bool:
        """Whether the pronoun turned out to stand for something of the person in the question."""
        return self._case.kind != "plain" and names_person(resolved)

    def _refer_to(self, subject: str) -> None:
        self._about_case = False
        if subject:
            self._last = is_plural(subject)
            self._referents[self._last] = subject

    def _referent_of(self, text: str) -> str:
        """The last subject that agrees in number with the pronoun that opens `text`, or else the last one."""
        first = text.split(" ", 1)[0].lower()
        plural = _NUMBER.get(first, self._last)
        if is_description(text):  # "these cells" are what was spoken of last, or nothing that rules can find
            return self._referents[plural] if plural == self._last else ""
        return self._referents[plural] or self._referents[not plural]

    def _open_label(self, start: int, end: int) -> int:
        """Notes a heading or a list label ("**Insulin**: ...") and returns where the sentence goes on."""
        text = self._text
        at = start
        while (lead := _LEAD.match(text, at, end)) is not None and lead.end() > at:
            at = lead.end()
        if "\n" in text[max(0, start - 2) : start] or start == 0:
            self._heading = ""
        label = _LABEL.match(text, at, end) if _stands_out(text, start, at) else None
        if label is None or verb_at(tokenize(label["label"], 0, len(label["label"]))) is not None:
            self._note_title(start, end)
            return start
        name = clean(label["label"])
        if len(name.split()) > 8:
            return start
        if not _HEADING_NOISE.search(name):
            self._heading = name_of_option(name + " ", self._options)[1].strip() or name
            self._refer_to(self._heading)
        return label.end()

    def _note_title(self, start: int, end: int) -> None:
        """A line of its own such as "### Insulin" names what the next lines speak of."""
        line = self._text[start:end]
        title = clean(re.sub(r"^\s*(?:\d+[.)]|[-*•])\s*", "", line))
        if re.match(r"\s*(?:#{1,6}\s|\*\*[^*\n]+\*\*:?\s*$)", line) and title and not _HEADING_NOISE.search(title):
            self._refer_to(title.rstrip(":"))


def find_claims(trace: Trace, steps: Sequence[Step]) -> tuple[Claim, ...]:
    """The claims of a trace, in order; each lies within one step and none overlap.

    Facts of the case, questions, plans, hedged self-talk, computations on the question's numbers, conclusions
    about options and the formal statement are no claims. A repetition in the same words is one claim, the first.
    Languages without Latin script give none.
    """
    reader = _Reader(trace)
    claims: list[Claim] = []
    for step in steps:
        if step.part == "statement":
            continue
        found = [f for a, b in split_sentences(step.text) for f in reader.read(step.start + a, step.start + b)]
        claims += [
            Claim(
                trace_id=trace.trace_id,
                step=step.step,
                claim=i,
                start=f.start,
                end=f.end,
                text=trace.reasoning[f.start : f.end],
                normalised=f.normalised,
            )
            for i, f in enumerate(found)
        ]
    return tuple(claims)


def subjects_before(trace: Trace, steps: Sequence[Step]) -> list[tuple[str, ...]]:
    """For each step the things spoken of last before it, at most two: what its pronouns may stand for."""
    reader = _Reader(trace)
    before: list[tuple[str, ...]] = []
    for step in steps:
        before.append(reader.spoken_of)
        for start, end in split_sentences(step.text):
            list(reader.read(step.start + start, step.start + end))
    return before


def _asks_number(trace: Trace) -> bool:
    values = list((trace.options or {}).values())
    return trace.answer_type == "math" or (bool(values) and all(value_of(text) is not None for text in values))


def _stands_out(text: str, start: int, at: int) -> bool:
    """Whether a label may begin at `at`: at the start of a line or after bold type, with a capital or a digit."""
    near = text[max(0, start - _INDENT) : start]
    opens_line = not near.rpartition("\n")[2].strip() and ("\n" in near or start <= _INDENT)
    return (opens_line or "**" in text[start:at]) and not text[at : at + 1].islower()


def _adds_predicate(text: str, tail: re.Match[str], end: int) -> bool:
    """A tail after a comma or semicolon may go; after "and" only if a verb opens it ("and is not needed")."""
    if tail.group() in {", ", "; "}:
        return True
    tokens = tokenize(text, tail.end(), min(end, tail.end() + 40))
    return bool(tokens) and starts_with_verb(tokens)


def _has_subject(text: str) -> bool:
    tokens = tokenize(text, 0, len(text))
    starts_with_verb = bool(tokens) and tokens[0].lower in v.THIRD_PERSON | v.AUXILIARIES
    return not starts_with_verb
