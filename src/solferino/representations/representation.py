"""What a representation is: notes to event ids, event ids to a model's inputs, and back.

A *representation* turns music into a sequence of small integers (events) and back. Its
*tracker* walks along such sequences, a whole batch at a time, and says after every event what
the model sees, and which event each of the model's output classes would mean. Training and
generation use the same tracker, so they cannot disagree. Its *guide* walks along while new
events are chosen, and says which may come next and when a sequence is full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.quantization import Grid
from solferino.notes.sequence import NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.constraints import Constraints

Ids = NDArray[np.int16]
Context = NDArray[np.float32]

NO_CONTEXT: Context = np.empty((0, 0), np.float32)
NO_CONTEXT.flags.writeable = False


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
    context : ndarray of float32, shape (n_steps, context_size)
        What is given and not predicted, such as the chord at each step of the grid from
        `start_step` on; its last row counts for all steps after it. No rows where the
        representation has no context, or works it out from the events; not writeable.
    """

    ids: Ids
    start_step: int = 0
    steps_per_bar: int = 16
    transposition: int = 0
    context: Context = field(default_factory=lambda: NO_CONTEXT)

    def __post_init__(self) -> None:
        """Keep copies of the columns that cannot be written."""
        ids = np.array(self.ids, np.int16)
        context = np.array(self.context, np.float32)
        for name, column in (("ids", ids), ("context", context)):
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.ids)

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Pickle through the constructor, so that the ids stay unwriteable."""
        columns = self.ids, self.start_step, self.steps_per_bar, self.transposition, self.context
        return type(self), columns


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


class Guide(Protocol):
    """Says, while a batch of sequences grows, what may come next and when each is full.

    A representation starts one for a single sequence; `select` then makes it a batch.
    """

    def allowed(self) -> NDArray[np.bool_] | None:
        """Which events may come next, shape (batch, num_events) or (1, num_events).

        Each row leaves at least one; None leaves all of them to every row.
        """

    def feed(self, ids: Ids) -> None:
        """Take in the event that was chosen for every sequence, shape (batch,)."""

    def is_full(self) -> NDArray[np.bool_]:
        """Which sequences have reached the end; their further events do not count."""

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a guide whose row k continues row ``rows[k]`` of this one."""


class Representation(Protocol):
    """Notes to events, events to a model's inputs and classes, and all the way back."""

    @property
    def name(self) -> str:
        """Name in the registry."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Arguments that build it again, as JSON values."""

    @property
    def grid(self) -> Grid:
        """What a step is."""

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
    def context_size(self) -> int:
        """Width of the context that examples carry with them; 0 if they carry none."""

    def num_steps(self, ids: Ids) -> int:
        """How many steps of the grid some events fill."""

    def extract(self, notes: NoteSequence, rules: Mapping[str, Any]) -> Extraction:
        """Find the examples in a piece for training, by the rules of a recipe."""

    def augment(
        self, events: EventSequence, amounts: Mapping[str, Any], rng: np.random.Generator
    ) -> EventSequence:
        """Vary an example at random, as far as the augmentation of a recipe says.

        Raises
        ------
        RecipeError
            If an amount is unknown or out of range.
        """

    def encode(self, notes: NoteSequence, end_step: int) -> EventSequence:
        """Events of a primer, extended with silence or cut so that they end at `end_step`."""

    def is_silent(self, events: EventSequence) -> bool:
        """Whether no note begins in the events."""

    def opening(self, start_step: int, steps_per_bar: int) -> EventSequence:
        """Return what a model is told came before a section that no note leads up to.

        At least one event; they end at `start_step`, and may begin before the piece does.
        """

    def with_context(
        self, past: EventSequence, notes: NoteSequence, conditions: Conditions, end_step: int
    ) -> EventSequence:
        """Add to what leads up to a section the context up to the end of it.

        Parameters
        ----------
        past : EventSequence
            From `encode` or `opening`.
        notes : NoteSequence
            The primer; its chord symbols, for instance, reach into the section.
        conditions : Conditions
            What was asked for.
        end_step : int
            Where the section ends.

        Raises
        ------
        ConditionError
            If the conditions ask for what the representation has no ear for.
        """

    def decode(self, events: EventSequence, qpm: float) -> NoteSequence:
        """Write the events as notes, untransposed, at a constant tempo."""

    def default_primer(self) -> EventSequence:
        """Return what a generation without a primer starts from."""

    def tracker(self, sequences: Sequence[EventSequence]) -> Tracker:
        """Start walking along sequences of such meters and contexts.

        The events themselves are fed one by one; a representation that works the context of
        its examples out of their events looks ahead in those that carry no context.
        """

    def guide(
        self, constraints: Constraints, after: EventSequence, end_step: int, *, releases: bool
    ) -> Guide:
        """Start choosing events after given ones.

        Parameters
        ----------
        constraints : Constraints
            What every new note has to obey.
        after : EventSequence
            What comes before; pitches are meant with its transposition taken off.
        end_step : int
            Where the new events end, in steps of the piece.
        releases : bool
            Whether notes that sound at the end of `after` end there; if not, the new events
            may let them sound on.

        Raises
        ------
        ConstraintError
            If the constraints leave nothing at some step, naming it and the constraint.
        """
