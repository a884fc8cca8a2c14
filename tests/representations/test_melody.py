"""Melodies to events and back."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solferino.errors import GenerationError, QuantizationError, RecipeError
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.melody import ENCODINGS, Melody
from solferino.representations.representation import EventSequence

MELODY = Melody()
IN_C = Melody(transpose_to_key=0)
WIDE = Melody(min_note=0, max_note=128)
STEP_S = 0.125  # sixteenths at 120 qpm
METERS = {16: (4, 4), 12: (3, 4), 14: (7, 8), 20: (5, 4), 3: (3, 16)}


def piece(*notes, meter=(4, 4), **others):
    """Build a piece of (pitch, onset step, end step) at 120 qpm."""
    pitch, onset, end = zip(*notes, strict=True) if notes else ([], [], [])
    return NoteSequence.from_columns(
        pitch,
        np.array(onset) * STEP_S,
        np.array(end) * STEP_S,
        **{"meters": [(0, *meter)], **others},
    )


def played(notes):
    """(pitch, onset step, end step) of a piece at 120 qpm."""
    columns = (notes.notes["onset_s"] / STEP_S, notes.notes["release_s"] / STEP_S)
    steps = zip(*(np.round(column).astype(int).tolist() for column in columns), strict=True)
    pitches = notes.notes["pitch"].tolist()
    return [(pitch, *span) for pitch, span in zip(pitches, steps, strict=True)]


@st.composite
def tunes(draw, lowest=0, highest=127):
    """Monophonic notes, one after the other with rests, and the step where they end."""
    rows = st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(lowest, highest))
    notes, now = [], draw(st.integers(0, 40))
    for rest, length, pitch in draw(st.lists(rows, min_size=1, max_size=12)):
        notes.append((pitch, now + rest, now + rest + length))
        now += rest + length
    return notes, now + draw(st.integers(0, 20))


# --- what it is


def test_sizes_are_those_of_the_published_models():
    sizes = {
        encoding: (Melody(encoding).input_size, Melody(encoding).num_classes)
        for encoding in ENCODINGS
    }
    assert sizes == {
        "one_hot": (38, 38),
        "lookback": (121, 40),
        "key": (74, 40),
        "magenta_key": (74, 40),
    }
    assert (MELODY.num_events, MELODY.default_event) == (38, 0)
    assert (WIDE.input_size, WIDE.num_classes) == (130, 130)


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match="min_note"):
        MELODY.min_note = 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "two_hot"}, "encoding='two_hot': it is one of one_hot, lookback, key"),
        ({"min_note": -1}, "min_note=-1: it must be a whole number from 0 to 116"),
        ({"max_note": 59}, "max_note=59: it must be a whole number from 60 to 128"),
        ({"transpose_to_key": 12}, "transpose_to_key=12: it must be a whole number from 0 to 11"),
        ({"steps_per_quarter": 0}, "steps_per_quarter=0: it must be a whole number from 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        Melody(**options)


# --- events written as numbers


def test_melody_events_are_no_event_note_off_and_pitches():
    events = MELODY.from_melody_events([48, -2, -1, 83], start_step=16, steps_per_bar=12)
    assert events.ids.tolist() == [2, 0, 1, 37]
    assert (events.start_step, events.steps_per_bar, events.transposition) == (16, 12, 0)


def test_a_note_off_before_the_first_note_ends_nothing():
    assert MELODY.from_melody_events([-1, -2, -1, 60, -1]).ids.tolist() == [0, 0, 0, 14, 1]
    assert MELODY.from_melody_events([-1]).ids.tolist() == [0]
    assert MELODY.from_melody_events([]).ids.tolist() == []


@pytest.mark.parametrize("event", [-3, 128, 60.5, "C"])
def test_other_numbers_are_no_melody_events(event):
    with pytest.raises(GenerationError, match=r"melody event .* at place 1 .* in -2..127"):
        MELODY.from_melody_events([60, event])


@pytest.mark.parametrize("melody", [MELODY, IN_C, WIDE, Melody(min_note=60, max_note=72)])
def test_the_default_primer_is_middle_c(melody):
    assert played(melody.decode(melody.default_primer(), qpm=120)) == [(60, 0, 1)]
    assert len(melody.default_primer()) == 1


# --- keys and ranges


@pytest.mark.parametrize("tonic", range(12))
def test_every_major_scale_is_written_in_c(tonic):
    scale = [60 + tonic + step for step in (0, 2, 4, 5, 7, 9, 11)]
    events = IN_C.from_melody_events(scale)
    pitches = events.ids + 46
    assert set(pitches % 12) == {0, 2, 4, 5, 7, 9, 11}
    assert (pitches - events.transposition).tolist() == scale
    assert [note[0] for note in played(IN_C.decode(events, qpm=120))] == scale


@pytest.mark.parametrize("lowest", [0, 30, 60, 100, 115])
def test_the_middle_of_the_melody_comes_near_the_middle_of_the_range(lowest):
    events = IN_C.from_melody_events([lowest, lowest + 12])
    lowest_written, highest_written = events.ids + 46
    assert highest_written - lowest_written == 12
    assert abs((lowest_written + highest_written) / 2 - 65.5) <= 6


def test_without_a_key_notes_outside_move_by_octaves():
    events = MELODY.from_melody_events([36, 47, 48, 83, 84, 96, 127])
    assert (events.ids + 46).tolist() == [48, 59, 48, 83, 72, 72, 79]
    assert events.transposition == 0


def test_a_melody_wider_than_the_range_is_folded_and_stays_folded():
    events = IN_C.from_melody_events([36, 60, 84, 96])
    assert events.transposition == 0
    assert [note[0] for note in played(IN_C.decode(events, qpm=120))] == [48, 60, 72, 72]


def test_pitches_below_0_or_above_127_come_back_by_octaves():
    ids = np.array([2, 37], np.int16)  # 48 and 83 as written
    low = MELODY.decode(EventSequence(ids, transposition=60), qpm=120)
    high = MELODY.decode(EventSequence(ids, transposition=-60), qpm=120)
    assert low.notes["pitch"].tolist() == [0, 23]
    assert high.notes["pitch"].tolist() == [108, 119]


# --- primers


def test_a_primer_begins_on_the_bar_of_its_first_note_and_ends_where_asked():
    events = MELODY.encode(piece((60, 18, 20), (62, 22, 24)), end_step=28)
    assert events.start_step == 16
    assert events.ids.tolist() == [0, 0, 14, 0, 1, 0, 16, 0, 1, 0, 0, 0]


def test_a_note_that_sounds_at_the_end_has_no_note_off():
    notes = piece((60, 0, 8))
    assert MELODY.encode(notes, end_step=4).ids.tolist() == [14, 0, 0, 0]
    assert MELODY.encode(notes, end_step=8).ids.tolist() == [14] + [0] * 7
    assert MELODY.encode(notes, end_step=9).ids.tolist() == [14] + [0] * 7 + [1]


def test_long_silences_stay_in_a_primer():
    events = MELODY.encode(piece((60, 0, 4), (62, 64, 68)), end_step=68)
    assert len(events) == 68


def test_notes_that_begin_at_the_end_or_later_are_left_out():
    assert MELODY.encode(piece((60, 0, 4), (62, 4, 8)), end_step=4).ids.tolist() == [14, 0, 0, 0]


def test_of_a_chord_the_highest_note_is_kept_and_a_new_note_cuts_it():
    chord = piece((60, 0, 8), (64, 0, 8), (67, 0, 8), (48, 4, 6))
    assert MELODY.encode(chord, end_step=8).ids.tolist() == [21, 0, 0, 0, 2, 0, 1, 0]


def test_drums_and_silent_notes_are_not_part_of_a_melody():
    notes = piece(
        (60, 0, 4), (38, 4, 6), instrument=[0, 1],
        instruments=(Instrument(), Instrument(is_drum=True)),
    )  # fmt: skip
    assert MELODY.encode(notes, end_step=6).ids.tolist() == [14, 0, 0, 0, 1, 0]
    assert MELODY.encode(piece((60, 0, 4), velocity=0), end_step=2).ids.tolist() == [0, 0]


@pytest.mark.parametrize("notes", [piece(), piece((60, 40, 44))], ids=["empty", "begins later"])
def test_a_primer_without_notes_is_silence(notes):
    events = MELODY.encode(notes, end_step=6)
    assert events.ids.tolist() == [0] * 6
    assert events.start_step == 0


def test_a_primer_may_have_no_length():
    assert len(MELODY.encode(piece((60, 0, 4)), end_step=0)) == 0


def test_a_primer_cannot_end_before_it_begins():
    with pytest.raises(GenerationError, match="end_step=-1: a primer cannot end before step 0"):
        MELODY.encode(piece(), end_step=-1)


@pytest.mark.parametrize(("steps_per_bar", "meter"), METERS.items())
def test_bars_come_from_the_meter(steps_per_bar, meter):
    onset = 2 * steps_per_bar + 2
    events = MELODY.encode(piece((60, onset, onset + 1), meter=meter), end_step=onset + 4)
    assert events.steps_per_bar == steps_per_bar
    assert events.start_step == 2 * steps_per_bar
    decoded = MELODY.decode(events, qpm=120)
    assert tuple(decoded.meters[0])[1:] == meter


def test_bars_are_those_of_the_meter_at_the_end():
    meters = [(0, 4, 4), (32 * STEP_S, 3, 4)]
    events = MELODY.encode(piece((60, 25, 30), (62, 33, 34), meters=meters), end_step=44)
    assert events.steps_per_bar == 12
    assert events.start_step == 20  # so that a bar begins at step 32
    early = MELODY.encode(piece((59, 1, 2), (62, 33, 34), meters=meters), end_step=44)
    assert early.start_step == 8
    assert early.ids.tolist() == [0] * 25 + [16, 1] + [0] * 9


def test_a_bar_that_is_no_whole_number_of_steps_is_refused():
    with pytest.raises(QuantizationError, match=r"5/32 is 2.5 steps.*use steps_per_quarter=8"):
        MELODY.encode(piece((60, 0, 4), meter=(5, 32)), end_step=8)


# --- back to notes


def test_notes_stand_on_the_grid_at_the_tempo():
    events = EventSequence(np.array([14, 0, 1, 16]), start_step=8)
    notes = MELODY.decode(events, qpm=60)
    assert notes.notes["onset_s"].tolist() == [2.0, 2.75]
    assert notes.notes["release_s"].tolist() == [2.5, 3.0]
    assert notes.notes["velocity"].tolist() == [80, 80]
    assert notes.tempos["qpm"].tolist() == [60.0]
    assert notes.total_time_s == 3.0


def test_a_note_off_in_silence_ends_nothing():
    events = EventSequence(np.array([1, 14, 1, 1, 0]))
    assert played(MELODY.decode(events, qpm=120)) == [(60, 1, 2)]


def test_silence_decodes_to_no_notes():
    notes = MELODY.decode(EventSequence(np.zeros(16)), qpm=120)
    assert len(notes) == 0
    assert notes.total_time_s == 2.0


def test_bars_that_no_time_signature_has_give_none():
    thirds = Melody(steps_per_quarter=3)
    assert len(thirds.decode(EventSequence(np.zeros(7), steps_per_bar=7), qpm=120).meters) == 0


def test_a_tempo_must_be_above_0():
    with pytest.raises(GenerationError, match="qpm=0: a tempo must be above 0"):
        MELODY.decode(MELODY.default_primer(), qpm=0)


# --- there and back


@given(tunes(), st.sampled_from(sorted(METERS)))
def test_notes_in_range_come_back_as_they_were(tune, steps_per_bar):
    notes, end_step = tune
    events = WIDE.encode(piece(*notes, meter=METERS[steps_per_bar]), end_step)
    assert events.start_step + len(events) == end_step
    assert (notes[0][1] - events.start_step) in range(steps_per_bar)
    assert played(WIDE.decode(events, qpm=120)) == notes


@given(tunes(lowest=40, highest=60))
def test_notes_come_back_from_the_key_of_c(tune):
    notes, end_step = tune
    events = IN_C.encode(piece(*notes), end_step)
    assert played(IN_C.decode(events, qpm=120)) == notes


@given(tunes(), st.floats(20, 300))
def test_events_come_back_at_any_tempo(tune, qpm):
    notes, end_step = tune
    events = WIDE.encode(piece(*notes), end_step)
    again = WIDE.encode(WIDE.decode(events, qpm), end_step)
    assert again.ids.tolist() == events.ids.tolist()
    assert again.start_step == events.start_step


@given(st.lists(st.integers(-2, 127), max_size=40))
def test_one_note_sounds_at_a_time(numbers):
    notes = played(IN_C.decode(IN_C.from_melody_events(numbers), qpm=120))
    assert len(notes) == sum(number >= 0 for number in numbers)
    assert all(end <= onset for (_, _, end), (_, onset, _) in pairwise(notes))
