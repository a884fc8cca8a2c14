"""Magenta's networks in numpy: random variables, their three namings, their probabilities.

Written from the formulas of tf.nn.rnn_cell.BasicLSTMCell, tf.contrib.rnn.AttentionCellWrapper,
ResidualWrapper and InputProjectionWrapper, in double precision; no code of ours takes part.
"""

import re

import numpy as np

RENAMES = (
    ("attn_output_projection", "AttnOutputProjection"),
    ("attention_cell_wrapper", "AttentionCellWrapper"),
    ("/attention/", "/Attention/"),
    ("attn_w", "AttnW"),
    ("attn_v", "AttnV"),
    ("multi_rnn_cell", "MultiRNNCell"),
    ("basic_lstm_cell", "BasicLSTMCell"),
)


def linear_shapes(place, inputs, outputs):
    return {f"{place}/kernel": (inputs, outputs), f"{place}/bias": (outputs,)}


def shapes(inputs, classes, sizes, attends="", residual=False, cell="basic_lstm_cell"):
    """Shapes of the variables, by their names since TensorFlow 1.2."""
    found, width, top = {}, inputs, sizes[-1]

    def attention(place, width, units, states):
        found.update(linear_shapes(place, width + units, width))
        found.update(linear_shapes(f"{place}/attention", states, units))
        found.update(linear_shapes(f"{place}/attn_output_projection", 2 * units, units))
        found[f"{place}/attention/attn_w"] = (1, 1, units, units)
        found[f"{place}/attention/attn_v"] = (units,)

    root = "rnn/"
    if attends == "stack":
        root = "rnn/attention_cell_wrapper/"
        attention(root[:-1], inputs, top, 2 * sum(sizes))
    for index, units in enumerate(sizes):
        place = f"{root}multi_rnn_cell/cell_{index}"
        if residual and (index == 0 or units != width):
            place += "/input_projection_wrapper"
            found.update(linear_shapes(place, width, units))
            width = units
        if attends == "layer" and index == 0:
            place += "/attention_cell_wrapper"
            attention(place, width, units, 2 * units)
        found.update(linear_shapes(f"{place}/{cell}", width + units, 4 * units))
        width = units
    return found | {
        "fully_connected/weights": (top, classes),
        "fully_connected/biases": (classes,),
    }


