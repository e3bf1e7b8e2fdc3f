"""Verification: each claim against the passages that could decide it."""

from knowreason.verify.topic import is_on_topic
from knowreason.verify.verdicts import PASSAGES, Checked, Thresholds, check_claims, judgements, verify_claims

__all__ = ["PASSAGES", "Checked", "Thresholds", "check_claims", "is_on_topic", "judgements", "verify_claims"]
