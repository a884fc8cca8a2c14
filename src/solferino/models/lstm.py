"""Stacked LSTM for events, with attention over the last steps of its first layer.

The cells are TensorFlow's ``BasicLSTMCell`` (one bias, 1 added to the forget gate, here as
the initial value of the bias) and the attention is that of tf.contrib's
``AttentionCellWrapper``, so weights of Magenta's event models fit. The order of the gates
in every weight is PyTorch's: input, forget, candidate, output.

References
----------
Magenta, ``models/shared/events_rnn_graph.py``; Bahdanau, Cho, Bengio, "Neural machine
translation by jointly learning to align and translate", arXiv:1409.0473.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]

SPARSE_WEIGHT = 0.5
"""Largest initial weight of an input that is mostly 0."""

CONTEXT_SHARE = 0.1
"""How much of its usual initial weight the context of an attention gets."""


@final
@dataclass(frozen=True)
class LstmConfig:
    """Size of an LSTM event model; stored as JSON in its bundle.

    Parameters
    ----------
    input_size : int > 0
        Width of what the model sees at each step.
    num_classes : int > 0
        Number of output classes.
    rnn_layer_sizes : sequence of int > 0
        Units of each layer.
    attn_length : int >= 0
        Number of past outputs that the first layer attends to; 0 is no attention.
    residual_connections : bool
        Whether each layer's input is added to its output.
    """

    input_size: int
    num_classes: int
    rnn_layer_sizes: Sequence[int] = (128, 128)
    attn_length: int = 0
    residual_connections: bool = False

    def __post_init__(self) -> None:
        """Turn a list, as JSON has it, into a tuple."""
        object.__setattr__(self, "rnn_layer_sizes", tuple(self.rnn_layer_sizes))
        sizes = (self.input_size, self.num_classes, *self.rnn_layer_sizes)
        if not self.rnn_layer_sizes or min(sizes) < 1 or self.attn_length < 0:
            raise ValueError(
                f"an LSTM needs at least one layer and sizes of 1 or more, got {sizes} and "
                f"attn_length {self.attn_length}; give for example rnn_layer_sizes=[128,128]"
            )


def _glorot(rows: int, columns: int) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(rows, columns)))


def _forget_bias(units: int) -> nn.Parameter:
    bias = torch.zeros(4 * units)
    bias[units : 2 * units] = 1.0
    return nn.Parameter(bias)


def _dropout(x: Tensor, keep_prob: float) -> Tensor:
    """Keep each element with `keep_prob`, scaled; four 16-bit draws from each random number."""
    draws = torch.empty((x.numel() + 3) // 4, dtype=torch.int64, device=x.device)
    draws.random_(-(2**63), None)
    drawn = draws.view(torch.int16)[: x.numel()].view(x.shape)
    return x * (drawn < round(keep_prob * 65536) - 32768).to(x.dtype).mul_(1.0 / keep_prob)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Return a linear layer, Glorot uniform with no bias at the start."""
    linear = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


def _passing_on(inputs: int, outputs: int) -> nn.Linear:
    """Return a linear layer that at the start passes its first inputs on, and little else."""
    linear = _linear(inputs, outputs)
    with torch.no_grad():
        linear.weight[:, outputs:] *= CONTEXT_SHARE
        nn.init.eye_(linear.weight[:, :outputs])
    return linear


