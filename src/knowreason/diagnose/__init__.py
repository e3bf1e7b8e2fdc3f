"""What a benchmark asks of a model: more knowledge, or more reasoning; by intervention first, then by observation."""

from knowreason.diagnose.diagnosis import (
    EXPLAINED,
    MARGIN,
    Correlated,
    Diagnosis,
    Intervention,
    Need,
    Observation,
    Part,
    Pooled,
    Published,
    Stratum,
    Subject,
)
from knowreason.diagnose.intervention import levels_of
from knowreason.diagnose.sentences import no_intervention, no_observation
from knowreason.diagnose.whole import RELIABLE, as_text, diagnose_predictions, diagnose_runs, write_diagnosis

__all__ = [
    "EXPLAINED",
    "MARGIN",
    "RELIABLE",
    "Correlated",
    "Diagnosis",
    "Intervention",
    "Need",
    "Observation",
    "Part",
    "Pooled",
    "Published",
    "Stratum",
    "Subject",
    "as_text",
    "diagnose_predictions",
    "diagnose_runs",
    "levels_of",
    "no_intervention",
    "no_observation",
    "write_diagnosis",
]
