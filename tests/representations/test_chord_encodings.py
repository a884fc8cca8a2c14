"""Chords as numbers, and what a model sees of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.errors import ConditionError
from solferino.notes.chord_symbols import KINDS
from solferino.notes.chords import Chord
from solferino.notes.harmony import PITCH_CLASS_NAMES
from solferino.notes.quantization import quantize
from solferino.notes.sequence import NoteSequence, Text
from solferino.representations.chord_encodings import CHORD_ENCODINGS, transposed

TRIADS, PITCHES = CHORD_ENCODINGS["triads"], CHORD_ENCODINGS["pitches"]
STEP_S = 0.125  # sixteenths at 120 qpm

chords = st.builds(
    Chord,
    st.sampled_from(PITCH_CLASS_NAMES),
    st.sampled_from(sorted(KINDS)),
    bass=st.sampled_from(["", *PITCH_CLASS_NAMES]),
)


def sees(encoding, *symbols):
    """Which inputs are on for each chord."""
    rows = encoding.rows(np.array([encoding.number(symbol) for symbol in symbols]))
    assert rows.shape == (len(symbols), encoding.size)
    assert rows.dtype == np.float32
    assert set(rows.ravel().tolist()) <= {0, 1}
    return [row.nonzero()[0].tolist() for row in rows]


def test_triads_are_no_chord_and_twelve_of_four_kinds():
    found = sees(TRIADS, "N.C.", "C", "B", "Cm", "C+", "C°", "B°")
    assert found == [[0], [1], [12], [13], [25], [37], [48]]


@pytest.mark.parametrize(
    ("symbol", "triad"),
    [
        ("D7", "D"),
        ("Dmaj9#11", "D"),
        ("D7#9", "D"),  # a sharp ninth is no minor third
        ("D/F#", "D"),
        ("Dm7", "Dm"),
        ("Dm(maj7)", "Dm"),
        ("Dm7b5", "Ddim"),
        ("Ddim7", "Ddim"),
        ("D7#5", "Daug"),
        ("Dsus4", "D"),
        ("D7sus2", "D"),
        ("D5", "D"),
        ("D7b5", "D"),
        ("D7alt", "D"),
        ("Dm(#5)", "Dm"),
    ],
)
def test_every_chord_counts_as_a_triad(symbol, triad):
    assert TRIADS.number(symbol) == TRIADS.number(triad)


def test_pitches_are_root_notes_and_bass():
    c_over_e = [1, *(13 + n for n in (0, 4, 7)), 25 + 4]
    assert sees(PITCHES, "N.C.", "C/E") == [[0], c_over_e]
    a_minor_seventh = [1 + 9, *(13 + n for n in (0, 4, 7, 9)), 25 + 9]
    c_ninth_over_d_flat = [1, *(13 + n for n in (0, 2, 4, 7, 10)), 25 + 1]
    assert sees(PITCHES, "Am7", "C9/Db") == [a_minor_seventh, c_ninth_over_d_flat]


@given(chords)
def test_a_row_of_pitches_says_what_the_chord_says(chord):
    (row,) = sees(PITCHES, chord.name())
    notes = {(chord.root_pitch_class + n) % 12 for n in chord.intervals()}
    assert row == [
        1 + chord.root_pitch_class,
        *sorted(13 + note for note in notes),
        25 + chord.bass_pitch_class,
    ]


@given(st.lists(chords), st.integers(-24, 24))
def test_numbers_are_transposed_like_the_chords(found, semitones):
    for encoding in (TRIADS, PITCHES):
        numbers = np.array([0, *(encoding.number(chord.name()) for chord in found)])
        moved = [encoding.number(chord.transpose(semitones).name()) for chord in found]
        assert transposed(numbers, semitones).tolist() == [0, *moved]


@given(st.lists(chords, min_size=1))
def test_numbers_survive_as_32_bit_floats(found):
    numbers = np.array([PITCHES.number(chord.name()) for chord in found])
    assert numbers.astype(np.float32).astype(np.int64).tolist() == numbers.tolist()


def test_a_chord_sounds_until_the_next():
    texts = [
        Text(4 * STEP_S, "C", "chord"),
        Text(4 * STEP_S, "verse", "marker"),
        Text(6.2 * STEP_S, "Dm", "chord"),
        Text(9 * STEP_S, "N.C.", "chord"),
        Text(11 * STEP_S, "F", "chord"),
        Text(11 * STEP_S, "C", "chord"),
    ]
    quantized = quantize(NoteSequence(texts=texts))
    found = TRIADS.on_grid(quantized, 2, 13).tolist()
    assert found == [0, 0, 1, 1, 15, 15, 15, 0, 0, 1, 1]


def test_before_the_piece_sounds_its_first_chord():
    quantized = quantize(NoteSequence(texts=[Text(0.0, "C", "chord")]))
    assert TRIADS.on_grid(quantized, -2, 1).tolist() == [1, 1, 1]
    assert TRIADS.on_grid(quantize(NoteSequence()), -2, 1).tolist() == [0, 0, 0]


def test_a_symbol_that_cannot_be_read_is_named():
    with pytest.raises(ConditionError, match=r"chord 'Cfoo': 'foo' is not understood"):
        TRIADS.number("Cfoo")
