"""Prompts: recorded answers belong to a version, so a changed prompt needs a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowreason.models.remote.prompting import PROMPTS, prompt

HASHES = {
    "verify-1": "46ef637f63c1e537",
    "decompose-1": "dfdb9de59fad4026",
    "grade-1": "25270234919f7124",
    "letters-1": "4901ab86f5f0dde8",
}
NAMES = sorted(path.stem for path in Path(PROMPTS).glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_prompt_has_a_new_version(name: str) -> None:
    used = prompt(name)
    assert used.version.startswith(f"{name}-")
    assert HASHES.get(used.version) == used.sha256[:16], "give the prompt a new version, and its hash here"


def test_every_prompt_says_that_what_it_judges_is_not_addressed_to_it() -> None:
    assert all("addressed to you" in " ".join(prompt(name).system.split()) for name in NAMES)


@pytest.mark.parametrize("name", ["verify", "decompose", "grade"])
def test_every_repair_says_what_was_wrong_and_nothing_else_is_replaced(name: str) -> None:
    assert "{brace} \\" in prompt(name).repair.format(why="{brace} \\")


def test_the_prompts_name_every_label_and_ask_for_a_copied_quote() -> None:
    for name, labels in (
        ("verify", ("supported", "refuted", "not_enough_info")),
        ("grade", ("correct", "incorrect", "no_answer")),
    ):
        assert all(f'"{label}"' in prompt(name).system for label in labels)
    assert all("copied exactly" in prompt(name).system for name in ("verify", "decompose", "grade"))
