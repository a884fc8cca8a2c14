"""The melody of a piece is the line that a listener would sing."""

import numpy as np
import pytest
from hypothesis import given, settings

from solferino.notes.melody_features import FEATURES, melody_features, skyline, top_shares
from solferino.notes.melody_inference import infer_melody, melody_mask
from solferino.notes.sequence import Instrument, NoteSequence, Text
from tests.notes.strategies import note_sequences

TUNE = [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60, 62]


def rows(pitches, length_s=0.5, instrument=0, gap_s=0.0):
    return [(p, k * length_s, (k + 1) * length_s - gap_s, 80, instrument)
            for k, p in enumerate(pitches)]  # fmt: skip


def piece(*notes, **others) -> NoteSequence:
    pitch, onset, release, velocity, instrument = np.array(notes, float).T
    return NoteSequence.from_columns(pitch, onset, release, velocity, instrument, **others)


def bass_and_chords(n_bars, instrument=0):
    chords = [
        (p, 2.0 * k, 2.0 * k + 2, 80, instrument) for k in range(n_bars) for p in (43, 48, 52)
    ]
    return [*chords, *((36, 2.0 * k, 2.0 * k + 1, 80, instrument) for k in range(n_bars))]


def melody_of(notes: NoteSequence) -> list:
    return infer_melody(notes).notes["pitch"].tolist()


def test_a_tune_over_chords_is_found_in_one_instrument():
    assert melody_of(piece(*rows(TUNE), *bass_and_chords(4))) == TUNE


def test_a_tune_under_an_accompaniment_is_found_by_its_instrument():
    figure = [(p, k / 4 + j / 16, k / 4 + j / 8 + 0.25, 80, 0)
              for k in range(32) for j, p in enumerate((76, 79, 84))]  # fmt: skip
    voices = (Instrument(0, name="Piano"), Instrument(52, name="Voice"))
    song = piece(*figure, *bass_and_chords(4), *rows(TUNE, instrument=1), instruments=voices)
    assert melody_of(song) == TUNE
    assert infer_melody(song).instruments == (Instrument(52, name="Melody"),)


def test_drums_are_never_melody():
    kit = rows([90] * 16, instrument=1)
    band = (Instrument(), Instrument(0, is_drum=True))
    assert melody_of(piece(*rows(TUNE), *kit, instruments=band)) == TUNE
    assert not melody_mask(piece(*rows([42, 38], instrument=0), instruments=band[1:])).any()


def test_a_piece_without_notes_has_no_melody():
    assert len(infer_melody(NoteSequence(total_time_s=3.0))) == 0
    assert melody_mask(NoteSequence()).tolist() == []


def test_notes_of_a_melody_do_not_overlap():
    legato = piece(*((p, k * 0.5, k * 0.5 + 0.6, 80, 0) for k, p in enumerate(TUNE)))
    found = infer_melody(legato).notes
    assert found["pitch"].tolist() == TUNE
    assert found["release_s"][:-1].tolist() == found["onset_s"][1:].tolist()


def test_words_and_controllers_go_with_the_melody():
    voices = (Instrument(name="Piano"), Instrument(name="Voice"))
    texts = (Text(0, "la", "lyric", 1), Text(0, "no", "lyric", 0), Text(0, "C", "chord", 0),
             Text(1, "Verse", "marker"))  # fmt: skip
    song = piece(
        *bass_and_chords(4), *rows(TUNE, instrument=1),
        instruments=voices, texts=texts,
        control_changes=[(0, 7, 100, 0), (0, 7, 90, 1)], pitch_bends=[(0, 1, 1)],
    )  # fmt: skip
    found = infer_melody(song)
    assert set(found.texts) == {
        Text(0, "la", "lyric", 0), Text(0, "C", "chord"), Text(1, "Verse", "marker"),
    }  # fmt: skip
    assert found.control_changes.tolist() == [(0, 7, 90, 0)]
    assert found.pitch_bends.tolist() == [(0, 1, 0)]


@settings(max_examples=25, deadline=None)
@given(note_sequences())
def test_a_melody_has_one_note_at_a_time_and_all_of_them_are_in_the_piece(anything):
    found = infer_melody(anything).notes
    assert (found["release_s"][:-1] <= found["onset_s"][1:]).all()
    places = {(n["onset_s"], n["pitch"]) for n in anything.notes}
    assert all((n["onset_s"], n["pitch"]) in places for n in found)


def test_the_skyline_is_what_begins_above_all_that_sounds():
    onset, release = np.array([0.0, 0, 1, 2]), np.array([4.0, 4, 2, 3])
    assert skyline(onset, release, np.array([60, 67, 64, 70], np.uint8)).tolist() == [
        False, True, False, True,
    ]  # fmt: skip


def test_the_share_on_top_is_measured_in_time():
    onset, release = np.array([0.0, 1.0]), np.array([4.0, 2.0])
    assert top_shares(onset, release, np.array([60, 70], np.uint8)).tolist() == [0.75, 1.0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("above", [1, 0, 0]),
        ("below", [0, 1, 0]),
        ("length", [1, 1, 0]),
        ("lyric", [1, 1, 0]),
        ("name", [-1 / 3, -1 / 3, 2 / 3]),
        ("instrument_lines", [-1 / 3, -1 / 3, 2 / 3]),
        ("height", [-2 / 15, 8 / 15, -4 / 5]),
    ],
)
def test_features_say_what_they_are_called(name, values):
    duet = piece(
        (60, 0, 1, 80, 0), (68, 0, 1, 80, 0), (52, 1, 1.5, 80, 1),
        instruments=(Instrument(), Instrument(name="Lead vocal")),
        texts=(Text(0, "oh", "lyric", 0),),
    )  # fmt: skip
    column = melody_features(duet)[:, FEATURES.index(name)]
    assert column == pytest.approx(values)
