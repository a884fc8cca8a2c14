"""Small step graphs made by hand, as an exporter makes large ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from safetensors.numpy import save

from solferino.bundles.bundle import write_bundle
from solferino.bundles.card import Card
from solferino.representations.representation import Representation

Weights = dict[str, NDArray[np.float16]]
Graph = tuple[bytes, Weights]


def table_graph(logits: NDArray[np.float64]) -> Graph:
    """A model without memory: row i of the table are the logits after event i, one-hot."""
    weights = {"table": logits.astype(np.float16)}
    nodes = [
        helper.make_node("Cast", ["table"], ["table32"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["inputs", "table32"], ["logits"]),
    ]
    inputs, outputs = [_value("inputs", len(logits))], [_value("logits", logits.shape[1])]
    return _model(nodes, inputs, outputs, weights), weights


def lstm_graph(
    input_size: int, num_classes: int, layer_sizes: Sequence[int] = (8, 8), seed: int = 0
) -> Graph:
    """Stacked LSTM cells with random weights; states are c and h of each layer."""
    random = np.random.default_rng(seed)
    weights, nodes = {}, []
    inputs, outputs = [_value("inputs", input_size)], [_value("logits", num_classes)]
    below, width = "inputs", input_size
    for layer, size in enumerate(layer_sizes):
        weights |= _matrix(random, f"cell{layer}", width + size, 4 * size)
        nodes += _cast(f"cell{layer}") + _cell(layer, below)
        for name in (f"state.{2 * layer}", f"state.{2 * layer + 1}"):
            inputs.append(_value(name, size))
            outputs.append(_value(name.replace("state", "next"), size))
        below, width = f"next.{2 * layer + 1}", size
    weights |= _matrix(random, "out", width, num_classes)
    nodes += [*_cast("out"), helper.make_node("Gemm", [below, "out.w32", "out.b32"], ["logits"])]
    return _model(nodes, inputs, outputs, weights), weights


def write_toy_bundle(path: Path, representation: Representation, graph: Graph) -> Card:
    """Write a bundle of a representation and a graph."""
    card = Card(
        name=path.stem,
        makes="melodies",
        representation={"name": representation.name, "options": dict(representation.options)},
        model={"name": "lstm", "config": {}},
    )
    return write_bundle(path, card, {"step.onnx": graph[0], "weights.safetensors": save(graph[1])})


def _value(name: str, size: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])


def _matrix(random: np.random.Generator, name: str, rows: int, columns: int) -> Weights:
    matrix = random.normal(size=(rows, columns)) * 2 / np.sqrt(rows)
    return {f"{name}.w": matrix.astype(np.float16), f"{name}.b": np.zeros(columns, np.float16)}


def _cast(name: str) -> list[onnx.NodeProto]:
    parts = [f"{name}.w", f"{name}.b"]
    return [helper.make_node("Cast", [p], [f"{p}32"], to=TensorProto.FLOAT) for p in parts]


def _cell(layer: int, below: str) -> list[onnx.NodeProto]:
    """c' = sigmoid(f) c + sigmoid(i) tanh(j), h' = sigmoid(o) tanh(c')."""
    names = {"c": f"state.{2 * layer}", "h": f"state.{2 * layer + 1}", "x": below}
    names |= {"next_c": f"next.{2 * layer}", "next_h": f"next.{2 * layer + 1}"}
    names |= {"w": f"cell{layer}.w32", "b": f"cell{layer}.b32"}
    steps = [
        ("Concat", "x h", "xh", {"axis": 1}),
        ("Gemm", "xh w b", "gates", {}),
        ("Split", "gates", "i j f o", {"axis": 1, "num_outputs": 4}),
        *[("Sigmoid", gate, f"s{gate}", {}) for gate in "ifo"],
        ("Tanh", "j", "tj", {}),
        ("Mul", "si tj", "new", {}),
        ("Mul", "sf c", "old", {}),
        ("Add", "new old", "next_c", {}),
        ("Tanh", "next_c", "tc", {}),
        ("Mul", "so tc", "next_h", {}),
    ]

    def local(words: str) -> list[str]:
        return [names.get(word, f"{word}.{layer}") for word in words.split()]

    return [helper.make_node(op, local(a), local(b), **given) for op, a, b, given in steps]


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: Weights,
) -> bytes:
    initializers = [_external(name, array) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "step", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def _external(name: str, array: NDArray[np.float16]) -> onnx.TensorProto:
    tensor = onnx.TensorProto(
        name=name,
        data_type=TensorProto.FLOAT16,
        dims=array.shape,
        data_location=TensorProto.EXTERNAL,
    )
    tensor.external_data.add(key="location", value="weights.safetensors")
    tensor.external_data.add(key="offset", value="0")
    tensor.external_data.add(key="length", value=str(array.nbytes))
    return tensor
