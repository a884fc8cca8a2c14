import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.editing import extract, shift, stretch, transpose, trim
from solferino.notes.quantization import quantize
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.timing import TempoMap, bar_times_s
from tests.notes.strategies import note_sequences, times_s

PIANO, BASS, KIT = Instrument(), Instrument(33, False, "Bass"), Instrument(0, True)

THREE_NOTES = NoteSequence.from_columns([60, 62, 64], [0, 1, 2], [1, 2, 4])


def seconds_of_sound(piece):
    return float((piece.notes["release_s"] - piece.notes["onset_s"]).sum())


# trim and extract


@pytest.mark.parametrize(
    ("span_s", "notes"),
    [
        ((0, 4), [(0, 1, 60), (1, 2, 62), (2, 4, 64)]),
        ((0.5, 3), [(0, 0.5, 60), (0.5, 1.5, 62), (1.5, 2.5, 64)]),  # both edges cut a note
        ((1, 2), [(0, 1, 62)]),  # half-open: neither neighbour
        ((3, 3.5), [(0, 0.5, 64)]),  # inside one note
        ((2, 2), []),
        ((9, 10), []),
    ],
)
def test_trimming_cuts_notes_at_the_edges(span_s, notes):
    assert trim(THREE_NOTES, *span_s).notes[["onset_s", "release_s", "pitch"]].tolist() == notes


def test_extracting_leaves_notes_in_their_place():
    piece = extract(THREE_NOTES.replace(tempos=[(0, 90)]), 0.5, 3)
    assert piece.notes["onset_s"].tolist() == [0.5, 1, 2]
    assert piece.total_time_s == 3
    assert piece.tempos.tolist() == [(0, 90)]


def test_what_is_in_force_is_stated_where_the_cut_begins():
    piece = NoteSequence(
        instruments=(PIANO, BASS),
        tempos=[(0, 90), (1, 100), (3, 110)],
        meters=[(0, 3, 4)],
        keys=[(0, 2, False), (2, -1, True)],
        control_changes=[
            (0, 7, 90, 0),
            (0, 7, 80, 1),
            (1, 7, 70, 0),
            (1, 64, 127, 0),
            (3, 7, 1, 1),
        ],
        pitch_bends=[(0, 100, 0), (0, -100, 1), (1, 0, 0)],
        texts=[Text(0, "C", "chord"), Text(1, "Am", "chord"), Text(1, "Verse", "marker")],
        total_time_s=8,
    )
    cut = trim(piece, 2, 4)
    assert cut.tempos.tolist() == [(0, 100), (1, 110)]
    assert cut.meters.tolist() == [(0, 3, 4)]
    assert cut.keys.tolist() == [(0, -1, True)]
    assert cut.control_changes.tolist() == [
        (0, 7, 80, 1),
        (0, 7, 70, 0),
        (0, 64, 127, 0),
        (1, 7, 1, 1),
    ]
    assert cut.pitch_bends.tolist() == [(0, -100, 1), (0, 0, 0)]
    assert cut.texts == (Text(0, "Am", "chord"),)
    assert cut.total_time_s == 2


def test_a_chord_stated_at_the_cut_needs_no_other():
    piece = NoteSequence(texts=[Text(0, "C", "chord"), Text(1, "G", "chord")], total_time_s=2)
    assert trim(piece, 1, 2).texts == (Text(0, "G", "chord"),)


@pytest.mark.parametrize("span_s", [(-1, 2), (3, 2), (float("inf"), float("inf"))])
@pytest.mark.parametrize("edit", [trim, extract])
def test_a_span_begins_at_0_or_later_and_does_not_end_before_that(edit, span_s):
    with pytest.raises(ValueError, match="start_s must be 0 or more and end_s no less"):
        edit(THREE_NOTES, *span_s)


@given(note_sequences())
@settings(max_examples=30, deadline=None)
def test_trimming_nothing_away_changes_nothing(piece):
    assert trim(piece, 0) == piece
    assert extract(piece, 0) == piece


