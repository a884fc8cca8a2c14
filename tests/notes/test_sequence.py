import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings

from solferino.notes.sequence import NOTE_DTYPE, Instrument, NoteSequence, Text
from tests.notes.strategies import note_sequences

PIANO = (Instrument(),)
TABLES = ("notes", "tempos", "meters", "keys", "control_changes", "pitch_bends")


def test_a_piece_of_nothing_lasts_no_time():
    piece = NoteSequence()
    assert (len(piece), piece.total_time_s, len(piece.program)) == (0, 0.0, 0)


def test_columns_become_notes_in_order_of_onset():
    piece = NoteSequence.from_columns([64, 60], [1, 0], [2, 1], velocity=[90, 70])
    assert piece.notes.tolist() == [(0, 1, 60, 70, 0), (1, 2, 64, 90, 0)]
    assert piece.total_time_s == 2
    assert piece.instruments == PIANO


def test_notes_that_begin_together_stay_in_the_order_they_came():
    piece = NoteSequence.from_columns([67, 60, 64], 0, 1)
    assert piece.notes["pitch"].tolist() == [67, 60, 64]


def test_rows_of_any_integer_type_are_notes():
    rows = np.array([(0, 1, 60, 80, 0)], [(name, np.int64) for name in NOTE_DTYPE.names])
    assert NoteSequence(notes=rows, instruments=PIANO).notes.tolist() == [(0, 1, 60, 80, 0)]


def test_program_and_drum_flag_come_from_the_instrument():
    band = (Instrument(33), Instrument(0, True, "Kit"))
    piece = NoteSequence.from_columns([36, 40], [0, 1], [1, 2], instrument=[1, 0], instruments=band)
    assert piece.program.tolist() == [0, 33]
    assert piece.is_drum.tolist() == [True, False]


def test_the_caller_s_array_is_not_the_piece_s():
    rows = np.array([(0, 1, 60, 80, 0)], NOTE_DTYPE)
    piece = NoteSequence(notes=rows, instruments=PIANO)
    rows["pitch"] = 99
    assert piece.notes["pitch"].tolist() == [60]


@pytest.mark.parametrize("remake", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])  # noqa: S301
@given(piece=note_sequences())
@settings(max_examples=20, deadline=None)
def test_no_table_of_a_piece_or_of_its_copies_can_be_written(remake, piece):
    again = remake(piece)
    assert again == piece
    for one in (piece, again):
        for name in TABLES:
            with pytest.raises(ValueError, match="read-only"):
                getattr(one, name)[:] = 0


def test_fields_cannot_be_set():
    with pytest.raises(FrozenInstanceError):
        NoteSequence().title = "x"


def test_a_piece_is_not_hashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(NoteSequence())


def test_replacing_notes_makes_the_piece_longer_where_it_must():
    piece = NoteSequence.from_columns(60, 0, 1).with_notes([(0, 3, 62, 80, 0)])
    assert piece.total_time_s == 3
    assert piece.replace(notes=[(0, 1, 62, 80, 0)]).total_time_s == 3


@given(note_sequences())
@settings(max_examples=20, deadline=None)
def test_a_piece_equals_itself_and_not_one_that_differs(piece):
    assert piece == piece.replace()
    assert piece != piece.replace(total_time_s=piece.total_time_s + 1)
    assert piece != piece.replace(tempos=[*piece.tempos.tolist(), (99, 50)])
    assert piece != "a piece"


