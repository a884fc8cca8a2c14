"""Which events may come next in a performance: its grammar, the constraints, notes to keep."""

from copy import copy
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    FIRST_SHIFT,
    NUM_PITCHES,
    SOUNDS_ON,
    Vocabulary,
)
from solferino.representations.representation import Ids

_NOTE_RANKS = np.arange(FIRST_SHIFT) ^ NUM_PITCHES
"""Order within a moment: ends before beginnings, both from the lowest pitch up."""

_NONE_PENDING = FIRST_SHIFT
_PER_ROW = ("_now", "_floor", "_bin", "_is_struck", "_is_resting", "_playable")
_PER_ROW_KEPT = ("_next", "_pending", "_bins_due")

Mask = NDArray[np.bool_]
Steps = NDArray[np.int64]


@final
class Agenda(NamedTuple):
    """What has to happen, and when.

    Parameters
    ----------
    steps : ndarray of int64, shape (n_moments + 1,)
        Moments that no shift may jump over, in order; the last is `SOUNDS_ON`, never reached.
    events : ndarray of bool, shape (n_moments + 1, 256)
        Beginnings and ends of notes that have to come at each moment.
    bins : ndarray of int64, shape (n_moments + 1, 128)
        Velocity of each pitch that begins there; 0 for any.
    """

    steps: Steps
    events: Mask
    bins: Steps


