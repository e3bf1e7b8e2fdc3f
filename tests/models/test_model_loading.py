"""Models by URI, and recorded answers in place of a model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from knowreason.errors import ModelError
from knowreason.models.load import load
from knowreason.models.protocols import Entailer, Observer, Scorer
from knowreason.models.scripted import Scripted
from knowreason.records import Continuation, Observation

SEEN = Observation(question="Which?", prefix="It is b.", candidates=("a", "b"))
LINES = [
    {"kind": "entail", "input": ["Tin is soft.", "Tin is a metal."], "output": [0.1, 0.2, 0.7]},
    {
        "kind": "observe",
        "input": {"question": "Which?", "prefix": "It is b.", "candidates": ["a", "b"]},
        "output": [-2.0, -0.1],
    },
    {"kind": "logprobs", "input": {"target": "b", "context": "Which?"}, "output": [-1.5]},
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(line) + "\n\n" for line in LINES))
    return path


def test_a_recording_answers_what_was_recorded(recording: Path) -> None:
    model = load(f"scripted:{recording}")
    assert isinstance(model, Entailer)
    assert isinstance(model, Observer)
    assert isinstance(model, Scorer)
    assert model.entail([("Tin is soft.", "Tin is a metal.")]) == [(0.1, 0.2, 0.7)]
    assert model.observe([SEEN]) == [[-2.0, -0.1]]
    assert model.logprobs([Continuation(context="Which?", target="b")]) == [[-1.5]]
    assert len(model.describe()["sha256"]) == 64


def test_an_input_that_was_not_recorded_is_named(recording: Path) -> None:
    model = load(f"scripted:{recording}")
    assert isinstance(model, Entailer)
    with pytest.raises(ModelError, match=r"answers\.jsonl holds no answer .*Lead is hard"):
        model.entail([("Lead is hard.", "x")])


@pytest.mark.parametrize(
    "line", ["{", '{"kind":"dance","input":[],"output":[]}', '{"kind":"entail","input":[1],"output":[]}']
)
def test_a_broken_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text("\n" + line)
    with pytest.raises(ModelError, match="line 2"):
        load(f"scripted:{path}")


def test_plain_functions_stand_in_for_a_model() -> None:
    model = Scripted(entail=lambda premise, claim: (1.0, 0.0, 0.0) if claim in premise else (0.0, 0.0, 1.0))
    assert model.entail([("a b", "b"), ("a", "c")]) == [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
    with pytest.raises(ModelError, match="observe"):
        model.observe([SEEN])
    with pytest.raises(ModelError, match="three"):
        Scripted(entail=lambda premise, claim: (1.0,)).entail([("a", "b")])


def test_an_hf_model_without_torch_ends_with_the_pip_line(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from knowreason.cli import main; sys.argv = ['knowreason', 'doctor', 'hf:.']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "knowreason: an hf: model needs an optional part: pip install 'knowreason[hf]'\n"


@pytest.mark.parametrize("uri", ["nosuch:thing", "builtin", "", ":"])
def test_an_unknown_scheme_lists_the_known_ones(uri: str) -> None:
    with pytest.raises(ModelError, match=r"builtin:, .*scripted:"):
        load(uri)


def test_a_uri_with_the_wrong_rest_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="write builtin:"):
        load("builtin:large")
    with pytest.raises(ModelError, match="needs the path"):
        load("scripted:")
    with pytest.raises(ModelError, match="does not exist"):
        load(f"scripted:{tmp_path / 'none.jsonl'}")
