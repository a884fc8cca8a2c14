"""Chance variations of a piece: a little faster or slower, higher or lower."""

import math

import numpy as np

from solferino.notes.editing import stretch, transpose
from solferino.notes.sequence import NoteSequence


def augment(
    notes: NoteSequence,
    stretch_range: tuple[float, float] = (0.95, 1.05),
    transpose_range: tuple[int, int] = (-5, 6),
    min_pitch: int = 0,
    max_pitch: int = 127,
    *,
    seed: int | np.random.Generator,
) -> NoteSequence:
    """Stretch and transpose a piece by chance.

    Parameters
    ----------
    notes : NoteSequence
    stretch_range : (float, float), both > 0
        Least and greatest factor, any between them equally likely; 2 lasts twice as long.
    transpose_range : (int, int)
        Least and greatest number of semitones up. Of these, the ones that keep all
        notes within the limits are equally likely, so no note is lost.
    min_pitch, max_pitch : int in [0, 127]
        The lowest and highest pitch allowed; drums do not count.
    seed : int or numpy Generator
        The same number gives the same variation.

    Returns
    -------
    NoteSequence

    Raises
    ------
    ValueError
        If a range is upside down, a factor is not above 0, or no transposition in the range
        keeps all notes within the limits.
    """
    low, high = stretch_range
    if not 0 < low <= high < math.inf:
        raise ValueError(f"stretch_range must be two factors above 0 in order, got {stretch_range}")
    least, greatest = transpose_range
    if least > greatest:
        raise ValueError(f"transpose_range must be two numbers in order, got {transpose_range}")
    if not 0 <= min_pitch <= max_pitch <= 127:
        raise ValueError(f"min_pitch and max_pitch must be in 0..127, got {min_pitch}, {max_pitch}")
    pitch = notes.notes["pitch"][~notes.is_drum]
    lowest, highest = int(pitch.min(initial=127)), int(pitch.max(initial=0))
    if len(pitch):
        least, greatest = max(least, min_pitch - lowest), min(greatest, max_pitch - highest)
    if least > greatest:
        raise ValueError(
            f"no transposition in {transpose_range} brings pitches {lowest}..{highest} into "
            f"{min_pitch}..{max_pitch}; widen transpose_range or the limits"
        )
    random = np.random.default_rng(seed)
    factor = float(random.uniform(low, high))
    semitones = int(random.integers(least, greatest, endpoint=True))
    return transpose(stretch(notes, factor), semitones)
