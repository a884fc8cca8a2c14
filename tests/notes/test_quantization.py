import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import QuantizationError
from solferino.notes.quantization import (
    MetricGrid,
    QuantizedSequence,
    QuantizedText,
    SecondsGrid,
    quantize,
    quantize_absolute,
    quantize_to_steps,
    to_notes,
)
from solferino.notes.sequence import Instrument, NoteSequence, Text
from solferino.notes.timing import TempoMap
from tests.notes.strategies import note_sequences


@pytest.mark.parametrize(
    ("span_steps", "steps"),
    [
        ((0, 3.92), (0, 4)),
        ((0, 3.49), (0, 3)),
        ((8.5, 16), (9, 16)),  # exactly half-way: the later step
        ((0.4999999999, 2), (1, 2)),  # half-way but for the noise of the arithmetic
        ((4, 4.1), (4, 5)),  # shorter than a step: kept, one step long
        ((4.6, 5.4), (5, 6)),
        ((7, 7), (7, 8)),
    ],
)
def test_notes_go_to_the_nearest_step_and_keep_a_length(span_steps, steps):
    assert quantize_to_steps([span_steps]).tolist() == [list(steps)]


def test_no_notes_have_no_steps():
    assert quantize_to_steps([]).shape == (0, 2)


@pytest.mark.parametrize("spans", [[(-1, 1)], [(0, 2**31)], [(0, float("nan"))]])
def test_steps_that_no_piece_has_are_refused(spans):
    with pytest.raises(QuantizationError, match=r"steps must lie in 0\.\.2147483646"):
        quantize_to_steps(spans)


@pytest.mark.parametrize(
    ("span_s", "steps"),
    [
        ((0.00, 0.49), (0, 4)),  # 0.49 s is step 3.92 at 120 qpm, four steps a quarter
        ((0.50, 0.51), (4, 5)),
        ((1.0625, 2.0), (9, 16)),  # 8.5
    ],
)
def test_at_120_a_second_has_eight_sixteenths(span_s, steps):
    quantized = quantize(NoteSequence.from_columns(60, *span_s))
    assert quantized.notes[["start_step", "end_step"]].tolist() == [steps]


def test_steps_follow_the_tempo():
    piece = NoteSequence.from_columns([60, 62], [0, 2], [2, 6], tempos=[(0, 120), (2, 60)])
    quantized = quantize(piece)
    assert quantized.notes["end_step"].tolist() == [16, 32]
    assert quantized.tempos.tolist() == [(0, 120), (16, 60)]


def test_steps_of_seconds_do_not_follow_the_tempo():
    piece = NoteSequence.from_columns([60, 62], [0, 2], [2, 6.004], tempos=[(0, 120), (2, 60)])
    quantized = quantize_absolute(piece)
    assert quantized.grid == SecondsGrid(100)
    assert quantized.notes["end_step"].tolist() == [200, 600]
    assert quantized.tempos.tolist() == [(0, 120), (200, 60)]


def test_pitches_voices_words_and_length_come_along():
    band = (Instrument(33, False, "Bass"), Instrument(0, True, "Kit"))
    piece = NoteSequence.from_columns(
        [36, 40],
        [0, 0.5],
        [0.5, 1],
        velocity=[90, 70],
        instrument=[1, 0],
        instruments=band,
        meters=[(0, 3, 4)],
        texts=[Text(0.51, "Am7", "chord"), Text(0.5, "la", "lyric", 1)],
        total_time_s=3,
    )
    quantized = quantize(piece, steps_per_quarter=2)
    assert quantized.notes.tolist() == [(0, 2, 36, 90, 1), (2, 4, 40, 70, 0)]
    assert quantized.is_drum.tolist() == [True, False]
    assert quantized.meters.tolist() == [(0, 3, 4)]
    assert quantized.texts == (QuantizedText(2, "la", "lyric", 1), QuantizedText(2, "Am7", "chord"))
    assert quantized.chords == (QuantizedText(2, "Am7", "chord"),)
    assert (quantized.instruments, quantized.total_steps) == (band, 12)


def test_a_piece_that_names_no_meter_is_in_4_4_at_120():
    quantized = quantize(NoteSequence())
    assert quantized.meters.tolist() == [(0, 4, 4)]
    assert quantized.tempos.tolist() == [(0, 120)]
    assert (len(quantized), quantized.total_steps) == (0, 0)


def test_of_two_meters_on_one_step_the_last_counts():
    piece = NoteSequence(meters=[(0, 4, 4), (2, 3, 4), (2.05, 5, 4)], total_time_s=4)
    assert quantize(piece).meters.tolist() == [(0, 4, 4), (16, 5, 4)]


