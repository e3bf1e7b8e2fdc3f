"""Verifier items from sets that people labelled and that permit it: PubMedQA, Evidence Inference, StrategyQA."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowreason.planting.contradict import Contradictor
from knowreason.planting.paraphrase import capital
from knowreason.planting.shared_words import overlap
from knowreason.train.pair import OPEN, REFUTED, SUPPORTED, Pair
from knowreason.train.passages import part_of, rows, sentences_of

_QUESTION = re.compile(
    r"^(Do|Does|Did|Is|Are|Was|Were|Can|Could|Should|Has|Have|Had|Will|Would|May|Might) (.*?)\??$", re.S
)
_UP = (
    "{i} significantly increases {o} compared with {c}.",
    "{o} is higher with {i} than with {c}.",
    "Compared with {c}, {i} raises {o}.",
    "{i} leads to more {o} than {c} does.",
)
_DOWN = (
    "{i} significantly decreases {o} compared with {c}.",
    "{o} is lower with {i} than with {c}.",
    "Compared with {c}, {i} reduces {o}.",
    "{i} leads to less {o} than {c} does.",
)
_SAME = (
    "There is no significant difference in {o} between {i} and {c}.",
    "{i} does not change {o} compared with {c}.",
    "{i} and {c} have similar effects on {o}.",
)
# Wrong directions are drawn so that each is as frequent among refuted claims as among supported ones.
_OTHER = {"up": {"same": 0.75, "down": 0.25}, "down": {"same": 0.75, "up": 0.25}, "same": {"up": 0.63, "down": 0.37}}
_DIRECTIONS = {"up": _UP, "down": _DOWN, "same": _SAME}


def statement_of(question: str, term: str = "") -> str | None:
    """A yes/no question as a statement; None where its subject cannot be told.

    The auxiliary moves behind the subject where `term` opens the question, and is dropped after "do" and where
    the sentence stays readable without it.
    """
    match = _QUESTION.match(" ".join(question.split()))
    if not match:
        return None
    auxiliary, rest = match.group(1).lower(), match.group(2).strip()
    if auxiliary in ("do", "does", "did"):
        return capital(rest) + "."
    subject = re.match(rf"(?:the |an? )?{re.escape(term)}(?:e?s)?(?='s)?\b(?!')", rest, re.I) if term else None
    if subject is None:
        subject = re.match(
            r"(?:the |an? |[A-Z]\w*'s )?[\w\-]+(?= (?:be|have|associated|related|necessary|more|likely|able)\b)", rest
        )
    if subject is None:
        return None
    return f"{capital(subject.group())} {auxiliary}{rest[subject.end() :]}."


def read_pubmedqa(path: Path, contradictor: Contradictor, rng: random.Random) -> Iterator[Pair]:
    """Questions as statements and conclusions, against the results; against the background they stay open."""
    for row in rows(path):
        part = part_of(f"pubmedqa/{row['pmid']}")
        result = " ".join(" ".join(row["CONTEXTS"][-2:]).split()[-120:])
        background = " ".join(row["CONTEXTS"][0].split()[:120])
        # without a parse of the question the auxiliary is dropped: readable, and the same for every label
        claim = statement_of(row["QUESTION"]) or capital(re.sub(r"^\w+ ", "", row["QUESTION"]).rstrip("?")) + "."
        label = {"yes": SUPPORTED, "no": REFUTED, "maybe": OPEN}[row["final_decision"]]
        yield Pair(result, claim, label, "pubmedqa", "question", part)
        if len(row["CONTEXTS"]) > 2:
            yield Pair(background, claim, OPEN, "pubmedqa", "background", part)
        yield from _conclusions(row, (result, background), part, contradictor, rng)


def _conclusions(
    row: dict[str, Any], texts: tuple[str, str], part: str, contradictor: Contradictor, rng: random.Random
) -> Iterator[Pair]:
    result, background = texts
    for sentence in sentences_of(row["LONG_ANSWER"])[:2]:
        if not 6 <= len(sentence.split()) <= 45:
            continue
        yield Pair(result, sentence, SUPPORTED, "pubmedqa", "conclusion", part)
        change = contradictor.change(sentence, result, ["opposite", "negation"])
        if change is None or (change.kind == "negation" and rng.random() < 0.5):
            continue
        yield Pair(result, change.claim, REFUTED, "pubmedqa", f"conclusion_{change.kind}", part)
        if len(row["CONTEXTS"]) > 2:
            claim = rng.choice([sentence, change.claim])
            yield Pair(background, claim, OPEN, "pubmedqa", "conclusion_background", part)


def read_evidence_inference(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Directions of effect: the stated one, another one, and an outcome of which the passage does not speak."""
    prompts = {row["PromptID"]: row for row in rows(folder / "evidence_inference_prompts_merged.jsonl.gz")}
    valid = [
        row
        for row in rows(folder / "evidence_inference_v2_annotations.jsonl.gz")
        if row["Valid Label"] == row["Valid Reasoning"] == "True"
        and row["PromptID"] in prompts
        and 6 < len(row["Annotations"].split()) < 150
    ]
    articles: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in valid:
        articles[row["PMCID"]].append(row)
    seen: set[tuple[str, str]] = set()
    for row in valid:
        key = (row["PromptID"], row["Annotations"][:80])
        if key not in seen:
            seen.add(key)
            yield from _directions(row, prompts, articles[row["PMCID"]], rng)


