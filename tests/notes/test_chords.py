import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.chord_symbols import ADDED, ALTERED, KINDS, OMITTED
from solferino.notes.chords import Chord, chord_notes, name_chord, parse_chord, render_chords
from solferino.notes.harmony import PITCH_CLASS_NAMES, transpose_chord_symbol
from solferino.notes.sequence import Instrument, NoteSequence, Text

C, D, Eb, E, F, Gb, G, Ab, A, Bb, B = 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11

roots = st.sampled_from([*PITCH_CLASS_NAMES, "Gb", "C#", "E#", "Fb", "Bbb", "F##"])
plain_chords = st.builds(Chord, root=roots, kind=st.sampled_from(list(KINDS)))
chords = st.one_of(
    st.just(Chord("")),
    st.builds(
        Chord,
        root=roots,
        kind=st.sampled_from(list(KINDS)),
        altered=st.lists(st.sampled_from(ALTERED), max_size=3).map(tuple),
        added=st.lists(st.sampled_from(ADDED), max_size=2).map(tuple),
        omitted=st.lists(st.sampled_from(OMITTED), max_size=2).map(tuple),
        bass=st.one_of(st.just(""), roots),
    ),
)


@pytest.mark.parametrize(
    ("symbol", "pitch_classes"),
    [
        ("C", {C, E, G}),
        ("Cm", {C, Eb, G}),
        ("Cmaj7", {C, E, G, B}),
        ("C7", {C, E, G, Bb}),
        ("C7b9", {C, E, G, Bb, 1}),
        ("Cm7b5", {C, Eb, Gb, Bb}),
        ("Cdim7", {C, Eb, Gb, A}),
        ("Caug", {C, E, Ab}),
        ("Csus4", {C, F, G}),
        ("C7sus4", {C, F, G, Bb}),
        ("Cadd9", {C, D, E, G}),
        ("C6/9", {C, D, E, G, A}),
        ("C9", {C, D, E, G, Bb}),
        ("C11", {C, D, E, F, G, Bb}),
        ("C13", {C, D, E, G, A, Bb}),  # without the eleventh
        ("C5", {C, G}),
        ("Cm(maj7)", {C, Eb, G, B}),
        ("C/E", {C, E, G}),
        ("C/D", {C, D, E, G}),  # the bass is heard too
        ("C7alt", {C, 1, Eb, E, Gb, Ab, Bb}),
        ("C13b9", {C, 1, E, G, A, Bb}),  # the flat ninth takes the place of the ninth
        ("C7#9", {C, Eb, E, G, Bb}),
        ("Cmaj7#11", {C, E, Gb, G, B}),
        ("Cno3", {C, G}),
        ("F#m", {Gb, A, 1}),
        ("N.C.", set()),
    ],
)
def test_a_symbol_has_its_notes(symbol, pitch_classes):
    assert parse_chord(symbol).pitch_classes() == pitch_classes
    assert parse_chord(symbol).name() == symbol


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("C", "CM|Cmaj|Cmajor|C/C"),
        ("Cm", "C-|Cmin|Cmi|CMin|Cminor"),
        ("Cmaj7", "CM7|CMaj7|Cma7|C△|C△7|CΔ|C^7|Cj7|C(maj7)"),
        ("Cm7", "C-7|Cmin7|Cmi7|CMI7"),
        ("Cm7b5", "Cø|Cø7|C-7b5|Cmin7(b5)|Cm7♭5|Chalf-dim|Chalf-diminished7|Cm7-5"),
        ("Cdim7", "C°7|Co7|Cdiminished7"),
        ("Cdim", "C°|Co|Cmb5|Cm(b5)"),
        ("Caug", "C+|C(#5)|C+5|Caugmented"),
        ("C7#5", "C+7|C7+|Caug7|C7(#5)|C7+5"),
        ("C7sus4", "C7sus|C7SUS4|C7 sus4"),
        ("Csus4", "Csus|C4|Csuspended4"),
        ("Cadd9", "C2|Cadd2|C(add9)|C add9"),
        ("Cm(maj7)", "Cm/maj7|CmM7|C-△7|CminMaj7|Cmmaj7|C-M7"),
        ("C6/9", "C69|C6(9)"),
        ("Cm9", "C-9|Cmin9"),
        ("C7b9", "C7-9|C7(b9)|Cdom7b9"),
        ("C7#5b9", "C7b9#5|C7(#5,b9)|C7#5/b9"),
        ("C7sus4b9", "C7b9sus4|C7sus4(b9)"),
        ("C7alt", "Calt|C7altered"),
        ("Cno5", "C(omit5)|C(no 5)"),
        ("C(b5)", "C-5|C(♭5)"),
        ("C#5", "C♯5"),  # a power chord on C sharp
        ("Eb/Bb", "E♭/B♭"),
        ("N.C.", "NC|nc|N.C|no chord"),
    ],
)
def test_musicians_spell_a_chord_in_many_ways(name, spellings):
    assert {parse_chord(symbol).name() for symbol in [name, *spellings.split("|")]} == {name}


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("Cfoo7", r"chord 'Cfoo7': 'foo7' is not understood; the nearest known is 'C7'"),
        ("Csusx", r"chord 'Csusx': 'x' is not understood; the nearest known is 'Csus4'"),
        ("C7b4/E", r"'b4' is not understood; the nearest known is 'C7b5'"),
        ("Cadd8", r"'add8' is not understood; the nearest known is 'Cadd9'"),
        ("H7", "chord 'H7' begins with no root"),
        ("", "chord '' begins with no root"),
    ],
)
def test_what_cannot_be_read_is_named(symbol, message):
    with pytest.raises(ValueError, match=message):
        parse_chord(symbol)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"root": "", "kind": "m"}, "a chord without a root has no kind"),
        ({"root": "H"}, "'H' is no note; write one like 'F#'"),
        ({"root": "C", "bass": "x"}, "'x' is no note"),
        ({"root": "C", "kind": "m8"}, "no kind of chord is called 'm8'; the nearest is"),
        ({"root": "C", "altered": ("b4",)}, "altered degrees are .*; got 'b4'"),
        ({"root": "C", "added": ("8",)}, "added degrees are 9, 11, 13; got '8'"),
        ({"root": "C", "omitted": ("1",)}, "omitted degrees are 3, 5; got '1'"),
    ],
)
def test_a_chord_has_known_parts(parts, message):
    with pytest.raises(ValueError, match=message):
        Chord(**parts)


