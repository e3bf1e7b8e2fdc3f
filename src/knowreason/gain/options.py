"""An observer made of a causal scorer: which option does the text so far make likely?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from knowreason.errors import ModelError
from knowreason.models.letters import CUE, letter_context
from knowreason.models.protocols import LetterReader, Observer, PrefixScorer, Scorer
from knowreason.records import Continuation, Observation, Prefixes, Unscored

_AT_ONCE = 32  # prefixes of one call: the prefixes of a trace together are quadratic in its length


class OptionScorer:
    """Turns a `Scorer` into an `Observer`.

    The log-weight of an option is log p(text | question, options, prefix) - log p(text | nothing but the cue),
    summed over the option's tokens; the log-probabilities are its softmax over the options. Subtracting what the
    option costs without the question keeps short options from being favoured. The options stand under the
    question as the model that wrote the trace saw them; the candidates for a free number, which have no labels,
    are ours and stay out.

    The blank between the cue and an answer belongs to the answer, as tokenizers of causal models write it: then
    the answer's tokens are the same whether they are encoded apart or with what stands before them.
    """

    cue = CUE

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Natural-log probabilities over each observation's candidates, in their order."""
        asked = [
            Continuation(context=f"{_asked(o)}\n{o.prefix}{self.cue}", target=_answer(candidate))
            for o in observations
            for candidate in o.candidates
        ]
        prior = self._prior([a.target for a in asked])
        sums = iter(self._scorer.logprobs(asked))
        weights = [[sum(next(sums)) - prior[_answer(c)] for c in o.candidates] for o in observations]
        return [_log_softmax(w) for w in weights]

    def observe_along(self, observation: Observation, ends: Sequence[int]) -> list[list[float]] | Unscored:
        """What `observe` says of the observation with `prefix[:end]` in place of its prefix, for every end.

        A scorer that can reads the whole prefix once. Unscored reason: context_too_long.
        """
        found = self._along(_asked(observation), observation.prefix, ends, observation.candidates)
        if isinstance(found, Unscored):
            return found
        prior = self._prior([_answer(c) for c in observation.candidates])
        return [
            _log_softmax(
                [sum(tokens) - prior[_answer(c)] for c, tokens in zip(observation.candidates, row, strict=True)]
            )
            for row in found
        ]

    def answer_along(self, question: str, text: str, ends: Sequence[int], answer: str) -> list[list[float]] | Unscored:
        """For every end: log-probabilities of the answer's tokens after the question and `text[:end]`, in nats.

        Unscored reason: context_too_long.
        """
        found = self._along(question, text, ends, [answer])
        return found if isinstance(found, Unscored) else [row[0] for row in found]

    def _along(
        self, before: str, text: str, ends: Sequence[int], answers: Sequence[str]
    ) -> list[list[list[float]]] | Unscored:
        start = len(before) + 1
        asked = Prefixes(
            context=f"{before}\n{text}",
            cuts=tuple(start + end for end in ends),
            lead=self.cue,
            targets=tuple(_answer(answer) for answer in answers),
        )
        if isinstance(self._scorer, PrefixScorer):
            return self._scorer.prefix_logprobs(asked)
        return self._one_by_one(asked)

    def _one_by_one(self, asked: Prefixes) -> list[list[list[float]]]:
        """The same from a scorer that takes every prefix by itself, some at a time."""
        out: list[list[list[float]]] = []
        for start in range(0, len(asked.cuts), _AT_ONCE):
            before = [asked.context[:cut] + asked.lead for cut in asked.cuts[start : start + _AT_ONCE]]
            found = iter(
                self._scorer.logprobs([Continuation(context=b, target=t) for b in before for t in asked.targets])
            )
            out += [[next(found) for _ in asked.targets] for _ in before]
        return out

    def _prior(self, targets: Sequence[str]) -> dict[str, float]:
        alone = [Continuation(context=self.cue, target=target) for target in dict.fromkeys(targets)]
        return {a.target: sum(tokens) for a, tokens in zip(alone, self._scorer.logprobs(alone), strict=True)}


class LetterScorer(OptionScorer):
    """Turns a model into an `Observer` of letters: log-probabilities over the letters as answers, and no text.

    log p(letter | question, options, prefix) - log of the sum over all letters. Nothing is subtracted: what a model
    holds of a letter as such stays in it. A `LetterReader` is asked for the letter that it would write; a `Scorer`
    for the log-probability of each letter after the cue.
    """

    def __init__(self, model: Scorer | LetterReader) -> None:
        self._reader = model if isinstance(model, LetterReader) else None
        if isinstance(model, Scorer):
            super().__init__(model)

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Natural-log probabilities over each observation's labels, in their order."""
        if self._reader is not None:
            return self._reader.letters(observations)
        asked = [
            Continuation(context=letter_context(o), target=_answer(label)) for o in observations for label in o.labels
        ]
        sums = iter(self._scorer.logprobs(asked))
        return [_log_softmax([sum(next(sums)) for _ in o.labels]) for o in observations]

    def observe_along(self, observation: Observation, ends: Sequence[int]) -> list[list[float]] | Unscored:
        """What `observe` says of the observation with `prefix[:end]` in place of its prefix, for every end.

        Unscored reason: context_too_long.
        """
        if self._reader is not None:
            out: list[list[float]] = []
            for start in range(0, len(ends), _AT_ONCE):
                some = [observation.prefix[:end] for end in ends[start : start + _AT_ONCE]]
                out += self._reader.letters([msgspec.structs.replace(observation, prefix=text) for text in some])
            return out
        found = self._along(_asked(observation), observation.prefix, ends, observation.labels)
        return found if isinstance(found, Unscored) else [_log_softmax([sum(t) for t in row]) for row in found]


def observer_of(uri: str, model: object, target: str = "text") -> Observer:
    """The model at `uri` as an observer of options, or of their letters where `target` is "letter".

    Raises `ModelError` where it can be none.
    """
    if target == "letter":
        if isinstance(model, Scorer | LetterReader):
            return LetterScorer(model)
        raise ModelError(f"--scorer {uri} gives no odds of letters: --target letter needs hf: or openai:")
    if isinstance(model, Observer):
        return model
    if isinstance(model, Scorer):
        return OptionScorer(model)
    raise ModelError(f"--scorer {uri} can neither observe answers nor score continuations")


def _answer(text: str) -> str:
    return f" {text.strip()}"


def _asked(observation: Observation) -> str:
    listed = zip(observation.labels, observation.candidates, strict=False)
    return "\n".join([observation.question, *(f"{label}. {text}" for label, text in listed)])


def _log_softmax(weights: Sequence[float]) -> list[float]:
    values = np.asarray(weights, dtype=np.float64)
    return (values - np.logaddexp.reduce(values)).tolist()