@final
class LstmCell(nn.Module):
    """Weights of one LSTM layer.

    Parameters
    ----------
    input_size, units : int > 0
        Widths of the input and of the output.
    is_sparse : bool
        Whether only a few inputs are not 0 at a time, as in one-hot vectors. Weights that
        share a gate among all inputs would leave it almost deaf to the one that counts, and
        the first hundreds of training steps would learn nothing but how frequent events are.
    """

    def __init__(self, input_size: int, units: int, *, is_sparse: bool = False) -> None:
        super().__init__()
        # One matrix of (input_size + units) by 4 units is what TensorFlow initialises.
        whole = _glorot(4 * units, input_size + units).detach()
        if is_sparse:
            whole[:, :input_size].uniform_(-SPARSE_WEIGHT, SPARSE_WEIGHT)
        self.weight_ih = nn.Parameter(whole[:, :input_size].clone())
        self.weight_hh = nn.Parameter(whole[:, input_size:].clone())
        self.bias = _forget_bias(units)

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Run the layer over a sequence.

        Parameters
        ----------
        x : Tensor, shape (time, batch, input_size)
        state : tuple of two Tensors, each of shape (batch, units)
            ``(c, h)``.

        Returns
        -------
        tuple of Tensor of shape (time, batch, units) and state
        """
        c, h = state
        weights = [self.weight_ih, self.weight_hh, self.bias, torch.zeros_like(self.bias)]
        hx = (h.to(x.dtype).unsqueeze(0), c.to(x.dtype).unsqueeze(0))
        output, h, c = torch.lstm(x, hx, weights, True, 1, 0.0, False, False, False)
        return output, (c.squeeze(0), h.squeeze(0))


@final
class AttentionCell(nn.Module):
    """An LSTM cell that attends to its own last outputs.

    At each step, with ``H`` the last `attn_length` outputs (zeros before the start):
    ``x' = mix [x; context]``; ``c, h = cell(x')``; ``context = softmax(v . tanh(keys H +
    query [c; h])) H``; ``output = join [h; context]``, which then enters the window.

    It starts almost as the cell alone would, which learns at once; the context finds its use
    later. Started as dense layers, all of it waits hundreds of steps for the attention.

    Parameters
    ----------
    input_size, units, attn_length : int > 0
        Widths of input and output, length of the window in steps.
    is_sparse : bool
        As for `LstmCell`.
    """

    def __init__(
        self, input_size: int, units: int, attn_length: int, *, is_sparse: bool = False
    ) -> None:
        super().__init__()
        self.attn_length = attn_length
        self.mix = _passing_on(input_size + units, input_size)
        self.cell = LstmCell(input_size, units, is_sparse=is_sparse)
        self.query = _linear(2 * units, units)
        self.keys = _glorot(units, units)
        self.score = nn.Parameter(torch.empty(units).uniform_(-1, 1) * (3.0 / units) ** 0.5)
        self.join = _passing_on(2 * units, units)

    def _folded(self, x: Tensor) -> tuple[Tensor, ...]:
        """Multiply the weights that follow each other, so that a step has two products."""
        size, cell, units = x.shape[-1], self.cell, self.score.shape[0]
        mixed = nn.functional.linear(x, self.mix.weight[:, :size], self.mix.bias)
        gates = nn.functional.linear(mixed, cell.weight_ih, cell.bias)  # (time, batch, 4 units)
        context_to_gates = cell.weight_ih @ self.mix.weight[:, size:]  # (4 units, units)
        recur = torch.cat([cell.weight_hh, context_to_gates], dim=1)
        join, bias = self.join.weight, self.join.bias
        after = torch.cat([recur, join, self.keys @ join], dim=0).t()  # (2 units, 6 units)
        after_bias = torch.cat([bias.new_zeros(4 * units), bias, self.keys @ bias])
        query = self.query.weight.t()  # (2 units, units)
        return gates, after.contiguous(), after_bias, query.contiguous(), self.query.bias

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Run the layer over a sequence; gradients do not flow into `state`.

        Parameters
        ----------
        x : Tensor, shape (time, batch, input_size)
        state : tuple of five Tensors
            ``(c, h, context, window, window_keys)``: three of shape (batch, units), two of
            shape (batch, attn_length, units), oldest output first.

        Returns
        -------
        tuple of Tensor of shape (time, batch, units) and state
        """
        with torch.autocast(x.device.type, enabled=False):
            folded = [part.float() for part in self._folded(x.float())]
            state = tuple(part.detach().float() for part in state)
            output, *after = _AttentionScan.apply(  # type: ignore[no-untyped-call]
                *folded, self.score.float(), *state
            )
        return output, tuple(after)


