"""What a representation is: notes to event ids, event ids to a model's inputs, and back.

A *representation* turns music into a sequence of small integers (events) and back. Its
*tracker* walks along such sequences, a whole batch at a time, and says at every step what
the model sees, and which event each of the model's output classes would mean. Training and
generation use the same tracker, so they cannot disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.sequence import NoteSequence
from solferino.representations.constraints import Constraints

Ids = NDArray[np.int16]


@final
@dataclass(frozen=True, eq=False)
class EventSequence:
    """Events of one piece, or of a part of it, on its grid.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
        Event ids, each in ``range(representation.num_events)``; not writeable.
    start_step : int
        Grid step of the first event, counted from the start of the piece.
    steps_per_bar : int
        Length of a bar, from the meter.
    transposition : int
        Semitones that were added to the notes when they were encoded; decoding takes
        them off again.
    """

    ids: Ids
    start_step: int = 0
    steps_per_bar: int = 16
    transposition: int = 0

    def __post_init__(self) -> None:
        """Keep a copy of the ids that cannot be written."""
        ids = np.array(self.ids, np.int16)
        ids.flags.writeable = False
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.ids)

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Pickle through the constructor, so that the ids stay unwriteable."""
        return type(self), (self.ids, self.start_step, self.steps_per_bar, self.transposition)


class Drop(NamedTuple):
    """Why a piece, or a part of one, gave no example (or a shorter one).

    Parameters
    ----------
    rule : str
        Name of the rule, as counted in the statistics: ``"too_short"``.
    found : str
        What was there: ``"5 bars"``.
    remedy : str
        The setting that would keep it: ``"min_bars=5"``; empty if none would.
    """

    rule: str
    found: str
    remedy: str


class Extraction(NamedTuple):
    """What a representation found in a piece, and what it left out."""

    sequences: tuple[EventSequence, ...]
    drops: tuple[Drop, ...]


class Tracker(Protocol):
    """Walks along a batch of event sequences.

    At any moment it has taken in the events so far of ``batch_size`` sequences.
    """

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every sequence.

        Parameters
        ----------
        ids : ndarray of int16, shape (batch,)

        Returns
        -------
        ndarray of float32, shape (batch, input_size)
            What the model sees in order to predict the event after it.
        """

    def class_events(self) -> NDArray[np.int16]:
        """Event id that each output class would mean next, shape (batch, num_classes).

        Classes such as "repeat what happened a bar ago" mean another event at every step.
        """

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class to train on where `ids` come next, shape (batch,)."""

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker whose row k continues row ``rows[k]`` of this one."""


class Representation(Protocol):
    """Notes to events, events to a model's inputs and classes, and all the way back."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""

    @property
    def num_events(self) -> int:
        """Size of the event vocabulary."""

    @property
    def default_event(self) -> int:
        """Event that stands for "nothing new happens"; accuracy is told with and without it."""

    @property
    def input_size(self) -> int:
        """Width of the model's input."""

    @property
    def num_classes(self) -> int:
        """Number of the model's output classes."""

    @property
    def steps_per_quarter(self) -> int:
        """Resolution of the grid."""

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the examples in a piece for training, by the rules of a recipe."""

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, extended with silence or cut so that they end at `end_step`."""

    def decode(self, events: EventSequence, qpm: float) -> NoteSequence:
        """Write the events as notes, untransposed, at a constant tempo."""

    def default_primer(self) -> EventSequence:
        """Return what a generation without a primer starts from."""

    def tracker(self, steps_per_bar: NDArray[np.int64]) -> Tracker:
        """Start walking along ``len(steps_per_bar)`` sequences, each with its own bars."""

    def allowed(
        self, constraints: Constraints, after: EventSequence, num_steps: int
    ) -> NDArray[np.bool_]:
        """Which events the constraints leave, shape (num_steps, num_events).

        Row k is the k-th event after `after`. Every row leaves at least one event.

        Raises
        ------
        ConstraintError
            If a row would leave none, naming the step and the constraint.
        """
