import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.chords import render_chords
from solferino.notes.harmony import SCALES
from solferino.notes.key_inference import Key, infer_key, infer_keys, key_rows, pitch_class_quarters
from solferino.notes.sequence import Instrument, NoteSequence, Text


def scale_up_and_down(tonic, mode="major", start_s=0.0):
    """Pitches and onsets of a scale in half seconds that ends on its tonic."""
    up = [tonic + n for n in (*SCALES[mode], 12)]
    pitches = [*up, *up[-2::-1], tonic]
    return pitches, start_s + 0.5 * np.arange(len(pitches))


def melody(tonic, mode="major"):
    pitches, onset_s = scale_up_and_down(tonic, mode)
    return NoteSequence.from_columns(pitches, onset_s, onset_s + 0.5)


@settings(max_examples=24, deadline=None)
@given(st.integers(48, 71), st.booleans())
def test_a_scale_that_ends_on_its_tonic_tells_its_key(tonic, is_minor):
    key = infer_key(melody(tonic, "harmonic minor" if is_minor else "major"))
    assert key == Key(tonic % 12, is_minor)


def test_the_end_tells_a_minor_key_from_its_relative_major():
    assert infer_key(melody(57, "minor")).name == "A minor"
    assert infer_key(melody(60)).name == "C major"


@pytest.mark.parametrize(
    ("key", "name", "sharps"),
    [
        (Key(0, False), "C major", 0),
        (Key(9, True), "A minor", 0),
        (Key(7, False), "G major", 1),
        (Key(6, False), "F# major", 6),
        (Key(1, False), "Db major", -5),
        (Key(4, True), "E minor", 1),
        (Key(10, True), "Bb minor", -5),
        (Key(3, True), "Eb minor", 6),
    ],
)
def test_a_key_has_a_name_and_a_signature(key, name, sharps):
    assert (key.name, key.sharps) == (name, sharps)


def test_drums_and_silence_tell_nothing():
    drums = NoteSequence.from_columns([37], [0], [1], instruments=[Instrument(0, True)])
    for piece in (drums, NoteSequence(), NoteSequence(total_time_s=8)):
        assert infer_key(piece) == Key(0, False)
        assert len(infer_keys(piece)) == 0


def test_a_piece_that_goes_from_c_to_e_changes_its_key_there():
    texts = [Text(2.0 * k, symbol, "chord") for k, symbol in enumerate("CFGCEABE")]
    piece = render_chords(NoteSequence(texts=texts, total_time_s=16))
    keys = infer_keys(piece, key_change_probability=0.01)
    assert keys.tolist() == [(0.0, 0, False), (8.0, 4, False)]
    assert infer_keys(piece, key_change_probability=1e-30)["time_s"].tolist() == [0.0]


@pytest.mark.parametrize("probability", [0, 1, -0.5, 2])
def test_a_probability_lies_between_0_and_1(probability):
    with pytest.raises(ValueError, match="key_change_probability must lie between 0 and 1, got"):
        infer_keys(melody(60), key_change_probability=probability)


def test_lengths_are_added_up_between_moments_in_quarter_notes():
    piece = NoteSequence.from_columns(
        [60, 64, 72], [0.0, 0.5, 1.5], [1.5, 2.0, 2.0], tempos=[(0, 120), (1, 60)]
    )
    found = pitch_class_quarters(piece, np.array([0.0, 1.0]))
    assert found[:, 0].tolist() == [2.0, 1.0]  # C sounds throughout, then an octave higher
    assert found[:, 4].tolist() == [1.0, 1.0]
    assert found.sum() == 5.0


def test_rows_are_written_where_the_key_changes():
    rows = key_rows([0.0, 1.0, 2.0], np.array([0, 0, 16]))
    assert rows.tolist() == [(0.0, 0, False), (2.0, 1, True)]
