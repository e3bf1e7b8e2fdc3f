"""Fixtures shared by all tests: where the real data lies, and where our own example lies."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

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


class Session(NamedTuple):
    """One command of the README as it ran: what it printed, and the run directory it wrote."""

    command: str
    printed: str
    run: Path


def readme_sessions() -> list[tuple[str, str]]:
    """The README's console blocks: (command, what it is said to print)."""
    blocks = re.findall(r"```console\n\$ (.+?)\n(?!  )(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    return [(command.replace("\\\n", " "), output) for command, output in blocks]


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Session]:
    """The README's sessions, run as a user runs them, in an empty folder with the examples beside it."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "examples").symlink_to(ROOT / "examples")
    return [_run(command, folder) for command, _ in readme_sessions()]


def _run(command: str, folder: Path) -> Session:
    words = shlex.split(command)
    program = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Session(command, done.stdout, folder / words[words.index("--out") + 1])
