"""Piano rolls: which pitches sound at each step of a grid, and which begin there."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.notes.quantization import QuantizedSequence

NUM_PITCHES = 128

Steps = NDArray[np.int64]


class Roll(NamedTuple):
    """What sounds at each step.

    Parameters
    ----------
    sounding : ndarray of bool, shape (n_steps, 128)
        Whether each MIDI pitch sounds.
    begins : ndarray of bool, shape (n_steps, 128)
        Whether it also begins there; a pitch that sounds and does not begin is held.
    """

    sounding: NDArray[np.bool_]
    begins: NDArray[np.bool_]


class RollNotes(NamedTuple):
    """Notes on a grid, in order of onset, then of pitch.

    Parameters
    ----------
    onsets_steps, ends_steps, pitches : ndarray of int64, shape (n_notes,)
    """

    onsets_steps: Steps
    ends_steps: Steps
    pitches: Steps


def pitched_notes(quantized: QuantizedSequence) -> RollNotes:
    """Select the notes of a piece that a roll shows: no drums, none of velocity 0.

    Parameters
    ----------
    quantized : QuantizedSequence

    Returns
    -------
    RollNotes
        Of all instruments together.
    """
    notes = quantized.notes[~quantized.is_drum & (quantized.notes["velocity"] > 0)]
    columns = (notes[name].astype(np.int64) for name in ("start_step", "end_step", "pitch"))
    onsets, ends, pitches = columns
    order = np.lexsort((pitches, onsets))
    return RollNotes(onsets[order], ends[order], pitches[order])


def roll_of(notes: RollNotes, start_step: int, end_step: int) -> Roll:
    """Show the steps start..end-1 of some notes.

    Where two notes of one pitch overlap, the later cuts the earlier and sounds until the last
    of both ends. A note that begins before the roll is held in its first step.

    Parameters
    ----------
    notes : RollNotes
    start_step, end_step : int
        First step, and the step after the last.

    Returns
    -------
    Roll
    """
    n_steps = end_step - start_step
    onsets, ends = notes.onsets_steps - start_step, notes.ends_steps - start_step
    changes = np.zeros((n_steps + 1, NUM_PITCHES), np.int32)
    np.add.at(changes, (np.clip(onsets, 0, n_steps), notes.pitches), 1)
    np.add.at(changes, (np.clip(ends, 0, n_steps), notes.pitches), -1)
    begins = np.zeros((n_steps, NUM_PITCHES), np.bool_)
    here = (onsets >= 0) & (onsets < n_steps)
    begins[onsets[here], notes.pitches[here]] = True
    return Roll(np.cumsum(changes, axis=0)[:n_steps] > 0, begins)


def notes_of(roll: Roll, start_step: int) -> RollNotes:
    """Find the notes that a roll shows.

    Parameters
    ----------
    roll : Roll
    start_step : int
        Step of its first row.

    Returns
    -------
    RollNotes
        A pitch that is held without having sounded just before begins there. A note that
        sounds at the end ends there.
    """
    n_steps = len(roll.sounding)
    sounding = np.zeros((NUM_PITCHES, n_steps + 1), np.bool_)  # a silent step ends each pitch
    sounding[:, :n_steps] = roll.sounding.T
    begins = np.zeros_like(sounding)
    begins[:, :n_steps] = roll.begins.T
    begins[:, 0] |= sounding[:, 0]
    begins[:, 1:] |= sounding[:, 1:] & ~sounding[:, :-1]
    (onsets,) = begins.ravel().nonzero()
    (stops,) = (begins | ~sounding).ravel().nonzero()
    ends = stops[np.searchsorted(stops, onsets, side="right")]
    pitches, first = np.divmod(onsets, n_steps + 1)
    order = np.lexsort((pitches, first))
    length = (ends - onsets)[order]
    first = first[order] + start_step
    return RollNotes(first, first + length, pitches[order])