@pytest.mark.parametrize(
    ("meter", "steps_per_quarter", "steps"),
    [((4, 4), 4, 16), ((3, 4), 4, 12), ((6, 8), 4, 12), ((7, 8), 4, 14), ((5, 16), 2, 2.5)],
)
def test_a_bar_may_not_be_a_whole_number_of_steps(meter, steps_per_quarter, steps):
    assert quantize(NoteSequence(), steps_per_quarter).steps_per_bar(*meter) == steps


def test_seconds_have_no_bars():
    with pytest.raises(QuantizationError, match="100 steps a second has no bars"):
        quantize_absolute(NoteSequence()).steps_per_bar(4, 4)


@pytest.mark.parametrize("resolution", [0, -4, 2.5])
def test_a_grid_needs_steps(resolution):
    with pytest.raises(QuantizationError, match="steps_per_quarter must be a whole number from 1"):
        quantize(NoteSequence(), resolution)
    with pytest.raises(QuantizationError, match="steps_per_second must be a whole number from 1"):
        quantize_absolute(NoteSequence(), resolution)


def test_a_piece_too_long_for_the_grid_is_refused():
    with pytest.raises(QuantizationError, match="trim the piece or take a coarser grid"):
        quantize(NoteSequence(total_time_s=1e9))


@given(note_sequences(), st.sampled_from([1, 3, 4, 24]))
@settings(max_examples=50, deadline=None)
def test_no_note_disappears_and_none_moves_by_more_than_half_a_step(piece, steps_per_quarter):
    quantized = quantize(piece, steps_per_quarter)
    assert quantized.notes["pitch"].tolist() == piece.notes["pitch"].tolist()
    assert (quantized.notes["end_step"] > quantized.notes["start_step"]).all()
    assert quantized.total_steps >= quantized.notes["end_step"].max(initial=0)
    tempo_map = TempoMap.from_sequence(piece)
    unrounded = tempo_map.seconds_to_quarters(piece.notes["onset_s"]) * steps_per_quarter
    assert np.abs(quantized.notes["start_step"] - unrounded).max(initial=0) <= 0.5 + 1e-5


@given(note_sequences(), st.sampled_from([1, 4, 24]))
@settings(max_examples=50, deadline=None)
def test_quantizing_what_is_on_the_grid_changes_nothing(piece, steps_per_quarter):
    quantized = quantize(piece, steps_per_quarter)
    again = quantize(to_notes(quantized), steps_per_quarter)
    assert again.notes.tolist() == quantized.notes.tolist()
    assert again.texts == quantized.texts
    assert again.total_steps == quantized.total_steps
    assert again.instruments == quantized.instruments


@given(note_sequences(), st.sampled_from([1, 10, 100]))
@settings(max_examples=30, deadline=None)
def test_a_grid_of_seconds_round_trips_and_moves_no_note_by_more_than_half(piece, per_second):
    quantized = quantize_absolute(piece, per_second)
    back = to_notes(quantized)
    assert (
        np.abs(back.notes["onset_s"] - piece.notes["onset_s"]).max(initial=0) <= 0.501 / per_second
    )
    assert quantize_absolute(back, per_second).notes.tolist() == quantized.notes.tolist()


@given(note_sequences())
@settings(max_examples=30, deadline=None)
def test_at_one_tempo_notes_are_where_the_steps_are(piece):
    quantized = quantize(piece)
    back = to_notes(quantized, qpm=60)
    assert back.tempos.tolist() == [(0, 60)]
    assert (back.notes["onset_s"] * 4 == quantized.notes["start_step"]).all()


def test_on_a_grid_of_seconds_the_tempo_moves_no_note():
    quantized = quantize_absolute(NoteSequence.from_columns(60, 1, 2))
    back = to_notes(quantized, qpm=30)
    assert back.tempos.tolist() == [(0, 30)]
    assert back.notes["onset_s"].tolist() == [1]


@pytest.mark.parametrize("qpm", [0, -60, float("nan"), float("inf")])
def test_a_tempo_must_be_above_0(qpm):
    with pytest.raises(ValueError, match="qpm must be above 0"):
        to_notes(quantize(NoteSequence()), qpm)


@given(note_sequences())
@settings(max_examples=20, deadline=None)
def test_a_quantized_piece_is_a_value(piece):
    quantized = quantize(piece)
    again = pickle.loads(pickle.dumps(quantized))  # noqa: S301
    assert again == quantized
    assert quantized != quantize(piece, 5)
    assert quantized != "a piece"
    for name in ("notes", "meters", "tempos"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(again, name)[:] = 0
    with pytest.raises(TypeError, match="unhashable"):
        hash(quantized)


def test_a_quantized_piece_reaches_to_its_last_note():
    notes = [(0, 8, 60, 80, 0)]
    piece = QuantizedSequence(MetricGrid(4), notes, (Instrument(),), [(0, 4, 4)], [(0, 120)])
    assert piece.total_steps == 8
