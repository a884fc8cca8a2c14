"""The plainest tracker: the model sees the event that just happened, and nothing else."""

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.representation import Ids


@final
class OneHotTracker:
    """Show each event as a one-hot vector; every class means the event of the same number.

    Parameters
    ----------
    num_events : int
        Size of the vocabulary: number of classes.
    batch_size : int
        Number of sequences.
    rows : ndarray of float32, shape (num_events, input_size), optional
        What to show for each event instead of a one-hot vector.
    """

    def __init__(
        self, num_events: int, batch_size: int, rows: NDArray[np.float32] | None = None
    ) -> None:
        self._rows = np.eye(num_events, dtype=np.float32) if rows is None else rows
        events = np.arange(num_events, dtype=np.int16)
        self._class_events = np.broadcast_to(events, (batch_size, num_events))

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every sequence; see `Tracker.feed`."""
        return self._rows.take(ids, axis=0)

    def class_events(self) -> NDArray[np.int16]:
        """Event id of each class: its own number, shape (batch, num_events)."""
        return self._class_events

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class of each event: its own number, shape (batch,)."""
        return np.array(ids, np.int16)

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker of ``len(rows)`` sequences; there is no history to carry over."""
        return type(self)(len(self._rows), len(rows), self._rows)
