"""Fixtures shared by all tests: where the real data lies, where our own example lies, and a real browser."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
    """The commands of one block of the README as they ran: what they printed, and the run directory they wrote."""

    commands: tuple[str, ...]
    printed: str
    run: Path


def readme_sessions() -> list[tuple[tuple[str, ...], str]]:
    """The README's console blocks: (commands, what they are said to print)."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    told: list[tuple[tuple[str, ...], str]] = []
    for block in blocks:
        commands = re.findall(r"^\$ ((?:.*\\\n)*.*)\n", block, re.M)
        output = re.sub(r"^\$ (?:.*\\\n)*.*\n", "", block, flags=re.M)
        told.append((tuple(command.replace("\\\n", " ") for command in commands), output))
    return told


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Session]:
    """The README's sessions, run as a user runs them, in an empty folder with the examples beside it."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "examples").symlink_to(ROOT / "examples")
    return [_run(commands, folder) for commands, _ in readme_sessions()]


def _run(commands: tuple[str, ...], folder: Path) -> Session:
    printed = "".join(_printed(shlex.split(command), folder) for command in commands)
    words = next(words for words in map(shlex.split, reversed(commands)) if "--out" in words)
    return Session(commands, printed, folder / words[words.index("--out") + 1])


def _printed(words: list[str], folder: Path) -> str:
    """What a command prints; nothing where it is sent to /dev/null."""
    silent = words[-2:] == [">", "/dev/null"]
    program = [str(Path(sys.executable).parent / words[0]), *(words[1:-2] if silent else words[1:])]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return "" if silent else done.stdout


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    """Chromium without a window; the test skips without it, or fails where it is required."""
    program = os.environ.get("KNOWREASON_BROWSER") or shutil.which("chromium") or shutil.which("chromium-browser")
    if find_spec("playwright") is None:
        _absent("Playwright is absent: pip install 'playwright'")
    if program is None:
        _absent("no Chromium here: apt-get install chromium, or name another in KNOWREASON_BROWSER")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the pages are kept, to be looked at."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _absent(reason: str) -> None:
    if os.environ.get("KNOWREASON_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
