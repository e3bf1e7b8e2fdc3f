"""The word lists of the text rules, all in one place, so that a reader can see and judge them.

Closed classes (auxiliaries, pronouns, conjunctions) are complete for present-day prose; `VERBS` and the noun
lists hold what assertions in medicine, biology and mathematics are mostly made with. A verb that is missing is
still found when a determiner or an adverb follows it (`clauses.py`).
"""

from __future__ import annotations

import re

AUXILIARIES = frozenset(
    "is are was were am be been has have had does do did can could may might must shall should will would cannot "
    "isn't aren't wasn't weren't hasn't haven't doesn't don't didn't can't couldn't won't wouldn't shouldn't "
    "mustn't ought lies lie".split()
)
VERBS = frozenset(
    """
    absorb accelerate accept accommodate accompany account accumulate achieve act activate add address affect
    aggravate agree aid aim align allow alter amount amplify analyze anchor appear apply approach arise arrive
    articulate assess attach attack attract attribute avoid bear become begin belong benefit bifurcate bind
    block boost break bring build bypass calcify calculate call cancel capture carry catalyze catch cause change
    characterize circulate cleave close code coincide collect combine come communicate commute compare compete
    complicate compress comprise concern conduct confer confirm conjugate connect conserve consider consist
    constitute constrict consume contain continue contract contradict contribute control converge convert convey
    coordinate correlate correspond count counteract cover create cross cure cut damage darken deal decline
    decrease define degrade delay deliver demand demonstrate denote depend deplete depolarize derive descend
    describe destroy detect determine develop die differ differentiate diffuse digest dilate diminish direct
    disappear displace display disrupt dissociate dissolve distinguish distort divide dominate donate double
    drain drive drop ease eject elevate elicit eliminate emerge emit emphasize employ enable enclose encode
    encompass encounter encourage end engulf enhance enlarge ensure enter equal establish evolve exceed excite
    exclude excrete exert exhibit exist expand explain exploit expose express extend face facilitate factor fade
    fail fall favor favour feed fight fill filter find fit fix flex flow follow force form fuel fulfill function
    fuse gain generate germinate get give go govern grow guarantee guide halt happen heal help hinder hold host
    hydrolyze identify illustrate impact impair imply improve inactivate include incorporate increase indicate
    induce infect infer infiltrate influence ingest inherit inhibit initiate inject innervate insert integrate
    intensify interact interfere interrupt intersect introduce invade involve irritate join keep kill lack last
    lead learn leave lengthen let lie limit line link live localize look lose lower maintain make manage
    manifest map mark match matter mature maximize mean measure mediate meet metabolize metastasize mimic
    minimize mitigate modulate move multiply mutate narrow necessitate need neutralize nourish obey oblige
    obstruct obtain occlude occupy occur open operate oppose organize originate override oxidize pair paralyze
    participate pass penetrate perform perfuse permit persist phosphorylate photosynthesize play point pose
    possess postulate precede predict predispose prepare present preserve prevent proceed produce
    progress prohibit prolong promote propagate propose protect protrude prove provide provoke pull pump push
    put quadruple radiate raise range reach react receive recognize reduce refer reflect regulate relate relax
    release relieve rely remain remember remove render repair repeat replace replicate represent reproduce
    require resemble reside resist resolve respond restore restrict result retain return reveal reverse rise
    rotate rule run rupture satisfy say scale scavenge secrete seek seem select send sensitize separate serve
    share shift shorten show shrink shut signal simplify sit slow soften solve span spare specify split spread
    spring spur stabilise stabilize stain stand start state stay stem stick stimulate stop store stretch suffer
    suggest suit sum supply support suppress surround survive sustain swap swell switch synthesize take target
    tell tend terminate thicken tie tolerate total touch trace transcribe transfer transform translate transmit
    transport travel treat trigger turn undergo underlie underscore unite use utilize validate vanish vary
    vibrate walk warrant weaken weigh widen work worsen wrap yield
    """.split()
)
IRREGULAR = frozenset("rose fell led gave took grew began became arose went held underwent meant stood".split())
PREPOSITIONS = frozenset(
    "of in on at to for from with by into onto through between among during after before over under within without "
    "via per against across toward towards upon above below beneath near than as like around behind beyond along "
    "despite inside outside throughout until up off out about due except".split()
)
DETERMINERS = frozenset(
    "the a an this that these those its their his her our my your each every all both any some most many no such "
    "another several few other two three four".split()
)
CONJUNCTIONS = frozenset(["and", "or", "nor", "but"])
SUBORDINATORS = frozenset("if when whenever once unless until after before where as given whether by in during".split())
CONCESSIVE = frozenset("although though while whereas because since".split())
SPLITTING = frozenset("and but so yet while whereas although though because since as hence thus therefore".split())
RELATIVE = frozenset("which who whose whom that where".split())
SINGULAR_PRONOUNS = frozenset(["it", "this", "that"])
PLURAL_PRONOUNS = frozenset("they these those both".split())
FIRST_PERSON = frozenset("i me my mine we us our ours let's i'm i'd i'll i've we're we'll we'd we've let".split())
CASE_PRONOUNS = frozenset("he she him her hers his himself herself he's she's he'd she'd".split())

