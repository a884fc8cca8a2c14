"""The key-melody encoding: what sounds, where it goes, repeats, the clock, and the keys."""

from functools import lru_cache
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.notes.harmony import SCALES
from solferino.representations.lookback import BarMemory, counter_table, repeat_labels
from solferino.representations.melody_events import FIRST_NOTE, NO_EVENT, NOTE_OFF
from solferino.representations.representation import Ids

_NUM_COUNTERS = 7
_NOT_PITCHES = 38  # all inputs but the sounding pitch


def key_melody_input_size(num_pitches: int) -> int:
    """Width of the input of a `KeyMelodyTracker`."""
    return num_pitches + _NOT_PITCHES


@lru_cache
def _keys_of_events(num_pitches: int, min_note: int) -> NDArray[np.int16]:
    """Major keys that each event's pitch belongs to, 0 or 1, shape (num_events, 12)."""
    pitches = min_note + np.arange(num_pitches)[:, None]
    keys = np.zeros((FIRST_NOTE + num_pitches, 12), np.int16)
    keys[FIRST_NOTE:] = np.isin((pitches - np.arange(12)) % 12, SCALES["major"])
    return keys


@lru_cache
def _sounding_rows(num_pitches: int) -> NDArray[np.float32]:
    """Build the inputs for each sounding pitch, and in the last row for silence."""
    rows = np.zeros((num_pitches + 1, num_pitches + 2), np.float32)
    np.fill_diagonal(rows, 1)
    rows[:-1, num_pitches] = 1
    rows[-1, num_pitches:] = 0, 1
    return rows


@final
class KeyMelodyTracker:
    """Show a melody as a listener follows it.

    With N pitches in the range, the input holds: [0, N) the pitch that sounds; N a note
    sounds; N+1 silence; N+2 a note begins on this step; N+3 whether the last step to another
    pitch went up (+1) or down (-1), 0 before there was one; N+4, N+5 the event repeats the
    one 1 and 2 bars ago; [N+6, N+13) binary counters of the step to come, -1 or +1; N+13 the
    step to come starts a bar; [N+14, N+26) the most likely major keys so far; [N+26, N+38)
    those of the last three distinct notes. All keys that tie are marked, so all twelve are
    before the first note. The classes are the N pitches, no event, note-off, and the repeats
    of 1 and 2 bars ago.

    Parameters
    ----------
    min_note, max_note : int
        Range of pitches, `max_note` not included.
    steps_per_bar : ndarray of int, shape (batch,)
        Length of a bar in each sequence.
    attack_lasts : bool
        Whether the mark of a note that begins stays through note-offs right behind it, as
        models that Magenta trained have seen it.

    References
    ----------
    The ``attention_rnn`` of Magenta's Melody RNN, 2016.
    """

    def __init__(
        self,
        min_note: int,
        max_note: int,
        steps_per_bar: NDArray[np.int64],
        *,
        attack_lasts: bool = False,
    ) -> None:
        batch, num_pitches = len(steps_per_bar), max_note - min_note
        self._range, self._attack_lasts = (min_note, max_note), attack_lasts
        self._steps_per_bar = steps_per_bar
        self._num_pitches = num_pitches
        self._memory = BarMemory(steps_per_bar[:, None] * np.array([1, 2]), NO_EVENT)
        self._counters = counter_table(_NUM_COUNTERS)
        self._sounding_rows = _sounding_rows(num_pitches)
        self._event_keys = _keys_of_events(num_pitches, min_note)
        self._event_classes = np.roll(np.arange(num_pitches + 2, dtype=np.int16), 2)
        self._inputs = np.zeros((batch, key_melody_input_size(num_pitches)), np.float32)
        self._inputs[:, num_pitches + 1] = 1
        self._inputs[:, num_pitches + 14 :] = 1
        self._latest = np.zeros((batch, 3), np.int16)  # distinct notes, the newest last
        self._key_counts = np.zeros((batch, 2, 12), np.int16)  # so far, and of the latest
        self._class_events = np.empty((batch, num_pitches + 4), np.int16)
        self._class_events[:, self._event_classes] = np.arange(num_pitches + 2)

    def feed(self, ids: Ids) -> NDArray[np.float32]:
        """Take in the next event of every sequence; see `Tracker.feed`."""
        memory, inputs, pitches = self._memory, self._inputs, self._num_pitches
        repeats = memory.push(ids)
        if ids.any():
            self._take_events(ids)
        attack = inputs[:, pitches + 2]
        attack[:] = np.where(ids == NOTE_OFF, attack * self._attack_lasts, ids >= FIRST_NOTE)
        inputs[:, pitches + 4 : pitches + 6] = repeats
        clock = self._counters[memory.position % len(self._counters)]
        inputs[:, pitches + 6 : pitches + 13] = clock
        inputs[:, pitches + 13] = memory.position % self._steps_per_bar == 0
        return inputs.copy()

    def _take_events(self, ids: Ids) -> None:
        """Bring the inputs up to date that only change where something happens."""
        inputs, pitches = self._inputs, self._num_pitches
        (changed,) = ids.nonzero()
        sounding = ids[changed] - FIRST_NOTE  # -1, the last row, for silence
        inputs[changed, : pitches + 2] = self._sounding_rows[sounding]
        begins = ids >= FIRST_NOTE
        if not begins.any():
            return
        latest = self._latest
        oldest, middle, newest = latest.T
        notes = np.where(begins, ids, newest)
        is_new = notes != newest
        self._set_direction(notes, newest)
        kept = np.where(is_new & (notes != middle), middle, oldest)
        latest[:, 1] = np.where(is_new, newest, middle)
        latest[:, 0], latest[:, 2] = kept, notes
        counts = self._key_counts
        counts[:, 0] += self._event_keys.take(ids, axis=0)
        counts[:, 1] = np.add.reduce(self._event_keys.take(latest, axis=0), axis=1)
        most = np.maximum.reduce(counts, axis=2, keepdims=True)
        inputs[:, pitches + 14 :] = (counts == most).reshape(len(ids), 24)

    def _set_direction(self, notes: Ids, before: Ids) -> None:
        """Say whether each melody goes up or down; equal notes change nothing."""
        direction = self._inputs[:, self._num_pitches + 3]
        np.copyto(direction, np.sign(notes - before), where=(notes != before) & (before > 0))

    def class_events(self) -> NDArray[np.int16]:
        """Event id that each class would mean next; see `Tracker.class_events`."""
        events = self._class_events.copy()
        events[:, self._num_pitches + 2 :] = self._memory.ago
        return events

    def labels(self, ids: Ids) -> NDArray[np.int16]:
        """Class to train on where `ids` come next, shape (batch,)."""
        plain = self._event_classes.take(ids)
        return repeat_labels(plain, ids, self._memory.ago, self._num_pitches + 2)

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a tracker whose row k continues row ``rows[k]`` of this one."""
        chosen = type(self)(
            *self._range, self._steps_per_bar[rows], attack_lasts=self._attack_lasts
        )
        chosen._memory = self._memory.select(rows)
        chosen._inputs = self._inputs[rows]
        chosen._latest = self._latest[rows]
        chosen._key_counts = self._key_counts[rows]
        return chosen