def test_two_ways_to_build_a_chord_are_equal():
    assert Chord("C", "m7", altered=("b5",)) == Chord("C", "m7b5")
    assert Chord("C", bass="C") == Chord("C")
    assert Chord("C", "7", altered=("#9", "b9")) == Chord("C", "7", altered=("b9", "#9"))


def test_a_chord_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse_chord("C").root = "D"


@settings(max_examples=200, deadline=None)
@given(chords)
def test_reading_a_name_gives_the_chord_back(chord):
    assert parse_chord(chord.name()) == chord


@settings(max_examples=100, deadline=None)
@given(chords, st.integers(-24, 24))
def test_a_chord_moves_with_its_notes(chord, semitones):
    moved = chord.transpose(semitones)
    assert moved.pitch_classes() == {(p + semitones) % 12 for p in chord.pitch_classes()}
    assert moved.triad == chord.triad
    assert moved == parse_chord(transpose_chord_symbol(chord.name(), semitones))
    assert chord.transpose(12) == chord


@pytest.mark.parametrize(
    ("triad", "symbols"),
    [
        ("maj", "C C7 C6 Cmaj9 C7#9 Cno5 C/E"),
        ("min", "Cm Cm7 Cm6 Cm(maj7)"),
        ("aug", "Caug C7#5"),
        ("dim", "Cdim Cdim7 Cm7b5"),
        ("other", "C5 Csus4 C7b5 Cno3 N.C. C7alt"),
    ],
)
def test_every_chord_has_a_triad(triad, symbols):
    assert {parse_chord(symbol).triad for symbol in symbols.split()} == {triad}


