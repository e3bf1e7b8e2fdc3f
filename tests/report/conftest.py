"""A real browser for the tests of the page: Debian's Chromium, or whatever KNOWREASON_BROWSER names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]


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