class _Trace(NamedTuple):
    """What a scan over T steps remembers: B rows, N units, a window of L steps.

    All sequences are time first, so that the window of step t is the contiguous slice
    [t, t + L) of what was pushed so far.
    """

    outputs: Tensor  # (L + T, B, N)
    keys: Tensor  # (L + T, B, N)
    queries: Tensor  # (T, B, N)
    weights: Tensor  # (T, L, B): attention
    cells: Tensor  # (T + 1, B, N)
    hidden: Tensor  # (T + 1, B, 2N): [h; context]
    gates: Tensor  # (T, B, 4N): after their squashing


def _new_trace(gates: Tensor, state: Sequence[Tensor]) -> _Trace:
    """Make room for a scan, with the state before it in the first places."""
    c, h, context, window, window_keys = state
    (steps, rows, _), (_, length, units) = gates.shape, window.shape
    new = gates.new_empty
    following = new(steps, rows, units)
    return _Trace(
        outputs=torch.cat([window.transpose(0, 1), following]),
        keys=torch.cat([window_keys.transpose(0, 1), following]),
        queries=new(steps, rows, units),
        weights=new(steps, length, rows),
        cells=torch.cat([c.unsqueeze(0), following]),
        hidden=torch.cat(
            [torch.cat([h, context], dim=1).unsqueeze(0), new(steps, rows, 2 * units)]
        ),
        gates=new(gates.shape),
    )


def _scan(
    trace: _Trace, gates: Tensor, after: Sequence[Tensor], query: Sequence[Tensor], score: Tensor
) -> None:
    """Fill a trace, step by step; `after` and `query` are pairs of weight and bias."""
    steps, length, rows = trace.weights.shape
    units = score.shape[0]
    pair, scratch = gates.new_empty(rows, 2 * units), gates.new_empty(length, rows, units)
    following = trace.hidden[0] @ after[0][:, : 4 * units]
    for t in range(steps):
        past, joint = slice(t, t + length), trace.hidden[t + 1]
        gate = torch.add(gates[t], following[:, : 4 * units], out=trace.gates[t])
        gate[:, : 2 * units].sigmoid_()
        gate[:, 2 * units : 3 * units].tanh_()
        gate[:, 3 * units :].sigmoid_()
        i, f, g, o = gate.chunk(4, dim=1)
        cell = torch.mul(trace.cells[t], f, out=trace.cells[t + 1]).addcmul_(i, g)
        torch.mul(cell.tanh(), o, out=joint[:, :units])
        pair[:, :units], pair[:, units:] = cell, joint[:, :units]
        asked = torch.addmm(query[1], pair, query[0], out=trace.queries[t])
        torch.add(trace.keys[past], asked, out=scratch).tanh_()
        logits = (scratch.view(-1, units) @ score).view(length, rows)
        weight = torch.softmax(logits, dim=0, out=trace.weights[t])
        torch.mul(trace.outputs[past], weight.unsqueeze(2), out=scratch)
        torch.sum(scratch, dim=0, out=joint[:, units:])
        following = torch.addmm(after[1], joint, after[0])
        pushed = following[:, 4 * units :].chunk(2, dim=1)
        trace.outputs[t + length], trace.keys[t + length] = pushed


