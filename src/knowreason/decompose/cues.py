"""The wordings by which a clause gives itself away, as patterns: what `knowledge.py` looks for, in one place.

A reader who finds a wrong claim, or misses one, should find here the words that decided.
"""

from __future__ import annotations

import re

from knowreason.decompose import vocabulary as v

WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
META = re.compile(
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
JUDGES = re.compile(
    r"\b(?:(?:is|are|was|were|can be|could be|must be)(?: \w+ly| not| also| therefore| then| thus| quite|"
    r" very)*(?: the| a)? "
    r"(?:correct|incorrect|true|false|wrong|right|irrelevant|relevant|applicable|unlikely|likely|"
    r"less likely|more likely|"
    r"possible|plausible|reasonable|out|excluded|eliminated|dropped|discarded|removed|set aside|ruled|"
    r"expected|provided|"
    r"given|asked|needed|mentioned|listed|described|reported|stated|consistent|inconsistent|clear|straightforward|"
    r"convincing|acceptable|fine|my|interesting|intriguing|notable|significant|definitive|tempting|"
    r"compatible|unclear|confusing|key|best|clue|trap|culprit|point|noted|noteworthy|natural|obvious|direct way)\b"
    r"(?! (?:by|in|for|to|with (?:a|an) |that|side|at|as|after|before|when|if|only|through|heard|known|seen))"
    r"|(?:can|could|should|must|may|might) be (?:\w+ )?(?:ruled out|excluded|eliminated|considered|"
    r"dropped|confirmed)|"
    r"should be|(?:may|might|could) be (?:wrong|right|correct|incorrect|true|false)|makes? sense|(?:not|"
    r"\w+n['’]t) (?:mentioned|fit|match|apply|seem|make sense|relevant)|seems?|"
    r"sounds?(?= \w+(?: to me|$))|"
    r"looks? (?:like|different|right|to me|as)|nothing to do|would do|fits? (?:the|this|well|best|with|"
    r"here|too|that)|match(?:es)? the|"
    r"in (?:keeping|agreement|line|favou?r) (?:with|of)|makes? (?:me|it more|it less|this|that)|for (?:sure|certain)|"
    r"(?:is|are) worth|comes? to mind|is a trap|red flags?|stands? out|leads? (?:us|me) to|here$|"
    r"appears? (?:sensible|to be the|"
    r"reasonable|likely)|(?:come|comes) first|one (?:ought|should|has to|must|needs)|be careful|"
    r"whatsoever|way is to|(?:is|are) (?:necessary|evident|warranted|not apparent)|(?:considered|assessed|"
    r"interpreted) carefully|in this (?:case|scenario|situation|patient|context|problem|example)|(?:be|is|"
    r"are) (?:a bit |quite |very )?(?:tricky|challenging|difficult|"
    r"complicated|straightforward|hard))\b",
    re.I,
)
INFERS = re.compile(
    r"\b(?:suggest(?:s|ive|ing)?|indicat(?:es?|ing|ive)|point(?:s|ing)? (?:to|towards?|away|more)|"
    r"rules? out|argues?|support(?:s|ing)?|"
    r"confirm(?:s|ed|ing)?|raises? (?:the )?(?:possibility|concern|suspicion|question)|consistent with|"
    r"align(?:s|ing)?|concerning for|"
    r"explain(?:s|ing)?|correlates?|(?:might|may|could) (?:be|have|represent|reflect)|"
    r"requires? (?:urgent|further|immediate)|reveal(?:s|ed)?|exclude[sd]?|identif(?:y|ies|ied)|came back|"
    r"reduces? (?:the )?(?:likelihood|suspicion)|"
    r"(?:provides?|adds?) (?:\w+ )?(?:evidence|support)|make[sd]? a|validates?|contradicts?|overrides?|"
    r"show(?:s|ed)?|demonstrat(?:es?|ed))\b",
    re.I,
)
SELF_TALK = re.compile(
    r"^(?:(?:so|and|but|then|now|ok(?:ay)?|hmm|wait|alright),? )*(?:let|let's|maybe|perhaps|hmm|wait|what|why|"
    r"how|who|is (?:it|that|this|there)|are (?:there|they)|does|do|did|could|would|should|can|option|choice|next|"
    r"only one|only if|that there|potentially|unlikely|considering|given|there are many|there might be|"
    r"here(?:'s|’s| is| are))\b",
    re.I,
)
EXPLETIVE = re.compile(
    r"^(?:it|this|that|which|these|they|all of (?:this|these|which)|none of (?:these|this)|there|here|"
    r"what|neither|nothing|everything|something)"
    r"(?:'s|’s|\b)(?! (?:hormone|enzyme|drug|disease|that))(?: also| then| further| strongly| clearly|"
    r" likely| could| would| might| may| must| can| directly| all| do| does)*"
    r"(?: (?:is|are|was|has|have|be) )?(?: ?(?:not|also|very|more|most|quite|all|further))*"
    r" ?(?:makes?|means?|suggest|support|confirm|explain|indicat|align|fits?|match|leads? (?:me|us|"
    r"to the)|point|agree|seem|look|sound|follow|gives? (?!rise)|leaves?|allow|rules?|"
    r"two different|concerns|helps to|important|necessary|essential|possible|likely|unlikely|clear|crucial|"
    r"consistent|reasonable|correct|incorrect|true|hard|call|depend|"
    r"difficult|key|why|what|where|how|when|about|because|classic for|typical (?:of|for)|concerning|"
    r"critical|in line|worth|well|evidence|"
    r"nothing|no (?:mention|sign|evidence|reason|history|need|indication|doubt)|would|could|must|should|"
    r"differs? from the|that |so |"
    r"further|solidif|strengthen|reinforc|exclud|argue|narrow|correspond|the (?:correct|best|right|answer|"
    r"same|case)|a (?:key|good|case|classic|strong|clear|bit|lot|natural)|"
    r"our|my|meets?|one of the|an example|likely|unusual|interesting|common for|supported|often easier)",
    re.I,
)
PROPOSAL = re.compile(
    r"^(?:one|another|a|the|other|some)(?: \w+)? (?:possibilit(?:y|ies)|considerations?|option|concern|"
    r"thought|idea|approach) |^another is\b",
    re.I,
)
GENERAL = re.compile(
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
HERE = re.compile(
    r"\b(?:here|(?:the|as) above|this (?:problem|case|situation|question|scenario|value|stage|picture|"
    r"test|figure|tank|sum|number|total)|"
    r"given (?:in|the|that)|we|our|now)\b|\bthe given\b",
    re.I,
)
NUMERIC = r"[-(\s$]*(?:\\?[dt]?frac\s*\{\d|\\sqrt\{\d|√?\(?\d)"
COMPUTED = re.compile(
    rf"[=≈→⇒]{NUMERIC}[^a-z=]*(?:[a-z]{{0,3}}\b[^a-z=]*)?(?:$|[=≈→⇒,])|\d\s*[=≈→⇒]|"
    r"\d[\d.,]*\s*(?:\s[-−]\s|[+*×·^]|\\times|\\cdot|\bx\b|times|plus|minus|divided by)\s*\(?\d[\d.,]*",
    re.I,
)
RULE = re.compile(r"(?:(?:an?|any|every|to)|(?:the )?(?:\w+ ){1,3}of (?:an?|any|every)) ", re.I)
DEFINITE = re.compile(r"^(?:the|this|these|that|those)\b", re.I)
CASE_SUBJECT = re.compile(
    rf"^(?:the|this|these|that|those|both|all|another|his|her) (?:[\w'’-]+ ){{0,4}}?(?:{v.CASE_NOUNS})$", re.I
)
EXAM_SUBJECT = re.compile(
    r"^(?:(?:physical|clinical|laboratory|neurological|further|initial|subsequent|abdominal|chest|brain|"
    r"cranial|histopathological) )*"
    r"(?:(?:physical )?exam(?:ination)?(?: findings)?|imaging|ct|mri|biopsy|histopathology|analysis|"
    r"tests?|findings?|labs?|workup|ancillary tests|ultrasound)(?: scans?)?$",
    re.I,
)
PERSON_NAMED = re.compile(
    rf"\b(?:the|this|our|that) (?:[\w-]+ ){{0,2}}(?:{v.PERSONS_OF_CASE})(?:'s|’s)?\b(?! (?:with|who|in whom|of)\b)"
    rf"|^(?:the|this|our|that|a) (?:[\w-]+ ){{0,2}}(?:{v.PERSONS}) (?:has|is|had|was|presents)\b",
    re.I,
)
HERE_IS = re.compile(r"\bhere (?:is|are|was)\b|\bhere$", re.I)
STATE = re.compile(
    r"[\w-]+(?: [\w-]+)? (?:is|are|was|were) (?:\w+ly |not |too |very )?(?:high|low|higher|lower|raised|elevated|"
    r"normal|abnormal|poor|good|present|absent|positive|negative|intact|unremarkable|increased|decreased|fine)$",
    re.I,
)
FINDING = re.compile(
    r"(?:the|these|those) (?:[\w-]+ ){1,2}(?:is|are|was|were|lies|cannot|needs?|lasts?)(?: [\w-]+){1,4}$", re.I
)
RULED = re.compile(r"\b(?:usually|often|generally|typically|always|never|normally|usual|of)\b", re.I)
ADVICE = re.compile(r"\b(?:must|should|ought to)\b|\bcannot be (?:the|a)\b", re.I)
THERE = re.compile(r"there(?:'s|’s| is| was| were| are no| seems)\b", re.I)
PAST = re.compile(
    r"(?:was|were|had|showed|revealed|presented|developed|did|came|began|became|underwent|reported|demonstrated|"
    r"started|noted|confirmed|improved)"
)
HYPOTHETICAL = re.compile(
    r"\b(?:would have|could have|might have|may have|should have|must have|would be (?:an?|another|the)|would expect|"
    r"i'd|must be (?:an?|the)|hasn't|haven't)\b",
    re.I,
)
VAGUE = re.compile(
    r"\b(?:it|this|that|they|these|those|explanation|justification|counts?|conditions?|counterexamples?|"
    r"options?|approach|"
    r"way|result|answer|step|calculation|total|amount|cost|price|difference|remaining|rest|new|other|first|"
    r"second|next|"
    r"last|final|each|who|he|she|there|one|equation|expression|value|solution|method|idea|everything|everyone)\b",
    re.I,
)
UNFINISHED = frozenset("is are was were by of the an and or".split())
ROMAN = frozenset(
    "in lead leads type phase class grade stage factor factors group photosystem complex angiotensin and".split()
)
