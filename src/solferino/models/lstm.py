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
from typing import Any, final

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]

_MAX_LOGIT = 20.0  # tanh is 1 in float32 well before this; exp(2 * (20 + 20)) is finite


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


@final
class LstmCell(nn.Module):
    """Weights of one LSTM layer.

    Parameters
    ----------
    input_size, units : int > 0
        Widths of the input and of the output.
    """

    def __init__(self, input_size: int, units: int) -> None:
        super().__init__()
        # One matrix of (input_size + units) by 4 units is what TensorFlow initialises.
        whole = _glorot(4 * units, input_size + units).detach()
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

    Parameters
    ----------
    input_size, units, attn_length : int > 0
        Widths of input and output, length of the window in steps.
    """

    def __init__(self, input_size: int, units: int, attn_length: int) -> None:
        super().__init__()
        self.attn_length = attn_length
        self.mix = _linear(input_size + units, input_size)
        self.cell = LstmCell(input_size, units)
        self.query = _linear(2 * units, units)
        self.keys = _glorot(units, units)
        self.score = nn.Parameter(torch.empty(units).uniform_(-1, 1) * (3.0 / units) ** 0.5)
        self.join = _linear(2 * units, units)

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
            output, *state_out = _AttentionScan.apply(*folded, self.score.float(), *state)
        return output, tuple(state_out)


def _negative_exponent(logits: Tensor) -> Tensor:
    """Return exp(2 x), so that tanh(a + b) = 1 - 2 / (1 + e(a) e(b)) costs no transcendental."""
    return logits.clamp(-_MAX_LOGIT, _MAX_LOGIT).mul_(2.0).exp_()


class _AttentionScan(torch.autograd.Function):
    """The loop over time of `AttentionCell`, with its gradient written out.

    Shapes: T steps, B rows, L window, N units. All sequences are time first, so that the
    window of step t is the contiguous slice [t, t + L) of the outputs so far. The part of
    the score that is the same for the whole window (the sum of `score`) is left out: the
    softmax does not see it.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        gates: Tensor,  # (T, B, 4N), from the inputs alone
        after: Tensor,  # (2N, 6N): [h; context] to next gates, output, output key
        after_bias: Tensor,  # (6N,)
        query: Tensor,  # (2N, N)
        query_bias: Tensor,  # (N,)
        score: Tensor,  # (N,)
        c: Tensor,
        h: Tensor,
        context: Tensor,
        window: Tensor,
        window_keys: Tensor,
    ) -> tuple[Tensor, ...]:
        steps, rows, _ = gates.shape
        units, length = score.shape[0], window.shape[1]
        new = gates.new_empty
        outputs = torch.cat([window.transpose(0, 1), new(steps, rows, units)])
        keys = torch.cat([window_keys.transpose(0, 1), new(steps, rows, units)])
        key_exp = _negative_exponent(keys)
        queries, weights = new(steps, rows, units), new(steps, length, rows)
        cells, hidden = new(steps + 1, rows, units), new(steps + 1, rows, 2 * units)
        activated = new(steps, rows, 4 * units)
        cells[0], hidden[0] = c, torch.cat([h, context], dim=1)
        pair, scratch = new(rows, 2 * units), new(length, rows, units)
        one, minus_two = gates.new_ones(()), -2.0 * score
        following = hidden[0] @ after[:, : 4 * units]
        for t in range(steps):
            gate = torch.add(gates[t], following[:, : 4 * units], out=activated[t])
            gate[:, : 2 * units].sigmoid_()
            gate[:, 2 * units : 3 * units].tanh_()
            gate[:, 3 * units :].sigmoid_()
            i, f, g, o = gate.chunk(4, dim=1)
            cell = torch.mul(cells[t], f, out=cells[t + 1]).addcmul_(i, g)
            joint = hidden[t + 1]
            torch.mul(cell.tanh(), o, out=joint[:, :units])
            pair[:, :units], pair[:, units:] = cell, joint[:, :units]
            queries[t] = _negative_exponent(torch.addmm(query_bias, pair, query))
            past = slice(t, t + length)
            torch.addcmul(one, key_exp[past], queries[t], out=scratch).reciprocal_()
            logits = (scratch.view(-1, units) @ minus_two).view(length, rows)
            weight = torch.softmax(logits, dim=0, out=weights[t])
            torch.mul(outputs[past], weight.unsqueeze(2), out=scratch)
            torch.sum(scratch, dim=0, out=joint[:, units:])
            following = torch.addmm(after_bias, joint, after)
            outputs[t + length], keys[t + length] = following[:, 4 * units :].chunk(2, dim=1)
            key_exp[t + length] = _negative_exponent(keys[t + length])
        ctx.save_for_backward(
            after, query, score, outputs, key_exp, queries, weights, cells, hidden, activated
        )
        state = (
            cells[steps].clone(),
            hidden[steps, :, :units].clone(),
            hidden[steps, :, units:].clone(),
            outputs[steps:].transpose(0, 1).contiguous(),
            keys[steps:].transpose(0, 1).contiguous(),
        )
        ctx.mark_non_differentiable(*state)
        return outputs[length:].clone(), *state

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        after, query, score, outputs, key_exp, queries, weights, cells, hidden, activated = (
            ctx.saved_tensors
        )
        grad_output = grads[0]
        steps, length, rows = weights.shape
        units = score.shape[0]
        new = grad_output.new_empty
        d_after = grad_output.new_zeros(steps + 1, rows, 6 * units)
        d_after[1:, :, 4 * units : 5 * units] = grad_output
        d_query, d_context = new(steps, rows, units), new(steps, rows, units)
        d_key = grad_output.new_zeros(steps + length, rows, units)
        d_score = grad_output.new_zeros(units)
        d_cell = grad_output.new_zeros(rows, units)
        after_t, query_t = after.t().contiguous(), query.t().contiguous()
        scratch, part = new(length, rows, units), new(length, rows, units)
        one, ones, slope = new(()).fill_(1.0), new(units).fill_(1.0), 4.0 * score
        for t in range(steps - 1, -1, -1):
            past, later = slice(t, t + length), min(length, steps - 1 - t)
            d_joint = d_after[t + 1]
            if later:  # this output was attended to at the steps after it
                seen = weights.as_strided(
                    (later, rows),
                    ((length - 1) * rows, 1),
                    ((t + 1) * length + length - 1) * rows,
                )
                torch.mul(d_context[t + 1 : t + 1 + later], seen.unsqueeze(2), out=part[:later])
                d_joint[:, 4 * units : 5 * units] += part[:later].sum(0)
                torch.mul(d_key[t + length], slope, out=d_joint[:, 5 * units :])
            d_hidden = d_joint @ after_t
            d_context[t] = d_hidden[:, units:]
            torch.mul(outputs[past], d_context[t], out=part)
            d_weight = (part.view(-1, units) @ ones).view(length, rows)
            d_logit = weights[t] * (d_weight - (weights[t] * d_weight).sum(0))
            torch.addcmul(one, key_exp[past], queries[t], out=scratch).reciprocal_()
            d_score -= 2.0 * (d_logit.view(1, -1) @ scratch.view(-1, units)).view(-1)
            torch.addcmul(scratch, scratch, scratch, value=-1.0, out=part)
            part *= d_logit.unsqueeze(2)
            d_key[past] += part
            torch.mul(part.sum(0), slope, out=d_query[t])
            d_pair = d_query[t] @ query_t
            _cell_backward(
                activated[t],
                cells[t],
                cells[t + 1],
                d_cell.add_(d_pair[:, :units]),
                d_hidden[:, :units] + d_pair[:, units:],
                d_after[t, :, : 4 * units],
            )
        return (
            d_after[:steps, :, : 4 * units],
            hidden.view(-1, 2 * units).t() @ d_after.view(-1, 6 * units),
            d_after[1:].sum((0, 1)),
            _pair_gradient(cells[1:], hidden[1:, :, :units], d_query),
            d_query.sum((0, 1)),
            d_score,
            *([None] * 5),
        )


