"""Families by name: what a name says, and nothing that merely looks like it."""

from __future__ import annotations

import pytest

from knowreason.models.families import families_of, family_of_architecture


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", {"qwen"}),
        ("DeepSeek-R1-Distill-Qwen-7B", {"deepseek", "qwen"}),
        ("meta-llama/Llama-3.1-8B", {"llama"}),
        ("llama3", {"llama"}),
        ("mathstral-7b", {"mistral"}),
        ("google/gemma-2-9b-it", {"gemma"}),
        ("microsoft/phi-4", {"phi"}),
        ("Phi3-mini", {"phi"}),
        ("gpt-4o-mini", {"gpt"}),
        ("openai:gpt4@https://host/v1", {"gpt"}),
        ("o3-mini", {"gpt"}),
        ("claude-sonnet-4", {"claude"}),
        ("finch-base", set()),
        ("philosophy-7b", set()),
        ("co2-model", set()),
        ("", set()),
    ],
)
def test_a_name_names_its_families(name: str, families: set[str]) -> None:
    assert families_of(name) == families


def test_an_architecture_names_one_unless_it_only_looks_so() -> None:
    assert family_of_architecture("qwen2") == {"qwen"}
    assert family_of_architecture("qwen3_moe") == {"qwen"}
    assert family_of_architecture("gpt_neox") == set()
    assert family_of_architecture("gpt2") == {"gpt"}
    assert family_of_architecture("bert") == set()
