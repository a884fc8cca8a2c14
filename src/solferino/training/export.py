"""Checkpoint to bundle: the graph of one step, float16 weights, a card; proved equal to torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from safetensors.numpy import save as save_arrays

from solferino.bundles.bundle import STEP_GRAPH, WEIGHTS, write_bundle
from solferino.bundles.card import Card, Source
from solferino.bundles.fingerprints import FINGERPRINTS, Fingerprints
from solferino.bundles.session import StepSession
from solferino.datasets.examples import Examples, check_same_events
from solferino.errors import TrainingError
from solferino.generation.originality import fingerprints_of_examples
from solferino.models.attention_stack import AttentionStackLstm
from solferino.models.lstm import AttentionCell, EventLstm
from solferino.models.registry import EventModel, model_config
from solferino.models.rnn_nade import FIRST_PITCH, IMPOSSIBLE, RnnNade
from solferino.representations.representation import Representation
from solferino.training.baseline import baseline_figures
from solferino.training.evaluation import evaluate
from solferino.training.run import load_weights, read_run

OPSET, IR_VERSION = 17, 8  # read by every ONNX Runtime since 1.12, and in browsers
TOLERANCE = 1e-4
PROOF_STEPS = 100
PROOF_BATCHES = (1, 3)
SINGLE_STEPS_EVERY = 12

Weights = dict[str, NDArray[np.float16]]


def rounded_weights(model: torch.nn.Module) -> Weights:
    """Return the weights as float16, by the names of the parameters.

    Raises
    ------
    TrainingError
        If one is too large for float16 or not a number.
    """
    weights = {
        name: np.ascontiguousarray(value.detach().cpu().half().numpy())
        for name, value in model.state_dict().items()
    }
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise TrainingError(
                f"weight {name} does not fit into float16; train with a lower learning_rate"
            )
    return weights


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

    def weight(self, name: str) -> str:
        """Declare a weight, whose numbers are in ``weights.safetensors``, as float32."""
        array = self._weights[name]
        tensor = TensorProto(
            name=name,
            data_type=TensorProto.FLOAT16,
            dims=array.shape,
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in (("location", WEIGHTS), ("offset", "0"), ("length", str(array.nbytes))):
            tensor.external_data.add(key=key, value=value)
        self.initializers.append(tensor)
        return str(self.op("Cast", [name], to=TensorProto.FLOAT))

    def linear(self, name: str, x: str, bias: bool = True) -> str:
        """Apply a linear layer by the name of its module."""
        parts = [x, self.weight(f"{name}.weight")]
        return self.gemm(*parts, *([self.weight(f"{name}.bias")] if bias else []))

    def gemm(self, x: str, weight: str, *added: str) -> str:
        """Multiply with the transpose of a weight, and add something."""
        return str(self.op("Gemm", [x, weight, *added], transB=1))

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
        from_input = self.gemm(x, self.weight(f"{name}.weight_ih"), self.weight(f"{name}.bias"))
        gates = self.gemm(h, self.weight(f"{name}.weight_hh"), from_input)
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
        key = self.gemm(output, self.weight(f"{name}.keys"))
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

    def number(self, value: float) -> str:
        """Return a constant."""
        name = f"number.{len(self.initializers)}"
        self.initializers.append(onnx.numpy_helper.from_array(np.array(value, np.float32), name))
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
    weights : dict of str to ndarray of float16
        Of `rounded_weights`; only names and shapes go into the graph.

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
    logits = graph.gemm(graph.op("Sigmoid", [hidden]), graph.weight("nade.decode"), visible)
    return graph.next_pitch(logits, is_open), [*after, frame, visible, hidden]


def _values(shapes: Sequence[tuple[str, tuple[int, ...]]]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in shapes
    ]


@np.errstate(invalid="ignore")  # of infinities that no longer are numbers, which it tells
def prove_equal(
    model: EventModel, session: StepSession, *, steps: int = PROOF_STEPS, seed: int = 0
) -> float:
    """Compare a model with its session on random inputs, step by step.

    Small differences may grow without end in a sound model. Where the whole sequences differ,
    single steps that begin in the same state are compared instead.

    Parameters
    ----------
    model : EventModel
        With the weights as the session has them.
    session : StepSession
    steps : int
        Length of the sequence.
    seed : int

    Returns
    -------
    float
        The largest difference of two logits, at batches of 1 and of 3; for single steps that
        of logits and states, as a share of the largest beside them where that is above 1.

    Raises
    ------
    TrainingError
        If it is more than ``TOLERANCE``.
    """
    rng, largest = np.random.default_rng(seed), 0.0
    for batch in PROOF_BATCHES:
        inputs = rng.integers(-1, 2, (batch, steps, model.config.input_size)).astype(np.float32)
        with torch.no_grad():
            expected = model(torch.from_numpy(inputs))[0].numpy()
        state, states = session.initial_state(batch), []
        played = np.empty_like(expected)
        for step in range(steps):
            states.append(state)
            played[:, step], state = session.step(np.ascontiguousarray(inputs[:, step]), state)
        difference = float(np.abs(played - expected).max())
        if not difference <= TOLERANCE:
            difference = _of_single_steps(model, session, inputs, states)
        largest = float(np.maximum(largest, difference))  # which keeps what is not a number
    if not largest <= TOLERANCE:
        raise TrainingError(
            f"the exported graph differs from the model by {largest:.2g}, more than {TOLERANCE}; "
            "the bundle was not written: report this with the recipe"
        )
    return largest


def _of_single_steps(
    model: EventModel,
    session: StepSession,
    inputs: NDArray[np.float32],
    states: Sequence[tuple[NDArray[np.float32], ...]],
) -> float:
    """Return the largest difference after one of some single steps."""
    largest = 0.0
    for step in range(0, len(states), SINGLE_STEPS_EVERY):
        x = np.ascontiguousarray(inputs[:, step])
        with torch.no_grad():
            logits, after = model(
                torch.from_numpy(x).unsqueeze(1), tuple(map(torch.from_numpy, states[step]))
            )
        expected = [part.numpy() for part in (logits[:, 0], *after)]
        played, following = session.step(x, states[step])
        for a, b in zip(expected, (played, *following), strict=True):
            largest = np.maximum(largest, np.abs(a - b).max() / max(1.0, np.abs(a).max()))
    return float(largest)


def export_bundle(
    checkpoint: str | Path,
    path: str | Path,
    *,
    name: str | None = None,
    licence: str = "",
    examples: Examples | None = None,
    before: Fingerprints | None = None,
) -> Card:
    """Turn a checkpoint into a bundle.

    Parameters
    ----------
    checkpoint : path
        A file such as ``runs/1/best.pt``.
    path : path
        The bundle to write.
    name : str, optional
        Name of the bundle; that of the recipe unless given.
    licence : str
        Terms of the bundle.
    examples : Examples, optional
        Music to measure the bundle on, if it has any for evaluation; the figures of
        `evaluate` then go into the card, and those of the baseline beside them. The
        fingerprints of the training examples go into the bundle.
    before : Fingerprints, optional
        Of the bundle that the run started from; they go along.

    Returns
    -------
    Card
        As written.

    Raises
    ------
    DatasetError
        If the examples are of other events.
    TrainingError
        If the checkpoint cannot be read, or model and bundle do not agree.
    """
    model, representation, values = read_run(checkpoint)
    if examples is not None:
        check_same_events(examples, representation, "the run")
    parts = proven_parts(model)
    if examples is not None:
        parts[FINGERPRINTS] = fingerprints_of_examples(examples, before).to_bytes()
    recipe = values["recipe"]
    card = Card(
        name=name or recipe["name"],
        makes=recipe["makes"],
        description=recipe["description"],
        representation=values["representation"],
        model={"name": recipe["model"]["name"], "config": model_config(model)},
        learnt_from=tuple(
            Source(**{key: source[key] for key in ("name", "licence", "attribution", "pieces")})
            for source in values["learnt_from"]
        ),
        licence=licence,
        seed=values["seed"],
        steps=values["progress"]["step"],
        recipe=recipe,
        held_out=_held_out(model, representation, examples),
    )
    return write_bundle(path, card, parts)


def proven_parts(model: EventModel) -> dict[str, bytes]:
    """Return the parts of a bundle that plays as a model does, whose weights become float16.

    Parameters
    ----------
    model : EventModel
        Its weights are rounded in place.

    Returns
    -------
    dict of str to bytes

    Raises
    ------
    TrainingError
        If a weight does not fit into float16, or model and graph do not agree.
    """
    weights = rounded_weights(model)
    load_weights(model, weights)
    graph = step_graph(model, weights)
    prove_equal(model, StepSession(graph, weights))
    return {STEP_GRAPH: graph, WEIGHTS: save_arrays(weights)}


def _held_out(
    model: EventModel, representation: Representation, examples: Examples | None
) -> dict[str, Any]:
    """Measure a model beside the baseline, where there is music to measure on."""
    if examples is None or not len(examples.eval):
        return {}
    measured = evaluate(model, examples.eval, representation)
    return {**measured, **baseline_figures(examples, representation)}
