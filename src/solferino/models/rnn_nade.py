"""Chords as a chain of pitches: an LSTM over frames, and a NADE over the pitches of each.

A *frame* is the set of pitches that sound at a step. A NADE gives each pitch, from the lowest
to the highest, a probability that depends on the lower ones that sound; here its biases come
from an LSTM over the frames before. Between two pitches that sound nothing changes in a NADE,
so its chain of yes and no is the same as a chain of choices "which pitch sounds next, if any",
and a frame is written as events: its pitches, the lowest first, and then the frame's end. The
first event is the start, after which a frame of silence has been heard.

References
----------
Boulanger-Lewandowski, Bengio, Vincent, "Modeling temporal dependencies in high-dimensional
sequences", arXiv:1206.6392; Larochelle, Murray, "The neural autoregressive distribution
estimator", AISTATS 2011.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]

FIRST_PITCH = 2
"""Class of the lowest pitch, after the end of a frame and the start of the sequence."""

IMPOSSIBLE = -64.0
"""Logit of the start, and of pitches that are not above the last one."""


@final
@dataclass(frozen=True)
class RnnNadeConfig:
    """Size of an RNN-NADE; stored as JSON in its bundle.

    Parameters
    ----------
    input_size : int > 2
        Width of what the model sees after each event: as many as classes.
    num_classes : int > 2
        The end of a frame, the start, and the pitches from the lowest to the highest.
    rnn_layer_sizes : sequence of int > 0
        Units of each layer of the LSTM.
    attn_length : int >= 0
        Number of frames that its first layer attends to; 0 is no attention.
    residual_connections : bool
        Whether each layer's input is added to its output.
    nade_units : int > 0
        Hidden units of the NADE.
    """

    input_size: int
    num_classes: int
    rnn_layer_sizes: Sequence[int] = (128, 128, 128)
    attn_length: int = 0
    residual_connections: bool = False
    nade_units: int = 128

    def __post_init__(self) -> None:
        """Turn a list, as JSON has it, into a tuple."""
        object.__setattr__(self, "rnn_layer_sizes", tuple(self.rnn_layer_sizes))
        if self.input_size != self.num_classes or self.num_classes < 3 or self.nade_units < 1:
            raise ValueError(
                f"an RNN-NADE sees the classes that it predicts, at least 3, with 1 hidden unit "
                f"or more, got input_size {self.input_size}, num_classes {self.num_classes} and "
                f"nade_units {self.nade_units}; give for example nade_units=128"
            )

    @property
    def num_pitches(self) -> int:
        """Number of pitches of a frame."""
        return self.num_classes - FIRST_PITCH


class FrameRnn(Protocol):
    """A recurrent network over frames; its outputs are the biases of a NADE."""

    def __call__(
        self, frames: Tensor, state: State | None = None, *, keep_prob: float = 1.0
    ) -> tuple[Tensor, State]:
        """Biases (batch, time, biases) after each of the frames (batch, time, pitches)."""

    def state_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each tensor of its state, without the batch."""


@final
class Nade(nn.Module):
    """Probabilities of the pitches of a frame, given which lower ones sound.

    Parameters
    ----------
    num_pitches, units : int > 0
        Pitches of a frame, and hidden units.
    """

    def __init__(self, num_pitches: int, units: int) -> None:
        super().__init__()
        self.encode = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_pitches, units)))
        self.decode = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_pitches, units)))

    def forward(self, hidden: Tensor, bias: Tensor, is_open: Tensor) -> Tensor:
        """Log-probabilities of what comes next in a frame.

        Parameters
        ----------
        hidden : Tensor, shape (..., units)
            The hidden bias of the frame, plus `encode` of its pitches so far.
        bias : Tensor, shape (..., num_pitches)
            The visible bias of the frame.
        is_open : Tensor of bool, shape (..., num_pitches)
            The pitches above the last one.

        Returns
        -------
        Tensor, shape (..., 2 + num_pitches)
            Of the end of the frame, of the start, which never comes, and of each pitch as the
            next; their exponentials sum to 1.
        """
        logits = bias + torch.sigmoid(hidden) @ self.decode.t()
        silent = nn.functional.softplus(logits) * is_open  # - log(1 - p), where p is in question
        passed = silent.cumsum(-1)  # of all pitches up to this one
        sounds = torch.where(is_open, logits - passed, IMPOSSIBLE)
        end = -passed[..., -1:]
        return torch.cat([end, torch.full_like(end, IMPOSSIBLE), sounds], dim=-1)


