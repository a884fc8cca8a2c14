"""Piano rolls to events and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConditionError, GenerationError, RecipeError
from solferino.representations.conditions import UNCONDITIONED, Conditions
from solferino.representations.pianoroll import Pianoroll
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from tests.representations.polyphonic import chorales, piece, played

PIANOROLL = Pianoroll()
STEP_END, START = 0, 1


def key(pitch):
    return 2 + pitch - 21


def sequence(*ids, **others):
    return EventSequence(np.array(ids, np.int16), **others)


def tied(notes):
    """Join the notes that follow another of their pitch at once."""
    joined = []
    for pitch, onset, end in sorted(notes):
        follows = joined and (joined[-1][0], joined[-1][2]) == (pitch, onset)
        joined.append((pitch, joined.pop()[1] if follows else onset, end))
    return joined


def test_it_has_the_88_keys_of_a_piano():
    assert PIANOROLL.num_events == PIANOROLL.input_size == PIANOROLL.num_classes == 90
    assert (PIANOROLL.default_event, PIANOROLL.context_size) == (STEP_END, 0)
    assert (PIANOROLL.pitches[0], PIANOROLL.pitches[-1]) == (21, 108)
    assert PIANOROLL.grid.steps_per_quarter == 4


def test_it_is_built_again_from_its_name_and_options():
    other = Pianoroll(min_note=36, max_note=97, steps_per_quarter=2)
    assert build_representation(other.name, other.options) == other


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_note": -1}, "min_note=-1: it must be a whole number from 0 to 116"),
        ({"max_note": 32}, "max_note=32: it must be a whole number from 33 to 128"),
        ({"steps_per_quarter": 0}, "steps_per_quarter=0: it must be a whole number from 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        Pianoroll(**options)


# --- spelling


def test_a_step_is_written_from_the_lowest_pitch_to_the_highest():
    chord = piece((60, 0, 2), (67, 1, 2), (64, 0, 2))
    assert PIANOROLL.encode(chord, 3).ids.tolist() == [
        START,
        *(key(60), key(64), STEP_END),
        *(key(60), key(64), key(67), STEP_END),
        STEP_END,
    ]


@given(chorales(21, 108), st.integers(0, 12))
def test_music_comes_back_but_what_is_struck_again_is_tied(notes, silence):
    end = max(end for _, _, end in notes) + silence
    events = PIANOROLL.encode(piece(*notes), end)
    decoded = PIANOROLL.decode(events, qpm=120)
    assert played(decoded) == tied(notes)
    assert decoded.total_time_s == pytest.approx(end * 0.125)
    assert PIANOROLL.num_steps(events.ids) == end - events.start_step
    assert not PIANOROLL.is_silent(events)


def test_notes_off_the_keyboard_move_by_octaves():
    events = PIANOROLL.encode(piece((20, 0, 1), (109, 2, 3)), 3)
    assert played(PIANOROLL.decode(events, qpm=120)) == [(32, 0, 1), (97, 2, 3)]


def test_decoding_takes_the_transposition_off_and_starts_at_its_step():
    events = sequence(START, key(60), STEP_END, start_step=12, steps_per_bar=12, transposition=3)
    decoded = PIANOROLL.decode(events, qpm=120)
    assert played(decoded) == [(57, 12, 13)]
    assert decoded.meters[["numerator", "denominator"]].tolist() == [(3, 4)]


def test_a_step_that_does_not_end_is_not_played():
    events = sequence(START, key(60), STEP_END, key(64))
    assert PIANOROLL.num_steps(events.ids) == 1
    assert played(PIANOROLL.decode(events, qpm=120)) == [(60, 0, 1)]


def test_a_tempo_must_be_above_0():
    with pytest.raises(GenerationError, match="qpm=-1: a tempo must be above 0"):
        PIANOROLL.decode(sequence(START), qpm=-1)


# --- primers


def test_a_primer_begins_at_the_bar_of_its_first_note_and_ends_where_told():
    events = PIANOROLL.encode(piece((60, 20, 24), (72, 50, 60)), 22)
    assert (events.start_step, events.steps_per_bar) == (16, 16)
    assert PIANOROLL.num_steps(events.ids) == 6


def test_a_primer_without_notes_is_silent():
    events = PIANOROLL.encode(piece((60, 8, 9)), 5)
    assert events.ids.tolist() == [START] + [STEP_END] * 5
    assert PIANOROLL.is_silent(events)


def test_a_primer_cannot_end_before_the_piece():
    with pytest.raises(GenerationError, match="end_step=-1: a primer cannot end before step 0"):
        PIANOROLL.encode(piece(), -1)


def test_where_nothing_leads_up_to_a_section_the_music_starts_there():
    opening = PIANOROLL.opening(32, 12)
    assert (opening.ids.tolist(), opening.start_step, opening.steps_per_bar) == ([START], 32, 12)
    assert PIANOROLL.default_primer().ids.tolist() == [START]


def test_it_cannot_be_told_what_to_be_like():
    past = PIANOROLL.default_primer()
    assert PIANOROLL.with_context(past, piece(), UNCONDITIONED, 16) is past
    with pytest.raises(ConditionError, match="pianoroll model cannot be told notes_per_second"):
        PIANOROLL.with_context(past, piece(), Conditions(notes_per_second=(1.0,)), 16)


def test_a_model_sees_the_event_that_just_happened():
    tracker = PIANOROLL.tracker([PIANOROLL.default_primer()] * 2)
    assert tracker.feed(np.array([STEP_END, key(108)], np.int16)).argmax(axis=1).tolist() == [0, 89]


# --- examples


def test_every_example_begins_with_start():
    notes = piece((60, 0, 300), (64, 10, 590), (67, 300, 600))
    parts = PIANOROLL.extract(notes, {"max_steps": 256}).sequences
    assert [part.start_step for part in parts] == [0, 208, 416]
    assert [part.ids[0] for part in parts] == [START] * 3
    whole = np.concatenate([part.ids[1:] for part in parts])
    np.testing.assert_array_equal(whole, PIANOROLL.encode(notes, 600).ids[1:])


def test_what_is_dropped_is_told():
    found = PIANOROLL.extract(piece((60, 0, 20)), {"min_steps": 21})
    assert found.sequences == ()
    assert [tuple(drop) for drop in found.drops] == [("too_short", "20 steps", "min_steps=20")]


@settings(max_examples=20)
@given(chorales(21, 108), st.integers(0, 2**32 - 1))
def test_an_augmented_example_is_the_same_music_at_another_pitch(notes, seed):
    events = PIANOROLL.encode(piece(*notes), 99)
    rng = np.random.default_rng(seed)
    varied = PIANOROLL.augment(events, {"transpose_semitones": [-4, 4]}, rng)
    assert PIANOROLL.decode(varied, 120) == PIANOROLL.decode(events, 120)
    assert varied.ids.min() >= 0
    assert varied.ids.max() < PIANOROLL.num_events
    np.testing.assert_array_equal(varied.ids == STEP_END, events.ids == STEP_END)
    assert -4 <= varied.transposition <= 4
