import numpy as np
import pytest
from hypothesis import given, settings

from solferino.notes.sequence import Instrument, NoteSequence
from solferino.notes.settings import remove_redundant
from solferino.notes.timing import TempoMap, meter_changes
from tests.notes.strategies import note_sequences


def test_what_holds_already_is_not_said_again():
    piece = NoteSequence(
        instruments=(Instrument(), Instrument()),
        tempos=[(0, 90), (1, 90), (2, 60), (3, 90)],
        keys=[(0, 1, False), (1, 1, False), (2, 1, True)],
        control_changes=[(0, 7, 90, 0), (0, 7, 90, 1), (1, 7, 90, 0), (2, 7, 80, 0)],
        pitch_bends=[(0, 0, 0), (1, 0, 0), (1, 100, 1)],
        total_time_s=4,
    )
    brief = remove_redundant(piece)
    assert brief.tempos.tolist() == [(0, 90), (2, 60), (3, 90)]
    assert brief.keys.tolist() == [(0, 1, False), (2, 1, True)]
    assert brief.control_changes.tolist() == [(0, 7, 90, 0), (0, 7, 90, 1), (2, 7, 80, 0)]
    assert brief.pitch_bends.tolist() == [(0, 0, 0), (1, 100, 1)]


def test_of_two_tempi_at_once_only_the_last_was_ever_heard():
    piece = NoteSequence(tempos=[(0, 90), (1, 60), (1, 90)])
    assert remove_redundant(piece).tempos.tolist() == [(0, 90)]


@pytest.mark.parametrize(
    ("meters", "kept"),
    [
        ([(0, 4, 4), (4, 4, 4)], 1),  # on a bar line: two seconds a bar at 120
        ([(0, 4, 4), (3, 4, 4)], 2),  # off the bar line: a new bar begins
        ([(0, 3, 4), (3, 4, 4)], 2),
        ([(0, 3, 4), (0, 4, 4)], 1),
        ([(2, 4, 4)], 1),  # the first stays, though 4/4 holds without it
    ],
)
def test_a_meter_off_the_bar_line_begins_a_bar(meters, kept):
    assert len(remove_redundant(NoteSequence(meters=meters)).meters) == kept


@pytest.mark.parametrize("number", [6, 38, 100, 123])
def test_orders_are_repeated_on_purpose(number):
    piece = NoteSequence(
        instruments=(Instrument(),), control_changes=[(0, number, 0, 0), (1, number, 0, 0)]
    )
    assert len(remove_redundant(piece).control_changes) == 2


def test_a_pedal_lifted_and_pressed_at_once_is_no_repetition():
    pedal = [(0, 64, 127, 0), (1, 64, 0, 0), (1, 64, 127, 0)]
    piece = NoteSequence(instruments=(Instrument(),), control_changes=pedal)
    assert remove_redundant(piece).control_changes.tolist() == pedal


def test_nothing_has_nothing_redundant():
    assert remove_redundant(NoteSequence()) == NoteSequence()


@given(note_sequences())
@settings(max_examples=50, deadline=None)
def test_bars_beats_and_notes_stay_where_they_are(piece):
    brief = remove_redundant(piece)
    assert brief.notes.tolist() == piece.notes.tolist()
    assert remove_redundant(brief) == brief
    before, after = TempoMap.from_sequence(piece), TempoMap.from_sequence(brief)
    np.testing.assert_array_equal(before.change_s, after.change_s)
    np.testing.assert_array_equal(before.change_qpm, after.change_qpm)
    assert meter_changes(brief).tolist() == meter_changes(piece).tolist()
