"""Piano rolls: which pitches sound at each step of a grid, and which begin there."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solferino.errors import GenerationError
from solferino.notes.quantization import QuantizedSequence
from solferino.notes.sequence import DEFAULT_VELOCITY, NoteSequence
from solferino.representations.bars import time_signature
from solferino.representations.melody_events import fold_by_octaves
from solferino.representations.representation import EventSequence

NUM_PITCHES = 128

Steps = NDArray[np.int64]


class Roll(NamedTuple):
    """What sounds at each step.

    Parameters
    ----------
    sounding : ndarray of bool, shape (n_steps, n_pitches)
        Whether each pitch sounds; 128 MIDI pitches, unless said otherwise.
    begins : ndarray of bool, shape (n_steps, n_pitches)
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
    here = (notes.onsets_steps < end_step) & (notes.ends_steps > start_step)
    onsets, ends, pitches = (column[here] for column in notes)
    onsets, ends = onsets - start_step, np.minimum(ends - start_step, n_steps)
    changes = np.zeros((n_steps + 1, NUM_PITCHES), np.int32)
    np.add.at(changes, (np.maximum(onsets, 0), pitches), 1)
    np.add.at(changes, (ends, pitches), -1)
    begins = np.zeros((n_steps, NUM_PITCHES), np.bool_)
    begins[onsets[onsets >= 0], pitches[onsets >= 0]] = True
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
    n_pitches = roll.sounding.shape[1]
    sounding = np.zeros((n_pitches, n_steps + 1), np.bool_)  # a silent step ends each pitch
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


def play(
    notes: RollNotes, events: EventSequence, end_step: int, qpm: float, steps_per_quarter: int
) -> NoteSequence:
    """Write the notes of some events as music, at a constant tempo.

    Parameters
    ----------
    notes : RollNotes
        As the events write them.
    events : EventSequence
        Their transposition is taken off, and their bars become the meter.
    end_step : int
        Where the music ends.
    qpm : float > 0
        Tempo in quarter notes a minute.
    steps_per_quarter : int > 0
        Resolution of the grid.

    Returns
    -------
    NoteSequence
        One piano, velocity 80. A pitch that leaves 0..127 when the transposition is taken off
        is moved back by octaves.

    Raises
    ------
    GenerationError
        If `qpm` is not above 0.
    """
    if not qpm > 0:
        raise GenerationError(f"qpm={qpm}: a tempo must be above 0 quarter notes a minute")
    seconds_per_step = 60.0 / qpm / steps_per_quarter
    meter = time_signature(events.steps_per_bar, steps_per_quarter)
    return NoteSequence.from_columns(
        pitch=fold_by_octaves(notes.pitches - events.transposition, 0, NUM_PITCHES),
        onset_s=notes.onsets_steps * seconds_per_step,
        release_s=notes.ends_steps * seconds_per_step,
        velocity=DEFAULT_VELOCITY,
        tempos=[(0.0, qpm)],
        meters=[(0.0, *meter)] if meter else (),
        total_time_s=end_step * seconds_per_step,
    )
