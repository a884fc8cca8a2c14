"""What a model sees of given chords while it plays a melody."""

from collections.abc import Callable, Sequence
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.chord_encodings import NO_CHORD_NUMBER, Numbers
from solferino.representations.representation import Ids, Tracker


@final
class ChordTracker:
    """Show the chord of the step to come, then what the tracker of the melody shows.

    Parameters
    ----------
    chords : sequence of ndarray of int64, each of shape (n_steps,)
        Numbers of the chords of each sequence from its first event on; the last goes on, and
        without any there is no chord.
    rows : callable
        From numbers, shape (n,), to what a model sees, float32, shape (n, size).
    melody : Tracker
        Of the same sequences.
    """

    def __init__(
        self,
        chords: Sequence[Numbers],
        rows: Callable[[Numbers], NDArray[np.float32]],
        melody: Tracker,
    ) -> None:
        num_steps = max(1, *(len(numbers) for numbers in chords)) if chords else 1
        table = np.full((num_steps, len(chords)), NO_CHORD_NUMBER, np.int64)
        for column, numbers in enumerate(chords):
            if len(numbers):
                table[: len(numbers), column] = numbers
                table[len(numbers) :, column] = numbers[-1]
        distinct, places = np.unique(table, return_inverse=True)
        self._rows = rows(distinct)
        self._places = places.reshape(table.shape)
        self._columns = np.arange(len(chords))
        self._melody = melody
        self._step = 0

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every melody; see `Tracker.feed`."""
        self._step += 1
        places = self._places[min(self._step, len(self._places) - 1), self._columns]
        return np.concatenate([self._rows[places], self._melody.feed(ids)], axis=1)

    def class_events(self) -> NDArray[np.int16]:
        """Event id that each class would mean next; see `Tracker.class_events`."""
        return self._melody.class_events()

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class to train on where `ids` come next, shape (batch,)."""
        return self._melody.labels(ids)

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker whose row k continues row ``rows[k]`` of this one."""
        chosen = object.__new__(type(self))
        chosen._rows, chosen._places = self._rows, self._places
        chosen._columns = self._columns[rows]
        chosen._melody, chosen._step = self._melody.select(rows), self._step
        return chosen
