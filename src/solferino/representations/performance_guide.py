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

_NONE_DUE = FIRST_SHIFT
_ANYTHING, _NO_SHIFT, _A_NOTE = range(3)
_PER_ROW = ("_now", "_floor", "_bin", "_mode", "_playable", "_since")
_PER_ROW_OF_AGENDA = ("_next", "_due", "_bins_due")

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


def empty_agenda(steps: Steps) -> Agenda:
    """Return an agenda that nothing is due in yet, with the given moments in order."""
    moments = np.append(np.unique(steps), SOUNDS_ON)
    return Agenda(
        moments,
        np.zeros((len(moments), FIRST_SHIFT), np.bool_),
        np.zeros((len(moments), NUM_PITCHES), np.int64),
    )


@final
class PerformanceGuide:
    """Leave only what the encoder could have written, and what the constraints ask for.

    At each moment notes end before others begin, both from the lowest pitch up; a pitch begins
    only if it does not sound, and ends only if it does. A velocity is new and stands before a
    note; the first note needs one. After a shift shorter than the longest something happens,
    if anything can. So time passes after finitely many events. A note that has sounded for
    `longest_note_steps` ends at the next moment: models forget to let go.

    Parameters
    ----------
    vocabulary : Vocabulary
    pitches : ndarray of bool, shape (128,)
        Which pitches may begin.
    sounding : ndarray of bool, shape (128,)
        Which sound at the start.
    held : ndarray of bool, shape (128,)
        Which of these only the agenda ends.
    steps : range
        The steps to fill. The sequence is full when their end is reached, or jumped over.
    last_event : int
        Event before the first.
    longest_note_steps : int > 0
        What the agenda holds may last longer.
    agenda : Agenda, optional
        What has to happen. A pitch that the agenda begins only the agenda ends.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        pitches: Mask,
        sounding: Mask,
        held: Mask,
        *,
        steps: range,
        last_event: int,
        longest_note_steps: int,
        agenda: Agenda | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._pitches = pitches
        self._end_step = steps.stop
        self._agenda = agenda
        self._meanings = _meanings(vocabulary)
        self._tails = _tails(vocabulary)
        _, floor, bin_, mode = self._meanings[last_event].tolist()
        has_begun = floor > NUM_PITCHES or mode == _A_NOTE
        self._now = np.array([steps.start])
        self._floor = np.array([NUM_PITCHES if has_begun else 0])
        self._bin = np.array([max(bin_, int(not vocabulary.num_velocity_bins))])
        self._mode = np.array([mode if mode == _A_NOTE else _ANYTHING])
        self._playable = np.concatenate([pitches & ~sounding, sounding & ~held])[None]
        self._since = np.full((1, NUM_PITCHES), steps.start)
        self._longest_note_steps = longest_note_steps
        self._is_touch_known = bool(self._bin.all())
        if agenda is not None:
            self._next = np.array([0])
            self._due = np.zeros((1, FIRST_SHIFT), np.bool_)
            self._bins_due = np.zeros((1, NUM_PITCHES), np.int64)
            self._meet(agenda)

    def allowed(self) -> Mask:
        """Which events may come next; see `Guide.allowed`."""
        mask = np.empty((len(self._now), self._vocabulary.size), np.bool_)
        notes = mask[:, :FIRST_SHIFT]
        np.less_equal(self._floor[:, None], _NOTE_RANKS, out=notes)
        notes &= self._playable
        if self._agenda is not None:
            self._allow_agenda(mask, self._agenda)
        else:
            self._allow_others(mask)
            if not self._pitches.any():
                is_stuck = ~mask.any(axis=1)
                mask[is_stuck, FIRST_SHIFT : self._vocabulary.first_velocity] = True
        self._end_long_notes(mask)
        return mask

    def feed(self, ids: Ids) -> None:
        """Take in the event that was chosen for every sequence; see `Guide.feed`."""
        shift, floor, bins, mode = self._meanings.take(ids, axis=0).T
        self._now = self._now + shift
        self._floor = np.maximum(floor, np.where(mode == _A_NOTE, self._floor, 0))
        self._bin = np.where(bins, bins, self._bin)
        self._mode = mode
        if not self._is_touch_known:
            self._is_touch_known = bool(self._bin.all())
        (rows,) = (ids < FIRST_SHIFT).nonzero()
        if len(rows):
            self._play(rows, ids[rows].astype(np.intp))
        if self._agenda is not None and len(rows) < len(ids):
            self._meet(self._agenda)

    def is_full(self) -> Mask:
        """Which sequences have reached the end; see `Guide.is_full`."""
        return self._now >= self._end_step

    def select(self, rows: NDArray[np.intp]) -> Self:
        """Return a guide whose row k continues row ``rows[k]``; see `Guide.select`."""
        chosen = copy(self)
        for name in _PER_ROW + (_PER_ROW_OF_AGENDA if self._agenda is not None else ()):
            setattr(chosen, name, getattr(self, name)[rows])
        return chosen

    def _end_long_notes(self, mask: Mask) -> None:
        """Leave only the ends of notes that have sounded too long, where there are any."""
        is_long = self._now[:, None] - self._since >= self._longest_note_steps
        is_long &= mask[:, FIRST_NOTE_OFF:FIRST_SHIFT]
        (rows,) = is_long.any(axis=1).nonzero()
        if len(rows):
            mask[rows] = False
            mask[rows, FIRST_NOTE_OFF:FIRST_SHIFT] = is_long[rows]

    def _allow_others(self, mask: Mask) -> None:
        """Allow shifts and velocities beside the notes, and no note before a velocity is known."""
        beginnings = mask[:, :NUM_PITCHES]
        is_followed = np.logical_or.reduce(beginnings, axis=1)
        mask[:, FIRST_SHIFT:] = self._tails[self._mode, is_followed.view(np.int8), self._bin]
        if not self._is_touch_known:
            beginnings &= (self._bin > 0)[:, None]

    def _allow_agenda(self, mask: Mask, agenda: Agenda) -> None:
        """Leave the note that is due next, as hard as it is due, and what may stand before it."""
        first = np.where(self._due, _NOTE_RANKS, _NONE_DUE).min(axis=1)
        notes = mask[:, :FIRST_SHIFT]
        notes &= first[:, None] > _NOTE_RANKS
        self._allow_others(mask)
        shifts = mask[:, FIRST_SHIFT : self._vocabulary.first_velocity]
        is_due = first != _NONE_DUE
        lengths = np.arange(1, self._vocabulary.max_shift_steps + 1)
        fits = lengths <= (agenda.steps[self._next] - self._now)[:, None]
        shifts &= fits & ~is_due[:, None]
        (rows,) = is_due.nonzero()
        if len(rows):
            self._allow_due(mask, rows, first[rows] ^ NUM_PITCHES)
        is_stuck = ~mask.any(axis=1)
        if is_stuck.any():
            shifts[is_stuck] = fits[is_stuck]

    def _allow_due(self, mask: Mask, rows: NDArray[np.intp], due: Steps) -> None:
        """Allow the notes that are due in some rows, or the velocities that they need before."""
        is_end = due >= FIRST_NOTE_OFF
        bins, bins_due = self._bin[rows], self._bins_due[rows, due % NUM_PITCHES]
        fits = (bins_due == bins) | (bins_due == 0)
        mask[rows, due] = is_end | (fits & (bins > 0))
        needs_velocity = ~is_end & ~fits & (self._mode[rows] != _A_NOTE)
        velocities = self._vocabulary.first_velocity - 1 + bins_due
        mask[rows[needs_velocity], velocities[needs_velocity]] = True

    def _play(self, rows: NDArray[np.intp], notes: NDArray[np.intp]) -> None:
        """Begin and end notes; nothing but the agenda ends what it begins."""
        pitches = notes % NUM_PITCHES
        may_end = notes < FIRST_NOTE_OFF
        self._since[rows, pitches] = self._now[rows]
        self._playable[rows, pitches] = ~may_end & self._pitches[pitches]
        if self._agenda is not None:
            may_end &= ~self._due[rows, notes]
            self._due[rows, notes] = False
        self._playable[rows, pitches + FIRST_NOTE_OFF] = may_end

    def _meet(self, agenda: Agenda) -> None:
        """Say what is due, for the rows that have reached the next moment of the agenda."""
        (rows,) = (agenda.steps[self._next] == self._now).nonzero()
        if not len(rows):
            return
        moments = self._next[rows]
        due = agenda.events[moments]
        # what sounds at a pitch that has to begin ends first
        due[:, FIRST_NOTE_OFF:] |= due[:, :FIRST_NOTE_OFF] & self._playable[rows, FIRST_NOTE_OFF:]
        self._due[rows] = due
        self._bins_due[rows] = agenda.bins[moments]
        self._next[rows] += 1


def _meanings(vocabulary: Vocabulary) -> Steps:
    """Tabulate what events do, shape (num_events, 4).

    Columns: steps that pass; rank from which notes may follow in the same moment, where no
    velocity before has raised it; bin of velocity, or 0; what may follow.
    """
    events = np.arange(vocabulary.size)
    shifts_steps = vocabulary.shifts_steps(events.astype(np.int16))
    bins = np.maximum(events - vocabulary.first_velocity + 1, 0)
    floors = np.where(bins > 0, NUM_PITCHES, 0)
    floors[:FIRST_SHIFT] = _NOTE_RANKS + 1
    is_rest = (shifts_steps > 0) & (shifts_steps < vocabulary.max_shift_steps)
    modes = np.select([bins > 0, is_rest], [_A_NOTE, _NO_SHIFT], _ANYTHING)
    return np.stack([shifts_steps, floors, bins, modes], axis=1)


def _tails(vocabulary: Vocabulary) -> Mask:
    """Tabulate which shifts and velocities may follow.

    Returns
    -------
    ndarray of bool, shape (3, 2, num_velocity_bins + 1, shifts and velocities)
        By what may follow at all, whether a note may begin, and the bin of velocity.
    """
    num_bins = vocabulary.num_velocity_bins
    tails = np.zeros((3, 2, max(num_bins, 1) + 1, vocabulary.max_shift_steps + num_bins), np.bool_)
    tails[_ANYTHING, :, :, : vocabulary.max_shift_steps] = True
    is_new = np.arange(max(num_bins, 1) + 1)[:, None] != np.arange(1, num_bins + 1)
    tails[:_A_NOTE, 1, :, vocabulary.max_shift_steps :] = is_new
    return tails
