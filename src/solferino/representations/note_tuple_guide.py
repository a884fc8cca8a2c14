"""Which event may come next in note tuples: whose turn it is, the constraints, notes to keep."""

from copy import copy
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.note_tuple_events import (
    DURATION_MAJOR,
    DURATION_MINOR,
    DURATION_MINORS,
    EVENTS_PER_NOTE,
    LONGEST_STEPS,
    PITCH,
    SHIFT_MAJOR,
    SHIFT_MINOR,
    SHIFT_MINORS,
    VELOCITY,
    Steps,
    parts_of,
)
from solferino.representations.performance_events import NUM_PITCHES, SOUNDS_ON
from solferino.representations.representation import Ids

_PITCHES = np.arange(NUM_PITCHES)
_NO_PITCH = -1
_PER_ROW = ("_part", "_now", "_pending", "_floor", "_is_long", "_pitch", "_ends", "_next", "_kept")

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
Span = tuple[Steps, Steps]


@final
class KeptTuples(NamedTuple):
    """Notes to keep in order of time and pitch, and after them one that never comes.

    Parameters
    ----------
    onsets_steps, pitches, bins, lengths_steps : ndarray of int64, shape (n_notes + 1,)
        Bins are counted from 1; the last onset is `SOUNDS_ON`.
    next_steps : ndarray of int64, shape (n_notes + 1, 128)
        When each pitch begins that is still to come, counted from each note; or `SOUNDS_ON`.
    """

    onsets_steps: Steps
    pitches: Steps
    bins: Steps
    lengths_steps: Steps
    next_steps: Steps


