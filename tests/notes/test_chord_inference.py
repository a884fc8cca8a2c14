import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.chord_inference import chord_places_s, infer_chords
from solferino.notes.chords import parse_chord, render_chords
from solferino.notes.editing import transpose
from solferino.notes.sequence import Instrument, NoteSequence, Text

from .strategies import note_sequences, random_piece


def progression(symbols, chord_s=1.0, meter=(4, 4)):
    """Chords as notes, each for some seconds at 120 quarter notes a minute, without symbols."""
    texts = [Text(chord_s * k, symbol, "chord") for k, symbol in enumerate(symbols.split())]
    total_s = chord_s * len(texts)
    return render_chords(
        NoteSequence(texts=texts, total_time_s=total_s, meters=[(0, *meter)])
    ).replace(texts=())


def chords_of(piece):
    return [(text.time_s, text.text) for text in piece.texts if text.kind == "chord"]


@pytest.mark.parametrize(
    ("symbols", "chord_s", "meter"),
    [
        ("C F G7 C", 1.0, (4, 4)),  # two chords a bar
        ("C Am Dm7 G7 C", 1.5, (3, 4)),
        ("Am Dm E7 Am", 0.75, (6, 8)),
        ("D G A7 D", 1.0, (2, 4)),
        ("C F Bdim Em Am Dm7 G7 C", 2.0, (2, 2)),
        ("Em Bm7b5 E7 Am", 2.5, (5, 4)),  # a bar each in meters without a rule
        ("C F Caug F", 1.75, (7, 8)),
    ],
)
def test_chords_that_are_played_are_heard(symbols, chord_s, meter):
    found = infer_chords(progression(symbols, chord_s, meter))
    expected = [(chord_s * k, symbol) for k, symbol in enumerate(symbols.split())]
    assert chords_of(found) == expected


def test_a_melody_alone_suggests_its_chords():
    pitches = [60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 65, 72, 67, 64, 60]
    onset_s = 0.5 * np.arange(16)
    piece = NoteSequence.from_columns(pitches, onset_s, onset_s + 0.5)
    found = infer_chords(piece, chords_per_bar=1)
    assert chords_of(found) == [(0.0, "C"), (2.0, "F"), (4.0, "G7"), (6.0, "C")]


def test_chords_are_found_in_their_keys():
    found = infer_chords(progression("D G A7 D Em A7 D"), add_keys=True)
    assert found.keys.tolist() == [(0.0, 2, False)]
    minor = infer_chords(progression("Am Dm E7 Am Dm E7 Am"), add_keys=True)
    assert minor.keys.tolist() == [(0.0, 0, True)]


def test_key_signatures_stay_unless_others_are_asked_for():
    piece = progression("D G A7 D").replace(keys=[(0, -1, True)])
    assert infer_chords(piece).keys.tolist() == [(0.0, -1, True)]


def test_chords_that_were_written_are_replaced_and_other_words_kept():
    texts = [Text(0, "Bb", "chord"), Text(1, "la", "lyric")]
    found = infer_chords(progression("C F G7 C").replace(texts=texts))
    assert Text(1, "la", "lyric") in found.texts
    assert "Bb" not in [text.text for text in found.texts]


def test_no_chord_is_written_before_the_first_note():
    piece = NoteSequence.from_columns([60, 64, 67], 4.0, 6.0)
    assert chords_of(infer_chords(piece)) == [(4.0, "C")]
    drums = NoteSequence.from_columns([37], [0], [1], instruments=[Instrument(0, True)])
    for silent in (NoteSequence(), NoteSequence(total_time_s=5), drums):
        assert infer_chords(silent) == silent


def test_a_chord_holds_through_a_rest():
    onset_s = np.repeat([0.0, 1000.0], 3)
    piece = NoteSequence.from_columns([60, 64, 67, 60, 64, 67], onset_s, onset_s + 1)
    assert chords_of(infer_chords(piece)) == [(0.0, "C")]


def test_drums_have_no_part_in_the_harmony():
    piece = progression("C F G7 C")
    hits = NoteSequence.from_columns(61, np.arange(16) / 4, np.arange(1, 17) / 4, 127, 2)
    voices = (*piece.instruments, Instrument(), Instrument(0, True))
    both = piece.replace(notes=np.concatenate([piece.notes, hits.notes]), instruments=voices)
    assert chords_of(infer_chords(both)) == chords_of(infer_chords(piece))


@pytest.mark.parametrize(
    ("meter", "chords_per_bar", "other_meters", "places_quarters"),
    [
        ((4, 4), None, "bar", [0, 2, 4, 6]),
        ((4, 4), 4, "bar", [0, 1, 2, 3, 4, 5, 6, 7]),
        ((3, 4), None, "beat group", [0, 3, 6]),
        ((6, 8), None, "bar", [0, 1.5, 3, 4.5, 6, 7.5]),
        ((5, 4), None, "bar", [0, 5]),
        ((5, 4), None, "beat group", [0, 2, 5, 7]),
        ((7, 8), None, "beat group", [0, 1, 2, 3.5, 4.5, 5.5, 7]),
        ((9, 8), None, "beat group", [0, 1.5, 3, 4.5, 6, 7.5]),
        ((1, 4), None, "beat group", [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_chords_begin_where_the_meter_lets_them(
    meter, chords_per_bar, other_meters, places_quarters
):
    piece = NoteSequence(meters=[(0, *meter)], total_time_s=4)  # 8 quarter notes
    found = chord_places_s(piece, chords_per_bar, other_meters)
    np.testing.assert_allclose(found * 2, places_quarters)


def test_places_follow_changes_of_meter_and_tempo():
    piece = NoteSequence(meters=[(0, 4, 4), (2, 3, 4)], tempos=[(0, 120), (2, 60)], total_time_s=8)
    assert chord_places_s(piece).tolist() == [0, 1, 2, 5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chords_per_bar": 0}, "chords_per_bar must be at least 1, got 0"),
        ({"other_meters": "beat"}, "other_meters must be 'bar' or 'beat group', got 'beat'"),
        ({"key_change_probability": 1}, "key_change_probability must lie between 0 and 1, got 1"),
        ({"chord_change_probability": 0}, "chord_change_probability must lie between 0 and 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        infer_chords(NoteSequence(), **options)


def test_chords_that_seldom_change_are_fewer():
    piece = random_piece(300, longest_s=60.0)
    seldom = infer_chords(piece, chord_change_probability=0.01)
    often = infer_chords(piece, chord_change_probability=0.99)
    assert len(chords_of(seldom)) < len(chords_of(often))


@settings(max_examples=20, deadline=None)
@given(note_sequences())
def test_any_piece_gets_chords_that_can_be_read(piece):
    found = infer_chords(piece, add_keys=True)
    assert all(parse_chord(symbol).root for _, symbol in chords_of(found))
    assert np.array_equal(found.notes, piece.notes)
    assert len({time_s for time_s, _ in chords_of(found)}) == len(chords_of(found))


@settings(max_examples=12, deadline=None)
@given(st.integers(-6, 6))
def test_chords_move_with_the_notes(semitones):
    piece = progression("C Am Dm7 G7 C F G7 C")
    moved = chords_of(infer_chords(transpose(piece, semitones)))
    expected = [
        (t, parse_chord(s).transpose(semitones).name()) for t, s in chords_of(infer_chords(piece))
    ]
    assert moved == expected