@final
class _ScanGradient:
    """The gradient of `_scan`, from its last step to its first."""

    def __init__(
        self, trace: _Trace, after: Tensor, query: Tensor, score: Tensor, d_output: Tensor
    ) -> None:
        steps, length, rows = trace.weights.shape
        units = score.shape[0]
        new, zeros = d_output.new_empty, d_output.new_zeros
        self.trace, self.units, self.length, self.steps = trace, units, length, steps
        self.after_t, self.query_t = after.t().contiguous(), query.t().contiguous()
        # row t + 1 is the gradient of all that [h; context] of step t leads to
        self.d_after = zeros(steps + 1, rows, 6 * units)
        self.d_after[1:, :, 4 * units : 5 * units] = d_output
        self.d_query, self.d_context = new(steps, rows, units), new(steps, rows, units)
        self.d_key, self.d_score = zeros(steps + length, rows, units), zeros(units)
        self.d_cell = zeros(rows, units)
        self.scratch, self.part = new(length, rows, units), new(length, rows, units)
        self.one, self.ones, self.score = zeros(()) + 1, zeros(units) + 1, score

    def step(self, t: int) -> None:
        """Go back over one step."""
        units, trace = self.units, self.trace
        d_following = self.d_after[t + 1]
        self._add_later_attention(t, d_following)
        d_joint = d_following @ self.after_t
        self.d_context[t] = d_joint[:, units:]
        self._attention(t)
        d_pair = self.d_query[t] @ self.query_t
        _cell_backward(
            (trace.gates[t], trace.cells[t], trace.cells[t + 1]),
            self.d_cell.add_(d_pair[:, :units]),
            d_joint[:, :units] + d_pair[:, units:],
            self.d_after[t, :, : 4 * units],
        )

    def _add_later_attention(self, t: int, d_following: Tensor) -> None:
        """Add what the steps after t, which attended to its output, say about it."""
        later, length, units = min(self.length, self.steps - 1 - t), self.length, self.units
        if not later:
            return
        rows = d_following.shape[0]
        seen = self.trace.weights.as_strided(  # of this output, at one later step after another
            (later, rows), ((length - 1) * rows, 1), ((t + 1) * length + length - 1) * rows
        )
        part = self.part[:later]
        torch.mul(self.d_context[t + 1 : t + 1 + later], seen.unsqueeze(2), out=part)
        d_following[:, 4 * units : 5 * units] += part.sum(0)
        torch.mul(self.d_key[t + length], self.score, out=d_following[:, 5 * units :])

    def _attention(self, t: int) -> None:
        """Go back over the attention of one step."""
        trace, past, scratch, part = self.trace, slice(t, t + self.length), self.scratch, self.part
        weights = trace.weights[t]
        torch.mul(trace.outputs[past], self.d_context[t], out=part)
        d_weights = (part.view(-1, self.units) @ self.ones).view(weights.shape)
        d_logits = weights * (d_weights - (weights * d_weights).sum(0))
        torch.add(trace.keys[past], trace.queries[t], out=scratch).tanh_()
        self.d_score += (d_logits.view(1, -1) @ scratch.view(-1, self.units)).view(-1)
        torch.addcmul(self.one, scratch, scratch, value=-1.0, out=part)
        part *= d_logits.unsqueeze(2)
        self.d_key[past] += part
        torch.mul(part.sum(0), self.score, out=self.d_query[t])

    def of_inputs(self) -> tuple[Tensor, ...]:
        """Gradients of gates, after (weight, bias), query (weight, bias) and score."""
        units, hidden, d_after = self.units, self.trace.hidden, self.d_after
        d_query = self.d_query.view(-1, units)
        pair = (self.trace.cells[1:], hidden[1:, :, :units])
        return (
            d_after[: self.steps, :, : 4 * units],
            hidden.view(-1, 2 * units).t() @ d_after.view(-1, 6 * units),
            d_after[1:].sum((0, 1)),
            torch.cat([part.reshape(d_query.shape).t() @ d_query for part in pair]),
            d_query.sum(0),
            self.d_score,
        )


def _cell_backward(
    forward: Sequence[Tensor], d_cell: Tensor, d_hidden: Tensor, d_gate: Tensor
) -> None:
    """Write the gradient of the gates into `d_gate`, that of the earlier cell into `d_cell`."""
    gate, before, cell = forward
    i, f, g, o = gate.chunk(4, dim=1)
    squashed, units = cell.tanh(), cell.shape[1]
    d_o, d_hidden = d_hidden * squashed, d_hidden * o
    d_cell += d_hidden.addcmul_(d_hidden * squashed, squashed, value=-1.0)
    torch.mul(d_cell, g, out=d_gate[:, :units])
    torch.mul(d_cell, before, out=d_gate[:, units : 2 * units])
    torch.mul(d_cell, i, out=d_gate[:, 2 * units : 3 * units])
    d_gate[:, 3 * units :] = d_o
    slope = torch.addcmul(gate, gate, gate, value=-1.0)  # of the sigmoids
    torch.addcmul(gate.new_ones(()), g, g, value=-1.0, out=slope[:, 2 * units : 3 * units])
    d_gate *= slope
    d_cell *= f