def _directions(
    row: dict[str, Any], prompts: dict[str, dict[str, Any]], article: list[dict[str, Any]], rng: random.Random
) -> Iterator[Pair]:
    prompt, part = prompts[row["PromptID"]], part_of(f"ei/{row['PMCID']}")
    stated = "same" if row["Label"].startswith("no") else "up" if "increase" in row["Label"] else "down"
    text = " ".join(row["Annotations"].split())
    yield Pair(text, _effect(prompt, stated, rng), SUPPORTED, "evidence_inference", "stated", part)
    other = rng.choices(*zip(*_OTHER[stated].items(), strict=True))[0]
    yield Pair(text, _effect(prompt, other, rng), REFUTED, "evidence_inference", "direction", part)
    strangers = [
        held
        for held in article
        if prompts[held["PromptID"]]["Outcome"] != prompt["Outcome"]
        and overlap(prompt["Outcome"], held["Annotations"]) < 0.5
    ]
    if strangers:
        direction = rng.choices(list(_DIRECTIONS), (0.33, 0.24, 0.43))[0]
        away = " ".join(rng.choice(strangers)["Annotations"].split())
        yield Pair(away, _effect(prompt, direction, rng), OPEN, "evidence_inference", "other_outcome", part)


def _effect(prompt: dict[str, Any], direction: str, rng: random.Random) -> str:
    def short(name: str) -> str:
        return " ".join(prompt[name].split()[:14])

    form = rng.choice(_DIRECTIONS[direction])
    return capital(form.format(i=short("Intervention"), o=short("Outcome"), c=short("Comparator")))


def read_strategyqa(path: Path, contradictor: Contradictor, rng: random.Random) -> Iterator[Pair]:
    """Questions as statements against all their facts; with a fact missing they stay open. Facts as claims too."""
    for row in rows(path):
        part = part_of(f"strategyqa/{row['qid']}")
        facts = [fact for fact in row["facts"] if 4 < len(fact.split()) < 50]
        claim = statement_of(row["question"], row["term"])
        if claim and facts:
            label = SUPPORTED if row["answer"] else REFUTED
            yield Pair(" ".join(facts), claim, label, "strategyqa", "question", part)
            if len(facts) > 1:
                less = rng.choice(facts)
                yield Pair(less, claim, OPEN, "strategyqa", "question_less", part)
        if len(facts) > 1:
            yield from _facts(row, facts, part, contradictor, rng)


def _facts(
    row: dict[str, Any], facts: list[str], part: str, contradictor: Contradictor, rng: random.Random
) -> Iterator[Pair]:
    fact = rng.choice(facts)
    text = " ".join(rng.sample(facts, len(facts)))
    rest = f"{row['term']}: {row['description']}. " + " ".join(held for held in facts if held != fact)
    yield Pair(text, fact, SUPPORTED, "strategyqa", "fact", part)
    change = contradictor.change(fact, text)
    if change is not None:
        yield Pair(text, change.claim, REFUTED, "strategyqa", f"fact_{change.kind}", part)
        changed = text.replace(fact, change.claim)
        yield Pair(changed, change.claim, SUPPORTED, "strategyqa", f"fact_both_{change.kind}", part)
        yield Pair(changed, fact, REFUTED, "strategyqa", f"fact_text_{change.kind}", part)
    if overlap(fact, rest) < 0.6:
        yield Pair(rest, change.claim if change and rng.random() < 0.5 else fact, OPEN, "strategyqa", "fact_less", part)