@settings(max_examples=100, deadline=None)
@given(plain_chords)
def test_naming_the_notes_of_a_chord_gives_it_back(chord):
    named = parse_chord(name_chord(chord_notes(chord), chord.bass_pitch_class))
    assert named.kind == chord.kind
    assert (named.root_pitch_class, named.bass) == (chord.root_pitch_class, "")


@settings(max_examples=100, deadline=None)
@given(roots, st.sampled_from(["", "m"]), st.sampled_from([1, 2]))
def test_inversions_of_triads_are_named_as_such(root, kind, which):
    pitches = chord_notes(Chord(root, kind))
    named = parse_chord(name_chord(pitches, pitches[1 + which]))
    assert (named.root_pitch_class, named.kind) == (Chord(root).root_pitch_class, kind)
    assert named.bass_pitch_class == pitches[1 + which] % 12


@pytest.mark.parametrize(
    ("pitches", "bass", "name"),
    [
        ([60, 64, 67], None, "C"),
        ([60, 64, 67, 69], 60, "C6"),
        ([60, 64, 67, 69], 69, "Am7"),  # the same notes
        ([60, 64, 67, 70, 73], 60, "C7b9"),
        ([60, 64], 60, "C"),  # no fifth
        ([60, 63], None, "Cm"),
        ([62, 60, 64, 67], 62, "Cadd9/D"),
        ([], None, "N.C."),
    ],
)
def test_notes_get_the_name_that_fits_best(pitches, bass, name):
    assert name_chord(pitches, bass) == name


def test_a_chord_is_voiced_closely_over_its_bass():
    assert chord_notes("C") == (48, 60, 64, 67)
    assert chord_notes("C/E") == (40, 60, 64, 67)
    assert chord_notes("G7") == (43, 55, 59, 62, 65)
    assert chord_notes("Am", octave=5) == (57, 69, 72, 76)
    assert chord_notes("N.C.") == ()


def test_octaves_lie_on_the_keyboard():
    with pytest.raises(ValueError, match=r"octave must be in 2\.\.7, got 9"):
        chord_notes("C", octave=9)


@settings(max_examples=50, deadline=None)
@given(chords, st.integers(2, 7))
def test_every_voicing_has_the_notes_of_its_chord_and_its_bass_lowest(chord, octave):
    pitches = chord_notes(chord, octave)
    assert {pitch % 12 for pitch in pitches} == chord.pitch_classes()
    if pitches:
        assert min(pitches) == pitches[0] >= 0
        assert max(pitches) <= 127
        assert pitches[0] % 12 == chord.bass_pitch_class


def test_chord_symbols_are_played_until_the_next():
    piece = NoteSequence.from_columns(
        [72],
        [0.0],
        [4.0],
        texts=[Text(0, "C", "chord"), Text(1, "la", "lyric"), Text(2, "F", "chord"),
               Text(3, "N.C.", "chord")],
    )  # fmt: skip
    played = render_chords(piece, velocity=50, program=24)
    added = played.notes[played.notes["instrument"] == 1]
    assert added["pitch"].tolist() == [48, 60, 64, 67, 41, 65, 69, 72]
    assert set(added["onset_s"][:4]) == {0.0}
    assert set(added["release_s"]) == {2.0, 3.0}
    assert set(added["velocity"]) == {50}
    assert played.instruments[1] == Instrument(24, name="Chords")
    assert played.texts == piece.texts


def test_of_two_symbols_at_a_moment_the_later_is_played():
    texts = [Text(0, "C", "chord"), Text(0, "F", "chord")]
    played = render_chords(NoteSequence(texts=texts, total_time_s=1))
    assert np.unique(played.notes["pitch"] % 12).tolist() == [C, F, A]


def test_a_piece_without_chords_stays_silent():
    assert len(render_chords(NoteSequence())) == 0


def test_a_symbol_that_cannot_be_read_is_not_played():
    with pytest.raises(ValueError, match="'zz' is not understood"):
        render_chords(NoteSequence(texts=[Text(0, "Czz", "chord")], total_time_s=1))
