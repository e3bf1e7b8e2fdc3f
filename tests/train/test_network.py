"""The network of the built-in model: an option scores alike alone and packed, and the exported graph says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowreason.models.packing import Row, collate, pack_options, pack_pair

torch = pytest.importorskip("torch")

PASSAGE = list(range(10, 22))
CLAIM = [30, 31, 32]
OPTIONS = [[60, 61], [70], [80, 81, 82]]


@pytest.fixture(scope="module")
def network() -> Any:
    from knowreason.train.network import Network, Shape

    torch.manual_seed(5)
    return Network(Shape(vocabulary=120, hidden=24, layers=2, heads=3, inner=48)).eval()


def scored(network: Any, row: Row) -> tuple[Any, Any]:
    with torch.inference_mode():
        pair, options = network(*(torch.from_numpy(part) for part in collate([row])))
    return pair.numpy()[0], options.numpy()[0]


def test_an_option_scores_alike_alone_and_beside_others(network: Any) -> None:
    together = scored(network, pack_options(PASSAGE, [60, 61], OPTIONS))[1]
    for place, option in enumerate(OPTIONS):
        alone = scored(network, pack_options(PASSAGE, [60, 61], [option]))[1]
        assert together[place] == pytest.approx(alone[0], abs=1e-5)
    assert abs(together[0] - together[1]) > 1e-3


def test_a_claim_reads_its_passage(network: Any) -> None:
    here, there = (scored(network, pack_pair(text, CLAIM))[0] for text in (PASSAGE, PASSAGE[::-1]))
    assert abs(here - there).max() > 1e-3


def test_the_exported_graph_gives_the_scores_of_the_network(network: Any, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from knowreason.train.export import write_onnx

    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    write_onnx(weights, tmp_path / "model.onnx", heads=3, quantise=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    for row in (pack_pair(PASSAGE, CLAIM), pack_options(PASSAGE, [60, 61], OPTIONS)):
        pair, options = scored(network, row)
        found = session.run(["entailment", "options"], collate([row])._asdict())
        assert found[0][0] == pytest.approx(pair, abs=1e-4)
        assert found[1][0] == pytest.approx(options, abs=1e-4)
