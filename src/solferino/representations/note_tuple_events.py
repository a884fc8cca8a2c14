"""The vocabulary of note tuples: each note is six events, one for each of its parts."""

import numpy as np
from numpy.typing import NDArray

from solferino.representations.performance_events import NUM_PITCHES, PlayedNotes, one_at_a_time
from solferino.representations.representation import Ids

SHIFT_MAJOR, SHIFT_MINOR, PITCH, VELOCITY, DURATION_MAJOR, DURATION_MINOR = range(6)
"""Parts of a note, in the order of their events."""

LONGEST_STEPS = 1000
"""Longest time from one beginning to the next that a shift tells, and longest note."""

EVENTS_PER_NOTE = 6
EVENTS_PER_SHIFT = 2
SHIFT_MINORS = 77
DURATION_MINORS = 40
_SHIFT_MAJORS = LONGEST_STEPS // SHIFT_MINORS + 1
_DURATION_MAJORS = LONGEST_STEPS // DURATION_MINORS

Steps = NDArray[np.int64]


def firsts(num_velocity_bins: int) -> Steps:
    """First event of each part, and the size of the vocabulary, shape (7,).

    13 majors and 77 minors of the time since the note before began, 0 to 1000 steps in units
    of 77 and of 1; 128 pitches; the bins of velocity; 25 majors and 40 minors of the length,
    1 to 1000 steps in units of 40 and of 1.

    References
    ----------
    The parts and their sizes are Magenta's: ``note_seq/performance_encoder_decoder.py``.
    """
    sizes = (
        _SHIFT_MAJORS,
        SHIFT_MINORS,
        NUM_PITCHES,
        num_velocity_bins,
        _DURATION_MAJORS,
        DURATION_MINORS,
    )
    return np.cumsum((0, *sizes))


def parts_of(ids: Ids, first: Steps) -> tuple[Steps, Steps]:
    """Which part of a note each event is, and its value, counted from 0; of any shape."""
    parts = np.searchsorted(first, ids, side="right") - 1
    return parts, ids - first[parts]


def shifts_steps(ids: Ids) -> Steps:
    """How many steps each event lets pass, of any shape: 0 for all but parts of shifts."""
    wide = np.asarray(ids, np.int64)
    minors = wide - _SHIFT_MAJORS
    is_minor = (minors >= 0) & (minors < SHIFT_MINORS)
    return np.where(minors < 0, wide * SHIFT_MINORS, minors * is_minor)


def num_events_of(gaps_steps: Steps) -> Steps:
    """How many events each note takes that begins so long after the one before."""
    return EVENTS_PER_NOTE + EVENTS_PER_SHIFT * (_num_shifts(gaps_steps) - 1)


def write_tuples(notes: PlayedNotes, first: Steps, start_step: int) -> Ids:
    """Write notes as events.

    A silence of more than 1000 steps is written as shifts of 1000, as few as possible, before
    the shift of the note that follows it.

    Parameters
    ----------
    notes : PlayedNotes
        In order; none begins before `start_step`. Of longer ones the first 1000 steps count.
    first : ndarray of int64, shape (7,)
        See `firsts`.
    start_step : int
        What the shift of the first note counts from.

    Returns
    -------
    ndarray of int16, shape (n_events,)
    """
    gaps = np.diff(notes.onsets_steps, prepend=start_step)
    after = np.cumsum(num_events_of(gaps))
    shifts = gaps - (_num_shifts(gaps) - 1) * LONGEST_STEPS
    lengths = np.clip(notes.ends_steps - notes.onsets_steps, 1, LONGEST_STEPS) - 1
    ids = np.empty(after[-1] if len(after) else 0, np.int16)
    # all notes have an even number of events, so whole shifts stand at even places
    ids[0::2], ids[1::2] = first[SHIFT_MINOR] - 1, first[PITCH] - 1
    values = (
        shifts // SHIFT_MINORS,
        shifts % SHIFT_MINORS,
        notes.pitches,
        notes.bins - 1,
        lengths // DURATION_MINORS,
        lengths % DURATION_MINORS,
    )
    for part, value in enumerate(values):
        ids[after - EVENTS_PER_NOTE + part] = first[part] + value
    return ids


def read_tuples(ids: Ids, first: Steps) -> PlayedNotes:
    """Read events as notes; steps count from the first event.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
        Any events: what is no pitch, velocity and length in this order is no note, and a pitch
        that is struck while it sounds ends first.
    first : ndarray of int64, shape (7,)
        See `firsts`.

    Returns
    -------
    PlayedNotes
    """
    parts, values = parts_of(ids, first)
    (places,) = np.nonzero(parts == PITCH)
    places = places[places < len(ids) - 3]
    for offset in (1, 2, 3):
        places = places[parts[places + offset] == PITCH + offset]
    onsets = np.cumsum(shifts_steps(ids))[places]
    lengths = values[places + 2] * DURATION_MINORS + values[places + 3] + 1
    notes = PlayedNotes(onsets, onsets + lengths, values[places], values[places + 1] + 1)
    return one_at_a_time(notes)


def _num_shifts(gaps_steps: Steps) -> Steps:
    return np.maximum(-(-gaps_steps // LONGEST_STEPS), 1)
