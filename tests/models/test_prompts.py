"""Prompts: recorded answers belong to a version, so a changed prompt needs a new one."""

from __future__ import annotations

from knowreason.models.remote.judging import prompt

HASHES = {"verify-1": "46ef637f63c1e537"}


def test_a_changed_prompt_has_a_new_version() -> None:
    assert HASHES.get(prompt().version) == prompt().sha256[:16], "give the prompt a new version, and its hash here"


def test_the_prompt_names_every_verdict_and_asks_for_a_copied_quote() -> None:
    assert all(f'"{label}"' in prompt().system for label in ("supported", "refuted", "not_enough_info"))
    assert "{why}" in prompt().repair
