"""The ONNX graph of one step of an event model, without its weights."""

from collections.abc import Mapping, Sequence
from typing import Any, cast, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from solferino.bundles.bundle import WEIGHTS
from solferino.bundles.int8_weights import SCALE
from solferino.models.attention_stack import AttentionStackLstm
from solferino.models.lstm import AttentionCell, EventLstm
from solferino.models.registry import EventModel
from solferino.models.rnn_nade import FIRST_PITCH, IMPOSSIBLE, RnnNade

OPSET, IR_VERSION = 17, 8  # read by every ONNX Runtime since 1.12, and in browsers

INPUT_MIDDLE = 64
INPUT_RANGE = INPUT_MIDDLE - 1
"""Inputs of a product of int8 lie in the middle +- the range: 7 bits, so that two products with
int8 weights fit into 16 bits, where processors without VNNI add them up."""
LEAST_INPUT = 1e-9
"""An input whose largest number is less than this counts as 0."""

Weights = Mapping[str, NDArray[Any]]


@final
class _Graph:
    """An ONNX graph in the making: each method adds nodes and returns a value's name."""

    def __init__(self, weights: Weights) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._weights = weights
        self._constants: dict[tuple[int, ...], str] = {}

    def op(self, kind: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; one name comes back, or a list of several."""
        first = len(self.nodes)
        names = [f"{kind.lower()}.{first}.{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def stored(self, name: str) -> str:
        """Declare a weight, whose numbers are in ``weights.safetensors``, as it is there."""
        array = self._weights[name]
        tensor = TensorProto(
            name=name,
            data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
            dims=array.shape,
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in (("location", WEIGHTS), ("offset", "0"), ("length", str(array.nbytes))):
            tensor.external_data.add(key=key, value=value)
        self.initializers.append(tensor)
        return name

    def weight(self, name: str) -> str:
        """Declare a weight as float32."""
        value = str(self.op("Cast", [self.stored(name)], to=TensorProto.FLOAT))
        if name + SCALE in self._weights:
            return str(self.op("Mul", [value, self.stored(name + SCALE)]))
        return value

    def linear(self, name: str, x: str) -> str:
        """Apply a linear layer by the name of its module."""
        return self.gemm(x, f"{name}.weight", f"{name}.bias")

    def gemm(self, x: str, name: str, *added: str) -> str:
        """Multiply with the transpose of a weight, and add a value, or a weight by its name."""
        if name + SCALE in self._weights:
            product, rest = self.int8_product(x, name), self.values(added)
            return str(self.op("Add", [product, *rest])) if rest else product
        weight = self.weight(name)
        return str(self.op("Gemm", [x, weight, *self.values(added)], transB=1))

    def values(self, names: Sequence[str]) -> list[str]:
        """Declare those of some names that are weights."""
        return [self.weight(name) if name in self._weights else name for name in names]

    def int8_product(self, x: str, name: str) -> str:
        """Multiply with the transpose of a weight in whole numbers, whose sums are exact.

        Each row of x is rounded by itself, so none depends on the others of its batch.
        """
        step = self.number(1 / INPUT_RANGE)
        middle = self.number(np.uint8(INPUT_MIDDLE))
        largest = self.op("ReduceMax", [self.op("Abs", [x])], axes=[1], keepdims=1)
        largest = self.op("Max", [largest, self.number(LEAST_INPUT)])
        rounded = self.op("QuantizeLinear", [self.op("Div", [x, largest]), step, middle])
        matrix = self.op("Transpose", [self.stored(name)])
        sums = self.op("MatMulInteger", [rounded, matrix, middle])
        value = self.op("Mul", [self.op("Cast", [sums], to=TensorProto.FLOAT), largest])
        scale = self.op("Mul", [self.op("Transpose", [self.stored(name + SCALE)]), step])
        return str(self.op("Mul", [value, scale]))

    def axes(self, *values: int) -> str:
        """Return a small constant of whole numbers."""
        if values not in self._constants:
            name = f"axes.{len(self._constants)}"
            array = np.array(values, np.int64)
            self.initializers.append(onnx.numpy_helper.from_array(array, name))
            self._constants[values] = name
        return self._constants[values]

    def cell(self, name: str, x: str, c: str, h: str) -> tuple[str, str]:
        """Add one step of an LSTM cell; return the new (c, h)."""
        from_input = self.gemm(x, f"{name}.weight_ih", f"{name}.bias")
        gates = self.gemm(h, f"{name}.weight_hh", from_input)
        parts = self.op("Split", [gates], outputs=4, axis=1)
        i, f, o = (self.op("Sigmoid", [parts[k]]) for k in (0, 1, 3))
        kept = self.op("Mul", [c, f])
        new = self.op("Mul", [i, self.op("Tanh", [parts[2]])])
        c = self.op("Add", [kept, new])
        return c, self.op("Mul", [o, self.op("Tanh", [c])])

    def attention(self, name: str, x: str, state: Sequence[str]) -> tuple[str, list[str]]:
        """Add one step of an `AttentionCell`; return its output and the new state."""
        c, h, context, window, keys = state
        mixed = self.linear(f"{name}.mix", self.op("Concat", [x, context], axis=1))
        cell = list(self.cell(f"{name}.cell", mixed, c, h))
        output, attended = self.attended(name, cell, window, keys)
        return output, [*cell, *attended]

    def stack(self, name: str, x: str, state: Sequence[str]) -> tuple[str, list[str]]:
        """Add one step of an `AttentionStack`; return its output and the new state."""
        *before, context, window, keys = state
        x = self.linear(f"{name}.mix", self.op("Concat", [x, context], axis=1))
        cells: list[str] = []
        for index in range(len(before) // 2):
            pair = before[2 * index : 2 * index + 2]
            cells += self.cell(f"{name}.cells.{index}", x, *pair)
            x = cells[-1]
        output, attended = self.attended(name, cells, window, keys)
        return output, [*cells, *attended]

    def attended(
        self, name: str, cells: Sequence[str], window: str, keys: str
    ) -> tuple[str, list[str]]:
        """Let cells, ``c, h`` of each, attend; return the output and (context, window, keys)."""
        query = self.linear(f"{name}.query", self.op("Concat", list(cells), axis=1))
        compared = self.op("Add", [keys, self.op("Unsqueeze", [query, self.axes(1)])])
        scores = self.op("MatMul", [self.op("Tanh", [compared]), self.weight(f"{name}.score")])
        weights = self.op("Unsqueeze", [self.op("Softmax", [scores], axis=-1), self.axes(1)])
        context = self.op("Squeeze", [self.op("MatMul", [weights, window]), self.axes(1)])
        output = self.linear(f"{name}.join", self.op("Concat", [cells[-1], context], axis=1))
        key = self.gemm(output, f"{name}.keys")
        return output, [context, self.pushed(window, output), self.pushed(keys, key)]

    def pushed(self, window: str, newest: str) -> str:
        """Drop the oldest row of a window and append the newest."""
        rest = self.op(
            "Slice", [window, self.axes(1), self.axes(np.iinfo(np.int64).max), self.axes(1)]
        )
        return str(self.op("Concat", [rest, self.op("Unsqueeze", [newest, self.axes(1)])], axis=1))

    def columns(self, x: str, first: int, until: int = np.iinfo(np.int64).max) -> str:
        """Take some columns of a matrix."""
        return str(self.op("Slice", [x, self.axes(first), self.axes(until), self.axes(1)]))

    def number(self, value: float | np.uint8) -> str:
        """Return a constant, float32 unless it is of uint8."""
        name = f"number.{len(self.initializers)}"
        kind = np.uint8 if isinstance(value, np.uint8) else np.float32
        self.initializers.append(onnx.numpy_helper.from_array(np.array(value, kind), name))
        return name

    def next_pitch(self, logits: str, is_open: str) -> str:
        """Log-probabilities of what comes next in a frame, as in `Nade`."""
        in_question = self.op("Cast", [is_open], to=TensorProto.FLOAT)
        silent = self.op("Mul", [self.op("Softplus", [logits]), in_question])
        passed = self.op("CumSum", [silent, self.axes(1)])
        sounds = self.op("Sub", [logits, passed])
        sounds = self.op("Where", [is_open, sounds, self.number(IMPOSSIBLE)])
        end = self.op("Neg", [self.columns(passed, -1)])
        start = self.op("Add", [self.op("Sub", [end, end]), self.number(IMPOSSIBLE)])
        return str(self.op("Concat", [end, start, sounds], axis=1))


def step_graph(model: EventModel, weights: Weights) -> bytes:
    """Return the ONNX graph of one step of a model, without its weights.

    Parameters
    ----------
    model : EventModel
    weights : mapping of str to ndarray
        Of `rounded_weights`, or `to_int8` of them; only names, types and shapes go into the
        graph. What is of int8 is multiplied in whole numbers.

    Returns
    -------
    bytes
    """
    graph, config, shapes = _Graph(weights), model.config, model.state_shapes()
    states = [f"state.{k}" for k in range(len(shapes))]
    if isinstance(model, RnnNade):
        logits, after = _through_nade(graph, model, states)
    elif isinstance(model, AttentionStackLstm):
        x, after = graph.stack("stack", "inputs", states)
        logits = graph.linear("to_logits", x)
    else:
        logits, after = _through_layers(graph, model, states, "inputs")
    ends = [logits, *after]
    names = ["logits", *(f"next.{k}" for k in range(len(shapes)))]
    graph.nodes += [
        helper.make_node("Identity", [end], [name]) for end, name in zip(ends, names, strict=True)
    ]
    proto = helper.make_graph(
        graph.nodes,
        "step",
        _values([("inputs", (config.input_size,)), *zip(states, shapes, strict=True)]),
        _values([("logits", (config.num_classes,)), *zip(names[1:], shapes, strict=True)]),
        graph.initializers,
    )
    opset = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(
        proto, opset_imports=opset, ir_version=IR_VERSION, producer_name="solferino"
    )
    return bytes(made.SerializeToString(deterministic=True))


def _through_layers(
    graph: _Graph, model: EventLstm, states: Sequence[str], x: str, prefix: str = ""
) -> tuple[str, list[str]]:
    """Add one step of every layer; return the logits and the new states."""
    rest, after = list(states), list[str]()
    for index, layer in enumerate(model.layers):
        if str(index) in model.projections:
            x = graph.linear(f"{prefix}projections.{index}", x)
        name = f"{prefix}layers.{index}"
        if isinstance(layer, AttentionCell):
            y, new = graph.attention(name, x, rest[:5])
        else:
            new = list(graph.cell(name, x, *rest[:2]))
            y = new[1]
        after += new
        rest = rest[len(new) :]
        x = graph.op("Add", [x, y]) if model.config.residual_connections else y
    return graph.linear(f"{prefix}to_logits", x), after


def _through_nade(graph: _Graph, model: RnnNade, states: Sequence[str]) -> tuple[str, list[str]]:
    """Add one step of an RNN-NADE; return the logits and the new states."""
    *before, frame, visible, hidden = states
    first = graph.op("ReduceSum", [graph.columns("inputs", 0, FIRST_PITCH), graph.axes(1)])
    is_end = graph.op("Greater", [first, graph.number(0.5)])
    pitches = graph.columns("inputs", FIRST_PITCH)
    frame = graph.op("Add", [frame, pitches])
    rnn = cast("EventLstm", model.rnn)
    biases, new = _through_layers(graph, rnn, before, frame, "rnn.")
    n_pitches = model.config.num_pitches
    after = []
    for old, value, shape in zip(before, new, rnn.state_shapes(), strict=True):
        is_new = is_end if len(shape) == 1 else graph.op("Unsqueeze", [is_end, graph.axes(2)])
        after.append(graph.op("Where", [is_new, value, old]))
    added = graph.op("MatMul", [pitches, graph.weight("nade.encode")])
    added = graph.op("Add", [hidden, added])
    visible = graph.op("Where", [is_end, graph.columns(biases, 0, n_pitches), visible])
    hidden = graph.op("Where", [is_end, graph.columns(biases, n_pitches), added])
    frame = graph.op("Where", [is_end, graph.number(0.0), frame])
    above = graph.op("Sub", [graph.op("CumSum", [pitches, graph.axes(1)]), pitches])
    is_open = graph.op("Or", [is_end, graph.op("Greater", [above, graph.number(0.5)])])
    logits = graph.gemm(graph.op("Sigmoid", [hidden]), "nade.decode", visible)
    return graph.next_pitch(logits, is_open), [*after, frame, visible, hidden]


def _values(shapes: Sequence[tuple[str, tuple[int, ...]]]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in shapes
    ]