@given(note_sequences(), times_s(), times_s())
@settings(max_examples=50, deadline=None)
def test_two_halves_hold_all_the_sound_and_keep_the_beat(piece, start_s, end_s):
    start_s, end_s = sorted([start_s, end_s])
    parts = [trim(piece, 0, start_s), trim(piece, start_s, end_s), trim(piece, end_s)]
    assert sum(map(seconds_of_sound, parts)) == pytest.approx(seconds_of_sound(piece))
    whole, part = TempoMap.from_sequence(piece), TempoMap.from_sequence(parts[1])
    inside_s = np.linspace(start_s, end_s, 5, endpoint=False)
    np.testing.assert_array_equal(whole.qpm_at(inside_s), part.qpm_at(inside_s - start_s))
    assert shift(parts[1], start_s).notes.tolist() == extract(piece, start_s, end_s).notes.tolist()


# shift


def test_shifting_moves_everything():
    piece = THREE_NOTES.replace(tempos=[(0, 90)], texts=[Text(1, "C", "chord")])
    later = shift(piece, 2)
    assert later.notes["onset_s"].tolist() == [2, 3, 4]
    assert later.tempos.tolist() == [(2, 90)]
    assert later.texts == (Text(3, "C", "chord"),)
    assert later.total_time_s == 6


def test_a_note_cannot_be_shifted_before_the_start():
    with pytest.raises(ValueError, match="the first note begins at 1 s, got -2; trim cuts"):
        shift(shift(THREE_NOTES, 1), -2)


@given(note_sequences(), times_s())
@settings(max_examples=30, deadline=None)
def test_shifting_there_and_back_changes_nothing(piece, by_s):
    assert shift(shift(piece, by_s), -by_s) == piece


# transpose


def test_drums_keys_and_chords_know_what_to_do():
    piece = NoteSequence.from_columns(
        [60, 36],
        [0, 0],
        1,
        instrument=[0, 1],
        instruments=(PIANO, KIT),
        keys=[(0, 0, False), (1, 0, True)],
        texts=[Text(0, "C/E", "chord"), Text(0, "C", "lyric")],
    )
    higher = transpose(piece, 2)
    assert higher.notes["pitch"].tolist() == [62, 36]
    assert higher.keys.tolist() == [(0, 2, False), (1, 2, True)]
    assert [text.text for text in higher.texts] == ["D/F#", "C"]


@pytest.mark.parametrize(
    ("semitones", "limits", "pitches"),
    [
        (0, {}, [0, 60, 127]),
        (1, {}, [1, 61]),
        (-1, {}, [59, 126]),
        (300, {}, []),
        (12, {"max_pitch": 80}, [12, 72]),
        (-12, {"min_pitch": 48}, [48, 115]),
        (1, {"max_pitch": 200}, [1, 61]),
    ],
)
def test_notes_that_leave_the_range_are_dropped(semitones, limits, pitches):
    piece = NoteSequence.from_columns([0, 60, 127], [0, 1, 2], 3)
    assert transpose(piece, semitones, **limits).notes["pitch"].tolist() == pitches


@given(note_sequences(), st.integers(-40, 40))
@settings(max_examples=50, deadline=None)
def test_transposing_there_and_back_loses_only_the_notes_out_of_range(piece, semitones):
    moved = piece.notes["pitch"].astype(int) + semitones
    stays = piece.is_drum | ((moved >= 0) & (moved <= 127))
    back = transpose(transpose(piece, semitones), -semitones)
    assert back.notes.tolist() == piece.notes[stays].tolist()
    assert ((back.keys["sharps"] * 7 - piece.keys["sharps"] * 7) % 12 == 0).all()


# stretch


def test_twice_as_long_is_half_the_tempo():
    slow = stretch(THREE_NOTES, 2)
    assert slow.notes["release_s"].tolist() == [2, 4, 8]
    assert slow.tempos.tolist() == [(0, 60)]
    assert slow.total_time_s == 8


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_a_piece_cannot_be_stretched_to_nothing(factor):
    with pytest.raises(ValueError, match="factor must be above 0"):
        stretch(THREE_NOTES, factor)


@given(note_sequences(), st.sampled_from([0.25, 0.5, 2.0, 3.0]))
@settings(max_examples=30, deadline=None)
def test_stretching_keeps_the_quarters(piece, factor):
    longer = stretch(piece, factor)
    np.testing.assert_allclose(
        TempoMap.from_sequence(longer).seconds_to_quarters(longer.notes["onset_s"]),
        TempoMap.from_sequence(piece).seconds_to_quarters(piece.notes["onset_s"]),
        atol=1e-9,
    )
    np.testing.assert_allclose(bar_times_s(longer), bar_times_s(piece) * factor, atol=1e-9)
    assert quantize(longer).notes.tolist() == quantize(piece).notes.tolist()
