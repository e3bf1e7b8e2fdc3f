"""The weights of the cues: known ones are found again, and a cue that tells nothing weighs nothing."""

from __future__ import annotations

import numpy as np
import pytest

from knowreason.models.cues import CueWeights
from knowreason.train.weighing import NAMES, Choice, fit


def drawn(weights: dict[str, float], count: int) -> list[Choice]:
    """Choices among two to six options whose log odds are the weighted cues."""
    rng = np.random.default_rng(3)
    true = np.array([weights.get(name, 0.0) for name in NAMES])
    out: list[Choice] = []
    for _ in range(count):
        cues = rng.normal(size=(int(rng.integers(2, 7)), len(NAMES)))
        scores = cues @ true
        out.append(Choice(cues, int(rng.choice(len(cues), p=np.exp(scores - np.logaddexp.reduce(scores))))))
    return out


def test_known_weights_are_found_again() -> None:
    found = fit(drawn({"belief": 1.0, "told": 1.5, "stated": 0.5}, 6_000))
    told = {name: getattr(found, name) for name in NAMES}
    assert told == pytest.approx({**dict.fromkeys(NAMES, 0.0), "belief": 1.0, "told": 1.5, "stated": 0.5}, abs=0.08)


def test_a_cue_that_is_the_same_for_all_options_weighs_nothing() -> None:
    same = [Choice(np.ones((3, len(NAMES))), own % 3) for own in range(30)]
    assert fit(same) == CueWeights(belief=0.0)


def test_a_cue_that_always_tells_stays_finite() -> None:
    cues = np.zeros((2, len(NAMES)))
    cues[1, NAMES.index("stated")] = 1
    assert 2 < fit([Choice(cues, 1)] * 200).stated < 20
