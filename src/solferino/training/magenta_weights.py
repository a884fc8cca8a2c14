"""Variables of Magenta's event models, by whichever names, to the weights of ours.

TensorFlow named the same variables in three ways: ``RNN/MultiRNNCell/Cell0/BasicLSTMCell/
Linear/Matrix`` until 0.12, ``rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights`` in 1.0 and
1.1, and ``.../kernel`` since 1.2. The gates of a ``BasicLSTMCell`` stand in the order input,
candidate, forget, output, and 1 is added to the forget gate as it runs; ours stand in
PyTorch's order, with that 1 in the bias. Kernels are transposed.

References
----------
TensorFlow 1, ``contrib/rnn/python/tools/checkpoint_convert.py`` (names),
``python/ops/rnn_cell_impl.py`` and ``contrib/rnn/python/ops/rnn_cell.py`` (cells);
Magenta, ``models/shared/events_rnn_graph.py``.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from solferino.bundles.tensorflow_tensors import Tensors
from solferino.errors import BundleError
from solferino.models.registry import EventModel, build_model
from solferino.models.rnn_nade import FIRST_PITCH

Arrays = dict[str, NDArray[np.float32]]

STEP = "global_step"

_RENAMES = tuple(
    (re.compile(old), new)
    for old, new in (
        (r"^RNN/", "rnn/"),
        (r"\bMultiRNNCell\b", "multi_rnn_cell"),
        (r"\bCell(\d+)\b", r"cell_\1"),
        (r"\bBasicLSTMCell\b", "basic_lstm_cell"),
        (r"\bAttentionCellWrapper\b", "attention_cell_wrapper"),
        (r"\bAttnOutputProjection\b", "attn_output_projection"),
        (r"\bAttention\b", "attention"),
        (r"\bAttnW$", "attn_w"),
        (r"\bAttnV$", "attn_v"),
        (r"/(Linear/Matrix|weights)$", "/kernel"),
        (r"/(Linear/Bias|biases)$", "/bias"),
        (r"^(cudnn_lstm/rnn|rnn|decoder)/", ""),
        (r"\binput_projection_wrapper/(kernel|bias)$", r"projection/\1"),
        (r"\binput_projection_wrapper/", ""),
    )
)
_OF_THE_NETWORK = re.compile(r"(multi_rnn_cell|attention_cell_wrapper|fully_connected|dense|nade)/")
_OF_THE_OPTIMIZER = re.compile(r"/(Adam|Momentum|RMSProp|ExponentialMovingAverage)(_\d+)?$")
_CELL = re.compile(r"(attention_cell_wrapper/)?multi_rnn_cell/cell_(\d+)/")

_BASIC, _CUDNN = "basic_lstm_cell", "cudnn_compatible_lstm_cell"
_FORGET_BIAS = {_BASIC: 1.0, _CUDNN: 0.0}
_ATTENTION = "attention_cell_wrapper"
_ENCODE, _DECODE = "nade/w_enc", "nade/w_dec_t"


class Network(NamedTuple):
    """What variables say of a network.

    Parameters
    ----------
    input_size, num_classes : int
        Of our representation: an RNN-NADE sees and predicts events, Magenta's frames.
    rnn_layer_sizes : tuple of int
    attends : {"", "layer", "stack"}
        Where its attention lies: nowhere, around the first layer, around all layers.
    residual_connections : bool
    nade_units : int
        Hidden units of its NADE; 0 if it has none.
    """

    input_size: int
    num_classes: int
    rnn_layer_sizes: tuple[int, ...]
    attends: str
    residual_connections: bool
    nade_units: int

    @property
    def model_name(self) -> str:
        """Name of the model in our registry."""
        if self.nade_units:
            return "rnn_nade"
        return "attention_stack" if self.attends == "stack" else "lstm"


def plain_name(name: str) -> str:
    """Return the name of a variable that all versions of TensorFlow share, for this module."""
    for old, new in _RENAMES:
        name = old.sub(new, name)
    return name


def is_of_the_network(name: str) -> bool:
    """Whether a variable is a weight, or the count of training steps."""
    plain = plain_name(name)
    is_weight = _OF_THE_NETWORK.match(plain) and not _OF_THE_OPTIMIZER.search(name)
    return name == STEP or bool(is_weight)


@final
class MagentaWeights:
    """The variables of one network.

    Parameters
    ----------
    tensors : dict of str to ndarray
        By their names in TensorFlow; see `is_of_the_network`.
    place : str
        What the messages call the file.

    Raises
    ------
    BundleError
        If variables are missing, do not fit together, or are not of an event model.
    """

    def __init__(self, tensors: Tensors, place: str) -> None:
        if STEP in tensors and tensors[STEP].dtype.kind != "i":
            raise BundleError(f"{place} is damaged: its {STEP} is no whole number; get it again")
        self._names = {plain_name(name): name for name in tensors if name != STEP}
        self._tensors, self._place = tensors, place
        self._used: set[str] = set()
        self.steps = int(tensors[STEP].flat[0]) if STEP in tensors else 0
        self._has_nade = _ENCODE in self._names
        self._stack = f"{_ATTENTION}/" if f"{_ATTENTION}/kernel" in self._names else ""
        found = (_CELL.match(name) for name in self._names)
        self._num_layers = 1 + max((int(m[2]) for m in found if m), default=-1)
        if not self._num_layers:
            raise BundleError(
                f"{place} has no variables of an event model: it holds another kind of network, "
                "which cannot be imported"
            )
        self.network = self._network()

    def _network(self) -> Network:
        layers = [self._cell(index) for index in range(self._num_layers)]
        residual = "multi_rnn_cell/cell_0/projection/kernel" in self._names
        width = layers[0]["weight_ih"].shape[1]
        if residual:
            width = self._matrix("multi_rnn_cell/cell_0/projection/kernel").shape[1]
        nade_units = 0
        if self._has_nade:
            num_pitches, nade_units = self._flat(_ENCODE).shape
            sizes = num_pitches + FIRST_PITCH, num_pitches + FIRST_PITCH
        else:
            sizes = width, self._matrix("fully_connected/kernel").shape[0]
        return Network(
            *sizes,
            tuple(layer["weight_hh"].shape[1] for layer in layers),
            "stack" if self._stack else "layer" if self._inner(0) else "",
            residual,
            nade_units,
        )

    def model(self, attn_length: int) -> EventModel:
        """Build the network with these weights.

        Parameters
        ----------
        attn_length : int
            How many outputs its attention looks back on, if it has one: no variable says it.

        Returns
        -------
        EventModel

        Raises
        ------
        BundleError
            If a variable has a shape that does not fit, or is not known.
        """
        config = self.network._asdict()
        config["attn_length"] = attn_length if config.pop("attends") else 0
        if not self._has_nade:
            del config["nade_units"]
        model = build_model(self.network.model_name, config)
        weights = self._nade_weights() if self._has_nade else self._weights("fully_connected")
        unknown = sorted(set(self._names) - self._used)
        if unknown:
            raise BundleError(
                f"{self._place} has the variable {self._names[unknown[0]]}, which no event model "
                "that can be imported has"
            )
        self._check_shapes(model, weights)
        model.load_state_dict({key: torch.tensor(array) for key, array in weights.items()})
        return model

    def _nade_weights(self) -> Arrays:
        """Return the weights of an RNN-NADE, whose network gives visible biases first."""
        weights, units = self._weights("dense"), self.network.nade_units
        for name in ("to_logits.weight", "to_logits.bias"):
            weights[name] = np.roll(weights[name], -units, axis=0)
        nade = {"nade.encode": self._flat(_ENCODE), "nade.decode": self._flat(_DECODE)}
        return _named("rnn.", weights) | nade

    def _weights(self, last: str) -> Arrays:
        weights = _named("to_logits.", self._linear(last))
        if self._stack:
            weights |= _named("stack.", self._attention(_ATTENTION))
        for index in range(self._num_layers):
            place = f"multi_rnn_cell/cell_{index}"
            layer, cell = f"layers.{index}.", self._cell(index)
            if self._stack:
                layer = f"stack.cells.{index}."
            elif self._inner(index):
                weights |= _named(layer, self._attention(f"{place}/{_ATTENTION}"))
                layer += "cell."
            weights |= _named(layer, cell)
            if f"{place}/projection/kernel" in self._names:
                weights |= _named(f"projections.{index}.", self._linear(f"{place}/projection"))
        return weights

    def _check_shapes(self, model: EventModel, weights: Arrays) -> None:
        expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        found = {name: array.shape for name, array in weights.items()}
        for name in sorted(expected.keys() | found.keys()):
            if found.get(name) != expected.get(name):
                raise BundleError(
                    f"{self._place} is damaged, or no event model: its {name} has shape "
                    f"{found.get(name)} and needs {expected.get(name)}; get it again"
                )

    def _array(self, plain: str) -> NDArray[np.float32]:
        if plain not in self._names:
            raise BundleError(
                f"{self._place} has no variable {plain}: it is not a whole event model; "
                "get it again"
            )
        self._used.add(plain)
        return np.asarray(self._tensors[self._names[plain]], np.float32)

    def _flat(self, plain: str) -> NDArray[np.float32]:
        """Return an array of a NADE as a matrix, pitches first."""
        array = self._array(plain)
        if array.ndim != 3 or 1 not in array.shape[1:]:
            raise self._unfit(plain, "is no matrix")
        return array.reshape(len(array), -1)

    def _matrix(self, plain: str) -> NDArray[np.float32]:
        """Return a kernel as PyTorch has it, outputs first."""
        array = self._array(plain)
        while array.ndim > 2 and array.shape[0] == 1:
            array = array[0]
        if array.ndim != 2:
            raise self._unfit(plain, "is no matrix")
        return np.ascontiguousarray(array.T)

    def _linear(self, place: str) -> Arrays:
        return {"weight": self._matrix(f"{place}/kernel"), "bias": self._array(f"{place}/bias")}

    def _attention(self, place: str) -> Arrays:
        return {
            **_named("mix.", self._linear(place)),
            **_named("query.", self._linear(f"{place}/attention")),
            **_named("join.", self._linear(f"{place}/attn_output_projection")),
            "keys": self._matrix(f"{place}/attention/attn_w"),
            "score": self._array(f"{place}/attention/attn_v"),
        }

    def _inner(self, index: int) -> str:
        """Return what stands between the name of a layer and that of its cell."""
        kernel = f"multi_rnn_cell/cell_{index}/{_ATTENTION}/kernel"
        return f"{_ATTENTION}/" if kernel in self._names else ""

    def _cell(self, index: int) -> Arrays:
        place = f"{self._stack}multi_rnn_cell/cell_{index}/{self._inner(index)}"
        kind = _CUDNN if f"{place}{_CUDNN}/kernel" in self._names else _BASIC
        kernel = self._matrix(f"{place}{kind}/kernel")
        bias = self._array(f"{place}{kind}/bias").copy()
        units, rest = divmod(kernel.shape[0], 4)
        if rest or bias.shape != kernel.shape[:1] or kernel.shape[1] <= units:
            raise self._unfit(f"{place}{kind}/kernel", f"does not fit a bias of {bias.shape}")
        bias[2 * units : 3 * units] += _FORGET_BIAS[kind]
        kernel, bias = (_in_our_order(array, units) for array in (kernel, bias))
        inputs = kernel.shape[1] - units
        return {"weight_ih": kernel[:, :inputs], "weight_hh": kernel[:, inputs:], "bias": bias}

    def _unfit(self, plain: str, what: str) -> BundleError:
        shape = self._array(plain).shape
        return BundleError(
            f"{self._place} is damaged: {self._names[plain]} has shape {shape} and {what}; "
            "get it again"
        )


def _in_our_order(gates: NDArray[np.float32], units: int) -> NDArray[np.float32]:
    """Reorder input, candidate, forget, output to input, forget, candidate, output."""
    i, j, f, o = (gates[k * units : (k + 1) * units] for k in range(4))
    return np.concatenate([i, f, j, o])


def _named(prefix: str, arrays: Mapping[str, NDArray[np.float32]]) -> Arrays:
    return {prefix + name: array for name, array in arrays.items()}
