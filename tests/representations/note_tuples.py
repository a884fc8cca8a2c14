"""Random performances note by note, and short ways to write and read their events."""

import numpy as np
from hypothesis import strategies as st

from solferino.representations.note_tuples import NoteTuples
from solferino.representations.performance_events import PlayedNotes, one_at_a_time

NOTE_TUPLES = NoteTuples()
FIRST = NOTE_TUPLES.first
START = 314


def shift(steps):
    """Two events of time."""
    return [steps // 77, 13 + steps % 77]


def note(shift_steps, pitch, velocity_bin, duration_steps):
    """Six events, or two more for each 10 s before the last shift."""
    ids = []
    while shift_steps > 1000:
        ids += shift(1000)
        shift_steps -= 1000
    major, minor = divmod(duration_steps - 1, 40)
    return [*ids, *shift(shift_steps), 90 + pitch, 217 + velocity_bin, 250 + major, 275 + minor]


def ids_of(*notes):
    """Events of the start and notes."""
    return np.array([START, *(event for one in notes for event in note(*one))], np.int16)


@st.composite
def wide_performances(draw, max_size=20):
    """Notes on the grid, pitches sounding one at a time, with gaps of up to half a minute."""
    gaps = st.one_of(
        st.just(0), st.integers(1, 200), st.sampled_from([999, 1000, 1001, 2000, 3100])
    )
    lengths = st.one_of(st.integers(1, 200), st.integers(980, 1000))
    rows = st.tuples(gaps, lengths, st.integers(0, 127), st.integers(1, 32))
    drawn = np.array(draw(st.lists(rows, min_size=1, max_size=max_size)), np.int64)
    onsets = np.cumsum(drawn[:, 0])
    return one_at_a_time(PlayedNotes(onsets, onsets + drawn[:, 1], drawn[:, 2], drawn[:, 3]))