@final
class NoteTupleGuide:
    """Leave only what the encoder could have written, and what the constraints ask for.

    The parts of a note come in their order; only a shift of 1000 steps may be followed by
    another one. Notes that begin together come from the lowest pitch up, and a pitch begins
    only if it does not sound. No shift jumps over a note to keep, or stops where nothing can
    begin. So time passes after finitely many events.

    Parameters
    ----------
    first : ndarray of int64, shape (7,)
        See `firsts`.
    pitches : ndarray of bool, shape (128,)
        Which pitches may begin.
    kept : KeptTuples
        These begin whatever else holds, and are struck and last as they stand.
    past : ndarray of int16, shape (n_events,)
        The events before the first; the last note may be incomplete.
    past_step : int
        What the shift of the first of these counts from.
    steps : range
        The steps to fill: nothing begins before them. The sequence is full when their end is
        reached, or jumped over.
    releases : bool
        Whether notes that sound at their start end there.
    """

    def __init__(
        self,
        first: Steps,
        pitches: Mask,
        kept: KeptTuples,
        *,
        past: Ids,
        past_step: int,
        steps: range,
        releases: bool,
    ) -> None:
        self._first = first
        self._pitches = pitches
        self._steps = steps
        self._notes = kept
        self._part = np.array([SHIFT_MAJOR])
        self._now = np.array([past_step])
        self._pending = np.array([0])
        self._floor = np.array([0])
        self._is_long = np.array([False])
        self._pitch = np.array([_NO_PITCH])
        self._ends = np.full((1, NUM_PITCHES), -SOUNDS_ON)
        self._next = np.array([len(kept.onsets_steps) - 1])
        self._kept = np.array([False])
        for place in range(len(past)):
            self.feed(past[place : place + 1])
        self._next[:] = 0
        if releases:
            self._ends = np.minimum(self._ends, steps.start)

    def allowed(self) -> Mask:
        """Which events may come next; see `Guide.allowed`."""
        mask = np.zeros((len(self._part), int(self._first[-1])), np.bool_)
        for part, rows in _groups(self._part):
            if part == PITCH:
                self._allow_pitches(mask, rows)
                continue
            low, high = self._span(part, rows)
            self._allow(mask, part, rows, low, high)
        return mask

    def feed(self, ids: Ids) -> None:
        """Take in the event that was chosen for every sequence; see `Guide.feed`."""
        parts, values = parts_of(ids, self._first)
        self._part = (parts + 1) % EVENTS_PER_NOTE
        for part, rows in _groups(parts):
            self._take(part, rows, values[rows])

    def is_full(self) -> Mask:
        """Which sequences have reached the end; see `Guide.is_full`."""
        begun = np.where(self._part == SHIFT_MINOR, self._pending, 0)
        return np.asarray(self._now + begun >= self._steps.stop)

    def select(self, rows: Rows) -> Self:
        """Return a guide whose row k continues row ``rows[k]``; see `Guide.select`."""
        chosen = copy(self)
        for name in _PER_ROW:
            setattr(chosen, name, getattr(self, name)[rows])
        return chosen

    def _take(self, part: int, rows: Rows, values: Steps) -> None:
        """Take in the values of one part."""
        if part == SHIFT_MAJOR:
            self._pending[rows] = values * SHIFT_MINORS
        elif part == SHIFT_MINOR:
            shifts = self._pending[rows] + values
            self._now[rows] += shifts
            self._floor[rows[shifts > 0]] = 0
            self._is_long[rows] = shifts == LONGEST_STEPS
        elif part == PITCH:
            kept, place = self._notes, self._next[rows]
            self._pitch[rows] = values
            self._floor[rows] = values + 1
            self._is_long[rows] = False
            is_due = kept.onsets_steps[place] == self._now[rows]
            self._kept[rows] = is_due & (kept.pitches[place] == values)
            self._next[rows] += self._kept[rows]
        elif part == DURATION_MAJOR:
            self._pending[rows] = values * DURATION_MINORS
        elif part == DURATION_MINOR:
            ends = self._now[rows] + self._pending[rows] + values + 1
            is_note = self._pitch[rows] != _NO_PITCH
            self._ends[rows[is_note], self._pitch[rows[is_note]]] = ends[is_note]

    def _allow(self, mask: Mask, part: int, rows: Rows, low: Steps, high: Steps) -> None:
        """Allow the values of a part from `low` to `high`, both included."""
        values = np.arange(self._first[part + 1] - self._first[part])
        fits = (values >= low[:, None]) & (values <= high[:, None])
        mask[rows, self._first[part] : self._first[part + 1]] = fits

    def _span(self, part: int, rows: Rows) -> Span:
        """Find the lowest and the highest value that a part may have."""
        if part == VELOCITY:
            bins = self._notes.bins[self._next[rows] - 1] - 1
            is_kept = self._kept[rows]
            return np.where(is_kept, bins, 0), np.where(is_kept, bins, 127)
        is_shift = part in (SHIFT_MAJOR, SHIFT_MINOR)
        low, high = self._shift_span(rows) if is_shift else self._duration_span(rows)
        unit = SHIFT_MINORS if is_shift else DURATION_MINORS
        if part in (SHIFT_MAJOR, DURATION_MAJOR):
            return low // unit, high // unit
        return low - self._pending[rows], high - self._pending[rows]

    def _shift_span(self, rows: Rows) -> Span:
        """Find the shortest and the longest shift that may come.

        What is too far away to be reached at once is reached by shifts of 1000 steps.
        """
        now = self._now[rows]
        later = np.where(self._pitches, self._ends[rows], SOUNDS_ON).min(axis=1)
        is_free = self._free(rows).any(axis=1)
        soonest = np.where(is_free, now, np.maximum(later, now + 1))
        latest = self._notes.onsets_steps[self._next[rows]]
        soonest = np.minimum(np.maximum(soonest, self._steps.start), latest)
        low = np.clip(soonest - now, self._is_long[rows], LONGEST_STEPS)
        return low, np.clip(latest - now, low, LONGEST_STEPS)

    def _duration_span(self, rows: Rows) -> Span:
        """Find the shortest and the longest duration of the note, less 1."""
        kept, place = self._notes, self._next[rows]
        lengths = kept.lengths_steps[place - 1]
        longest = kept.next_steps[place, self._pitch[rows]] - self._now[rows]
        is_kept = self._kept[rows]
        low = np.where(is_kept, lengths, 1)
        return low - 1, np.where(is_kept, lengths, np.minimum(longest, LONGEST_STEPS)) - 1

    def _free(self, rows: Rows) -> Mask:
        """Which pitches may begin now, notes to keep aside."""
        now = self._now[rows, None]
        free = self._pitches & (self._ends[rows] <= now)
        return np.asarray(free & (self._floor[rows, None] <= _PITCHES))

    def _allow_pitches(self, mask: Mask, rows: Rows) -> None:
        """Allow pitches up to the next one that is due, or, after 1000 steps, another shift."""
        now, place = self._now[rows], self._next[rows]
        due, is_due = self._notes.pitches[place], self._notes.onsets_steps[place] == now
        free = self._free(rows) & (now >= self._steps.start)[:, None]
        free &= ~is_due[:, None] | (due[:, None] > _PITCHES)
        free[is_due, due[is_due]] = True
        mask[rows, self._first[PITCH] : self._first[PITCH + 1]] = free
        waiting = rows[self._is_long[rows] & ~is_due]
        if len(waiting):
            self._allow(mask, SHIFT_MAJOR, waiting, *self._span(SHIFT_MAJOR, waiting))


def _groups(parts: Steps) -> list[tuple[int, Rows]]:
    """Put rows together that are at the same part."""
    if (parts == parts[0]).all():
        return [(int(parts[0]), np.arange(len(parts)))]
    return [(part, np.flatnonzero(parts == part)) for part in np.unique(parts).tolist()]
