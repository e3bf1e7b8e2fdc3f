"""An observer made of a causal scorer: which option does the text so far make likely?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowreason.models.protocols import Scorer
from knowreason.records import Continuation, Observation


class OptionScorer:
    """Turns a `Scorer` into an `Observer`.

    The log-weight of an option is log p(text | question, options, prefix) - log p(text | nothing but the cue),
    summed over the option's tokens; the log-probabilities are its softmax over the options. Subtracting what the
    option costs without the question keeps short options from being favoured. The options stand under the
    question as the model that wrote the trace saw them; the candidates for a free number, which have no labels,
    are ours and stay out.
    """

    cue = "\nThe answer is: "

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def observe(self, observations: Sequence[Observation]) -> list[list[float]]:
        """Natural-log probabilities over each observation's candidates, in their order."""
        asked = [
            Continuation(context=f"{_asked(o)}\n{o.prefix}{self.cue}", target=candidate)
            for o in observations
            for candidate in o.candidates
        ]
        alone = [Continuation(context=self.cue, target=c) for c in dict.fromkeys(a.target for a in asked)]
        prior = {a.target: sum(tokens) for a, tokens in zip(alone, self._scorer.logprobs(alone), strict=True)}
        sums = iter(self._scorer.logprobs(asked))
        weights = [[sum(next(sums)) - prior[c] for c in o.candidates] for o in observations]
        return [_log_softmax(w) for w in weights]


def _asked(observation: Observation) -> str:
    listed = zip(observation.labels, observation.candidates, strict=False)
    return "\n".join([observation.question, *(f"{label}. {text}" for label, text in listed)])


def _log_softmax(weights: Sequence[float]) -> list[float]:
    values = np.asarray(weights, dtype=np.float64)
    return (values - np.logaddexp.reduce(values)).tolist()
