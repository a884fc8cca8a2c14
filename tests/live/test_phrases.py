"""Tests of phrases: short pieces in quarter notes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import LiveError
from solferino.live.phrases import Phrase
from solferino.notes.sequence import Instrument, NoteSequence, Text


def _phrase(onsets: list[float], length_quarters: float = 4.0) -> Phrase:
    return Phrase.from_columns(
        length_quarters, pitch=60, onset_quarters=onsets, duration_quarters=0.5
    )


def test_notes_stand_in_the_order_in_which_they_begin() -> None:
    phrase = Phrase.from_columns(
        4.0, pitch=[64, 60, 62], onset_quarters=[2.0, 0.0, 1.0], duration_quarters=1.0
    )
    assert phrase.notes["pitch"].tolist() == [60, 62, 64]
    assert len(phrase) == 3


def test_the_notes_of_a_phrase_cannot_be_changed() -> None:
    phrase = _phrase([0.0])
    with pytest.raises(ValueError, match="read-only"):
        phrase.notes["pitch"] = 61


def test_a_phrase_of_no_length_has_no_notes() -> None:
    assert len(Phrase(0.0)) == 0
    assert Phrase(0.0).to_notes(120).notes.size == 0


@pytest.mark.parametrize(
    ("onsets", "named"), [([-0.5, 1.0], "-0.5"), ([0.0, 4.0], "4"), ([0.0, math.nan], "nan")]
)
def test_a_note_begins_inside_its_phrase(onsets: list[float], named: str) -> None:
    with pytest.raises(
        LiveError, match=f"a note begins at {named} quarter notes, outside a phrase of 4: cut"
    ):
        _phrase(onsets)


@pytest.mark.parametrize("duration", [0.0, -1.0, math.nan])
def test_a_note_has_a_duration(duration: float) -> None:
    with pytest.raises(LiveError, match="lasts no time: give it a duration above 0"):
        Phrase.from_columns(4.0, pitch=60, onset_quarters=0.0, duration_quarters=duration)


def test_two_bars_are_cut_out_of_a_piece_at_its_tempo() -> None:
    piece = NoteSequence.from_columns([60, 62, 64, 65], [0.0, 2.0, 2.5, 6.0], [1.0, 3.0, 7.0, 6.5])
    phrase = Phrase.from_notes(piece, 2.0, 6.0, 120)
    assert phrase.length_quarters == 8.0
    assert phrase.notes["pitch"].tolist() == [62, 64]
    assert phrase.notes["onset_quarters"].tolist() == [0.0, 1.0]
    assert phrase.notes["duration_quarters"].tolist() == [2.0, 9.0]


def test_a_note_a_hair_before_the_cut_belongs_to_what_follows() -> None:
    piece = NoteSequence.from_columns([60, 62], [2.0 - 1e-9, 4.0 - 1e-9], [3.0, 5.0])
    phrase = Phrase.from_notes(piece, 2.0, 4.0, 60)
    assert phrase.notes["pitch"].tolist() == [60]
    assert phrase.notes["onset_quarters"].tolist() == [0.0]


def test_a_phrase_is_of_drums_if_all_its_notes_are() -> None:
    drums = (Instrument(is_drum=True),)
    piece = NoteSequence.from_columns([36, 38], [0.0, 1.0], [0.5, 1.5], instruments=drums)
    assert Phrase.from_notes(piece, 0.0, 2.0, 120).is_drum
    assert not Phrase.from_notes(piece, 4.0, 6.0, 120).is_drum


def test_a_piece_of_a_phrase_has_its_tempo_its_meter_and_its_chords() -> None:
    chords = (Text(0.0, "Am", "chord"),)
    piece = _phrase([0.0, 3.0]).to_notes(90, (3, 4), chords)
    assert piece.tempos["qpm"].tolist() == [90.0]
    assert (piece.meters["numerator"].item(), piece.meters["denominator"].item()) == (3, 4)
    assert piece.texts == chords
    assert piece.total_time_s == pytest.approx(4 * 60 / 90)


def test_notes_of_a_piece_end_with_the_phrase_at_the_latest() -> None:
    phrase = Phrase.from_columns(4.0, pitch=60, onset_quarters=3.0, duration_quarters=9.0)
    assert phrase.to_notes(60).notes["release_s"].tolist() == [4.0]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 127), st.integers(0, 63), st.integers(1, 16)), max_size=12),
    st.floats(20, 300),
)
def test_a_phrase_that_became_a_piece_comes_back_as_it_was(
    rows: list[tuple[int, int, int]], qpm: float
) -> None:
    phrase = Phrase.from_columns(
        20.0,
        pitch=[pitch for pitch, _, _ in rows],
        onset_quarters=[step / 4 for _, step, _ in rows],
        duration_quarters=[steps / 4 for _, _, steps in rows],
    )
    back = Phrase.from_notes(phrase.to_notes(qpm), 0.0, 20.0 * 60 / qpm, qpm)
    keys = ["pitch", "velocity"]
    assert sorted(back.notes[keys].tolist()) == sorted(phrase.notes[keys].tolist())
    for name in ("onset_quarters", "duration_quarters"):
        assert sorted(back.notes[name]) == pytest.approx(sorted(phrase.notes[name]), abs=1e-6)
