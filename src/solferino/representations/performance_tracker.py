"""Showing a model what it is told beside what it has played."""

from collections.abc import Sequence
from copy import copy
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.one_hot import OneHotTracker
from solferino.representations.representation import Context, Ids


@final
class ToldTracker:
    """Show, before each event that happened, what is told of the event to come.

    Parameters
    ----------
    events : OneHotTracker
        Shows the events.
    contexts : sequence of ndarray of float32, shape (n_rows, width)
        What is told in each sequence, at least one row; the last counts for all after it.
    is_by_step : ndarray of bool, shape (batch,)
        Whether the rows of a sequence stand for steps of the grid; otherwise for events.
    shifts_steps : ndarray of int64, shape (num_events,)
        How many steps each event lets pass.
    """

    def __init__(
        self,
        events: OneHotTracker,
        contexts: Sequence[Context],
        is_by_step: NDArray[np.bool_],
        shifts_steps: NDArray[np.int64],
    ) -> None:
        sizes = np.array([len(context) for context in contexts])
        self._events = events
        self._rows = np.concatenate(contexts)
        self._last = np.cumsum(sizes) - 1
        self._now = self._last - sizes + 1
        self._is_by_step = is_by_step
        self._shifts_steps = shifts_steps

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every sequence; see `Tracker.feed`."""
        passed = np.where(self._is_by_step, self._shifts_steps[ids], 1)
        self._now = np.minimum(self._now + passed, self._last)
        return np.concatenate([self._rows[self._now], self._events.feed(ids)], axis=1)

    def class_events(self) -> NDArray[np.int16]:
        """Event id of each class: its own number; see `Tracker.class_events`."""
        return self._events.class_events()

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class of each event: its own number; see `Tracker.labels`."""
        return self._events.labels(ids)

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker whose row k continues row ``rows[k]``; see `Tracker.select`."""
        chosen = copy(self)
        chosen._events = self._events.select(rows)
        chosen._last, chosen._now = self._last[rows], self._now[rows]
        chosen._is_by_step = self._is_by_step[rows]
        return chosen
