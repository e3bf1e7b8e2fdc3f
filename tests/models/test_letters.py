"""Letters as answers: from a text's log-probabilities, or from one generated token; never a made-up number."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import made_records
from knowreason.errors import ModelError, Unanswered
from knowreason.gain import LetterScorer, trace_gain
from knowreason.models.letters import CUE, TOLERANCE, letter_context, letter_odds
from knowreason.models.load import load
from knowreason.models.openai import ServedModel
from knowreason.models.remote.terms import Remote, open_terms
from knowreason.models.scripted import Scripted
from knowreason.records import Continuation, Observation, Unscored
from local_model import letter_odds as local_odds
from local_server import Ways, serving

ASKED = Observation(
    question="Which comes next?", prefix="One, two, three,", candidates=("nine", "four"), labels=("A", "B")
)


def test_odds_are_over_the_letters_alone() -> None:
    top = {" A": math.log(0.2), " B": math.log(0.6), " the": math.log(0.2)}
    assert letter_odds(top, "AB") == pytest.approx([math.log(0.25), math.log(0.75)])


def test_the_blank_before_a_letter_is_told_from_the_letter() -> None:
    both = {" A": -1.0, "A": -0.5, " B": -2.0}
    assert letter_odds(both, "AB") == pytest.approx([-math.log1p(math.exp(-1)), -1 - math.log1p(math.exp(-1))])
    assert letter_odds({"A": -1.0, "B": -1.0}, "AB") == pytest.approx([-math.log(2)] * 2)


def test_a_letter_that_is_missing_and_may_matter_has_no_answer() -> None:
    with pytest.raises(Unanswered, match="letter_not_in_top: 1 of 2 letters"):
        letter_odds({" A": -0.7, " the": -1.5}, "AB")
    with pytest.raises(Unanswered, match="no letter"):
        letter_odds({" the": -0.7, " so": -9.0}, "AB")


def test_a_letter_that_cannot_matter_is_left_out_and_given_no_number() -> None:
    odds = letter_odds({" A": -0.1, " B": -3.0, " so": -14.0}, "ABC")
    assert odds[2] is None
    true = [math.exp(-0.1), math.exp(-3.0), math.exp(-14.0)]  # the most that C can have
    assert odds[:2] == pytest.approx([math.log(v / sum(true)) for v in true[:2]], abs=TOLERANCE)


@pytest.mark.parametrize("ways", [Ways(), Ways(letters="content"), Ways(completions=False)], ids=str)
def test_letters_over_a_server_are_the_models_own(tmp_path: Path, ways: Ways) -> None:
    with serving(ways) as server:
        model = load(server.uri)
        assert isinstance(model, ServedModel)
        [odds] = model.letters([ASKED])
        assert model.describe("scorer")["letters_by"] == ("completion" if ways.completions else "chat")
        model.close()
    wanted = local_odds(letter_context(ASKED))
    assert [math.exp(v) for v in odds] == pytest.approx([wanted["A"], wanted["B"]])
    assert odds[1] > odds[0]


@pytest.mark.parametrize(
    ("ways", "says"),
    [
        (Ways(letters="ignored"), "it ignored logprobs"),
        (Ways(letters="constant"), r"it finds B \(seven\) no likelier"),
        (Ways(letters="rare"), "of the probability: it would answer with something else"),
        (Ways(top=1), "nothing to compare letters by"),
    ],
    ids=str,
)
def test_a_server_that_does_not_prove_itself_is_refused_with_what_it_did(ways: Ways, says: str) -> None:
    with serving(ways) as server:
        model = load(server.uri)
        assert isinstance(model, ServedModel)
        model.connect(open_terms(Remote(retries=0, backoff=0.002), Path(":memory:")))
        with pytest.raises(ModelError, match=f"by completion: .*{says}.*by chat: .*{says}"):
            model.letters([ASKED])
        assert model.calls.made == 0
        model.close()


def test_an_answer_without_the_letters_is_kept_and_paid_once(tmp_path: Path) -> None:
    with serving() as server:
        model = load(server.uri)
        assert isinstance(model, ServedModel)
        model.prove_letters()
        server.ways.top = 1
        server.ways.letters = "content"
        server.ways.top = 2
        many = Observation(question="Which?", prefix="So", candidates=("x", "y", "z"), labels=("A", "B", "C"))
        for _ in range(2):
            with pytest.raises(Unanswered, match="letter_not_in_top"):
                model.letters([many])
        assert model.calls.made == 1
        model.close()


def scored(asked: Continuation) -> list[float]:
    return [-0.5, -1.0] if asked.target == " A" else [-3.0]


def test_letters_of_a_scorer_are_its_log_probabilities_of_each_letter() -> None:
    class Plain:
        def logprobs(self, continuations: list[Continuation]) -> list[list[float]]:
            assert all(c.context.endswith(CUE) for c in continuations)
            return [scored(c) for c in continuations]

    total = math.log(math.exp(-1.5) + math.exp(-3.0))
    wanted = [-1.5 - total, -3.0 - total]
    assert LetterScorer(Plain()).observe([ASKED]) == [pytest.approx(wanted)]
    assert LetterScorer(Plain()).observe_along(ASKED, [0, 4]) == [pytest.approx(wanted)] * 2


TEXT = "Beta cells answer a rise in sugar at once. So the hormone is insulin. The answer is (B)."


def gain_of(odds: list[float], *, options: dict[str, str] | None = None) -> object:
    trace = made_records.make_trace(
        question="Which?",
        options=options,
        gold="B" if options else "insulin",
        answer_type="option" if options else "free_text",
        reasoning=TEXT,
        response=TEXT,
    )
    return trace_gain(trace, (), None, LetterScorer(Scripted(letters=lambda _: odds)))


def test_letters_are_an_answer_space_of_their_own() -> None:
    options = {"A": "glucagon", "B": "insulin"}
    told = gain_of([math.log(0.25), math.log(0.75)], options=options)
    assert told.answer_space == "letters"  # type: ignore[attr-defined]
    assert told.outcome[0].surprisal == pytest.approx(-math.log(0.75))  # type: ignore[attr-defined]
    missing = gain_of([0.0, -math.inf], options=options).outcome  # type: ignore[attr-defined]
    assert isinstance(missing, Unscored)
    assert missing.reason == "letter_not_in_top"
    free = gain_of([0.0]).outcome  # type: ignore[attr-defined]
    assert isinstance(free, Unscored)
    assert free.reason == "no_letters"
