"""The vocabulary of melody events, and the lines of notes that they write down.

Event 0 changes nothing, event 1 ends the note that sounds, and event ``2 + k`` begins the
k-th pitch of the range. A *line* is what one voice plays when only one note sounds at a time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.representations.representation import Ids

NO_EVENT, NOTE_OFF, FIRST_NOTE = 0, 1, 2

Steps = NDArray[np.int64]


class Line(NamedTuple):
    """Notes that follow one another, on a grid.

    Parameters
    ----------
    onsets_steps, ends_steps : ndarray of int64, shape (n_notes,)
        Strictly increasing onsets; no note lasts beyond the next onset.
    pitches : ndarray of int64, shape (n_notes,)
        MIDI pitches.
    """

    onsets_steps: Steps
    ends_steps: Steps
    pitches: Steps


def highest_line(onsets_steps: Steps, ends_steps: Steps, pitches: Steps) -> Line:
    """Of the notes that begin together keep the highest, and let each note cut the last.

    Parameters
    ----------
    onsets_steps, ends_steps, pitches : ndarray of int, shape (n_notes,)
        Notes in any order.

    Returns
    -------
    Line
    """
    order = np.lexsort((-pitches, onsets_steps))
    onsets = onsets_steps[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = onsets[1:] != onsets[:-1]
    onsets, kept = onsets[first], order[first]
    ends = ends_steps[kept]
    if len(ends):
        ends[:-1] = np.minimum(ends[:-1], onsets[1:])
    return Line(onsets, ends, pitches[kept])


def write_line(line: Line, start_step: int, end_step: int, lowest_pitch: int) -> Ids:
    """Write the notes that begin between two steps as events.

    Parameters
    ----------
    line : Line
        Its pitches lie in the range.
    start_step, end_step : int
        First step, and the step after the last. A note that sounds at the end gets no
        note-off.
    lowest_pitch : int
        Pitch of the first note event.

    Returns
    -------
    ndarray of int16, shape (end_step - start_step,)
    """
    ids = np.zeros(end_step - start_step, np.int16)
    ids[line.ends_steps[line.ends_steps < end_step] - start_step] = NOTE_OFF
    ids[line.onsets_steps - start_step] = line.pitches - lowest_pitch + FIRST_NOTE
    return ids


def read_line(ids: Ids, start_step: int, lowest_pitch: int) -> Line:
    """Read the notes that events write down.

    Parameters
    ----------
    ids : ndarray of int16, shape (n_events,)
    start_step : int
        Step of the first event.
    lowest_pitch : int
        Pitch of the first note event.

    Returns
    -------
    Line
        A note that sounds at the end ends there.
    """
    (changes,) = ids.nonzero()
    ends = np.append(changes[1:], len(ids))
    begins = ids[changes] >= FIRST_NOTE
    pitches = ids[changes[begins]].astype(np.int64) - FIRST_NOTE + lowest_pitch
    return Line(changes[begins] + start_step, ends[begins] + start_step, pitches)


def fold_by_octaves(pitches: Steps, min_note: int, max_note: int) -> Steps:
    """Move pitches outside [min_note, max_note) into it by as few octaves as will do.

    Parameters
    ----------
    pitches : ndarray of int, shape (n_notes,)
    min_note, max_note : int
        The range, at least an octave; `max_note` is not included.

    Returns
    -------
    ndarray of int64, shape (n_notes,)
    """
    folded = np.where(pitches < min_note, min_note + (pitches - min_note) % 12, pitches)
    return np.where(folded >= max_note, max_note - 12 + (folded - max_note) % 12, folded)
