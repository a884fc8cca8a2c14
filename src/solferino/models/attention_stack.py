"""Stacked LSTM whose attention lies around the whole stack, as in the first event models.

Magenta's ``attention_rnn`` of 2016 wrapped all its layers in one ``AttentionCellWrapper`` of
tf.contrib; later models, as in ``lstm.py``, only the first. The order of the gates in every
weight is input, forget, candidate, output.

References
----------
Magenta, ``models/shared/melody_rnn_graph.py``; Bahdanau, Cho, Bengio, "Neural machine
translation by jointly learning to align and translate", arXiv:1409.0473.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]


@final
@dataclass(frozen=True)
class AttentionStackConfig:
    """Size of a model with attention around its stack; stored as JSON in its bundle.

    Parameters
    ----------
    input_size : int > 0
        Width of what the model sees at each step.
    num_classes : int > 0
        Number of output classes.
    rnn_layer_sizes : sequence of int > 0
        Units of each layer.
    attn_length : int > 0
        Number of past outputs that the stack attends to.
    residual_connections : bool
        False: there are none around layers that share their attention.
    """

    input_size: int
    num_classes: int
    rnn_layer_sizes: Sequence[int] = (128, 128)
    attn_length: int = 40
    residual_connections: bool = False

    def __post_init__(self) -> None:
        """Turn a list, as JSON has it, into a tuple."""
        object.__setattr__(self, "rnn_layer_sizes", tuple(self.rnn_layer_sizes))
        sizes = (self.input_size, self.num_classes, *self.rnn_layer_sizes, self.attn_length)
        if not self.rnn_layer_sizes or min(sizes) < 1:
            raise ValueError(
                f"attention around a stack needs at least one layer and sizes of 1 or more, got "
                f"{sizes}; give for example rnn_layer_sizes=[128,128],attn_length=40"
            )
        if self.residual_connections:
            raise ValueError(
                "attention around a stack has no residual connections; leave them out, or take "
                "the model lstm"
            )


def _glorot(rows: int, columns: int) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(rows, columns)))


def _linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


@final
class StackedCell(nn.Module):
    """One layer of the stack, for one step.

    Parameters
    ----------
    input_size, units : int > 0
        Widths of the input and of the output.
    """

    def __init__(self, input_size: int, units: int) -> None:
        super().__init__()
        whole = _glorot(4 * units, input_size + units).detach()
        self.weight_ih = nn.Parameter(whole[:, :input_size].clone())
        self.weight_hh = nn.Parameter(whole[:, input_size:].clone())
        bias = torch.zeros(4 * units)
        bias[units : 2 * units] = 1.0
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor, c: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step: x of shape (batch, input_size), c and h of (batch, units)."""
        gates = nn.functional.linear(x, self.weight_ih, self.bias) + h @ self.weight_hh.t()
        i, f, g, o = gates.chunk(4, dim=1)
        c = c * f.sigmoid() + i.sigmoid() * g.tanh()
        return c, c.tanh() * o.sigmoid()


@final
class AttentionStack(nn.Module):
    """A stack of LSTM cells that attends to the last outputs of the whole.

    At each step, with ``H`` the last `attn_length` outputs (zeros before the start): the
    lowest cell sees ``mix [x; context]``; ``context = softmax(score . tanh(keys H + query
    [c; h of every layer])) H``; ``output = join [h of the highest; context]``, which then
    enters the window.

    Parameters
    ----------
    input_size : int > 0
    layer_sizes : sequence of int > 0
    attn_length : int > 0
        Length of the window in steps.
    """

    def __init__(self, input_size: int, layer_sizes: Sequence[int], attn_length: int) -> None:
        super().__init__()
        units = layer_sizes[-1]
        self.attn_length = attn_length
        self.mix = _linear(input_size + units, input_size)
        widths = [input_size, *layer_sizes]
        self.cells = nn.ModuleList(map(StackedCell, widths, layer_sizes))
        self.query = _linear(2 * sum(layer_sizes), units)
        self.keys = _glorot(units, units)
        self.score = nn.Parameter(torch.empty(units).uniform_(-1, 1) * (3.0 / units) ** 0.5)
        self.join = _linear(2 * units, units)

    def forward(self, x: Tensor, state: State, keep_prob: float) -> tuple[Tensor, State]:
        """Take one step: x of shape (batch, input_size), state as `AttentionStackLstm` has it."""
        *cells, context, window, window_keys = state
        after: list[Tensor] = []
        y = self.mix(torch.cat([x, context], dim=1))
        for index, cell in enumerate(self.cells):
            c, y = cell(y, *cells[2 * index : 2 * index + 2])
            after += (c, y)
            if keep_prob < 1.0:
                y = nn.functional.dropout(y, 1.0 - keep_prob)
        query = self.query(torch.cat(after, dim=1)).unsqueeze(1)
        weights = torch.softmax(torch.tanh(window_keys + query) @ self.score, dim=1)
        context = (weights.unsqueeze(1) @ window).squeeze(1)
        output = self.join(torch.cat([y, context], dim=1))
        key = nn.functional.linear(output, self.keys)
        window = torch.cat([window[:, 1:], output.unsqueeze(1)], dim=1)
        window_keys = torch.cat([window_keys[:, 1:], key.unsqueeze(1)], dim=1)
        return output, (*after, context, window, window_keys)


@final
class AttentionStackLstm(nn.Module):
    """Predict each event of a sequence from the events before it.

    Parameters
    ----------
    config : AttentionStackConfig
    """

    def __init__(self, config: AttentionStackConfig) -> None:
        super().__init__()
        self.config = config
        self.stack = AttentionStack(config.input_size, config.rnn_layer_sizes, config.attn_length)
        self.to_logits = _linear(config.rnn_layer_sizes[-1], config.num_classes)

    def state_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each tensor of the state, without the batch.

        Returns
        -------
        tuple of tuple of int
            Per layer ``(c, h)``, then ``context, window, window_keys``.
        """
        sizes, length = self.config.rnn_layer_sizes, self.config.attn_length
        pairs = [(units,) for units in sizes for _ in range(2)]
        return (*pairs, (sizes[-1],), (length, sizes[-1]), (length, sizes[-1]))

    def initial_state(self, batch_size: int) -> State:
        """Return zeros: nothing has been heard yet."""
        zeros = self.to_logits.weight.new_zeros
        return tuple(zeros(batch_size, *shape) for shape in self.state_shapes())

    def forward(
        self, inputs: Tensor, state: State | None = None, *, keep_prob: float = 1.0
    ) -> tuple[Tensor, State]:
        """Logits of the next event at every position, and the state to continue from.

        Parameters
        ----------
        inputs : Tensor of float32, shape (batch, time, input_size)
        state : tuple of Tensors, shapes of `state_shapes` after the batch; or None
            What an earlier call returned; None starts from zeros.
        keep_prob : float in (0, 1]
            Chance of each output of each layer to be kept; less than 1 in training only.

        Returns
        -------
        tuple of Tensor of shape (batch, time, num_classes) and state
        """
        after = self.initial_state(inputs.shape[0]) if state is None else state
        outputs: list[Tensor] = []
        for x in inputs.unbind(1):
            output, after = self.stack(x, after, keep_prob)
            outputs.append(output)
        return self.to_logits(torch.stack(outputs, dim=1)), after