def _pair_gradient(cells: Tensor, hidden: Tensor, d_query: Tensor) -> Tensor:
    """Gradient of the weights that read [c; h]: shape (2 units, units)."""
    flat = d_query.reshape(-1, d_query.shape[-1])
    return torch.cat([part.reshape(flat.shape).t() @ flat for part in (cells, hidden)])


def _cell_backward(
    gate: Tensor, before: Tensor, cell: Tensor, d_cell: Tensor, d_hidden: Tensor, d_gate: Tensor
) -> None:
    """Write the gradient of the gates into `d_gate`, that of the earlier cell into `d_cell`."""
    i, f, g, o = gate.chunk(4, dim=1)
    squashed = cell.tanh()
    d_o = d_hidden * squashed
    d_hidden = d_hidden * o
    d_cell += d_hidden.addcmul_(d_hidden * squashed, squashed, value=-1.0)
    units = cell.shape[1]
    torch.mul(d_cell, g, out=d_gate[:, :units])
    torch.mul(d_cell, before, out=d_gate[:, units : 2 * units])
    torch.mul(d_cell, i, out=d_gate[:, 2 * units : 3 * units])
    d_gate[:, 3 * units :] = d_o
    slope = torch.addcmul(gate, gate, gate, value=-1.0)  # of the sigmoids
    torch.addcmul(gate.new_ones(()), g, g, value=-1.0, out=slope[:, 2 * units : 3 * units])
    d_gate *= slope
    d_cell *= f


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
            attends = config.attn_length and index == 0
            layer = AttentionCell(width, units, config.attn_length) if attends else None
            self.layers.append(layer or LstmCell(width, units))
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
        x, after = inputs.transpose(0, 1), []  # (batch, time, ..) -> (time, batch, ..)
        for index, layer in enumerate(self.layers):
            if str(index) in self.projections:
                x = self.projections[str(index)](x)
            taken = 5 if isinstance(layer, AttentionCell) else 2
            y, new_state = layer(x, tuple(rest[:taken]))
            after, rest = [*after, *new_state], rest[taken:]
            x = x + y if self.config.residual_connections else y
            if keep_prob < 1.0:
                x = _dropout(x, keep_prob)
        return self.to_logits(x.transpose(0, 1)), tuple(after)
