"""Random performances, and short ways to write and read them."""

import numpy as np
from hypothesis import strategies as st

from solferino.notes.sequence import NoteSequence
from solferino.representations.performance import Performance
from solferino.representations.performance_events import PlayedNotes, Vocabulary, one_at_a_time

PERFORMANCE = Performance()
VOCABULARY = Vocabulary(num_velocity_bins=32, max_shift_steps=100)


def piece(*notes, **others):
    """Build a piece of (pitch, onset step, end step, velocity), in steps of 10 ms."""
    pitch, onset, end, velocity = zip(*notes, strict=True) if notes else ([], [], [], [])
    onset_s, release_s = np.array(onset) / 100, np.array(end) / 100
    return NoteSequence.from_columns(pitch, onset_s, release_s, velocity, **others)


def played(notes):
    """(pitch, onset step, end step, velocity) of a piece."""
    table = notes.notes
    onset, end = (np.round(table[n] * 100).astype(int) for n in ("onset_s", "release_s"))
    columns = (table["pitch"].tolist(), onset.tolist(), end.tolist(), table["velocity"].tolist())
    return list(zip(*columns, strict=True))


def spelled(ids, vocabulary=VOCABULARY):
    """Write events as words: on60 off60 +100 v20."""
    words = []
    for event in np.asarray(ids).tolist():
        if event < 128:
            words.append(f"on{event}")
        elif event < 256:
            words.append(f"off{event - 128}")
        elif event < vocabulary.first_velocity:
            words.append(f"+{event - 255}")
        else:
            words.append(f"v{event - vocabulary.first_velocity + 1}")
    return " ".join(words)


def events(words, vocabulary=VOCABULARY):
    """Read what `spelled` writes."""
    firsts = {"on": 0, "off": 128, "+": 255, "v": vocabulary.first_velocity - 1}
    ids = []
    for word in words.split():
        kind = word.rstrip("0123456789")
        ids.append(firsts[kind] + int(word.removeprefix(kind)))
    return np.array(ids, np.int16)


@st.composite
def performances(draw, max_size=30):
    """Notes on the grid, pitches sounding one at a time, with long and short gaps."""
    gaps = st.one_of(st.just(0), st.integers(1, 30), st.integers(90, 330))
    lengths = st.one_of(st.integers(1, 40), st.integers(90, 330))
    rows = st.tuples(gaps, lengths, st.integers(0, 127), st.integers(1, 32))
    drawn = np.array(draw(st.lists(rows, min_size=1, max_size=max_size)), np.int64)
    onsets = np.cumsum(drawn[:, 0])
    return one_at_a_time(PlayedNotes(onsets, onsets + drawn[:, 1], drawn[:, 2], drawn[:, 3]))


def as_piece(notes, vocabulary=VOCABULARY):
    """Build a piece of notes on the grid."""
    velocities = vocabulary.velocities(notes.bins)
    columns = (notes.pitches, notes.onsets_steps, notes.ends_steps, velocities)
    return piece(*zip(*(column.tolist() for column in columns), strict=True))