class _AttentionScan(torch.autograd.Function):
    """The loop over time of `AttentionCell`, with its gradient written out.

    Takes the gates from the inputs alone, (T, B, 4N); weight (2N, 6N) and bias from
    [h; context] to the next gates, the output and its key; weight (2N, N) and bias from
    [c; h] to the query; the score (N,); the state. Gives outputs (T, B, N) and the state.
    """

    @staticmethod
    def forward(ctx: Any, *arguments: Tensor) -> tuple[Tensor, ...]:
        """Scan, and keep what the gradient needs."""
        gates, after, after_bias, query, query_bias, score, *state = arguments
        steps, (length, units) = len(gates), state[3].shape[1:]
        trace = _new_trace(gates, state)
        _scan(trace, gates, (after, after_bias), (query, query_bias), score)
        ctx.save_for_backward(after, query, score, *trace)
        ended = (
            trace.cells[steps].clone(),
            trace.hidden[steps, :, :units].clone(),
            trace.hidden[steps, :, units:].clone(),
            trace.outputs[steps:].transpose(0, 1).contiguous(),
            trace.keys[steps:].transpose(0, 1).contiguous(),
        )
        ctx.mark_non_differentiable(*ended)
        return trace.outputs[length:].clone(), *ended

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Go back over the scan; the state has no gradient."""
        after, query, score, *trace = ctx.saved_tensors
        gradient = _ScanGradient(_Trace(*trace), after, query, score, gradients[0])
        for t in reversed(range(gradient.steps)):
            gradient.step(t)
        return (*gradient.of_inputs(), *[None] * 5)


@final
class EventLstm(nn.Module):
    """Predict each event of a sequence from the events before it.

    Parameters
    ----------
    config : LstmConfig
    """

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList()
        self.projections = nn.ModuleDict()
        width = config.input_size
        for index, units in enumerate(config.rnn_layer_sizes):
            if config.residual_connections and (index == 0 or units != width):
                self.projections[str(index)] = _linear(width, units)
                width = units
            is_sparse = index == 0 and not config.residual_connections
            if config.attn_length and index == 0:
                cell = AttentionCell(width, units, config.attn_length, is_sparse=is_sparse)
                self.layers.append(cell)
            else:
                self.layers.append(LstmCell(width, units, is_sparse=is_sparse))
            width = units
        self.to_logits = _linear(width, config.num_classes)

    def state_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each tensor of the state, without the batch.

        Returns
        -------
        tuple of tuple of int
            Per layer ``(c, h)``; for a first layer with attention
            ``(c, h, context, window, window_keys)``.
        """
        shapes: list[tuple[int, ...]] = []
        for index, units in enumerate(self.config.rnn_layer_sizes):
            shapes += [(units,)] * 2
            if index == 0 and self.config.attn_length:
                shapes += [(units,), *[(self.config.attn_length, units)] * 2]
        return tuple(shapes)

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
        rest = list(self.initial_state(inputs.shape[0]) if state is None else state)
        after: list[Tensor] = []
        x = inputs.transpose(0, 1)  # (batch, time, ..) -> (time, batch, ..)
        for index, layer in enumerate(self.layers):
            if str(index) in self.projections:
                x = self.projections[str(index)](x)
            taken = 5 if isinstance(layer, AttentionCell) else 2
            y, new_state = layer(x, tuple(rest[:taken]))
            after += new_state
            rest = rest[taken:]
            x = x + y if self.config.residual_connections else y
            if keep_prob < 1.0:
                x = _dropout(x, keep_prob)
        return self.to_logits(x.transpose(0, 1)), tuple(after)
