"""Hypothesis strategies that make pieces of music."""

import numpy as np
from hypothesis import strategies as st

from solferino.notes.sequence import Instrument, NoteSequence, Text

LONGEST_S = 16
CHORD_SYMBOLS = ("C", "Am7", "F#m7b5/C", "Bbmaj7", "N.C.", "Db/Ab")


def times_s(longest_s=LONGEST_S):
    """Moments in seconds that binary fractions hold exactly."""
    return st.integers(0, longest_s * 64).map(lambda n: n / 64)


def instruments():
    """Voices: some program, or drums."""
    return st.builds(
        Instrument,
        program=st.integers(0, 127),
        is_drum=st.booleans(),
        name=st.sampled_from(["", "Lead", "Bass"]),
    )


def _note(n_instruments, min_length_s):
    return st.tuples(
        times_s(),
        st.integers(int(min_length_s * 64), 256).map(lambda n: n / 64),
        st.integers(0, 127),
        st.integers(1, 127),
        st.integers(0, n_instruments - 1),
    ).map(lambda note: (note[0], note[0] + note[1], *note[2:]))


def _rows(*columns, max_size=3):
    return st.lists(st.tuples(times_s(), *columns), max_size=max_size)


@st.composite
def note_sequences(draw, max_notes=8, min_length_s=0):
    """Pieces with every kind of event, in any tempi and meters."""
    voices = draw(st.lists(instruments(), min_size=1, max_size=3))
    index = st.integers(0, len(voices) - 1)
    words = st.one_of(
        st.tuples(times_s(), st.sampled_from(CHORD_SYMBOLS), st.just("chord"), st.just(-1)),
        st.tuples(times_s(), st.text(max_size=5), st.sampled_from(["lyric", "marker"]), index),
    )
    qpm = st.sampled_from([30.0, 60.0, 90.0, 120.0, 133.3, 240.0])
    return NoteSequence(
        notes=draw(st.lists(_note(len(voices), min_length_s), max_size=max_notes)),
        instruments=tuple(voices),
        tempos=draw(_rows(qpm)),
        meters=draw(_rows(st.integers(1, 13), st.sampled_from([1, 2, 4, 8, 16]))),
        keys=draw(_rows(st.integers(-7, 7), st.booleans())),
        control_changes=draw(_rows(st.sampled_from([7, 64]), st.integers(0, 127), index)),
        pitch_bends=draw(_rows(st.integers(-8192, 8191), index)),
        texts=tuple(Text(*word) for word in draw(st.lists(words, max_size=3))),
        title=draw(st.sampled_from(["", "Étude"])),
        total_time_s=draw(times_s()),
        ticks_per_quarter=draw(st.sampled_from([96, 220, 480])),
    )


def random_piece(n_notes, seed=0, longest_s=300.0):
    """A long piece in two tempi and two meters, for figures and large cases."""
    random = np.random.default_rng(seed)
    onset_s = np.sort(random.uniform(0, longest_s, n_notes))
    return NoteSequence.from_columns(
        random.integers(21, 109, n_notes),
        onset_s,
        onset_s + random.uniform(0.05, 2, n_notes),
        instrument=random.integers(0, 3, n_notes),
        instruments=(Instrument(), Instrument(33), Instrument(0, True)),
        tempos=[(0, 120), (longest_s / 2, 90)],
        meters=[(0, 4, 4), (longest_s / 2, 3, 4)],
    )
