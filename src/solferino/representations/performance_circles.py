"""Performance events as points on circles, near each other for events that are alike."""

import numpy as np
from numpy.typing import NDArray

from solferino.representations.performance_events import (
    FIRST_NOTE_OFF,
    FIRST_SHIFT,
    NUM_PITCHES,
    Vocabulary,
)

_NOTES_ON_A_CIRCLE = 144


def event_circles(vocabulary: Vocabulary) -> NDArray[np.float32]:
    """Encode each event of a vocabulary.

    Parameters
    ----------
    vocabulary : Vocabulary

    Returns
    -------
    ndarray of float32, shape (num_events, 13), or (num_events, 16) with velocities
        Columns 0-4 stand for beginnings, 5-9 for ends: 1, the pitch on a circle of 144, the
        pitch class on a circle of 12. Columns 10-12 stand for time shifts and 13-15 for
        velocities: 1, and the value on a circle of all values. A point on a circle is a cosine
        and a sine.

    References
    ----------
    ``note_seq/performance_encoder_decoder.py``, the modulo encoding.
    """
    pitches = np.arange(NUM_PITCHES)
    circles = [_circle(pitches, _NOTES_ON_A_CIRCLE), _circle(pitches, 12)]
    notes = np.concatenate([np.ones((NUM_PITCHES, 1)), *circles], axis=1)
    rows = np.zeros((vocabulary.size, 16 if vocabulary.num_velocity_bins else 13), np.float32)
    rows[:FIRST_NOTE_OFF, :5] = notes
    rows[FIRST_NOTE_OFF:FIRST_SHIFT, 5:10] = notes
    for first, size, column in (
        (FIRST_SHIFT, vocabulary.max_shift_steps, 10),
        (vocabulary.first_velocity, vocabulary.num_velocity_bins, 13),
    ):
        if size:
            values = rows[first : first + size, column : column + 3]
            values[:, 0] = 1
            values[:, 1:] = _circle(np.arange(size), size)
    return rows


def _circle(values: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Cosine and sine of whole numbers on a circle, shape (n_values, 2)."""
    angles = 2 * np.pi * values / size
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)
