"""Repeats of what happened bars ago, and a clock: the lookback encoding.

`BarMemory` holds the history that repeats refer to, `counter_table` is the clock, and
`LookbackTracker` puts both around any vocabulary of events.
"""

from functools import lru_cache
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.representation import Ids

_ROOM = 256  # events between two moves of the history to the front of its array


@final
class BarMemory:
    """The last bars of a batch of sequences.

    Parameters
    ----------
    distances_steps : ndarray of int, shape (batch, num_lookbacks)
        How many events back each lookback goes, the nearest first; each row has its own,
        because each has its own meter.
    default_event : int
        What counts as the history before there is any.

    Attributes
    ----------
    position : int
        Number of events taken in so far.
    ago : ndarray of int16, shape (batch, num_lookbacks)
        What the next event would be if it repeated each lookback.
    """

    def __init__(self, distances_steps: NDArray[np.int64], default_event: int) -> None:
        batch, self._num = distances_steps.shape
        self._distances = distances_steps
        self._default_event = default_event
        self._reach = int(distances_steps.max(initial=0))
        self._history = np.full((2 * self._reach + _ROOM, batch), default_event, np.int16)
        self._flat = self._history.reshape(-1)
        self._cursor = self._reach
        self._first = np.arange(batch)[:, None] - distances_steps * batch
        self.position = 0
        self.ago = np.full(distances_steps.shape, default_event, np.int16)

    def push(self, ids: Ids) -> NDArray[np.bool_]:
        """Take in the next event of every sequence.

        Parameters
        ----------
        ids : ndarray of int16, shape (batch,)

        Returns
        -------
        ndarray of bool, shape (batch, num_lookbacks)
            Whether it repeats each lookback; False before there is one.
        """
        self.position += 1
        if not self._num:
            return np.empty((len(ids), 0), np.bool_)
        repeats = np.equal(self.ago, ids[:, None])
        if self.position <= self._reach:
            repeats &= self._distances < self.position
        self._history[self._cursor] = ids
        self._cursor += 1
        if self._cursor == len(self._history):
            self._history[: self._reach] = self._history[self._cursor - self._reach :]
            self._cursor = self._reach
        self.ago = self._flat.take(self._first + self._cursor * len(ids))
        return repeats

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a memory whose row k continues row ``rows[k]`` of this one."""
        chosen = type(self)(self._distances[rows], self._default_event)
        recent = self._history[self._cursor - chosen._reach : self._cursor]
        chosen._history[: chosen._reach] = recent[:, rows]
        chosen.position, chosen.ago = self.position, self.ago[rows]
        return chosen


@lru_cache
def counter_table(num_counters: int) -> NDArray[np.float32]:
    """Binary clock: row n is -1 or +1 for each bit of n, the lowest bit first.

    Parameters
    ----------
    num_counters : int
        Number of bits; the clock starts again after ``2 ** num_counters`` steps.

    Returns
    -------
    ndarray of float32, shape (2 ** num_counters, num_counters)
        Not writeable.
    """
    steps = np.arange(2**num_counters)[:, None]
    table = np.where(steps >> np.arange(num_counters) & 1, 1, -1).astype(np.float32)
    table.flags.writeable = False
    return table


def repeat_labels(plain: Ids, ids: Ids, ago: Ids, first_class: int) -> Ids:
    """Classes to train on: a repeat before the plain event, the most distant repeat first.

    Parameters
    ----------
    plain : ndarray of int16, shape (batch,)
        Class of each event where it repeats nothing.
    ids : ndarray of int16, shape (batch,)
        The events.
    ago : ndarray of int16, shape (batch, num_lookbacks)
        What each lookback would bring.
    first_class : int
        Class of the nearest lookback; the others follow it.

    Returns
    -------
    ndarray of int16, shape (batch,)
    """
    labels = np.array(plain, np.int16)
    for lookback in range(ago.shape[1]):
        labels[ago[:, lookback] == ids] = first_class + lookback
    return labels


@final
class LookbackTracker:
    """Show the event, what repeats would bring next, a binary clock, and whether it repeats.

    The input holds, in this order, the event that just happened (one-hot), the event that
    would come next for each lookback (one-hot), the counters of the step to come (-1 or +1),
    and one flag a lookback that says whether the event repeats it. The classes are the
    events, then one class a lookback that means "the same as then".

    Parameters
    ----------
    num_events, default_event : int
        The vocabulary, and the event that counts as the history before there is any.
    distances_steps : ndarray of int, shape (batch, num_lookbacks)
        How far back each lookback goes, the nearest first; there may be none.
    num_counters : int
        Number of bits of the clock.

    References
    ----------
    Waite, Eck, Roberts, Abolafia: "Project Magenta: Generating long-term structure in songs
    and stories", 2016.
    """

    def __init__(
        self,
        num_events: int,
        default_event: int,
        distances_steps: NDArray[np.int64],
        num_counters: int = 5,
    ) -> None:
        self._memory = BarMemory(distances_steps, default_event)
        self._vocabulary = num_events, default_event, num_counters
        self._distances = distances_steps
        batch, num_lookbacks = distances_steps.shape
        self._counters = counter_table(num_counters)
        self._num_events = num_events
        self._counters_at = num_events * (1 + num_lookbacks)
        self._flags_at = self._counters_at + num_counters
        self._shape = batch, lookback_input_size(num_events, num_lookbacks, num_counters)
        offsets = np.arange(batch)[:, None] * self._shape[1]
        self._offsets = offsets + np.arange(1 + num_lookbacks) * num_events
        self._hot = np.empty_like(self._offsets)
        self._class_events = np.empty((batch, num_events + num_lookbacks), np.int16)
        self._class_events[:, :num_events] = np.arange(num_events)

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every sequence; see `Tracker.feed`."""
        memory, hot = self._memory, self._hot
        repeats = memory.push(ids)
        inputs = np.zeros(self._shape, np.float32)
        hot[:, 0] = ids
        hot[:, 1:] = memory.ago
        hot += self._offsets
        inputs.reshape(-1)[hot] = 1
        clock = self._counters[memory.position % len(self._counters)]
        inputs[:, self._counters_at : self._flags_at] = clock
        inputs[:, self._flags_at :] = repeats
        return inputs

    def class_events(self) -> NDArray[np.int16]:
        """Event id that each class would mean next; see `Tracker.class_events`."""
        events = self._class_events.copy()
        events[:, self._num_events :] = self._memory.ago
        return events

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class to train on where `ids` come next, shape (batch,)."""
        return repeat_labels(ids, ids, self._memory.ago, self._num_events)

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker whose row k continues row ``rows[k]`` of this one."""
        num_events, default_event, num_counters = self._vocabulary
        chosen = type(self)(num_events, default_event, self._distances[rows], num_counters)
        chosen._memory = self._memory.select(rows)
        return chosen


def lookback_input_size(num_events: int, num_lookbacks: int, num_counters: int) -> int:
    """Width of the input of a `LookbackTracker`."""
    return num_events * (1 + num_lookbacks) + num_counters + num_lookbacks
