"""Weights to the shipped ONNX file, written node by node: no exporter stands between network and graph.

Matrices are int8 with one scale for each output column and are dequantised before their product; the word
table is int8 with one scale for each row and only the rows that a text needs are dequantised. Activations
stay fp32, so a score cannot depend on what stands beside it in a batch.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowreason.train.start import Arrays, round_rows

OPSET = 17
EPSILON = 1e-12
HIDE = -1e4
INPUTS = ("ids", "types", "positions", "blocks")


class Graph:
    """Nodes and constants of a graph under construction; every method returns the name of its output."""

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], quantise: bool) -> None:
        self.weights, self.quantise = weights, quantise
        self.nodes: list[Any] = []
        self.constants: dict[str, npt.NDArray[Any]] = {}

    def node(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Append a node with one output and return that output's name."""
        from onnx import helper

        output = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: Any, kind: Any = np.float32) -> str:
        """A named constant; the same name is stored once."""
        self.constants.setdefault(name, np.asarray(value, kind))
        return name

    def linear(self, states: str, name: str) -> str:
        """states @ W.T + b, the matrix in int8 with one scale for each output."""
        matrix = np.ascontiguousarray(self.weights[f"{name}.weight"].T)
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        if not self.quantise:
            return self.node("Add", self.node("MatMul", states, self.constant(f"{name}.w", matrix)), bias)
        whole, scale = round_rows(matrix, axis=1)
        stored = self.constant(f"{name}.w8", whole, np.int8)
        scales = self.constant(f"{name}.scale", scale)
        zero = self.constant(f"{name}.zero", np.zeros(len(scale)), np.int8)
        restored = self.node("DequantizeLinear", stored, scales, zero, axis=1)
        return self.node("Add", self.node("MatMul", states, restored), bias)

    def rows(self, name: str, indices: str) -> str:
        """Rows of an embedding table, int8 with one scale for each row."""
        table = self.weights[f"{name}.weight"]
        if not self.quantise:
            return self.node("Gather", self.constant(f"{name}.table", table), indices)
        whole, scale = round_rows(table)
        picked = self.node("Gather", self.constant(f"{name}.table8", whole, np.int8), indices)
        scales = self.node("Gather", self.constant(f"{name}.scale", scale[:, None]), indices)
        return self.node("Mul", self.node("Cast", picked, to=1), scales)

    def norm(self, states: str, name: str) -> str:
        """Layer normalisation over the last axis."""
        parts = [self.constant(f"{name}.{p}", self.weights[f"{name}.{p}"]) for p in ("weight", "bias")]
        return self.node("LayerNormalization", states, *parts, axis=-1, epsilon=EPSILON)

    def gelu(self, states: str) -> str:
        """x/2 * (1 + erf(x / sqrt 2)), the exact form."""
        root = self.constant("root_two", math.sqrt(2.0))
        grown = self.node("Add", self.node("Erf", self.node("Div", states, root)), self.constant("one", 1.0))
        return self.node("Mul", self.node("Mul", states, grown), self.constant("half", 0.5))


