"""Fixtures shared by all tests: where the real data lies, and where our own example lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real traces and corpora; the test skips without it, or fails where it is required."""
    named = os.environ.get("KNOWREASON_DATA", "")
    if named and (Path(named) / "traces").is_dir():
        return Path(named)
    reason = "real data absent: set KNOWREASON_DATA to the folder that holds traces/ and corpus/"
    if os.environ.get("KNOWREASON_REQUIRE_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def example_dir() -> Path:
    """The example written for the purpose: traces, notes, and the truth of every claim."""
    return ROOT / "examples" / "two_domains"
