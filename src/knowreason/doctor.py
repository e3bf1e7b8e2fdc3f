"""Proofs: a model shows on probes with known answers that it does what it claims, before it is trusted."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Literal, NamedTuple

from knowreason.errors import ModelError
from knowreason.gain import LetterScorer
from knowreason.models.load import Model, load
from knowreason.models.openai import ServedModel
from knowreason.models.probes import CLAIMS, PASSAGE, STATEMENTS
from knowreason.models.protocols import (
    Decomposer,
    Embedder,
    Entailer,
    Judge,
    LetterReader,
    Marker,
    Observer,
    PrefixScorer,
    Scorer,
)
from knowreason.records import (
    AnswerToGrade,
    Continuation,
    GradeLabel,
    Observation,
    Prefixes,
    StepToRead,
    Unscored,
)

_QUESTION = "Which hormone lowers blood glucose?"
_STEP = "It raises the share of plant iron that the gut absorbs."
_ANSWERS: tuple[tuple[str, GradeLabel], ...] = (
    ("Beta cells release it after a meal. The hormone is insulin.", "correct"),
    ("Alpha cells release it after a meal. The hormone is glucagon.", "incorrect"),
    ("Hormones of the pancreas act on the liver and on muscle.", "no_answer"),
)
_LETTERS = ("A", "B")
_OPTIONS = ("glucagon", "insulin", "cortisol")


class Finding(NamedTuple):
    """One probe: what was asked, whether the model passed, and what it answered."""

    name: str
    passed: bool
    detail: str


Use = Literal["any", "scorer", "letters", "verifier", "decomposer", "grader"]
_JUDGES: tuple[Use, ...] = ("verifier", "decomposer", "grader")


def uses_of(use: Use) -> tuple[str, ...]:
    """The uses of a model that an examination tries, as a notice names them."""
    return ("scorer", *_JUDGES) if use == "any" else ("scorer",) if use == "letters" else (use,)


def examine(uri: str, use: Use = "any") -> list[Finding]:
    """All probes that fit the model at `uri` and its use. Raises `ModelError` where it cannot be loaded."""
    model = load(uri)
    if isinstance(model, ServedModel):
        with closing(model):
            return list(_served(model, use))
    return list(_examined(model, use))


def _examined(model: Model, use: Use) -> Iterator[Finding]:
    described = model.describe()
    yield Finding("loaded", True, f"{described['id']} {described['sha256'][:12]}")
    proof = getattr(model, "proof", None)
    if proof is not None:
        yield Finding("proved itself when it was opened", True, proof)
    if use == "decomposer":
        yield from _reading(model) if isinstance(model, Decomposer) else _unable("it reads claims")
        return
    if use == "grader":
        yield from _grading(model) if isinstance(model, Marker) else _unable("it grades free text")
        return
    if use == "letters":
        yield from _guarded("letters are real", _lettered(model))
        return
    if use != "scorer":
        yield from _verifying(model, use)
    if use != "verifier":
        yield from _observing(model, use)
    if use == "any" and isinstance(model, Embedder):
        yield from _embedding(model)


def _unable(name: str) -> Iterator[Finding]:
    yield Finding(name, False, "it cannot; models on servers can (openai:), and those with a chat template (hf:)")


def _verifying(model: Model, use: Use) -> Iterator[Finding]:
    if isinstance(model, Entailer):
        yield from _entailment(model)
    elif isinstance(model, Judge):
        yield from _judging(model)
    elif use == "verifier":
        yield Finding("it judges claims", False, "it has neither entailment nor a chat template")


def _observing(model: Model, use: Use) -> Iterator[Finding]:
    if isinstance(model, Observer):
        yield from _observation(model)
    elif isinstance(model, Scorer):
        yield from _continuation(model)
    elif use == "scorer":
        yield Finding("it scores answers", False, "it neither observes answers nor scores continuations")
    if isinstance(model, PrefixScorer):
        yield _prefixes(model)


def _served(model: ServedModel, use: Use) -> Iterator[Finding]:
    """What a server must show: it is there, lists the model, gives real log-probabilities, obeys the schema."""
    address = model.address
    yield Finding("where", True, f"{address.model} on {address.place}")
    try:
        listed = model.served()
    except ModelError as error:
        yield Finding("reachable", False, str(error))
        return
    names = [served.id for served in listed]
    yield Finding("reachable", True, f"{address.base_url} answers")
    if listed:
        yield Finding("the model is listed", address.model in names, ", ".join(sorted(names)[:8]))
    context = next((served.max_model_len for served in listed if served.id == address.model), None)
    yield Finding("context length", True, "the server does not say" if context is None else f"{context:,} tokens")
    if use in ("any", "scorer"):
        yield from _guarded("log-probabilities are real", _scoring(model))
    if use == "letters":
        yield from _guarded("letters are real", _lettering(model))
    if use in ("any", "verifier"):
        yield from _guarded("structured output is obeyed", _judging(model))
    if use in ("any", "decomposer"):
        yield from _guarded("claims are read", _reading(model))
    if use in ("any", "grader"):
        yield from _guarded("free text is graded", _grading(model))


def _guarded(name: str, probes: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of `probes`; one that ends them is a finding too."""
    try:
        yield from probes
    except ModelError as error:
        yield Finding(name, False, str(error))


