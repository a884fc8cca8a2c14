import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solferino.notes.editing import trim
from solferino.notes.joining import concatenate, expand_sections, merge, repeat_to_duration
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.timing import TempoMap, bar_times_s
from tests.notes.strategies import note_sequences

PIANO, BASS = Instrument(), Instrument(33, False, "Bass")

THREE_NOTES = NoteSequence.from_columns([60, 62, 64], [0, 1, 2], [1, 2, 4])


# concatenate


def test_no_pieces_make_an_empty_piece():
    assert concatenate([]) == NoteSequence()


def test_each_piece_begins_in_its_own_tempo_and_meter():
    waltz = THREE_NOTES.replace(tempos=[(0, 90)], meters=[(0, 3, 4)], keys=[(0, 1, False)])
    both = concatenate([waltz, THREE_NOTES])
    assert both.notes["onset_s"].tolist() == [0, 1, 2, 4, 5, 6]
    assert both.tempos.tolist() == [(0, 90), (4, 120)]
    assert both.meters.tolist() == [(0, 3, 4), (4, 4, 4)]
    assert both.keys.tolist() == [(0, 1, False)]
    assert both.total_time_s == 8


def test_equal_instruments_become_one_but_a_duo_stays_a_duo():
    first = NoteSequence.from_columns([60, 40], 0, 1, instrument=[0, 1], instruments=(PIANO, BASS))
    duo = NoteSequence.from_columns([62, 64], 0, 1, instrument=[0, 1], instruments=(PIANO, PIANO))
    last = NoteSequence.from_columns(
        41, 0, 1, instruments=(BASS,), texts=[Text(0, "la", "lyric", 0), Text(0, "end")]
    )
    whole = concatenate([first, duo, last])
    assert whole.instruments == (PIANO, BASS, PIANO)
    assert whole.notes["instrument"].tolist() == [0, 1, 0, 2, 1]
    assert [text.instrument for text in whole.texts] == [1, -1]


def test_what_comes_after_the_end_of_a_piece_does_not_reach_the_next():
    first = THREE_NOTES.replace(tempos=[(0, 90), (5, 30)])
    assert concatenate([first, THREE_NOTES]).tempos["qpm"].tolist() == [90, 120]


