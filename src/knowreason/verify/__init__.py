"""Verification: each claim against the passages that could decide it."""

from knowreason.verify.topic import is_on_topic
from knowreason.verify.verdicts import Thresholds, verify_claims

__all__ = ["Thresholds", "is_on_topic", "verify_claims"]
