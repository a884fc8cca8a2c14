"""The light runtime: one step of an event model in ONNX Runtime.

The graph of a bundle declares its weights but does not hold them. Each is an initializer,
mostly of float16, with external data, named as in ``weights.safetensors``; the session hands the
arrays over when it opens (``SessionOptions.add_external_initializers``, tried with ONNX
Runtime 1.31), so each number stands once in the bundle. A graph is made so::

    weight = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT16,
                              dims=array.shape, data_location=onnx.TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="weights.safetensors")
    weight.external_data.add(key="offset", value="0")
    weight.external_data.add(key="length", value=str(array.nbytes))

and a ``Cast`` to float32 follows it, which ONNX Runtime folds when it opens the graph. It
refuses a graph when an array is missing or has another shape. The bundle's card holds the
hash of both files, so the pair cannot be mixed up. Small constants may stay in the graph.

A matrix may be of int8. ``MatMulInteger`` then takes it as it is; the other factor is rounded
row by row (``DynamicQuantizeLinear`` would round the whole batch with one scale), and sums of
whole numbers are exact, so a row does not depend on the others.

Inputs are ``inputs`` (batch, input_size) and ``state.0``, ``state.1`` ... (batch, ...);
outputs are ``logits`` (batch, num_classes) and ``next.0``, ``next.1`` ... of the same shapes
as the states. All are float32; only the first axis may be of unknown size.

A step is one plain ``run`` with a dictionary of arrays. With 2x128 cells at batch 1 on one
core this takes 24 us, bound and preallocated buffers 19 us, ``run_with_ort_values`` 51 us;
bound buffers would overwrite earlier states, which beam search and priming keep, so the
5 us are the price of states that are values.
"""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from solferino.errors import BundleError

State = tuple[NDArray[np.float32], ...]


@final
class StepSession:
    """Runs a model one event at a time, on one thread, for a whole batch.

    The result for a row does not depend on the other rows of the batch.

    Parameters
    ----------
    graph : bytes
        An ONNX graph as the module describes it.
    weights : mapping of str to ndarray
        The arrays of all its external initializers.

    Raises
    ------
    BundleError
        If the graph cannot be loaded, or is not the graph of a step.
    """

    def __init__(self, graph: bytes, weights: Mapping[str, NDArray[Any]]) -> None:
        values = [
            onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
            for array in weights.values()
        ]
        options = _session_options()
        options.add_external_initializers(list(weights), values)
        try:
            session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises a class of its own for each of its codes
            raise BundleError(
                f"the graph of the bundle cannot be loaded ({_one_line(error)}): "
                "get the bundle again, or upgrade onnxruntime"
            ) from error
        self._run = session.run
        shapes = {value.name: tuple(value.shape[1:]) for value in session.get_inputs()}
        outputs = {value.name: tuple(value.shape[1:]) for value in session.get_outputs()}
        self._state_shapes = _check_interface(shapes, outputs)
        numbers = range(len(self._state_shapes))
        self._input_names = ["inputs", *(f"state.{i}" for i in numbers)]
        self._output_names = ["logits", *(f"next.{i}" for i in numbers)]
        self.input_size = int(shapes["inputs"][0])
        self.num_classes = int(outputs["logits"][0])

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first event: zeros.

        Parameters
        ----------
        batch_size : int

        Returns
        -------
        State
            One float32 array for each state, shape (batch_size, ...).
        """
        return tuple(np.zeros((batch_size, *shape), np.float32) for shape in self._state_shapes)

    def step(self, inputs: NDArray[np.float32], state: State) -> tuple[NDArray[np.float32], State]:
        """Take in one event of every sequence.

        Parameters
        ----------
        inputs : ndarray of float32, shape (batch, input_size)
        state : State
            Of the same batch; it is not changed.

        Returns
        -------
        logits : ndarray of float32, shape (batch, num_classes)
            Of the next event.
        state : State
            To continue from.
        """
        feed = dict(zip(self._input_names, (inputs, *state), strict=True))
        logits, *following = self._run(self._output_names, feed)
        return logits, tuple(following)

    @staticmethod
    def select(state: State, rows: NDArray[np.intp]) -> State:
        """Return the state whose row k is row ``rows[k]`` of `state`."""
        return tuple(array[rows] for array in state)


def _session_options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4  # only what is fatal: errors become exceptions
    return options


def _check_interface(
    inputs: Mapping[str, tuple[Any, ...]], outputs: Mapping[str, tuple[Any, ...]]
) -> list[tuple[int, ...]]:
    """Return the shapes of the states, or raise where the graph is not that of a step."""
    states = [inputs.get(f"state.{i}") for i in range(len(inputs) - 1)]
    following = [outputs.get(f"next.{i}") for i in range(len(outputs) - 1)]
    sizes = [inputs.get("inputs"), outputs.get("logits"), *states]
    known = all(s is not None and all(isinstance(n, int) for n in s) for s in sizes)
    known &= len(sizes[0] or ()) == len(sizes[1] or ()) == 1
    if not known or len(states) != len(following) or None in following:
        raise BundleError(
            f"the graph takes {sorted(inputs)} and gives {sorted(outputs)}, not inputs and "
            "state.N, logits and next.N of known sizes: export the bundle again"
        )
    return [shape for shape in states if shape is not None]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
