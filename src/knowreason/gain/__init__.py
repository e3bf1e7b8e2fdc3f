"""Gain: how far each step moves an observer towards the gold answer, in nats."""

from knowreason.gain.candidates import numeric_candidates
from knowreason.gain.options import OptionScorer
from knowreason.gain.surprisal import trace_gain

__all__ = ["OptionScorer", "numeric_candidates", "trace_gain"]
