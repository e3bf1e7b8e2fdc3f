"""Whether a clause asserts a general, checkable fact: named reasons against it, tried in order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowreason.decompose import vocabulary as v
from knowreason.decompose.clauses import Token, is_verb, starts_with_verb, tokenize, verb_at
from knowreason.decompose.moves import content_words, stem
from knowreason.decompose.questions import Case

_RICH = {"case": 3, "problem": 5, "plain": 0}  # new words that make a sentence on "the murmur" more than a finding
SHORTEST = 3  # words: "Insulin lowers glucose" is about the shortest fact

_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_META = re.compile(
    r"\b(?:wikipedia|articles? on|a question|(?:the|this) passage (?:above|says|states|describes|mentions)|"
    r"(?:the|this|our|your) (?:questions?|problem|prompt|user|list|answers?|premise|scenario|task|wording|authors?|"
    r"candidates|alternatives|contenders)\b|(?:the|these|those|all|other|given|any|each|both|which|no|remaining|"
    r"correct|best|right|wrong|incorrect|this|following|above) (?:answers?|options?|choices?|"
    r"statements?)\b(?! of)|"
    r"description (?:provided|given)|(?:is|are|be) (?:option |choice )?\([a-j]\)(?=$|,|\.)|answer (?:is|"
    r"choices?|must|would|should)|options? \(?[a-j]\b|choices? \(?[a-j]\b|statements? (?:\d|[ivx]+\b|"
    r"[a-j]\b)|step \d|"
    r"points? \d|(?:none|each|all|both|two|one|any|some) of the (?:above|two|three|four|five|six|others?|"
    r"rest|remaining|options?)\b|"
    r"all of the above|the (?:other|remaining|rest)\b[\w ]{0,20}(?:is|are|can|do|were|would|have)\b|"
    r"the (?:former|latter)|"
    r"elimination|most (?:likely|appropriate|probable|plausible|consistent|fitting|accurate|suitable|"
    r"reasonable|sensible)\b(?! to)|"
    r"best (?:fits?|match\w*|describ\w+|explain\w*|explanation|guess|choice|option)|differentials?|"
    r"the (?:logical|sensible|safest|best|right|obvious|natural|correct|likely|next|"
    r"final) (?:\w+ )?(?:remedy|choice|option|step|"
    r"treatment|measure|explanation|cause|drug|answer|diagnosis|value)\b|diagnosis (?:is|of this|here|"
    r"would|could|should))\b",
    re.I,
)
_JUDGES = re.compile(
    r"\b(?:(?:is|are|was|were|can be|could be|must be)(?: \w+ly)?(?: not| also)?(?: the| a)? "
    r"(?:correct|incorrect|true|false|wrong|right|irrelevant|relevant|applicable|unlikely|likely|"
    r"less likely|more likely|"
    r"possible|plausible|reasonable|out|excluded|eliminated|dropped|discarded|removed|set aside|ruled|"
    r"expected|provided|"
    r"given|asked|needed|mentioned|listed|described|reported|stated|consistent|inconsistent|clear|straightforward|"
    r"convincing|acceptable|fine|my|interesting|intriguing|notable|significant|definitive|tempting|"
    r"compatible|unclear|confusing|key|noted|noteworthy|natural|obvious|direct way)\b"
    r"(?! (?:by|in|for|to|with (?:a|an) |that|side|at|as|after|before|when|if|only|orally|through))"
    r"|(?:can|could|should|must|may|might) be (?:\w+ )?(?:ruled out|excluded|eliminated|considered|"
    r"dropped|confirmed)|"
    r"should be|makes? sense|(?:not|n't) (?:mentioned|fit|match|apply|seem|make sense|relevant)|seems?|"
    r"sounds?(?= \w+(?: to me|$))|"
    r"looks? (?:like|different|right|to me|as)|nothing to do|would do|fits? (?:the|this|well|best|with|"
    r"here|too|that)|match(?:es)? the|"
    r"in (?:keeping|agreement|line|favou?r) (?:with|of)|makes? (?:me|it more|it less|this|that)|for (?:sure|certain)|"
    r"(?:is|are) worth|comes? to mind|is a trap|red flags?|stands? out|leads? (?:us|me) to|here$|"
    r"appears? (?:sensible|to be the|"
    r"reasonable|likely)|(?:come|comes) first|one (?:ought|should|has to|must|needs)|be careful|"
    r"whatsoever|way is to|(?:be|is|are) (?:a bit |quite |very )?(?:tricky|challenging|difficult|"
    r"complicated|straightforward|hard))\b",
    re.I,
)
_INFERS = re.compile(
    r"\b(?:suggest(?:s|ive|ing)?|indicat(?:es?|ing|ive)|point(?:s|ing)? (?:to|towards?|away|more)|"
    r"rules? out|argues?|support(?:s|ing)?|"
    r"confirm(?:s|ed|ing)?|raises? (?:the )?(?:possibility|concern|suspicion|question)|consistent with|"
    r"align(?:s|ing)?|concerning for|"
    r"explain(?:s|ing)?|correlates?|make\w*|(?:might|may|could) (?:be|have|represent|reflect)|"
    r"requires? (?:urgent|further|immediate)|reveal(?:s|ed)?|show(?:s|ed)?|demonstrat(?:es?|ed))\b",
    re.I,
)
_SELF_TALK = re.compile(
    r"^(?:(?:so|and|but|then|now|ok(?:ay)?|hmm|wait|alright),? )*(?:let|let's|maybe|perhaps|hmm|wait|what|why|"
    r"how|who|is (?:it|that|this|there)|are (?:there|they)|does|do|did|could|would|should|can|option|choice|next|"
    r"only one|here(?:'s|’s| is| are))\b",
    re.I,
)
_EXPLETIVE = re.compile(
    r"^(?:it|this|that|which|these|they|all of (?:this|these|which)|none of (?:these|this)|there|here|"
    r"what|neither|nothing|everything|something)"
    r"(?:'s|’s|\b)(?! (?:hormone|enzyme|drug|disease|that))(?: also| then| further| strongly| clearly|"
    r" likely| could| would| might| may| must| can| directly| all| do| does)*"
    r"(?: (?:is|are|was|has|have|be) )?(?: ?(?:not|also|very|more|most|quite|all|further))*"
    r" ?(?:makes?|means?|suggest|support|confirm|explain|indicat|align|fits?|match|leads? (?:me|us|"
    r"to the)|point|agree|seem|look|sound|follow|gives? (?!rise)|leaves?|allow|rules?|"
    r"important|necessary|essential|possible|likely|unlikely|clear|crucial|consistent|reasonable|correct|"
    r"incorrect|true|hard|call|depend|"
    r"difficult|key|why|what|where|how|when|about|because|classic for|typical (?:of|for)|concerning|"
    r"critical|in line|worth|well|evidence|"
    r"nothing|no (?:mention|sign|evidence|reason|history|need|indication|doubt)|would|could|must|should|"
    r"differs? from the|that |so |"
    r"further|solidif|strengthen|reinforc|exclud|argue|narrow|correspond|the (?:correct|best|right|answer|"
    r"same|case)|a (?:key|good|case|classic|strong|clear|bit|lot|natural)|"
    r"our|my|meets?|one of the|an example|likely|unusual|interesting|common for|supported|often easier)",
    re.I,
)
_PROPOSAL = re.compile(
    r"^(?:one|another|a|the|other|some)(?: \w+)? (?:possibilit(?:y|ies)|considerations?|option|concern|"
    r"thought|idea|approach) |^another is\b",
    re.I,
)
_GENERAL = re.compile(
    r"\b(?:(?:of|in|for|to|by|from|with|on|to get|to count|to find) (?:an?|any|every|each|two)\b|"
    r"is (?:called|defined|known|the same as|equal to)|"
    r"are (?:called|defined|known|equal|equivalent|independent)|can be (?:found|written|expressed|"
    r"calculated|computed|used)|(?:has|have) exactly|"
    r"formula|theorem|definition|law of|rule|states that|by definition|refers to|means|you (?:add|"
    r"subtract|divide|multiply|take|get|count|must|need|turn|"
    r"bring|can)|always|never|usually|generally|any|every|convert|divided by|multiplied by|minus|times|"
    r"half (?:the|of)|twice the|"
    r"(?:derivative|integral|antiderivative|inverse|logarithm|sine|cosine|limit|determinant) of (?:an?|"
    r"the|\\?ln|\\?sin|\\?cos|e|x)\b)|"
    r"^(?:an?|any|every|each|all|no|two|one|if|when|for|to|in|without|something|the numbers?) ",
    re.I,
)
_HERE = re.compile(
    r"\b(?:here|(?:the|as) above|this (?:problem|case|situation|question|scenario|value|stage|picture|"
    r"test|figure|tank|sum|number|total)|"
    r"given (?:in|the|that)|we|our|now)\b|\bthe given\b",
    re.I,
)
_NUMERIC = r"[-(\s$]*(?:\\?[dt]?frac\s*\{\d|\\sqrt\{\d|√?\(?\d)"
_COMPUTED = re.compile(
    rf"[=≈→⇒]{_NUMERIC}[^a-z=]*(?:[a-z]{{0,3}}\b[^a-z=]*)?(?:$|[=≈→⇒,])|\d\s*[=≈→⇒]|"
    r"\d[\d.,]*\s*(?:\s[-−]\s|[+*×·^]|\\times|\\cdot|\bx\b|times|plus|minus|divided by)\s*\(?\d[\d.,]*",
    re.I,
)
_RULE = re.compile(r"(?:(?:an?|any|every|to)|(?:the )?(?:\w+ ){1,3}of (?:an?|any|every)) ", re.I)
_DEFINITE = re.compile(r"^(?:the|this|these|that|those)\b", re.I)
_CASE_SUBJECT = re.compile(
    rf"^(?:the|this|these|that|those|both|all|another|his|her) (?:[\w'’-]+ ){{0,4}}?(?:{v.CASE_NOUNS})$", re.I
)
_EXAM_SUBJECT = re.compile(
    r"^(?:(?:physical|clinical|laboratory|neurological|further|initial|subsequent|abdominal|chest|brain|"
    r"cranial|histopathological) )*"
    r"(?:(?:physical )?exam(?:ination)?(?: findings)?|imaging|ct|mri|biopsy|histopathology|analysis|"
    r"tests?|findings?|labs?|workup|ancillary tests|ultrasound)(?: scans?)?$",
    re.I,
)
_PERSON_NAMED = re.compile(
    rf"\b(?:the|this|our|that) (?:[\w-]+ ){{0,2}}(?:{v.PERSONS_OF_CASE})(?:'s|’s)?\b(?! (?:with|who|in whom|of)\b)"
    rf"|^(?:the|this|our|that|a) (?:[\w-]+ ){{0,2}}(?:{v.PERSONS}) (?:has|is|had|was|presents)\b",
    re.I,
)
_THERE = re.compile(r"there(?:'s|’s| is| was| were| are no| seems)\b", re.I)
_PAST = re.compile(
    r"(?:was|were|had|showed|revealed|presented|developed|did|came|began|became|underwent|reported|demonstrated|"
    r"started|noted|confirmed|improved)"
)
_HYPOTHETICAL = re.compile(
    r"\b(?:would have|could have|might have|may have|should have|must have|would expect|i'd|must be (?:a|"
    r"an|the)|hasn't|haven't)\b",
    re.I,
)
_UNFINISHED = frozenset("is are was were by of the an and or".split())
_ROMAN = frozenset(
    "in lead leads type phase class grade stage factor factors group photosystem complex angiotensin and".split()
)


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
    if verb is None or tokens[-1].lower in _UNFINISHED:
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


def _form_fault(text: str, tokens: Sequence[Token]) -> str | None:
    if _WIDE.search(text):
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
    if _SELF_TALK.match(text) or _speaks_of_self(tokens):
        return "self_talk"
    if lowers[0] in v.IMPERATIVES and not _is_gerund_subject(tokens):
        return "command"
    if lowers[0] == "to" and not any(w in {"you", "one", "keep", "divide", "multiply", "add"} for w in lowers):
        return "command"
    if _META.search(text):
        return "answer"
    if _JUDGES.search(text) or _EXPLETIVE.match(text) or _HYPOTHETICAL.search(text) or _PROPOSAL.match(text):
        return "judgement"
    return None


def _speaks_of_self(tokens: Sequence[Token]) -> bool:
    for i, token in enumerate(tokens):
        if token.lower == "i" and (
            i + 1 == len(tokens) or tokens[i + 1].kind != "word" or (i and tokens[i - 1].lower in _ROMAN)
        ):
            continue  # "lead I, aVL", "type I collagen"
        if token.lower in v.FIRST_PERSON:
            return True
    return False


def _is_gerund_subject(tokens: Sequence[Token]) -> bool:
    """ "Subtracting a number from 1 gives ..." is an assertion, "Subtracting, we get" a command to oneself."""
    verb = verb_at(tokens, 1)
    comma = next((i for i, t in enumerate(tokens) if t.lower == ","), len(tokens))
    return tokens[0].lower.endswith("ing") and verb is not None and verb < comma


def _case_fault(text: str, tokens: Sequence[Token], verb: int, case: Case) -> str | None:
    lowers = {t.lower for t in tokens}
    if lowers & v.CASE_PRONOUNS or "here" in lowers or _PERSON_NAMED.search(text) or _THERE.match(text):
        return "case"
    subject = tokens[: max(verb, 1)]
    named = text[subject[0].start : subject[-1].end]
    rule = _RULE.match(text) is not None and not any(t.kind == "number" for t in subject)
    if not rule and _case_numbers(text, tokens) & case.numbers:
        return "number"
    if _COMPUTED.search(text):
        return "computation"
    words = content_words(text)
    novel = words - case.words
    if case.kind == "case" and len(novel) < 2 and len(words & case.words) >= 0.6 * len(words):
        return "restated"
    found = _EXAM_SUBJECT.match(re.sub(r" ?\([^)]*\)", "", named)) is not None and _INFERS.search(text) is not None
    if found or _is_case_subject(named, case, len(novel)):
        return "case"
    if case.kind == "case" and _infers_from_case(text, named, case):
        return "inference"
    past = _PAST.fullmatch(tokens[verb].lower) is not None
    later = any(is_verb(tokens, i) for i in range(verb + 1, len(tokens)))
    return "case" if past and case.kind == "case" and (_DEFINITE.match(text) or not later) else None


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
    if _CASE_SUBJECT.match(head.strip()):
        return True
    told = content_words(subject)
    return _DEFINITE.match(subject) is not None and bool(told) and told <= case.words and novel < _RICH[case.kind]


def _infers_from_case(text: str, subject: str, case: Case) -> bool:
    """ "The raised TSH suggests ...": an inference from a finding, where "fever suggests infection" is a rule."""
    if not _INFERS.search(text):
        return False
    told = content_words(subject)
    return _DEFINITE.match(subject) is not None or (bool(told) and told <= case.words)


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
    if _HERE.search(text):
        return "specific"
    words = content_words(text)
    general = _GENERAL.search(text) is not None
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
    return None if general and not numbered else "specific"


def _names_person(subject: Sequence[Token], case: Case) -> bool:
    """A name of the question without a determiner: "Mara", not "a Carnot engine"."""
    named = [i for i, t in enumerate(subject) if t.lower.removesuffix("'s") in case.names]
    return any(i == 0 or subject[i - 1].lower == "and" for i in named)


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