PERSONS = "patient|man|woman|boy|girl|student|lady|gentleman|smoker|infant|newborn|child|baby|mother|couple|family"
PERSONS_OF_CASE = "patient|man|woman|boy|girl|lady|gentleman|student|smoker|couple"
CASE_NOUNS = (
    "patient|symptoms?|signs?|findings?|presentation|picture|history|case|vignette|results?|scans?|examination|exam|"
    "tests?|imaging|image|age|labs?|laborator\\w+|biops\\w+|histopatholog\\w+|patholog\\w+ report|question|problem|"
    "scenario|statement|options?|answers?|choices?|diagnosis|differential|stem|passage|description|information|data|"
    "evidence|mri|ct|x-ray|ultrasound|cbc|echocardiogra\\w+|combination||mass|study|"
    "participants?|researchers?|author|text|context|wording|form|features|characteristics|clue|key|timeline|"
    "progression|course|location|onset|initial|response|improvement|fact|approach|"
    "point|reason|idea|part|thing|concern|possibility|"
    "surgery|procedure|post\\w*|specimen|sample|culture|serolog\\w+|csf|ecg|ekg|eeg|angiogra\\w+|endoscop\\w+"
)
STOP_WORDS = frozenset(
    "a an the of in on at to for and or by with from is are was were be been being it its this that these those as "
    "not no can may also which who has have had do does did will than then there their they into such so if but we "
    "i you he she his her our my would could should one more most what when where while because since therefore thus "
    "about up out other some any all each both very only just s t".split()
)
CONCLUDING = (
    r"so|therefore|thus|hence|consequently|accordingly|in conclusion|it follows that|this means(?: that)?|"
    r"in other words"
)
CONNECTIVES = (
    CONCLUDING + r"|however|moreover|furthermore|additionally|also|then|next|finally|lastly|first(?:ly)?|second(?:ly)?|"
    r"third(?:ly)?|in addition|in contrast|by contrast|on the other hand|on the one hand|on the contrary|"
    r"for contrast|"
    r"for (?:example|instance)|for comparison|e\.g\.,?|i\.e\.,?|specifically|similarly|likewise|in fact|"
    r"indeed|of course|"
    r"overall|in summary|to summarize|in general|generally speaking|conversely|meanwhile|and|but|or|yet|"
    r"nor|yes|no|well|"
    r"okay|ok|oh|hmm|wait|now|here|actually|again|importantly|interestingly|notably|clearly|obviously|namely|besides|"
    r"instead|nevertheless|nonetheless|still|alternatively|as a check|as a rough check|as a plausibility check|"
    r"in particular|basically|essentially|right|because|since|while|whereas|although|though|"
    r"this is (?:because|since|due to the fact that|where)|that is because|it is because|is because|"
    r"as we know|regarding this"
)
ATTITUDES = (
    r"(?:i|we)(?: also| now| do| still| can| would| vaguely)? (?:think|believe|recall|remember|know|guess|note|see|"
    r"understand|suppose|say|find|learned|am sure|am fairly sure)(?: that)?|i'm (?:fairly |pretty )?sure(?: that)?|"
    r"(?:please )?(?:note|recall|remember|notice|observe|keep in mind)(?: also)?(?: that|:|,)|"
    r"(?:it is|it's)(?: also| very| well| widely| generally| commonly)* (?:important to "
    r"(?:note|remember|know|understand|recognize)|worth (?:noting|remembering)|noted|true|a fact)(?: that)?|"
    r"(?:it is|it's)(?: also| very| well| widely| generally| commonly)* (?:known|established|accepted|"
    r"clear|understood) that|"
    r"(?:this|it|which|that)? ?(?:agrees|fits|squares) with (?:the (?:fact|rule) that|what is known|"
    r"the knowledge that)|"
    r"(?:this|it) is (?:based on|due to) the fact that|the fact that|"
    r"the (?:most )?(?:correct|true|accurate|best) (?:statement|answer|option)[\w ,-]{0,60}? (?:is|are) that|"
    r"(?:as far as i know|from what i (?:know|remember|recall)|as far as i remember|to my knowledge)"
)
IMPERATIVES = frozenset(
    """
    identify compare consider recall use check list count factor find determine calculate compute solve
    substitute choose select evaluate analyze analyse review assess exclude classify localise localize map weigh
    conclude combine start look think apply convert simplify multiply divide subtract add set write define let
    note remember verify confirm eliminate rule read understand plug take draw expand express suppose assume try
    see examine break put refer begin explain describe summarize decide interpret subtracting give substituting
    plugging applying expanding dividing multiplying adding taking putting using given looking considering
    """.split()
)


def _inflect(stems: frozenset[str]) -> frozenset[str]:
    """The third-person forms of verb stems, in both spellings: carries, passes, neutralizes, neutralises."""
    forms: set[str] = set()
    british = {re.sub(r"(?<=[iy])z(?=e$)", "s", stem) for stem in stems}
    for stem in stems | british:
        if re.search(r"[^aeiou]y$", stem):
            forms.add(stem[:-1] + "ies")
        elif re.search(r"(?:s|x|z|ch|sh|o)$", stem):
            forms.add(stem + "es")
        else:
            forms.add(stem + "s")
    return frozenset(forms)


THIRD_PERSON = _inflect(VERBS)