@given(st.lists(note_sequences(max_notes=4), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_each_piece_can_be_cut_out_of_the_whole_again(pieces):
    whole, start_s = concatenate(pieces), 0.0
    assert len(whole) == sum(map(len, pieces))
    for piece in pieces:
        last_zero = piece.notes["onset_s"] >= piece.total_time_s
        assume(not last_zero.any())
        part = trim(whole, start_s, start_s + piece.total_time_s)
        for column in ("onset_s", "release_s", "pitch", "velocity"):
            assert part.notes[column].tolist() == piece.notes[column].tolist()
        assert part.program.tolist() == piece.program.tolist()
        assert part.is_drum.tolist() == piece.is_drum.tolist()
        if piece.total_time_s > 0:
            np.testing.assert_allclose(bar_times_s(part), bar_times_s(piece))
        start_s += piece.total_time_s


# merge


def test_a_melody_and_its_bass_sound_together():
    melody = NoteSequence.from_columns([72, 74], [0, 1], [1, 2], instruments=(PIANO,))
    bass = NoteSequence.from_columns(
        [40], [0.5], [3], instruments=(BASS,), tempos=[(0, 90)], texts=[Text(1, "A", "chord")]
    )
    both = merge([melody, bass])
    assert both.notes["pitch"].tolist() == [72, 40, 74]
    assert both.instruments == (PIANO, BASS)
    assert both.notes["instrument"].tolist() == [0, 1, 0]
    assert both.tempos.tolist() == [(0, 90)]  # the first that is stated
    assert both.texts == (Text(1, "A", "chord"),)
    assert both.total_time_s == 3


def test_a_piece_has_one_tempo_meter_and_key_at_a_time():
    waltz = THREE_NOTES.replace(tempos=[(0, 90)], meters=[(0, 3, 4)], keys=[(0, 1, False)])
    march = THREE_NOTES.replace(tempos=[(0, 60)], meters=[(0, 2, 4)], keys=[(0, -1, False)])
    both = merge([waltz, march])
    assert len(both) == 6
    assert (both.tempos.tolist(), both.meters.tolist()) == ([(0, 90)], [(0, 3, 4)])
    assert both.keys.tolist() == [(0, 1, False)]


def test_merging_no_pieces_gives_an_empty_piece():
    assert merge([]) == NoteSequence()


@given(note_sequences())
@settings(max_examples=20, deadline=None)
def test_merging_one_piece_changes_nothing_it_says(piece):
    merged = merge([piece])
    assert merged.notes.tolist() == piece.notes.tolist()
    assert merged.replace(instruments=piece.instruments) == piece


@given(st.lists(note_sequences(max_notes=4), min_size=1, max_size=3))
@settings(max_examples=20, deadline=None)
def test_merging_keeps_every_note_in_its_place_on_its_instrument(pieces):
    merged = merge(pieces)
    assert sorted(_played(merged)) == sorted(note for piece in pieces for note in _played(piece))
    assert merged.total_time_s == max(piece.total_time_s for piece in pieces)
    assert len(merged.texts) == sum(len(piece.texts) for piece in pieces)


def _played(piece):
    columns = piece.notes[["onset_s", "release_s", "pitch", "velocity"]].tolist()
    voices = [piece.instruments[k] for k in piece.notes["instrument"]]
    return list(zip(columns, voices, strict=True))


# repeat_to_duration


def test_a_loop_of_four_seconds_fills_ten():
    loop = repeat_to_duration(THREE_NOTES.replace(tempos=[(0, 90)]), 10)
    assert loop.notes["pitch"].tolist() == [60, 62, 64] * 2 + [60, 62]
    assert loop.notes["onset_s"].tolist() == [0, 1, 2, 4, 5, 6, 8, 9]
    assert loop.tempos.tolist() == [(0, 90)]
    assert loop.total_time_s == 10


def test_the_last_repeat_is_cut():
    assert repeat_to_duration(THREE_NOTES, 2.5).notes["release_s"].tolist() == [1, 2, 2.5]


def test_a_duration_of_three_times_a_tenth_needs_three_repeats():
    tenth = NoteSequence.from_columns(60, 0, 0.1)
    assert len(repeat_to_duration(tenth, 0.1 * 3)) == 3


@pytest.mark.parametrize("duration_s", [-1, float("inf"), float("nan")])
def test_a_duration_is_finite_and_not_negative(duration_s):
    with pytest.raises(ValueError, match="duration_s must be 0 or more seconds"):
        repeat_to_duration(THREE_NOTES, duration_s)


def test_nothing_cannot_be_repeated_until_a_time_is_up():
    with pytest.raises(ValueError, match="lasts 0 s cannot fill a duration"):
        repeat_to_duration(NoteSequence(), 1)


@given(note_sequences(max_notes=4), st.sampled_from([0.0, 0.25, 1.0, 2.5]))
@settings(max_examples=20, deadline=None)
def test_a_repeat_lasts_as_long_as_asked_and_begins_with_the_piece(piece, factor):
    assume(piece.total_time_s > 0)
    repeated = repeat_to_duration(piece, piece.total_time_s * factor)
    assert repeated.total_time_s == piece.total_time_s * factor
    first_s = piece.total_time_s * min(factor, 1)
    assert trim(repeated, 0, first_s).notes.tolist() == trim(piece, 0, first_s).notes.tolist()


# expand_sections


def test_a_repeated_first_half_is_played_twice():
    song = NoteSequence.from_columns(
        [60, 62, 64, 65], [0, 2, 4, 6], [2, 4, 6, 8], meters=[(0, 2, 4)], keys=[(4, 1, False)]
    )
    played = expand_sections(song, [(0, 4), (0, 4), (4, 8)])
    assert played.notes["pitch"].tolist() == [60, 62, 60, 62, 64, 65]
    assert played.notes["onset_s"].tolist() == [0, 2, 4, 6, 8, 10]
    assert played.meters.tolist() == [(0, 2, 4)]
    assert played.keys.tolist() == [(8, 1, False)]
    assert played.total_time_s == 12


def test_a_da_capo_comes_back_to_the_first_key():
    song = THREE_NOTES.replace(keys=[(0, 0, False), (2, 1, False)])
    assert expand_sections(song, [(0, 2), (2, 4), (0, 2)]).keys.tolist() == [
        (0, 0, False),
        (2, 1, False),
        (4, 0, False),
    ]


def test_a_tie_into_a_section_is_not_struck_there():
    song = NoteSequence.from_columns([60, 62], [0, 3], [3, 4])
    played = expand_sections(song, [(2, 4), (0, 2)])
    assert played.notes[["onset_s", "release_s", "pitch"]].tolist() == [(1, 2, 62), (2, 4, 60)]


def test_no_sections_play_nothing():
    assert expand_sections(THREE_NOTES, []).total_time_s == 0
    assert len(expand_sections(THREE_NOTES, [])) == 0


@pytest.mark.parametrize("section", [(-1, 2), (2, 2), (3, 2), (2, 5), (float("nan"), 1)])
def test_a_section_lies_inside_the_piece(section):
    with pytest.raises(ValueError, match=r"sections must be \(start_s, end_s\) inside 0..4"):
        expand_sections(THREE_NOTES, [section])


@given(note_sequences(min_length_s=1 / 64), st.integers(1, 63))
@settings(max_examples=30, deadline=None)
def test_all_sections_in_order_are_the_piece(piece, share):
    assume(piece.total_time_s > 0)
    middle_s = piece.total_time_s * share / 64
    played = expand_sections(piece, [(0, middle_s), (middle_s, piece.total_time_s)])
    np.testing.assert_allclose(played.notes["onset_s"], piece.notes["onset_s"], atol=1e-9)
    assert played.notes["pitch"].tolist() == piece.notes["pitch"].tolist()
    assert played.total_time_s == pytest.approx(piece.total_time_s)
    moments_s = np.linspace(0, piece.total_time_s, 7, endpoint=False)
    np.testing.assert_allclose(
        TempoMap.from_sequence(played).seconds_to_quarters(moments_s),
        TempoMap.from_sequence(piece).seconds_to_quarters(moments_s),
        atol=1e-3,
    )
