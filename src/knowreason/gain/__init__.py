"""Gain: how far each step moves an observer towards the gold answer, in nats."""

from knowreason.gain.candidates import numeric_candidates
from knowreason.gain.options import LetterScorer, OptionScorer, observer_of
from knowreason.gain.surprisal import trace_gain

__all__ = ["LetterScorer", "OptionScorer", "numeric_candidates", "observer_of", "trace_gain"]