def _scoring(model: ServedModel) -> Iterator[Finding]:
    way = model.prove()
    yield Finding("log-probabilities are real", True, f"proven on a probe, by {way}")
    yield from _continuation(model)
    asked = [Continuation(context=PASSAGE * 8, target=f" {number}") for number in range(16)]
    begun = time.perf_counter()
    model.logprobs(asked)
    yield _speed(begun, len(asked), "continuations")


def _judging(model: Judge) -> Iterator[Finding]:
    begun = time.perf_counter()
    judged = model.judge([(PASSAGE, claim) for claim, _, _ in CLAIMS])
    for (_, label, name), answer in zip(CLAIMS, judged, strict=True):
        if isinstance(answer, Unscored):
            yield Finding(name, False, f"{answer.reason}: {answer.detail}")
        else:
            cited = "nothing" if answer.span is None else repr(PASSAGE[slice(*answer.span)])
            yield Finding(name, answer.probabilities[label] == 1.0, f"it cites {cited}")
    yield _speed(begun, len(judged), "pairs")


def _lettering(model: ServedModel) -> Iterator[Finding]:
    way = model.prove_letters()
    yield Finding("it proved itself", True, f"by {way}")
    yield from _lettered(model)


def _lettered(model: object) -> Iterator[Finding]:
    """The right letter is likelier than a wrong one, wherever it stands."""
    name = "letters are real"
    if not isinstance(model, Scorer | LetterReader):
        yield Finding(name, False, "it gives no odds of letters")
        return
    for options in (("seven", "purple"), ("purple", "seven")):
        asked = Observation(
            question="Which comes next?",
            prefix="One, two, three, four, five, six,",
            candidates=options,
            labels=_LETTERS,
        )
        odds = LetterScorer(model).observe([asked])[0]
        right = options.index("seven")
        told = ", ".join(f"{label} {math.exp(value):.3f}" for label, value in zip(_LETTERS, odds, strict=True))
        yield Finding(name, odds[right] > odds[1 - right], f"right is {_LETTERS[right]}: {told}")


def _reading(model: Decomposer) -> Iterator[Finding]:
    step = StepToRead(question=_QUESTION, options=None, spoken_of=("Vitamin C",), text=_STEP)
    [read] = model.read_claims([step])
    if isinstance(read, Unscored):
        yield Finding("claims are read", False, f"{read.reason}: {read.detail}")
        return
    told = "; ".join(repr(claim.normalised) for claim in read.claims)
    named = any("vitamin c" in claim.normalised.casefold() for claim in read.claims)
    yield Finding("claims are read", bool(read.claims), told or "none in a step that states a fact")
    yield Finding("a claim names what its pronoun stands for", named, told)


def _grading(model: Marker) -> Iterator[Finding]:
    asked = [AnswerToGrade(question=_QUESTION, reference="insulin", response=said) for said, _ in _ANSWERS]
    for (_, label), mark in zip(_ANSWERS, model.mark(asked), strict=True):
        name = f"an answer that is {label.replace('_', ' ')} is graded so"
        if isinstance(mark, Unscored):
            yield Finding(name, False, f"{mark.reason}: {mark.detail}")
        else:
            yield Finding(name, mark.label == label, mark.label)


