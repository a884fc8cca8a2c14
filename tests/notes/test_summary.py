"""A summary says what a musician would ask about a piece."""

import json

import pytest
from hypothesis import given, settings

from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.summary import InstrumentSummary, Setting, key_name, summarize
from tests.notes.strategies import note_sequences

D_MAJOR = [62, 64, 66, 67, 69, 71, 73, 74]
PIECE = NoteSequence.from_columns(
    [*D_MAJOR, 36, 38],
    [0, 1, 2, 3, 4, 5, 6, 7, 0, 4],
    [1, 2, 3, 4, 5, 6, 7, 9, 1, 5],
    instrument=[0] * 8 + [2] * 2,
    instruments=(Instrument(40, name="Lead"), Instrument(), Instrument(is_drum=True)),
    tempos=[(0, 60), (4, 60), (5, 90)],
    meters=[(0, 4, 4), (4, 3, 4)],
    keys=[(0, 2, False), (4, -1, True)],
    control_changes=[(0, 7, 100, 0), (1, 64, 127, 0), (2, 64, 0, 0)],
    pitch_bends=[(0, 5, 0)],
    texts=(
        Text(0, "D", "chord"),
        Text(2, "A7", "chord"),
        Text(4, "D", "chord"),
        Text(1, "la", "lyric"),
    ),
    title="Eight notes",
    total_time_s=10.0,
)


def test_what_holds_for_the_whole_piece():
    facts = summarize(PIECE)
    assert (facts.title, facts.length_s, facts.num_notes) == ("Eight notes", 10.0, 10)
    assert facts.num_bars == 4  # one of 4/4, and 8.5 quarters in bars of 3/4
    assert facts.tempos == (Setting(1, "60"), Setting(2, "90"))
    assert facts.meters == (Setting(1, "4/4"), Setting(2, "3/4"))
    assert facts.keys == (Setting(1, "D major"), Setting(2, "D minor"))
    assert (facts.found_key, facts.found_relative) == ("D major", "B minor")
    assert facts.in_found_key == 1.0
    assert facts.texts == {"chord": 3, "lyric": 1}
    assert facts.chords == ("D", "A7")
    assert facts.controllers == {"sustain pedal": 2, "volume": 1, "pitch bend": 1}


def test_what_each_instrument_plays():
    assert summarize(PIECE).instruments == (
        InstrumentSummary("Lead", "violin", 8, 62, 74, 0.9, is_monophonic=True),
        InstrumentSummary("", "grand piano", 0, None, None, 0.0, is_monophonic=True),
        InstrumentSummary("", "drums", 2, 36, 38, 0.2, is_monophonic=True),
    )


@pytest.mark.parametrize(
    ("onsets_s", "releases_s", "sounding", "is_monophonic"),
    [
        ([0, 1, 2], [1, 2, 4], 1.0, True),
        ([0, 1, 2], [1, 2.5, 4], 1.0, False),
        ([0, 1, 3], [4, 1.5, 4], 1.0, False),
        ([1, 1], [2, 2], 0.5, False),
        ([0, 3], [1, 4], 0.5, True),
    ],
)
def test_sounding_counts_overlaps_once(onsets_s, releases_s, sounding, is_monophonic):
    pitches = range(60, 60 + len(onsets_s))
    notes = NoteSequence.from_columns(pitches, onsets_s, releases_s)
    (instrument,) = summarize(notes).instruments
    assert instrument.sounding == pytest.approx(sounding * max(releases_s) / notes.total_time_s)
    assert instrument.is_monophonic is is_monophonic


def test_a_piece_without_signatures_or_notes():
    facts = summarize(NoteSequence())
    assert (facts.num_bars, facts.instruments, facts.keys, facts.chords) == (0, (), (), ())
    assert (facts.found_key, facts.found_relative, facts.in_found_key) == ("", "", 0.0)
    assert (facts.tempos, facts.meters) == ((Setting(1, "120"),), (Setting(1, "4/4"),))


def test_keys_have_names():
    names = [key_name(n, is_minor=False) for n in (-7, -2, 0, 6)]
    assert names == ["Cb major", "Bb major", "C major", "F# major"]
    assert [key_name(n, is_minor=True) for n in (-3, 0, 3)] == ["C minor", "A minor", "F# minor"]


@settings(max_examples=40, deadline=None)
@given(note_sequences())
def test_every_piece_has_a_summary_that_json_can_hold(notes):
    facts = summarize(notes)
    assert json.loads(json.dumps(facts.as_json()))["num_notes"] == len(notes)
    assert sum(instrument.num_notes for instrument in facts.instruments) == len(notes)
    assert all(0 <= instrument.sounding <= 1 for instrument in facts.instruments)