def test_the_repr_says_what_a_musician_would_ask():
    piece = NoteSequence.from_columns(60, 0, 1, tempos=[(0, 96)], meters=[(0, 3, 4)], title="Waltz")
    assert repr(piece) == "<NoteSequence 'Waltz': 1 note, 1.00 s, 96 qpm, 3/4, 1 instrument>"
    assert repr(NoteSequence()) == "<NoteSequence: 0 notes, 0.00 s, 0 instruments>"


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"pitch": 300}, "pitch must be whole numbers that fit uint8, got 300"),
        ({"pitch": -1}, "pitch must be whole numbers that fit uint8, got -1"),
        ({"pitch": 60.5}, "pitch must be whole numbers that fit uint8, got 60.5"),
        ({"pitch": float("nan")}, "pitch must be whole numbers that fit uint8, got nan"),
        ({"pitch": "C4"}, "pitch must be numbers that fit uint8, got <U2"),
        ({"pitch": 10**30}, "pitch must be numbers that fit uint8, got object"),
        ({"pitch": 128}, r"pitch must be in 0\.\.127"),
        ({"velocity": 128}, r"velocity must be in 0\.\.127"),
        ({"onset_s": -0.5}, "onset_s must be 0 or later"),
        ({"onset_s": float("nan")}, "release_s must not precede onset_s"),
        ({"release_s": float("inf")}, "release_s must be finite"),
        ({"release_s": float("nan")}, "release_s must be finite"),
        ({"onset_s": 2.0}, "release_s must not precede onset_s"),
        ({"instrument": 1, "instruments": PIANO}, "instrument must be an index below 1"),
        ({"instrument": -1}, "instrument must be an index below 1"),
        ({"tempos": [(0, 0)]}, "tempos must be above 0"),
        ({"tempos": [(0, float("nan"))]}, "tempos must be above 0"),
        ({"tempos": [(float("nan"), 120)]}, "time_s must be 0 or later"),
        ({"tempos": [(0, 120, 1)]}, "tempos: each row needs time_s, qpm: 2 numbers"),
        ({"meters": [(0, 0, 4)]}, "numerator above 0"),
        ({"meters": [(0, 4, 0)]}, "denominator above 0"),
        ({"meters": [(0, 256, 4)]}, "meters: numerator must be whole numbers that fit uint8"),
        ({"keys": [(0, 8, False)]}, "keys have -7 to 7 sharps"),
        ({"control_changes": [(0, 128, 0, 0)]}, "control numbers must be in"),
        ({"control_changes": [(0, 64, 128, 0)]}, "control values must be in"),
        ({"control_changes": [(0, 64, 0, 5)]}, "instrument must be an index below 1"),
        ({"pitch_bends": [(0, 8192, 0)]}, "bend must be in"),
        ({"pitch_bends": [(0, -8193, 0)]}, "bend must be in"),
        ({"instruments": (Instrument(128),)}, "program must be in"),
        ({"texts": [Text(0, "la", "song")]}, "text kinds are"),
        ({"texts": [Text(-1, "la")]}, "texts: time_s must be 0 or later"),
        ({"texts": [Text(0, "la", "lyric", 3)]}, "instrument must be an index below 1"),
        ({"total_time_s": float("inf")}, "total_time_s must be 0 or later"),
        ({"ticks_per_quarter": 0}, "ticks_per_quarter must be above 0"),
    ],
)
def test_a_number_out_of_its_range_is_refused(columns, rule):
    with pytest.raises(ValueError, match=rule):
        NoteSequence.from_columns(**{"pitch": 60, "onset_s": 0.0, "release_s": 1.0, **columns})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"notes": [(2, 1, 60, 80, 0)]}, "release_s must not precede onset_s"),
        ({"notes": [(0, float("inf"), 60, 80, 0)]}, "release_s must be finite"),
        ({"notes": [(0, 1, 128, 80, 0)]}, r"pitch must be in 0\.\.127"),
        ({"notes": [(0, 1, 60, 80, 1)]}, "instrument must be an index below 1"),
        ({"instruments": ()}, "instrument must be an index below 0"),
        ({"instruments": (Instrument(-1),)}, "program must be in"),
        ({"tempos": [(1, 60), (0, 0)]}, "tempos must be above 0"),
        ({"meters": [(-1, 4, 4)]}, "time_s must be 0 or later"),
        ({"keys": [(float("nan"), 1, False), (0, 1, False)]}, "time_s must be 0 or later"),
        ({"control_changes": [(0, 64, 0, 5)]}, "instrument must be an index below 1"),
        ({"texts": [Text(0, "la", "song")]}, "text kinds are"),
        ({"texts": [Text(0, "la", "lyric", 1)]}, "instrument must be an index below 1"),
        ({"total_time_s": float("nan")}, "total_time_s must be 0 or later"),
        ({"ticks_per_quarter": 0}, "ticks_per_quarter must be above 0"),
    ],
)
def test_a_change_is_checked_like_a_new_piece(changes, rule):
    piece = NoteSequence.from_columns(60, [0.0], [1.0])
    with pytest.raises(ValueError, match=rule):
        piece.replace(**changes)


def test_a_change_is_sorted_and_cannot_be_written():
    piece = NoteSequence.from_columns(60, [0.0], [1.0])
    changed = piece.replace(
        notes=[(2, 3, 62, 80, 0), (1, 2, 60, 80, 0)], texts=[Text(1, "b"), Text(0, "a")]
    )
    assert changed.notes["pitch"].tolist() == [60, 62]
    assert [text.text for text in changed.texts] == ["a", "b"]
    assert changed.total_time_s == 3
    assert not changed.notes.flags.writeable


def test_what_does_not_change_is_shared_and_the_old_piece_stays():
    piece = NoteSequence.from_columns(60, [0.0], [1.0], tempos=[(0, 90)])
    changed = piece.replace(title="Air")
    assert changed.notes is piece.notes
    assert changed.tempos is piece.tempos
    assert (changed.title, piece.title) == ("Air", "")


def test_a_field_that_a_piece_does_not_have_is_named():
    with pytest.raises(TypeError, match="a NoteSequence has no speed"):
        NoteSequence().replace(speed=3)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="broadcast"):
        NoteSequence.from_columns([60, 62], [0, 1, 2], 3)
