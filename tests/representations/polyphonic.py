"""Polyphonic music for tests."""

import numpy as np
from hypothesis import strategies as st

from solferino.notes.sequence import NoteSequence

STEP_S = 0.125  # sixteenths at 120 qpm


def piece(*notes, **others):
    """Build a piece of (pitch, onset step, end step) at 120 qpm."""
    pitch, onset, end = zip(*notes, strict=True) if notes else ([], [], [])
    return NoteSequence.from_columns(
        pitch, np.array(onset) * STEP_S, np.array(end) * STEP_S, **others
    )


def played(notes):
    """(pitch, onset step, end step) of a piece at 120 qpm."""
    columns = (notes.notes["onset_s"] / STEP_S, notes.notes["release_s"] / STEP_S)
    steps = zip(*(np.round(column).astype(int).tolist() for column in columns), strict=True)
    pitches = notes.notes["pitch"].tolist()
    return sorted((pitch, *span) for pitch, span in zip(pitches, steps, strict=True))


@st.composite
def chorales(draw, lowest=0, highest=127, max_pitches=5):
    """Notes of any length, of which no two of one pitch sound together."""
    notes = []
    pitches = st.integers(lowest, highest)
    for pitch in draw(st.sets(pitches, min_size=1, max_size=max_pitches)):
        now = 0
        spans = st.tuples(st.integers(0, 9), st.integers(1, 9))
        for rest, length in draw(st.lists(spans, min_size=1, max_size=4)):
            notes.append((pitch, now + rest, now + rest + length))
            now += rest + length
    return sorted(notes)
