"""The same causal model on this machine and on a server gives the same gains, however the server is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_causal import QUESTION, TEXT, make_model, make_tokenizer

import made_records
from knowreason.answers import final_statement
from knowreason.decompose.steps import split_steps
from knowreason.gain import LetterScorer, OptionScorer, trace_gain
from knowreason.models.huggingface import open_checkpoint
from knowreason.models.letters import letter_context
from knowreason.models.load import load
from knowreason.models.openai import ServedModel
from knowreason.models.protocols import Scorer
from knowreason.records import Observation, Trace, TraceGain, Unscored
from local_server import Ways, serving

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("httpx2")

OPTIONS = {"A": "glucagon", "B": "insulin", "C": "beta cell sugar"}
COUNTING = "One, two, three, four, five, six, seven, eight, nine, ten."


class Served:
    """What a server does with a model of Hugging Face: plain passes over the whole text."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer

    def ids(self, text: str, *, special: bool) -> list[int]:
        return self._tokenizer(text, add_special_tokens=special).input_ids

    def tokens(self, ids: list[int]) -> list[str]:
        return [self._tokenizer.decode([token]) for token in ids]

    def logprobs(self, ids: list[int]) -> list[float | None]:
        with torch.inference_mode():
            logs = self._model(torch.tensor([ids])).logits[0].float().log_softmax(-1)
        return [None, *(float(logs[at, token]) for at, token in enumerate(ids[1:]))]

    def top(self, ids: list[int]) -> dict[str, float]:
        with torch.inference_mode():
            logs = self._model(torch.tensor([ids])).logits[0, -1].float().log_softmax(-1)
        return {self._tokenizer.decode([token]): float(value) for token, value in enumerate(logs)}


def teach(model: Any, texts: list[Any], rounds: int) -> None:
    steps = torch.optim.Adam(model.parameters(), lr=3e-3)
    for turn in range(rounds):
        ids = texts[turn % len(texts)]
        steps.zero_grad()
        model(ids, labels=ids).loss.backward()
        steps.step()


def make_counting(kind: str, folder: Path, *more: str) -> Served:
    """A tiny model that was taught to count: a server must find " seven" likelier than another word after six."""
    letters = " A B C" * 50  # each a token, as in real vocabularies
    model, tokenizer = make_model(kind), make_tokenizer(begin=kind == "llama", more=letters if more else "")
    texts = [tokenizer(text, return_tensors="pt").input_ids for text in (COUNTING, *more)]
    teach(model, texts, 40 * len(texts))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Served(model.eval(), tokenizer)


def make_trace(options: dict[str, str] | None, gold: str) -> Trace:
    kind = "option" if options else "short_text"
    return made_records.make_trace(
        question=QUESTION, options=options, gold=gold, answer_type=kind, reasoning=TEXT, response=TEXT
    )


def measured(trace: Trace, scorer: object) -> TraceGain:
    assert isinstance(scorer, Scorer)
    statement = final_statement(trace.reasoning, None, trace.options)
    steps, commitment = split_steps(trace, statement, lambda texts: [len(text.split()) for text in texts])
    return trace_gain(trace, steps, commitment, OptionScorer(scorer))


@pytest.mark.parametrize("tokenize", [True, False], ids=["token ids", "text"])
@pytest.mark.parametrize("kind", ["qwen2", "llama"])
def test_a_model_in_a_folder_and_the_same_on_a_server_give_equal_gains(
    kind: str, tokenize: bool, tmp_path: Path
) -> None:
    language = make_counting(kind, tmp_path / kind)
    here = load(f"hf:{tmp_path / kind}")
    with serving(Ways(tokenize=tokenize), language=language) as server:
        there = load(server.uri)
        assert isinstance(there, ServedModel)
        for options, gold in ((OPTIONS, "B"), (None, "beta cell insulin"), (None, "42")):
            trace = make_trace(options, gold)
            one, other = measured(trace, here), measured(trace, there)
            assert not isinstance(one.outcome, Unscored)
            assert not isinstance(other.outcome, Unscored), other.outcome
            assert [g.surprisal for g in other.outcome] == pytest.approx([g.surprisal for g in one.outcome], abs=1e-4)
            assert one.outcome[0].surprisal != pytest.approx(one.outcome[-1].surprisal, abs=1e-2)
            assert (other.answer_space, other.answer_tokens) == (one.answer_space, one.answer_tokens)
        assert there.describe("scorer")["scored_by"] == ("token ids" if tokenize else "text")
        there.close()


def probe(options: tuple[str, str], right: str) -> str:
    """What the probe of letters asks, with its answer."""
    asked = Observation(
        question="Which number comes after six?",
        prefix="One, two, three, four, five, six,",
        candidates=options,
        labels=("A", "B"),
    )
    return f"{letter_context(asked)} {right}"


def test_letters_of_a_model_in_a_folder_and_of_the_same_on_a_server_are_equal(tmp_path: Path) -> None:
    lessons = probe(("seven", "purple"), "A"), probe(("purple", "seven"), "B")
    language = make_counting("qwen2", tmp_path / "model", *lessons)
    scorer = open_checkpoint(str(tmp_path / "model"))
    assert isinstance(scorer, Scorer)
    here = LetterScorer(scorer)
    with serving(Ways(echo="ignored", top=400, more=True), language=language) as server:
        there = load(server.uri)
        assert isinstance(there, ServedModel)
        trace = make_trace(OPTIONS, "B")
        steps, commitment = split_steps(trace, final_statement(TEXT, None, OPTIONS), lambda texts: [1] * len(texts))
        one, other = (trace_gain(trace, steps, commitment, scorer) for scorer in (here, LetterScorer(there)))
        there.close()
    assert not isinstance(one.outcome, Unscored)
    assert not isinstance(other.outcome, Unscored), other.outcome
    assert one.answer_space == other.answer_space == "letters"
    assert [g.surprisal for g in other.outcome] == pytest.approx([g.surprisal for g in one.outcome], abs=1e-4)
    assert [g.entropy for g in other.outcome] == pytest.approx([g.entropy for g in one.outcome], abs=1e-4)
