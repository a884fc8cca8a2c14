"""A lead sheet has one line, chord symbols, and both on one grid."""

import numpy as np
import pytest

from solferino.errors import QuantizationError
from solferino.notes.abc_notation import parse_tune_book
from solferino.notes.abc_writing import abc_text
from solferino.notes.chords import chord_notes
from solferino.notes.lead_sheets import lead_sheet
from solferino.notes.musicxml_writing import musicxml_text
from solferino.notes.quantization import quantize
from solferino.notes.sequence import Instrument, NoteSequence, Text

TUNE = [64, 65, 67, 72, 69, 67, 65, 64, 62, 64, 65, 67, 64, 62, 60, 60]
CHORDS = ["C", "F", "G", "C"]


def song(**others) -> NoteSequence:
    """A tune in quarters at 120 over a chord a bar, both a little late."""
    late_s = 0.02
    tune = [(p, k / 2 + late_s, k / 2 + 0.5 + late_s, 0) for k, p in enumerate(TUNE)]
    chords = [(p, 2 * k + late_s, 2 * k + 2 + late_s, 1)
              for k, symbol in enumerate(CHORDS) for p in chord_notes(symbol, 3)]  # fmt: skip
    pitch, onset, release, instrument = np.array(tune + chords).T
    voices = (Instrument(73, name="Flute"), Instrument(0, name="Piano"))
    return NoteSequence.from_columns(
        pitch, onset, release, instrument=instrument, instruments=voices, title="A song",
        keys=[(0, 0, False)], **others,
    )  # fmt: skip


def symbols(notes: NoteSequence) -> list:
    return [(text.time_s, text.text) for text in notes.texts if text.kind == "chord"]


def test_chords_are_inferred_where_the_piece_has_none():
    sheet = lead_sheet(song())
    assert symbols(sheet) == [(2.0 * k, symbol) for k, symbol in enumerate(CHORDS)]
    assert sheet.notes["pitch"].tolist() == TUNE
    assert sheet.notes["onset_s"].tolist() == [k / 2 for k in range(16)]
    assert sheet.instruments == (Instrument(73, name="Melody"),)
    assert (sheet.title, sheet.keys.tolist()) == ("A song", [(0, 0, False)])


def test_the_own_chords_of_a_piece_are_kept_where_they_change():
    texts = (Text(0.03, "Am7", "chord"), Text(2, "Am7", "chord"), Text(4.01, "D9", "chord"),
             Text(4.02, "G", "chord", 1), Text(1, "la", "lyric", 0),
             Text(1, "x", "text"))  # fmt: skip
    sheet = lead_sheet(song(texts=texts))
    assert symbols(sheet) == [(0, "Am7"), (4, "G")]
    assert Text(1, "la", "lyric", 0) in sheet.texts
    assert len(sheet.texts) == 3


def test_two_notes_on_one_step_leave_the_longer():
    grace = NoteSequence.from_columns([72, 71, 69], [0, 0.05, 1], [0.05, 1, 2])
    sheet = lead_sheet(grace)
    assert sheet.notes["pitch"].tolist() == [71, 69]


def test_a_lead_sheet_can_be_written_and_read():
    sheet = lead_sheet(song())
    (again,) = parse_tune_book(abc_text(sheet)).tunes
    assert symbols(again) == symbols(sheet)
    assert quantize(again).notes["pitch"].tolist() == TUNE
    assert musicxml_text(sheet).count("<harmony>") == 4


def test_silence_gives_an_empty_sheet():
    assert len(lead_sheet(NoteSequence(total_time_s=4.0))) == 0


def test_what_a_lead_sheet_refuses():
    with pytest.raises(QuantizationError, match="steps_per_quarter must be a whole number from 1"):
        lead_sheet(song(), steps_per_quarter=0)
    with pytest.raises(ValueError, match="chords_per_bar must be at least 1, got 0"):
        lead_sheet(song(), chords_per_bar=0)
