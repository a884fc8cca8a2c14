import importlib
from pathlib import Path

import numpy as np
import pytest

from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.representations.drums import Drums
from solferino.representations.improv import Improv
from solferino.representations.melody import Melody
from solferino.representations.performance import Performance
from solferino.representations.representation import EventSequence

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
DRUM_KIT = [Instrument(is_drum=True)]


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        yield importlib.import_module("excerpts")


def piece(*notes, **others):
    """Notes as (pitch, onset, release), in seconds."""
    pitch, onset_s, release_s = zip(*notes, strict=True)
    return NoteSequence.from_columns(pitch, onset_s, release_s, **others)


def figures(script, notes, end_s, representation=None, start_s=0.0):
    representation = representation or Performance()
    excerpt = script.excerpt_of(notes, representation, start_s, end_s)
    is_drums = representation.name == "drums"
    return script.describe([script.count(excerpt, is_drums=is_drums)]).figures


def test_an_inner_voice_makes_no_interval_of_the_top_voice(script):
    held_above = [(72, 0, 2), (60, 1, 1.5), (74, 2, 3), (62, 2, 3), (74, 3, 4)]
    found = figures(script, piece(*held_above, total_time_s=8), 8)
    assert found["top voice: step (1-2), %"] == 50
    assert found["top voice: same note again, %"] == 50
    assert found["top voice: leap (5 and more), %"] == 0
    assert found["notes that begin together"] == 5 / 4
    assert found["notes that sound together"] == 5.5 / 4
    assert found["notes a second"] == 5 / 8


@pytest.mark.parametrize(("second_s", "share"), [(4.5, 0), (5.5, 100)])
def test_only_silence_of_more_than_four_seconds_is_long(script, second_s, share):
    found = figures(script, piece((60, 0, 1), (62, second_s, 9)), 9)
    assert found["excerpts with 4 s of silence, %"] == share
    assert found["silence, %"] == pytest.approx(100 * (second_s - 1) / 9)


def test_an_excerpt_without_notes_is_silent_from_end_to_end(script):
    found = figures(script, NoteSequence(total_time_s=10), 10)
    assert (found["silence, %"], found["excerpts with 4 s of silence, %"]) == (100, 100)
    assert found["notes a second"] == 0
    assert np.isnan(found["pitch, mean"])


def test_a_hung_note_shows_although_its_duration_is_unknown(script):
    found = figures(script, piece((60, 0, 0.5), (64, 1, 16)), 16)
    assert found["longest note, s"] == 15
    assert found["notes of more than 4 s, %"] == 50
    assert found["duration, median, s"] == 0.5


def test_notes_that_began_before_an_excerpt_are_left_out(script):
    found = figures(script, piece((60, 0, 6), (62, 5, 6), (64, 7, 8)), 12, start_s=4.0)
    assert found["notes a second"] == 2 / 4
    assert (found["pitch, lowest"], found["pitch, highest"]) == (62, 64)


def test_a_groove_that_goes_on_is_consistent_and_another_drum_on_it_is_not_the_same(script):
    def bar(first_s, drum):
        return [(36, first_s, first_s + 0.1), (drum, first_s + 1, first_s + 1.1)]

    drums = piece(*bar(0, 38), *bar(2, 38), *bar(4, 42), instruments=DRUM_KIT, total_time_s=6)
    found = figures(script, drums, 6, Drums())
    assert found["groove: steps as a bar before, %"] == 100
    assert found["bars as the bar before, %"] == 50
    assert found["onsets as a bar before, %"] == pytest.approx(100 * (1 + 1 / 3) / 2)
    assert found["bass drum, %"] == 50
    assert found["snare, %"] == pytest.approx(100 / 3)


def test_bars_are_those_of_the_meter(script):
    notes = [(60, beat * 0.5, beat * 0.5 + 0.5) for beat in (0, 3, 6)]
    waltz = piece(*notes, meters=[(0.0, 3, 4)], total_time_s=4.5)
    assert figures(script, waltz, 4.5, Melody())["bars as the bar before, %"] == 100


def test_time_on_chord_tones_ends_where_the_chord_changes(script):
    chords = (Text(0.0, "C", "chord"), Text(2.0, "G7", "chord"), Text(4.0, "N.C.", "chord"))
    notes = piece((64, 0, 3), (61, 4, 6), texts=chords, total_time_s=8)
    assert script.chord_tone_s(notes) == (2.0, 3.0)


@pytest.mark.parametrize("symbol", ["C", "F#m", "Bdim", "Eb+", "N.C."])
def test_a_triad_that_was_written_as_a_number_gets_its_symbol_back(script, symbol):
    number = script.CHORD_ENCODINGS["triads"].number(symbol)
    again = script.chord_symbol("triads", number)
    assert script.parse_chord(again).pitch_classes() == script.parse_chord(symbol).pitch_classes()


@pytest.mark.parametrize("symbol", ["Dm7", "C/E", "Gm7b5", "A7b9", "F6", "Bbmaj7/D"])
def test_a_chord_that_was_written_with_its_pitches_gets_them_back(script, symbol):
    encoding = script.CHORD_ENCODINGS["pitches"]
    number = encoding.number(symbol)
    assert encoding.number(script.chord_symbol("pitches", number)) == number


def test_an_improvisation_becomes_a_piece_with_its_chords_at_their_times(script):
    improv = Improv("pitches")
    ids = improv.from_melody_events([60, -2, -2, -2, 62, -2, -2, -2]).ids
    numbers = [script.CHORD_ENCODINGS["pitches"].number(s) for s in ("C7", "Fm")]
    events = EventSequence(ids, start_step=32, context=np.repeat(numbers, 4)[:, None])
    found = script.piece_of(improv, events)
    assert [(text.time_s, text.text) for text in found.texts] == [(0.0, "C7"), (0.5, "Fm")]
    assert found.notes["onset_s"].tolist() == [0.0, 0.5]
