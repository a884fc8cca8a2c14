import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.harmony import (
    SCALES,
    estimate_major_key,
    major_key_histogram,
    parse_key,
    scale_pitch_classes,
    transpose_chord_symbol,
    transpose_key_signature,
)

A_MAJOR_MELODY = [69, 71, 73, 74, 76, 78, 80, 81]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("D major", (2, "major")),
        ("F# minor", (6, "minor")),
        ("Bb", (10, "major")),
        ("c minor", (0, "minor")),
        ("bb", (10, "major")),
        ("b", (11, "major")),
        ("B♭ minor", (10, "minor")),
        ("Am", (9, "minor")),
        ("DM", (2, "major")),
        ("Dmaj", (2, "major")),
        ("E dorian", (4, "dorian")),
        ("g Harmonic Minor", (7, "harmonic minor")),
        ("eb_minor_pentatonic", (3, "minor pentatonic")),
        ("Cb", (11, "major")),
        ("B#", (0, "major")),
        (" C  major ", (0, "major")),
    ],
)
def test_a_key_has_a_tonic_and_a_mode(name, key):
    assert parse_key(name) == key


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("D mayor", "D major"),
        ("F# minro", "F# minor"),
        ("C dorain", "C dorian"),
        ("dorian", "C dorian"),
        ("", "C major"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f"no key is called '{name}'; the nearest is '{nearest}'"):
        parse_key(name)


def test_every_spelling_of_every_key_can_be_read():
    spellings = [letter + accidental for letter in "CDEFGAB" for accidental in ("", "#", "b")]
    modes = ("major", "minor")
    assert {parse_key(f"{tonic} {mode}") for tonic in spellings for mode in modes} == {
        (tonic, mode) for tonic in range(12) for mode in modes
    }


@pytest.mark.parametrize(
    ("tonic", "scale", "pitch_classes"),
    [
        (0, "major", {0, 2, 4, 5, 7, 9, 11}),
        (9, "minor", {0, 2, 4, 5, 7, 9, 11}),  # A minor has the notes of C major
        (2, "dorian", {0, 2, 4, 5, 7, 9, 11}),
        (4, "phrygian", {0, 2, 4, 5, 7, 9, 11}),
        (5, "lydian", {0, 2, 4, 5, 7, 9, 11}),
        (7, "mixolydian", {0, 2, 4, 5, 7, 9, 11}),
        (11, "locrian", {0, 2, 4, 5, 7, 9, 11}),
        (9, "harmonic minor", {9, 11, 0, 2, 4, 5, 8}),  # with G sharp
        (9, "melodic minor", {9, 11, 0, 2, 4, 6, 8}),  # with F sharp and G sharp
        (6, "major pentatonic", {6, 8, 10, 1, 3}),  # the black keys
        (3, "minor pentatonic", {6, 8, 10, 1, 3}),
        (9, "blues", {9, 0, 2, 3, 4, 7}),
        (1, "whole tone", {1, 3, 5, 7, 9, 11}),
        (5, "chromatic", set(range(12))),
    ],
)
def test_scales_have_these_notes(tonic, scale, pitch_classes):
    assert scale_pitch_classes(tonic, scale) == pitch_classes


def test_every_scale_begins_on_its_tonic_and_goes_up():
    for steps in SCALES.values():
        assert steps[0] == 0
        assert (np.diff(steps) > 0).all()
        assert steps[-1] < 12


def test_an_unknown_scale_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"no scale is called 'mixolydan'; .* 'mixolydian'"):
        scale_pitch_classes(0, "mixolydan")


def test_a_scale_is_in_its_own_key_and_all_but_one_note_in_its_neighbours():
    histogram = major_key_histogram(A_MAJOR_MELODY)
    assert histogram[9] == 8
    assert histogram[[2, 4]].tolist() == [7, 7]  # D lacks G sharp, E lacks D
    assert histogram.max() == 8
    assert estimate_major_key(A_MAJOR_MELODY) == 9


def test_of_keys_that_fit_as_well_the_lowest_is_chosen():
    assert estimate_major_key([60]) == 0
    assert estimate_major_key([]) == 0
    assert estimate_major_key([61, 66]) == 1  # D flat before the others that hold both


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 115), min_size=1), st.integers(0, 11))
def test_keys_move_with_the_notes(pitches, semitones):
    moved = major_key_histogram(np.array(pitches) + semitones)
    assert moved.tolist() == np.roll(major_key_histogram(pitches), semitones).tolist()


@pytest.mark.parametrize(
    ("symbol", "semitones", "moved"),
    [
        ("C", 2, "D"),
        ("Am7", 3, "Cm7"),
        ("F#m7b5/C", 1, "Gm7b5/Db"),
        ("Bbmaj7", -1, "Amaj7"),
        ("C6/9", 5, "F6/9"),  # the nine is no bass
        ("Gsus4/D", -7, "Csus4/G"),
        ("E♭", 1, "E"),
        ("Ab/C", 12, "Ab/C"),
        ("Gb", 0, "Gb"),
        ("N.C.", 4, "N.C."),
        ("", 4, ""),
    ],
)
def test_roots_and_basses_of_chords_move(symbol, semitones, moved):
    assert transpose_chord_symbol(symbol, semitones) == moved


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["C", "Db7", "F#m", "Bb/D", "Gsus4"]),
    st.integers(-24, 24),
    st.integers(-24, 24),
)
def test_moving_a_chord_twice_is_moving_it_once(symbol, first, then):
    twice = transpose_chord_symbol(transpose_chord_symbol(symbol, first), then)
    assert twice == transpose_chord_symbol(symbol, first + then)


@pytest.mark.parametrize(
    ("sharps", "semitones", "moved"),
    [
        (0, 2, 2),  # C to D
        (0, 7, 1),  # C to G
        (0, -7, -1),  # C to F
        (0, 1, -5),  # C to D flat
        (0, 6, 6),  # C to F sharp
        (-3, 12, -3),
        (7, 12, 7),
        (7, -1, 0),  # C sharp to C
        (-7, 0, -7),
    ],
)
def test_key_signatures_move_along_the_circle_of_fifths(sharps, semitones, moved):
    assert transpose_key_signature(sharps, semitones) == moved