def variables(*sizes, seed=0, **options):
    """Random variables of a network, which float16 can hold, plus 1 too; see `shapes`."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes(*sizes, **options).items():
        deviation = 1.5 / np.sqrt(1 + sum(shape[-2:]) * (len(shape) > 1 and "fully" not in name))
        found[name] = (np.round(rng.normal(0, deviation, shape) * 128) / 128).astype(np.float32)
    return found


def named_as_in(version, name):
    """The name that a variable had in TensorFlow 0.11, 1.0 or 1.2."""
    if version == "1.2" or name.startswith(("fully", "global")):
        return name
    if version == "1.0":
        return name.replace("/kernel", "/weights").replace("/bias", "/biases")
    name = name.replace("/kernel", "/Linear/Matrix").replace("/bias", "/Linear/Bias")
    for new, old in RENAMES:
        name = name.replace(new, old)
    return "RNN/" + re.sub(r"cell_(\d)", r"Cell\1", name).removeprefix("rnn/")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def nade_variables(pitches, sizes, units, attends=""):
    """Random variables of an RNN-NADE: a network that gives biases, hidden ones first."""
    found = variables(pitches, units + pitches, sizes, attends=attends)
    found["rnn/dense/kernel"] = found.pop("fully_connected/weights")
    found["rnn/dense/bias"] = found.pop("fully_connected/biases")
    found = {name.replace("rnn/", "decoder/", 1): array for name, array in found.items()}
    rng = np.random.default_rng(9)
    for name, shape in (("w_enc", (pitches, 1, units)), ("w_dec_t", (pitches, units, 1))):
        found[f"nade/{name}"] = (rng.integers(-128, 129, shape) / 128).astype(np.float32)
    return found


def log_probabilities_of_frames(tensors, frames, attn_length=0):
    """Of each frame of 0 and 1 by pitch after those before it, by the formulas of a NADE."""
    v = {name.replace("decoder/", "rnn/"): array for name, array in tensors.items()}
    network, found = Network(v, attn_length), []
    encode, decode = v["nade/w_enc"][:, 0].astype(float), v["nade/w_dec_t"][:, :, 0].astype(float)
    before = np.zeros(len(encode))
    for frame in frames:
        biases = network.linear("rnn/dense", network.stack("rnn", before)[0])
        hidden, visible = biases[: encode.shape[1]], biases[encode.shape[1] :]
        total = 0.0
        for pitch, sounds in enumerate(frame):
            p = sigmoid(visible[pitch] + decode[pitch] @ sigmoid(hidden))
            total += np.log(p if sounds else 1 - p)
            hidden = hidden + sounds * encode[pitch]
        found.append(total)
        before = frame
    return np.array(found)


class Network:
    """One sequence through the formulas, step by step."""

    def __init__(self, tensors, attn_length=0, forget_bias=1.0):
        self.v = {name: array.astype(float) for name, array in tensors.items()}
        self.length, self.forget_bias, self.memory = attn_length, forget_bias, {}

    def remembered(self, key, *shape):
        return self.memory.get(key, np.zeros(shape))

    def linear(self, place, *parts):
        return np.concatenate(parts) @ self.v[f"{place}/kernel"] + self.v[f"{place}/bias"]

    def cell(self, place, x):
        units = len(self.v[f"{place}/bias"]) // 4
        c, h = self.remembered((place, "c"), units), self.remembered((place, "h"), units)
        i, j, f, o = np.split(self.linear(place, x, h), 4)
        c = c * sigmoid(f + self.forget_bias) + sigmoid(i) * np.tanh(j)
        h = np.tanh(c) * sigmoid(o)
        self.memory[place, "c"], self.memory[place, "h"] = c, h
        return h, [c, h]

    def attending(self, place, x, inner):
        key, value = self.v[f"{place}/attention/attn_w"][0, 0], self.v[f"{place}/attention/attn_v"]
        units = len(value)
        context = self.remembered((place, "context"), units)
        window = self.remembered((place, "window"), self.length, units)
        h, states = inner(self.linear(place, x, context))
        query = self.linear(f"{place}/attention", *states)
        scores = np.exp(np.tanh(window @ key + query) @ value)
        context = scores / scores.sum() @ window
        output = self.linear(f"{place}/attn_output_projection", h, context)
        self.memory[place, "context"] = context
        self.memory[place, "window"] = np.vstack([window[1:], output])
        return output, states

    def layer(self, place, x):
        residual = any("input_projection_wrapper" in name for name in self.v)
        if f"{place}/input_projection_wrapper/kernel" in self.v:
            place += "/input_projection_wrapper"
            x = self.linear(place, x)
        kind = "cudnn_compatible_lstm_cell" if self.forget_bias == 0 else "basic_lstm_cell"
        inner = f"{place}/attention_cell_wrapper"
        if f"{inner}/kernel" in self.v:
            y, states = self.attending(inner, x, lambda x: self.cell(f"{inner}/{kind}", x))
        else:
            y, states = self.cell(f"{place}/{kind}", x)
        return (x + y if residual else y), states

    def stack(self, root, x):
        states, index = [], 0
        while any(name.startswith(f"{root}/multi_rnn_cell/cell_{index}/") for name in self.v):
            x, added = self.layer(f"{root}/multi_rnn_cell/cell_{index}", x)
            states, index = states + added, index + 1
        return x, states

    def probabilities(self, xs):
        """Of the classes after each of the inputs, (steps, classes)."""
        found, around = [], "rnn/attention_cell_wrapper"
        for x in xs:
            if f"{around}/kernel" in self.v:
                y, _ = self.attending(around, x, lambda x: self.stack(around, x))
            else:
                y, _ = self.stack("cudnn_lstm/rnn" if self.forget_bias == 0 else "rnn", x)
            logits = y @ self.v["fully_connected/weights"] + self.v["fully_connected/biases"]
            found.append(np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum())
        return np.array(found)