def _speed(begun: float, count: int, what: str) -> Finding:
    seconds = max(time.perf_counter() - begun, 1e-9)
    return Finding("speed", True, f"{count / seconds:.1f} {what} a second, {count} at once")


def _entailment(model: Entailer) -> Iterator[Finding]:
    pairs = [(PASSAGE, claim) for claim, _, _ in CLAIMS]
    begun = time.perf_counter()
    together = model.entail(pairs)
    seconds = time.perf_counter() - begun
    for (_, label, name), probabilities in zip(CLAIMS, together, strict=True):
        shown = ", ".join(f"{p:.2f}" for p in probabilities)
        yield Finding(name, max(range(3), key=probabilities.__getitem__) == label, f"probabilities {shown}")
    alone = [model.entail([pair])[0] for pair in pairs]
    yield _invariance("a verdict does not depend on its batch", together, alone)
    yield Finding("speed", seconds < 60, f"{len(pairs) / max(seconds, 1e-9):.0f} short pairs a second")


def _embedding(model: Embedder) -> Iterator[Finding]:
    texts = [text for three in STATEMENTS for text in three]
    begun = time.perf_counter()
    together = _vectors(model.embed(texts))
    seconds = time.perf_counter() - begun
    alone = [vector for text in texts for vector in _vectors(model.embed([text]))]
    yield _invariance("a vector does not depend on its batch", together, alone)
    shown = f"two claims are taken to state one fact from a cosine of {model.same_from:.3f}"
    yield Finding("the cosine of one meaning", -1 < model.same_from < 1, shown)
    yield Finding("speed", True, f"{len(texts) / max(seconds, 1e-9):.0f} short texts a second")


def _vectors(found: Sequence[Sequence[float] | Unscored]) -> list[Sequence[float]]:
    return [vector for vector in found if not isinstance(vector, Unscored)]


def _observation(model: Observer) -> Iterator[Finding]:
    settled = "Insulin lets cells take up glucose. So the hormone is insulin."
    asked = [Observation(question=_QUESTION, prefix=p, candidates=_OPTIONS) for p in ("", settled)]
    before, after = model.observe(asked)
    total = sum(math.exp(v) for v in after)
    yield Finding("probabilities over the options sum to 1", abs(total - 1) < 1e-6, f"{total:.6f}")
    yield Finding(
        "a text that settles on an option is read so",
        after[1] > before[1] and max(range(3), key=after.__getitem__) == 1,
        f"log-probability {before[1]:.2f} before, {after[1]:.2f} after",
    )
    alone = [model.observe([one])[0] for one in asked]
    yield _invariance("an observation does not depend on its batch", [before, after], alone)


def _continuation(model: Scorer) -> Iterator[Finding]:
    context = "One, two, three,"
    likely, unlikely = model.logprobs(
        [Continuation(context=context, target=" four"), Continuation(context=context, target=" purple")]
    )
    yield Finding("log-probabilities are not all zero", any(likely) and any(unlikely), f"{sum(likely):.2f}")
    yield Finding(
        "a likely continuation beats an unlikely one",
        sum(likely) > sum(unlikely),
        f"{sum(likely):.2f} against {sum(unlikely):.2f} nats",
    )


def _prefixes(model: PrefixScorer) -> Finding:
    name, targets = "every prefix at once equals one by one", (" insulin", " the hormone glucagon")
    asked = Prefixes(context=f"{_QUESTION} {PASSAGE}", cuts=(0, 36, 60, 90), lead="\nSo it is:", targets=targets)
    found = model.prefix_logprobs(asked)
    if isinstance(found, Unscored):
        return Finding(name, False, f"{found.reason}: {found.detail}")
    pairs = [Continuation(context=asked.context[:c] + asked.lead, target=t) for c in asked.cuts for t in targets]
    return _invariance(name, [tokens for row in found for tokens in row], model.logprobs(pairs))


def _invariance(
    name: str, together: Sequence[Sequence[float]], alone: Sequence[Sequence[float]], limit: float = 1e-4
) -> Finding:
    pairs = ((a, b) for x, y in zip(together, alone, strict=True) for a, b in zip(x, y, strict=True))
    largest = max(abs(a - b) for a, b in pairs)
    return Finding(name, largest <= limit, f"largest difference {largest:.1e}")
