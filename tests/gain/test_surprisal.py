"""Gains: they sum to the total drop, do not depend on where a step is cut, and are refused with a reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_records
from knowreason.answers import final_statement
from knowreason.decompose.steps import split_steps, step_cuts
from knowreason.errors import Unanswered
from knowreason.gain import OptionScorer, numeric_candidates, trace_gain
from knowreason.models.scripted import Scripted
from knowreason.records import Continuation, Observation, Step, Trace, TraceGain, Unscored

OPTIONS = {"A": "glucagon", "B": "insulin", "C": "cortisol"}
SENTENCES = (
    "The pancreas releases two hormones with opposite effects.",
    "Muscle takes up sugar after a meal.",
    "Glucagon is not the one, because it raises sugar.",
    "Beta cells answer a rise in sugar.",
    "So the hormone is insulin.",
    "The answer is (B).",
)


def make_trace(reasoning: str, **changes: object) -> Trace:
    values: dict[str, object] = {
        "question_key": "00" * 16,
        "question": "Which hormone lowers blood sugar?",
        "options": OPTIONS,
        "reasoning": reasoning,
        "response": reasoning,
    }
    return made_records.make_trace(**{**values, **changes})


def count_words(texts: object) -> list[int]:
    return [len(str(t).split()) for t in texts]  # type: ignore[attr-defined]


def by_words(observation: Observation) -> list[float]:
    """An observer whose weights are counts of each candidate's words in the prefix: exact and easy to follow."""
    prefix = observation.prefix.lower()
    weights = [
        1.0 + prefix.count(c.lower()) + 0.01 * len(prefix) * (i == 1) for i, c in enumerate(observation.candidates)
    ]
    return [math.log(w / sum(weights)) for w in weights]


OBSERVER = Scripted(observe=by_words)


def measure(trace: Trace) -> tuple[tuple[Step, ...], TraceGain]:
    statement = final_statement(trace.reasoning, trace.thinking_end, trace.options)
    steps, commitment = split_steps(trace, statement, count_words)
    return steps, trace_gain(trace, steps, commitment, OBSERVER)


def parts_of(gain: TraceGain) -> dict[str | None, float]:
    assert not isinstance(gain.outcome, Unscored)
    sums: dict[str | None, float] = {}
    for g in gain.outcome[1:]:
        sums[g.part] = sums.get(g.part, 0.0) + (g.gain or 0.0)
    return sums


@given(st.lists(st.sampled_from(SENTENCES), min_size=2, max_size=12))
def test_gains_sum_to_total_drop(sentences: list[str]) -> None:
    _, gain = measure(make_trace("Blood sugar is held in a narrow range. " + " ".join(sentences)))
    assert not isinstance(gain.outcome, Unscored)
    total = gain.outcome[0].surprisal - gain.outcome[-1].surprisal
    assert sum(g.gain or 0.0 for g in gain.outcome) == pytest.approx(total, abs=1e-9)


@given(st.lists(st.sampled_from(SENTENCES), min_size=2, max_size=10), st.data())
def test_cutting_a_step_in_two_leaves_total_and_parts_unchanged(sentences: list[str], data: st.DataObject) -> None:
    trace = make_trace("Blood sugar is held in a narrow range. " + " ".join(sentences) + " The answer is (B).")
    statement = final_statement(trace.reasoning, None, OPTIONS)
    steps, commitment = split_steps(trace, statement, count_words)
    place = data.draw(st.integers(1, len(trace.reasoning) - 1))
    cut = [piece for s in steps for piece in _split(s, place)]
    whole = trace_gain(trace, steps, commitment, OBSERVER)
    finer = trace_gain(trace, cut, commitment, OBSERVER)
    before, after = parts_of(whole), parts_of(finer)
    assert before.keys() == after.keys()
    for part, value in before.items():
        assert after[part] == pytest.approx(value, abs=1e-9)


def _split(step: Step, place: int) -> list[Step]:
    if not step.start < place < step.end:
        return [step]
    left, right = step.text[: place - step.start], step.text[place - step.start :]
    fields = {"trace_id": step.trace_id, "move": step.move, "part": step.part, "tokens": 1}
    return [
        Step(step=step.step, start=step.start, end=place, text=left, **fields),  # type: ignore[arg-type]
        Step(step=step.step, start=place, end=step.end, text=right, **fields),  # type: ignore[arg-type]
    ]


def test_the_parts_follow_the_offsets_of_commitment_and_statement() -> None:
    steps, gain = measure(make_trace(" ".join(SENTENCES)))
    assert [s.part for s in steps] == [
        "informative",
        "informative",
        "mention",
        "informative",
        "commitment",
        "statement",
    ]
    assert not isinstance(gain.outcome, Unscored)
    assert gain.outcome[0].gain is None


