"""Whether a clause asserts a general, checkable fact: named reasons against it, tried in order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowreason.decompose import cues
from knowreason.decompose import vocabulary as v
from knowreason.decompose.clauses import Token, is_verb, starts_with_verb, tokenize, verb_at
from knowreason.decompose.moves import content_words, stem
from knowreason.decompose.questions import Case

_RICH = {"case": 3, "problem": 5, "plain": 0}  # new words that make a sentence on "the murmur" more than a finding
SHORTEST = 3  # words: "Insulin lowers glucose" is about the shortest fact
_NEW_WORDS = 3


def why_no_fact(text: str, case: Case, link: str = "") -> str | None:
    """The first reason why `text`, one clause without its lead-in, states no general fact; None if it states one.

    The reasons: language, question, short, no_verb, no_subject, self_talk, command, answer, judgement, case,
    number, restated, inference, computation, conclusion, specific. `link` is what joins the clause to the one before.
    """
    tokens = tokenize(text, 0, len(text))
    form = _form_fault(text, tokens)
    if form is not None:
        return form
    verb = verb_at(tokens)
    if verb is None or _is_unfinished(tokens):
        return "no_verb"
    if starts_with_verb(tokens):
        return "no_subject"
    said = _speech_fault(text, tokens)
    if said is not None:
        return said
    if case.kind != "plain":
        of_case = _case_fault(text, tokens, verb, case)
        if of_case is not None:
            return of_case
    if link in {"which", "who", "so", "therefore", "thus", "hence"} and not _is_general_enough(text, link):
        return "conclusion"
    if case.kind == "problem":
        return _problem_fault(text, tokens[:verb], case)
    return _plain_fault(text, case)


def names_person(text: str) -> bool:
    """Whether `text` speaks of the person of a case: "the patient", "her potassium"."""
    lowers = {t.lower for t in tokenize(text, 0, len(text))}
    return not lowers.isdisjoint(v.CASE_PRONOUNS) or cues.PERSON_NAMED.search(text) is not None


def _is_unfinished(tokens: Sequence[Token]) -> bool:
    """A sentence that goes on in a formula ("the mean is:"), or a condition without what it conditions."""
    last, before = tokens[-1].lower, tokens[-2].lower if len(tokens) > 1 else ""
    if last in cues.UNFINISHED and before not in {"there", "they", "it", "what"}:
        return True
    conditional = tokens[0].lower in {"if", "when", "although", "unless"}
    commas = any(t.lower in {",", "then"} for t in tokens)
    return conditional and not commas and sum(is_verb(tokens, i) for i in range(len(tokens))) < 2


def _form_fault(text: str, tokens: Sequence[Token]) -> str | None:
    if cues.WIDE.search(text):
        return "language"
    if text.rstrip().rstrip('*_"”)').endswith("?"):
        return "question"
    words = [t for t in tokens if t.kind == "word"]
    signs = sum(t.kind in {"formula", "number"} or t.lower in "=≈" for t in tokens)
    letters = sum(len(t.lower) for t in words)
    if len(words) + signs < SHORTEST or len(content_words(text)) < 2 or letters < 0.4 * len(text.replace(" ", "")) - 30:
        return "short"
    return None


def _speech_fault(text: str, tokens: Sequence[Token]) -> str | None:
    """What is said about the task, the options or oneself rather than about the world."""
    lowers = [t.lower for t in tokens]
    if cues.SELF_TALK.match(text) or _speaks_of_self(tokens):
        return "self_talk"
    if lowers[0] in v.IMPERATIVES and not _is_gerund_subject(tokens) and not _is_noun_subject(tokens):
        return "command"
    if lowers[0].endswith("ing") and len(lowers[0]) > 5 and not _is_gerund_subject(tokens):
        return "command"
    if lowers[0] == "to" and not any(w in {"you", "one", "keep", "divide", "multiply", "add"} for w in lowers):
        return "command"
    if cues.META.search(text):
        return "answer"
    if (
        cues.JUDGES.search(text)
        or cues.EXPLETIVE.match(text)
        or cues.HYPOTHETICAL.search(text)
        or cues.PROPOSAL.match(text)
    ):
        return "judgement"
    return None


def _speaks_of_self(tokens: Sequence[Token]) -> bool:
    for i, token in enumerate(tokens):
        if token.lower == "i" and (
            i + 1 == len(tokens) or tokens[i + 1].kind != "word" or (i and tokens[i - 1].lower in cues.ROMAN)
        ):
            continue  # "lead I, aVL", "type I collagen"
        if token.lower in v.FIRST_PERSON:
            return True
    return False


def _is_gerund_subject(tokens: Sequence[Token]) -> bool:
    """ "Subtracting a number from 1 gives ..." is an assertion, "Subtracting, we get" a command to oneself."""
    verb = next((i for i in range(1, len(tokens)) if is_verb(tokens, i)), None)
    comma = next((i for i, t in enumerate(tokens) if t.lower == ","), len(tokens))
    return tokens[0].lower.endswith("ing") and verb is not None and verb < comma


def _is_noun_subject(tokens: Sequence[Token]) -> bool:
    """ "Factor VII belongs to ..." asserts, "Factor the number" commands."""
    object_next = len(tokens) < 2 or tokens[1].kind != "word" or tokens[1].lower in v.DETERMINERS | v.PREPOSITIONS
    return not object_next and any(is_verb(tokens, i) for i in range(2, min(len(tokens), 6)))


def _case_fault(text: str, tokens: Sequence[Token], verb: int, case: Case) -> str | None:
    if names_person(text) or cues.HERE_IS.search(text) or _is_finding(text) or cues.THERE.match(text):
        return "case"
    subject = tokens[: max(verb, 1)]
    named = text[subject[0].start : subject[-1].end]
    rule = cues.RULE.match(text) is not None and not any(t.kind == "number" for t in subject)
    if not rule and _case_numbers(text, tokens) & case.numbers:
        return "number"
    if cues.COMPUTED.search(text):
        return "computation"
    words = content_words(text)
    novel = words - case.words
    if case.kind == "case" and len(novel) < 2 and len(words & case.words) >= 0.6 * len(words):
        return "restated"
    found = (
        cues.EXAM_SUBJECT.match(re.sub(r" ?\([^)]*\)", "", named)) is not None and cues.INFERS.search(text) is not None
    )
    if found or _is_case_subject(named, case, len(novel)):
        return "case"
    if case.kind == "case" and cues.ADVICE.search(text):
        return "judgement"
    if case.kind == "case" and _infers_from_case(text, named, case):
        return "inference"
    past = cues.PAST.fullmatch(tokens[verb].lower) is not None
    relative = any(t.lower in v.RELATIVE for t in subject)
    return "case" if past and case.kind == "case" and not relative else None


def _is_finding(text: str) -> bool:
    """ "Sodium is low", "the culprit is lithium": a short statement of what was found, without a word of a rule."""
    return cues.STATE.match(text) is not None or (cues.FINDING.match(text) is not None and not cues.RULED.search(text))


def _case_numbers(text: str, tokens: Sequence[Token]) -> set[str]:
    """The numbers of a clause that are quantities, not part of a name ("CA 19-9", "type 2")."""
    found: set[str] = set()
    for i, token in enumerate(tokens):
        before = text[tokens[i - 1].start : tokens[i - 1].end] if i else ""
        if token.kind == "number" and not re.fullmatch(
            r"[A-Z]{2,}|type|stage|grade|factor|class|phase|vitamin|chromosome|-", before
        ):
            found.add(token.lower.rstrip("%"))
    return found


def _is_case_subject(subject: str, case: Case, novel: int) -> bool:
    """Whether the subject is a finding of this case: "the scan", "these symptoms", "the murmur" of the question."""
    head, _, rest = subject.partition(" of ")
    if rest and re.match(r"(?:an?|any|every)\b", rest):
        return False
    if rest and content_words(rest) - case.words and not re.match(r"(?:the|this|these|her|his)\b", rest, re.I):
        return False
    if cues.CASE_SUBJECT.match(head.strip()):
        return True
    told = content_words(subject)
    return cues.DEFINITE.match(subject) is not None and bool(told) and told <= case.words and novel < _RICH[case.kind]


def _infers_from_case(text: str, subject: str, case: Case) -> bool:
    """ "The raised TSH suggests ...": an inference from a finding, where "fever suggests infection" is a rule."""
    if not cues.INFERS.search(text):
        return False
    told = content_words(subject)
    return cues.DEFINITE.match(subject) is not None or 2 * len(told & case.words) >= max(1, len(told))


def _is_general_enough(text: str, link: str) -> bool:
    """What follows "so" or "which" is a conclusion about the case, unless it is worded as a rule."""
    if link in {"which", "who"}:
        worded = r"^wh(?:ich|o) (?:is|are|can|may|usually|typically|often|commonly|helps?|causes?|contains?|produces?) "
    else:
        worded = r"\b(?:usually|often|common|commonly|typically|generally|always)\b"
    return re.search(worded, text, re.I) is not None


def _plain_fault(text: str, case: Case) -> str | None:
    if re.search(r"\d\s*[=≈]|[=≈]\s*\d|^\d[\d.,]*\s+(?:is|are|gives?)\b", text):
        return "computation"
    return None if content_words(text) - case.words else "restated"


def _problem_fault(text: str, subject: Sequence[Token], case: Case) -> str | None:
    if cues.HERE.search(text):
        return "specific"
    words = content_words(text)
    general = cues.GENERAL.search(text) is not None
    if len(words & case.words) >= 0.75 * len(words) and not general:
        return "restated"
    if _names_person(subject, case):
        return "specific"
    if len(words - case.words) < 2 and not re.match(r"(?:if|for|when|an?|any|every|the \w+ of an?) ", text, re.I):
        return "restated"
    numbered = any(
        t.kind == "number" and (i == 0 or len(t.lower) > 1 or subject[i - 1].lower == "of")
        for i, t in enumerate(subject)
    )
    numbered = numbered and not re.match(r"the numbers? |one ", text, re.I)
    general = general or _is_bare_plural(subject, case) or _is_defined(text, subject, case)
    general = general or _is_new_matter(text, subject, case)
    return None if general and not numbered else "specific"


def _names_person(subject: Sequence[Token], case: Case) -> bool:
    """A name of the question without a determiner: "Mara", not "a Carnot engine"."""
    named = [i for i, t in enumerate(subject) if t.lower.removesuffix("'s") in case.names]
    return any(i == 0 or subject[i - 1].lower == "and" for i in named)


def _is_new_matter(text: str, subject: Sequence[Token], case: Case) -> bool:
    """A subject the question does not know, told in at least three new words and no number: "the gcd takes ..."."""
    named = text[: subject[-1].end] if subject else ""
    told = content_words(named)
    new = len(content_words(text) - case.words) - len(told) >= _NEW_WORDS
    return (
        new and bool(told) and not told & case.words and not cues.VAGUE.search(named) and not re.search(r"\d|=", text)
    )


def _is_defined(text: str, subject: Sequence[Token], case: Case) -> bool:
    """ "Entropy is a measure of ...": a name that the question does not hold, without a determiner, told what it is."""
    told = {stem(t.lower) for t in subject}
    bare = bool(subject) and subject[0].kind == "word" and subject[0].lower not in v.DETERMINERS and len(subject) <= 4
    named = bare and not told & case.words and len(subject[0].lower) > 2
    return named and re.match(r" (?:is|are) an? ", text[subject[-1].end :]) is not None


def _is_bare_plural(subject: Sequence[Token], case: Case) -> bool:
    """ "Discounts", "rates of machines": a plural without a determiner whose words are not the question's."""
    if not subject or subject[0].lower in v.DETERMINERS or subject[0].kind != "word":
        return False
    novel = [t for t in subject if t.kind == "word" and stem(t.lower) not in case.words and t.lower not in v.STOP_WORDS]
    return bool(novel) and any(re.search(r"[^su]s$", t.lower) for t in subject[:4])
