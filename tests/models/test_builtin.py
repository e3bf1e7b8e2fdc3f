"""The shipped model: results depend on the item alone, and on nothing that merely stands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowreason.errors import ModelError
from knowreason.models.builtin import WEIGHTS, BuiltinModel
from knowreason.models.load import load
from knowreason.models.protocols import Entailer, Observer, Scorer
from knowreason.records import Observation

PAIRS = [
    (
        "Copper kettles. Copper conducts heat well, so a copper kettle boils quickly.",
        "Copper is a good conductor of heat.",
    ),
    ("The robin lays four eggs.", "A robin lays nine eggs at a time."),
    ("Rain fell. " * 90, "It rained."),
    ("", ""),
]
OBSERVATIONS = [
    Observation(
        question="Which metal is liquid at room temperature?", prefix=text, candidates=("iron", "mercury", "gold")
    )
    for text in ("", "Mercury melts below zero.", "Let us think. " * 200 + "So it is mercury.")
]


@pytest.fixture(scope="module")
def model() -> BuiltinModel:
    return BuiltinModel()


def test_probabilities_sum_to_one(model: BuiltinModel) -> None:
    for row in model.entail(PAIRS):
        assert sum(row) == pytest.approx(1.0)


def test_a_score_does_not_depend_on_its_batch_neighbours(model: BuiltinModel) -> None:
    together = model.entail(PAIRS * 7)
    assert together == [model.entail([pair])[0] for pair in PAIRS] * 7
    observed = model.observe(OBSERVATIONS * 6)
    assert observed == [model.observe([one])[0] for one in OBSERVATIONS] * 6


def test_the_order_of_the_candidates_does_not_matter(model: BuiltinModel) -> None:
    for seen in OBSERVATIONS:
        turned = Observation(question=seen.question, prefix=seen.prefix, candidates=seen.candidates[::-1])
        assert model.observe([turned])[0][::-1] == pytest.approx(model.observe([seen])[0], abs=1e-5)


def test_packed_options_score_as_if_each_stood_alone(model: BuiltinModel) -> None:
    seen = OBSERVATIONS[1]
    packed = model.observe([seen])[0]
    for left, right in ((0, 1), (1, 2)):
        pair = Observation(
            question=seen.question, prefix=seen.prefix, candidates=(seen.candidates[left], seen.candidates[right])
        )
        alone = model.observe([pair])[0]
        assert alone[0] - alone[1] == pytest.approx(packed[left] - packed[right], abs=1e-4)


def test_threads_share_one_model(model: BuiltinModel) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: model.entail(PAIRS), range(8)))
    assert all(result == results[0] for result in results)


def test_extreme_texts_are_read(model: BuiltinModel) -> None:
    odd = Observation(question="", prefix="\x00 \u202e" * 9000, candidates=("", "a" * 10_000, "\U0001f600"))
    assert len(model.observe([odd])[0]) == 3
    assert model.entail([("x" * 100_000, "y" * 100_000)])
    assert model.entail([]) == []
    assert model.observe([]) == []


def test_an_observation_without_candidates_or_with_too_few_labels_is_refused(model: BuiltinModel) -> None:
    with pytest.raises(ModelError, match="candidate"):
        model.observe([Observation(question="q", prefix="", candidates=())])
    with pytest.raises(ModelError, match="labels"):
        model.observe([Observation(question="q", prefix="", candidates=("a", "b"), labels=("A",))])


def test_what_the_builtin_model_is_and_is_not() -> None:
    model = load("builtin:")
    assert isinstance(model, Entailer)
    assert isinstance(model, Observer)
    assert not isinstance(model, Scorer)
    told = model.describe()
    assert told["id"].startswith("builtin:")
    assert len(told["sha256"]) == 64


def test_importing_the_module_loads_no_runtime() -> None:
    code = "import sys, knowreason.models.builtin, knowreason.models.load; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_folder_without_weights_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"settings\.json"):
        BuiltinModel(tmp_path)
    (tmp_path / "settings.json").write_bytes((WEIGHTS / "settings.json").read_bytes())
    with pytest.raises(ModelError, match="reinstall"):
        BuiltinModel(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        BuiltinModel(tmp_path)


def test_the_model_leaves_no_trace_of_its_use_in_the_home_folder(tmp_path: Path) -> None:
    code = "from knowreason.models.builtin import BuiltinModel; BuiltinModel().entail([('Rain fell.', 'It rained.')])"
    named = ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "TMPDIR")
    told = {k: v for k, v in os.environ.items() if k not in ("ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS")}
    told |= dict.fromkeys(named, str(tmp_path))
    subprocess.run([sys.executable, "-c", code], env=told, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []
