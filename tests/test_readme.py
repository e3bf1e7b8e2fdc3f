"""The README says what happens: its sessions are run and compared, its files and pages exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import ROOT, Session, readme_sessions

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def assert_same_numbers(printed: str, shown: str) -> None:
    """Another processor may round the last digit the other way: one unit of a whole number, two of a hundredth."""
    for found, expected in zip(_NUMBER.findall(printed), _NUMBER.findall(shown), strict=True):
        assert float(found) == pytest.approx(float(expected), abs=0.021 if "." in expected else 1.01)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", _NUMBER.sub("#", text)).strip()


def test_the_readme_has_three_sessions() -> None:
    assert [len(commands) for commands, _ in readme_sessions()] == [2, 2, 1]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_session_prints_what_the_readme_shows(sessions: list[Session], which: int) -> None:
    shown, printed = readme_sessions()[which][1], sessions[which].printed
    assert words(printed) == words(shown)
    assert_same_numbers(printed, shown)


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_tree_names_what_is_there() -> None:
    tree = (ROOT / "README.md").read_text("utf-8").partition("## The tree")[2].partition("```")[2].partition("```")[0]
    for line in tree.splitlines():
        names = re.match(r"\s*((?:[\w.]+[/ ]+)+)", line + " ")
        for name in names[1].split("  ")[0].split() if names else []:
            base = ROOT / "src" / "knowreason" if line.startswith("  ") else ROOT
            assert (base / name).exists(), name
    assert Path(ROOT / "src" / "knowreason").is_dir()