@final
class RnnNade(nn.Module):
    """Predict each event of a sequence of frames from the events before it.

    Parameters
    ----------
    config : RnnNadeConfig
    rnn : torch module
        Its outputs are the visible biases, then the hidden ones.
    """

    def __init__(self, config: RnnNadeConfig, rnn: FrameRnn) -> None:
        super().__init__()
        self.config = config
        self.rnn = rnn
        self.nade = Nade(config.num_pitches, config.nade_units)

    def state_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each tensor of the state, without the batch.

        Returns
        -------
        tuple of tuple of int
            The LSTM's; then the pitches of the frame so far, its visible bias, and what the
            hidden units have added up.
        """
        pitches, units = self.config.num_pitches, self.config.nade_units
        return (*self.rnn.state_shapes(), (pitches,), (pitches,), (units,))

    def initial_state(self, batch_size: int) -> State:
        """Return zeros: nothing has been heard yet."""
        zeros = self.nade.encode.new_zeros
        return tuple(zeros(batch_size, *shape) for shape in self.state_shapes())

    def forward(
        self, inputs: Tensor, state: State | None = None, *, keep_prob: float = 1.0
    ) -> tuple[Tensor, State]:
        """Logits of the next event at every position, and the state to continue from.

        Parameters
        ----------
        inputs : Tensor of float32, shape (batch, time, 2 + num_pitches)
            Events as one-hot vectors.
        state : tuple of Tensors, shapes of `state_shapes` after the batch; or None
            None starts from zeros.
        keep_prob : float in (0, 1]
            Chance of each output of each layer of the LSTM to be kept; less than 1 in
            training only.

        Returns
        -------
        tuple of Tensor of shape (batch, time, 2 + num_pitches) and state
            The state is () after several events without a state before them: the frames of
            such sequences are read side by side, and not all end together.
        """
        if state is None and inputs.shape[1] > 1:
            return self._read(inputs, keep_prob), ()
        after = self.initial_state(len(inputs)) if state is None else state
        logits = []
        for events in inputs.unbind(1):
            one, after = self._step(events, after)
            logits.append(one)
        return torch.stack(logits, dim=1), after

    def _read(self, inputs: Tensor, keep_prob: float) -> Tensor:
        """Logits at every position of whole sequences."""
        is_end, pitches = _parts(inputs)  # (batch, time, 1 or pitches)
        frame_of_event = is_end.long().cumsum(1)  # 0 is what comes before the start
        frames = _sums_by_frame(pitches, frame_of_event - is_end.long())
        biases, _ = self.rnn(frames, keep_prob=keep_prob)
        biases = nn.functional.pad(biases, (0, 0, 1, 0))
        index = frame_of_event.expand(-1, -1, biases.shape[-1])
        visible, hidden = self._split(biases.gather(1, index))
        added = torch.where(is_end, 0.0, pitches) @ self.nade.encode  # (batch, time, units)
        added = added.cumsum(1) - _at_last_end(added.cumsum(1), is_end)
        logits: Tensor = self.nade(hidden + added, visible, is_end | _above(pitches))
        return logits

    def _step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits after one event (batch, 2 + num_pitches), and the state."""
        *before, frame, visible, hidden = state
        is_end, pitches = _parts(inputs)
        frame = frame + pitches
        biases, after = self.rnn(frame.unsqueeze(1), tuple(before))
        new_visible, new_hidden = self._split(biases[:, 0])
        after = tuple(
            torch.where(is_end.view(-1, *[1] * (old.dim() - 1)), new, old)
            for new, old in zip(after, before, strict=True)
        )
        visible = torch.where(is_end, new_visible, visible)
        hidden = torch.where(is_end, new_hidden, hidden + pitches @ self.nade.encode)
        logits = self.nade(hidden, visible, is_end | _above(pitches))
        return logits, (*after, torch.where(is_end, 0.0, frame), visible, hidden)

    def _split(self, biases: Tensor) -> tuple[Tensor, Tensor]:
        """Visible and hidden biases."""
        pitches = self.config.num_pitches
        return biases[..., :pitches], biases[..., pitches:]


def _parts(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each event ends what is before it, shape (..., 1), and its pitch, one-hot."""
    return inputs[..., :FIRST_PITCH].sum(-1, keepdim=True) > 0.5, inputs[..., FIRST_PITCH:]


def _above(pitches: Tensor) -> Tensor:
    """Which pitches are above that of an event, shape (..., num_pitches)."""
    return pitches.cumsum(-1) - pitches > 0.5


def _sums_by_frame(pitches: Tensor, frame_of_event: Tensor) -> Tensor:
    """Add up the events of each frame; shape (batch, frames, num_pitches)."""
    num_frames = int(frame_of_event.max()) + 1
    frames = pitches.new_zeros(pitches.shape[0], num_frames, pitches.shape[2])
    return frames.scatter_add(1, frame_of_event.expand_as(pitches), pitches)


def _at_last_end(sums: Tensor, is_end: Tensor) -> Tensor:
    """Value of some sums (batch, time, units) at the last end up to each event; 0 before it."""
    positions = torch.arange(sums.shape[1], device=sums.device).view(1, -1, 1)
    last_end = torch.where(is_end, positions, -1).cummax(1).values
    values = sums.gather(1, last_end.clamp(min=0).expand_as(sums))
    return torch.where(last_end >= 0, values, 0.0)