def write_onnx(weights: Arrays, path: Path, *, heads: int = 12, quantise: bool = True) -> None:
    """Write the two-headed graph with these weights to `path`; fp32 matrices with `quantise=False`."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = Graph(weights, quantise)
    states = _encoder(graph, heads)
    _pair_head(graph, states)
    _option_head(graph, states)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "width"]) for name in INPUTS]
    inputs.append(helper.make_tensor_value_info("slots", TensorProto.INT64, ["options"]))
    outputs = [
        helper.make_tensor_value_info("entailment", TensorProto.FLOAT, ["rows", 3]),
        helper.make_tensor_value_info("options", TensorProto.FLOAT, ["rows", "options"]),
    ]
    stored = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    body = helper.make_graph(graph.nodes, "knowreason", inputs, outputs, stored)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _encoder(graph: Graph, heads: int) -> str:
    words = graph.rows("words", "ids")
    placed = graph.node("Add", words, graph.rows("places", "positions"))
    states = graph.norm(graph.node("Add", placed, graph.rows("kinds", "types")), "norm")
    bias = _mask(graph)
    layers = 1 + max(int(name.split(".")[1]) for name in graph.weights if name.startswith("layers."))
    for layer in range(layers):
        states = _layer(graph, states, bias, f"layers.{layer}", heads)
    return states


def _mask(graph: Graph) -> str:
    """0 where a query may see a key, `HIDE` elsewhere: [rows, 1, width, width]."""
    zero = graph.constant("zero_id", 0, np.int64)
    query = graph.node("Unsqueeze", "blocks", graph.constant("axis_2", [2], np.int64))
    key = graph.node("Unsqueeze", "blocks", graph.constant("axis_1", [1], np.int64))
    own = graph.node("And", graph.node("Equal", query, key), graph.node("Greater", key, zero))
    seen = graph.node("Or", graph.node("Equal", key, zero), own)
    bias = graph.node("Where", seen, graph.constant("shown", 0.0), graph.constant("hidden", HIDE))
    return graph.node("Unsqueeze", bias, "axis_1")


def _layer(graph: Graph, states: str, bias: str, name: str, heads: int) -> str:
    hidden = graph.weights[f"{name}.query.weight"].shape[0]
    split = graph.constant("split_heads", [0, 0, heads, hidden // heads], np.int64)
    query, key, value = (
        graph.node("Reshape", graph.linear(states, f"{name}.{part}"), split) for part in ("query", "key", "value")
    )
    query = graph.node("Transpose", query, perm=[0, 2, 1, 3])
    key = graph.node("Transpose", key, perm=[0, 2, 3, 1])
    value = graph.node("Transpose", value, perm=[0, 2, 1, 3])
    scale = graph.constant("head_scale", 1.0 / math.sqrt(hidden / heads))
    scores = graph.node("Add", graph.node("Mul", graph.node("MatMul", query, key), scale), bias)
    mixed = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), value)
    joined = graph.node("Transpose", mixed, perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", joined, graph.constant("join_heads", [0, 0, hidden], np.int64))
    states = graph.norm(graph.node("Add", states, graph.linear(joined, f"{name}.output")), f"{name}.attention_norm")
    inner = graph.linear(graph.gelu(graph.linear(states, f"{name}.up")), f"{name}.down")
    return graph.norm(graph.node("Add", states, inner), f"{name}.norm")


def _pair_head(graph: Graph, states: str) -> None:
    zero, one = "zero_id", graph.constant("one_id", 1, np.int64)
    context = graph.node("Equal", "blocks", zero)
    first = _mean(graph, states, graph.node("And", context, graph.node("Equal", "types", zero)))
    second = _mean(graph, states, graph.node("And", context, graph.node("Equal", "types", one)))
    apart = graph.node("Abs", graph.node("Sub", first, second))
    both = graph.node("Mul", first, second)
    features = graph.node("Concat", _opening(graph, states), second, both, apart, axis=-1)
    hidden = graph.gelu(graph.linear(features, "pair_in"))
    graph.node("Identity", graph.linear(hidden, "pair_out"), name="entailment")


def _option_head(graph: Graph, states: str) -> None:
    axis_1, axis_2 = "axis_1", "axis_2"
    slots = graph.node("Unsqueeze", "slots", graph.constant("axes_0_2", [0, 2], np.int64))
    inside = graph.node("Equal", graph.node("Unsqueeze", "blocks", axis_1), slots)
    options = _mean(graph, states, inside, many=True)
    context = graph.node("Unsqueeze", _mean(graph, states, graph.node("Equal", "blocks", "zero_id")), axis_1)
    opening = graph.node("Unsqueeze", _opening(graph, states), axis_1)
    opening = graph.node("Expand", opening, graph.node("Shape", options))
    features = graph.node("Concat", options, graph.node("Mul", options, context), opening, axis=-1)
    learned = graph.linear(graph.gelu(graph.linear(features, "option_in")), "option_out")
    learned = graph.node("Squeeze", learned, axis_2)
    near = graph.node("Mul", _cosine(graph, options, context), graph.constant("close", graph.weights["closeness"]))
    known = graph.node("ReduceMax", graph.node("Cast", inside, to=1), axes=[-1], keepdims=0)
    graph.node("Mul", graph.node("Add", learned, near), known, name="options")


def _opening(graph: Graph, states: str) -> str:
    """The state of the first token of each row."""
    return graph.node("Gather", states, graph.constant("zero_id", 0, np.int64), axis=1)


def _mean(graph: Graph, states: str, chosen: str, *, many: bool = False) -> str:
    """Mean of the chosen positions: [rows, H], or [rows, K, H] with `many`; zeros where none is chosen."""
    weights = graph.node("Cast", chosen, to=1)
    spread = weights if many else graph.node("Unsqueeze", weights, "axis_1")
    total = graph.node("MatMul", spread, states)
    counted = graph.node("ReduceSum", spread, graph.constant("axis_last", [-1], np.int64), keepdims=1)
    mean = graph.node("Div", total, graph.node("Max", counted, graph.constant("one", 1.0)))
    return mean if many else graph.node("Squeeze", mean, "axis_1")


def _cosine(graph: Graph, left: str, right: str) -> str:
    last = graph.constant("axis_last", [-1], np.int64)
    product = graph.node("ReduceSum", graph.node("Mul", left, right), last, keepdims=0)
    norms = [graph.node("ReduceL2", side, axes=[-1], keepdims=0) for side in (left, right)]
    floor = graph.constant("cosine_floor", 1e-6)
    sizes = [graph.node("Max", norm, floor) for norm in norms]
    return graph.node("Div", product, graph.node("Mul", *sizes))
