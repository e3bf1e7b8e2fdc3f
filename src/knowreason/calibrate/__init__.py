"""One verifier on one corpus: how often it is right where the truth is known."""

from knowreason.calibrate.calibration import Task, calibrate, estimate
from knowreason.calibrate.stored import Target, target_of, write_calibration

__all__ = ["Target", "Task", "calibrate", "estimate", "target_of", "write_calibration"]