def test_confident_wrong_is_entropy_drop_minus_gold_gain() -> None:
    _, gain = measure(make_trace(" ".join(SENTENCES)))
    assert not isinstance(gain.outcome, Unscored)
    assert gain.confident_wrong is not None
    first, last = gain.outcome[0], gain.outcome[-1]
    assert first.entropy is not None
    assert last.entropy is not None
    expected = (first.entropy - last.entropy) - (first.surprisal - last.surprisal)
    assert gain.confident_wrong == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reasoning": "The answer is (B)."}, "no_reasoning"),
        ({"reasoning": ""}, "no_reasoning"),
        ({"gold": None}, "no_gold"),
        ({"integrity": "stripped"}, "reasoning_absent"),
        ({"integrity": "redacted"}, "reasoning_absent"),
        ({"options": None, "gold": "appendicitis", "answer_type": "free_text"}, "needs_causal_scorer"),
    ],
)
def test_what_cannot_be_observed_is_unscored_with_a_reason(changes: dict[str, object], reason: str) -> None:
    reasoning = str(changes.pop("reasoning", " ".join(SENTENCES)))
    _, gain = measure(make_trace(reasoning, **changes))
    assert isinstance(gain.outcome, Unscored)
    assert gain.outcome.reason == reason
    assert gain.confident_wrong is None


def test_a_question_that_trained_the_observer_is_not_scored() -> None:
    class Trained(Scripted):
        def trained_on(self, question_key: str) -> bool:
            return question_key.startswith("00")

    trace = make_trace(" ".join(SENTENCES))
    steps, commitment = split_steps(trace, final_statement(trace.reasoning, None, OPTIONS), count_words)
    gain = trace_gain(trace, steps, commitment, Trained(observe=by_words))
    assert isinstance(gain.outcome, Unscored)
    assert gain.outcome.reason == "trained_on_question"


@given(st.floats(-1e6, 1e6, allow_nan=False), st.text(max_size=60))
def test_numeric_candidates_hold_the_gold_once_and_never_look_at_a_trace(gold: float, question: str) -> None:
    text = f"{gold:.2f}"
    candidates = numeric_candidates(text, question, "key")
    assert candidates is not None
    assert len(candidates) == len(set(candidates)) >= 5
    assert sum(abs(float(c) - float(text)) < 1e-9 for c in candidates) == 1
    assert candidates == numeric_candidates(text, question, "key")


def test_numeric_candidates_take_numbers_of_the_question() -> None:
    candidates = numeric_candidates("18", "A hen lays 16 eggs; 3 are eaten, 4 are baked.", "key")
    assert candidates is not None
    assert {"18", "16", "3", "4"} <= set(candidates)


def test_an_option_scorer_subtracts_what_an_option_costs_without_the_question() -> None:
    costs = {"short": [-1.0], "a long option": [-2.0, -2.0]}

    def logprobs(continuation: Continuation) -> list[float]:
        bonus = 0.5 if "Which" in continuation.context else 0.0
        return [value + bonus for value in costs[continuation.target.strip()]]

    observer = OptionScorer(Scripted(logprobs=logprobs))
    [logs] = observer.observe([Observation(question="Which?", prefix="", candidates=tuple(costs))])
    weights = [0.5, 1.0]  # the bonus of one token, and of two
    norm = math.log(sum(math.exp(w) for w in weights))
    assert logs == pytest.approx([w - norm for w in weights])


def test_an_option_scorer_shows_the_options_that_were_asked_and_no_candidates_of_ours() -> None:
    seen: list[str] = []

    def logprobs(continuation: Continuation) -> list[float]:
        seen.append(continuation.context)
        return [-1.0]

    observer = OptionScorer(Scripted(logprobs=logprobs))
    lettered = Observation(question="Which?", prefix="Well.", candidates=("a bat", "both"), labels=("A", "B"))
    observer.observe([lettered, Observation(question="How many?", prefix="Well.", candidates=("3", "30"))])
    shown = {context for context in seen if "Well." in context}
    assert shown == {f"Which?\nA. a bat\nB. both\nWell.{observer.cue}", f"How many?\nWell.{observer.cue}"}


@given(st.text(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_step_cuts_partition_any_text_and_respect_forced_offsets(text: str, forced: list[int]) -> None:
    cuts = step_cuts(text, forced)
    assert "".join(text[a:b] for a, b in cuts) == text
    assert {f for f in forced if 0 < f < len(text)} <= {a for a, _ in cuts}


@pytest.mark.parametrize(
    ("options", "gold", "space"), [(OPTIONS, "B", "options"), (None, "insulin", "tokens"), (None, "42", "tokens")]
)
def test_a_position_without_an_answer_leaves_the_trace_unscored_with_the_reason(
    options: dict[str, str] | None, gold: str, space: str
) -> None:
    def answer(asked: Continuation) -> list[float]:
        if "Beta cells" in asked.context:
            raise Unanswered("model_unavailable", "status 500")
        return [-1.0]

    trace = make_trace(" ".join(SENTENCES), options=options, gold=gold)
    steps, commitment = split_steps(trace, final_statement(trace.reasoning, None, options), count_words)
    gain = trace_gain(trace, steps, commitment, OptionScorer(Scripted(logprobs=answer)))
    assert gain.outcome == Unscored(reason="model_unavailable", detail="status 500")
    assert gain.answer_space == space
    assert gain.confident_wrong is None