@final
class PerformanceGuide:
    """Leave only what the encoder could have written, and what the constraints ask for.

    At each moment notes end before others begin, both from the lowest pitch up; a pitch begins
    only if it does not sound, and ends only if it does. A velocity is new and stands before a
    note; the first note needs one. After a shift shorter than the longest something happens,
    if anything can. So time passes after finitely many events.

    Parameters
    ----------
    vocabulary : Vocabulary
    pitches : ndarray of bool, shape (128,)
        Which pitches may begin.
    sounding : ndarray of bool, shape (128,)
        Which sound at the start.
    last_event : int
        Event before the first.
    start_step, end_step : int
        The sequence is full when `end_step` is reached, or jumped over.
    agenda : Agenda, optional
        What has to happen. A pitch that the agenda begins only the agenda ends.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        pitches: Mask,
        sounding: Mask,
        last_event: int,
        start_step: int,
        end_step: int,
        agenda: Agenda | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._pitches = pitches
        self._end_step = end_step
        self._agenda = agenda
        events = np.arange(vocabulary.size)
        is_velocity = events >= vocabulary.first_velocity
        self._shifts_steps = vocabulary.shifts_steps(events)
        self._floors = np.zeros(vocabulary.size, np.int64)
        self._floors[:FIRST_SHIFT] = _NOTE_RANKS + 1
        self._floors[is_velocity] = NUM_PITCHES
        self._bins = np.where(is_velocity, events - vocabulary.first_velocity + 1, 0)
        self._lengths = self._shifts_steps[FIRST_SHIFT : vocabulary.first_velocity]
        has_moved = last_event >= FIRST_NOTE_OFF and not is_velocity[last_event]
        self._now = np.array([start_step])
        self._floor = np.array([0 if has_moved else NUM_PITCHES])
        self._bin = np.array([0 if vocabulary.num_velocity_bins else 1])
        self._is_struck = np.array([bool(is_velocity[last_event])])
        self._bin = np.maximum(self._bin, self._bins[last_event])
        self._is_resting = np.array([False])
        self._playable = np.concatenate([pitches & ~sounding, sounding])[None]
        if agenda is not None:
            self._next = np.array([0])
            self._pending = np.zeros((1, FIRST_SHIFT), np.bool_)
            self._bins_due = np.zeros((1, NUM_PITCHES), np.int64)
            self._meet_agenda()

    def allowed(self) -> Mask:
        """Which events may come next; see `Guide.allowed`."""
        vocabulary = self._vocabulary
        mask = np.empty((len(self._now), vocabulary.size), np.bool_)
        notes = mask[:, :FIRST_SHIFT]
        shifts = mask[:, FIRST_SHIFT : vocabulary.first_velocity]
        np.logical_and(self._playable, self._floor[:, None] <= _NOTE_RANKS, out=notes)
        may_pass = ~(self._is_struck | self._is_resting)
        if self._agenda is None:
            self._allow_velocities(mask, notes[:, :NUM_PITCHES].any(axis=1))
            shifts[:] = may_pass[:, None]
            is_stuck = ~mask.any(axis=1)
            if is_stuck.any():
                shifts[is_stuck] = True
            return mask
        first = np.where(self._pending, _NOTE_RANKS, _NONE_PENDING).min(axis=1)
        self._allow_due_notes(mask, first)
        is_near = self._lengths <= (self._agenda.steps[self._next] - self._now)[:, None]
        may_pass &= first == _NONE_PENDING
        np.logical_and(is_near, may_pass[:, None], out=shifts)
        is_stuck = ~mask.any(axis=1)
        if is_stuck.any():
            shifts[is_stuck] = is_near[is_stuck]
        return mask

    def feed(self, ids: Ids) -> None:
        """Take in the event that was chosen for every sequence; see `Guide.feed`."""
        bins = self._bins[ids]
        shifts_steps = self._shifts_steps[ids]
        self._is_struck = bins > 0
        self._bin = np.where(self._is_struck, bins, self._bin)
        self._floor = np.maximum(self._floors[ids], np.where(self._is_struck, self._floor, 0))
        self._is_resting = (shifts_steps > 0) & (shifts_steps < self._vocabulary.max_shift_steps)
        self._now = self._now + shifts_steps
        (rows,) = np.nonzero(ids < FIRST_SHIFT)
        if len(rows):
            self._play(rows, ids[rows].astype(np.intp))
        if self._agenda is not None and len(rows) < len(ids):
            self._meet_agenda()

    def is_full(self) -> Mask:
        """Which sequences have reached the end; see `Guide.is_full`."""
        return self._now >= self._end_step

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a guide whose row k continues row ``rows[k]``; see `Guide.select`."""
        chosen = copy(self)
        for name in _PER_ROW + (_PER_ROW_KEPT if self._agenda is not None else ()):
            setattr(chosen, name, getattr(self, name)[rows])
        return chosen

    def _allow_velocities(self, mask: Mask, is_followed: Mask) -> None:
        """Allow a new velocity where a note may follow, and notes where there is one."""
        velocities = mask[:, self._vocabulary.first_velocity :]
        bins = self._bins[self._vocabulary.first_velocity :]
        np.not_equal(self._bin[:, None], bins, out=velocities)
        velocities &= (is_followed & ~self._is_struck)[:, None]
        mask[:, :NUM_PITCHES] &= (self._bin > 0)[:, None]

    def _allow_due_notes(self, mask: Mask, first: Steps) -> None:
        """Leave the note that is due next, as hard as it is due, and what stands before it."""
        notes = mask[:, :FIRST_SHIFT]
        notes &= first[:, None] > _NOTE_RANKS
        self._allow_velocities(mask, notes[:, :NUM_PITCHES].any(axis=1))
        (rows,) = np.nonzero(first != _NONE_PENDING)
        if not len(rows):
            return
        due = first[rows] ^ NUM_PITCHES
        is_end = due >= FIRST_NOTE_OFF
        bins_due = self._bins_due[rows, due % NUM_PITCHES]
        is_hard_enough = (bins_due == self._bin[rows]) | (bins_due == 0)
        mask[rows, due] = is_end | (is_hard_enough & (self._bin[rows] > 0))
        unfit = ~is_end & ~is_hard_enough & ~self._is_struck[rows]
        velocities = self._vocabulary.first_velocity - 1 + bins_due
        mask[rows[unfit], velocities[unfit]] = True

    def _play(self, rows: NDArray[np.intp], notes: NDArray[np.intp]) -> None:
        """Begin and end notes; nothing but the agenda ends what it begins."""
        is_on = notes < FIRST_NOTE_OFF
        pitches = notes % NUM_PITCHES
        self._playable[rows, pitches] = ~is_on & self._pitches[pitches]
        if self._agenda is not None:
            is_on = is_on & ~self._pending[rows, notes]
            self._pending[rows, notes] = False
        self._playable[rows, pitches + FIRST_NOTE_OFF] = is_on

    def _meet_agenda(self) -> None:
        """Say what is due, for the rows that have reached the next moment of the agenda."""
        if self._agenda is None:
            return
        (rows,) = np.nonzero(self._agenda.steps[self._next] == self._now)
        if not len(rows):
            return
        due = self._agenda.events[self._next[rows]]
        # what sounds at a pitch that has to begin ends first
        due[:, FIRST_NOTE_OFF:] |= (
            due[:, :FIRST_NOTE_OFF] & self._playable[rows, FIRST_NOTE_OFF:]
        )
        self._pending[rows] = due
        self._bins_due[rows] = self._agenda.bins[self._next[rows]]
        self._next[rows] += 1
