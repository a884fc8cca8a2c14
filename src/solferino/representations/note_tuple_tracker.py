"""Showing a model of note tuples the last value of every part, and which part comes next."""

from copy import copy
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.note_tuple_events import EVENTS_PER_NOTE, PITCH, Steps, parts_of
from solferino.representations.representation import Ids

_NOTHING_YET = -1
_PITCH_CLASSES = 12


def input_size(first: Steps) -> int:
    """Width of what a model sees."""
    return int(first[-1]) + EVENTS_PER_NOTE + _PITCH_CLASSES


@final
class NoteTupleTracker:
    """Show the note so far, and of the parts that it has not yet those of the note before.

    One-hot vectors of each part's last value, of the part that came last, and of the last
    pitch class.

    Parameters
    ----------
    first : ndarray of int64, shape (7,)
        See `firsts`.
    batch_size : int
        Number of sequences.
    """

    def __init__(self, first: Steps, batch_size: int) -> None:
        self._first = first
        self._part_of, _ = parts_of(np.arange(first[-1], dtype=np.int16), first)
        events = np.arange(first[-1], dtype=np.int16)
        self._class_events = np.broadcast_to(events, (batch_size, len(events)))
        self._last = np.full((batch_size, EVENTS_PER_NOTE), _NOTHING_YET)

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every sequence; see `Tracker.feed`."""
        rows, parts = np.arange(len(ids)), self._part_of[ids]
        self._last[rows, parts] = ids
        # the column of what is nothing yet is the last one, which is cut off
        seen = np.zeros((len(ids), input_size(self._first) + 1), np.float32)
        seen[rows[:, None], self._last] = 1
        seen[rows, len(self._part_of) + parts] = 1
        pitch_events = self._last[:, PITCH]
        columns = (pitch_events - self._first[PITCH]) % _PITCH_CLASSES - _PITCH_CLASSES - 1
        seen[rows, np.where(pitch_events == _NOTHING_YET, -1, columns)] = 1
        return seen[:, :-1]

    def class_events(self) -> NDArray[np.int16]:
        """Event id of each class: its own number, shape (batch, num_events)."""
        return self._class_events

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class of each event: its own number, shape (batch,)."""
        return np.array(ids, np.int16)

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker whose row k continues row ``rows[k]``; see `Tracker.select`."""
        chosen = copy(self)
        chosen._class_events, chosen._last = self._class_events[rows], self._last[rows]
        return chosen
