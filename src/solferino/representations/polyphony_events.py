"""The vocabulary of polyphonic events, and the piano rolls that they write down.

Each step is written as its pitches from the highest to the lowest, each either new or
continued from the step before, and then the end of the step; so a roll has one spelling.
"""

import numpy as np
from numpy.typing import NDArray

from solferino.representations.representation import Ids
from solferino.representations.rolls import NUM_PITCHES, Roll

START, END, STEP_END, FIRST_NEW = 0, 1, 2, 3
FIRST_CONTINUED = FIRST_NEW + NUM_PITCHES
NUM_EVENTS = FIRST_CONTINUED + NUM_PITCHES


def write_roll(roll: Roll) -> Ids:
    """Write a roll as events.

    Parameters
    ----------
    roll : Roll

    Returns
    -------
    ndarray of int16, shape (n_events,)
        Without START and END.
    """
    pitches = np.arange(NUM_PITCHES - 1, -1, -1, dtype=np.int16)
    n_steps = len(roll.sounding)
    events = np.full((n_steps, NUM_PITCHES + 1), STEP_END, np.int16)
    is_new = roll.begins[:, ::-1]
    events[:, :-1] = np.where(is_new, pitches + FIRST_NEW, pitches + FIRST_CONTINUED)
    is_there = np.ones(events.shape, np.bool_)
    is_there[:, :-1] = roll.sounding[:, ::-1]
    return np.asarray(events[is_there])


def read_roll(ids: Ids) -> Roll:
    """Read the roll that events write down.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)

    Returns
    -------
    Roll
        Of the steps that end. START and END play no part.
    """
    is_end = ids == STEP_END
    steps = np.cumsum(is_end)
    n_steps = int(steps[-1]) if len(steps) else 0
    is_note = (ids >= FIRST_NEW) & (steps < n_steps)
    sounding = np.zeros((n_steps, NUM_PITCHES), np.bool_)
    begins = np.zeros_like(sounding)
    steps, notes = steps[is_note], ids[is_note]
    sounding[steps, pitches_of(notes)] = True
    is_new = notes < FIRST_CONTINUED
    begins[steps[is_new], pitches_of(notes[is_new])] = True
    return Roll(sounding, begins)


def pitches_of(ids: Ids) -> NDArray[np.intp]:
    """Pitch of each event that has one, shape (n_events,)."""
    return np.asarray((ids.astype(np.intp) - FIRST_NEW) % NUM_PITCHES)


def transposed(ids: Ids, semitones: int) -> Ids:
    """Move all pitches of some events, which must not leave the MIDI pitches.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
    semitones : int

    Returns
    -------
    ndarray of int16, shape (n_events,)
    """
    return np.asarray(np.where(ids >= FIRST_NEW, ids + semitones, ids), np.int16)
