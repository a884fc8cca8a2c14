"""Polyphony to events and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConditionError, GenerationError, QuantizationError, RecipeError
from solferino.representations.conditions import UNCONDITIONED, Conditions
from solferino.representations.polyphony import Polyphony
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from tests.representations.polyphonic import chorales, piece, played

POLYPHONY = Polyphony()
START, END, STEP_END = 0, 1, 2


def new(pitch):
    return 3 + pitch


def held(pitch):
    return 131 + pitch


def sequence(*ids, **others):
    return EventSequence(np.array(ids, np.int16), **others)


def test_sizes_are_those_of_the_published_model():
    sizes = (POLYPHONY.num_events, POLYPHONY.input_size, POLYPHONY.num_classes)
    assert sizes == (259, 259, 259)
    assert (POLYPHONY.default_event, POLYPHONY.context_size) == (STEP_END, 0)
    assert POLYPHONY.grid.steps_per_quarter == 4


def test_it_is_built_again_from_its_name_and_options():
    other = Polyphony(steps_per_quarter=8)
    assert build_representation(other.name, other.options) == other


def test_a_grid_without_steps_is_refused():
    with pytest.raises(RecipeError, match="steps_per_quarter=0: it must be a whole number from 1"):
        Polyphony(steps_per_quarter=0)


# --- spelling


def test_a_step_is_written_from_the_highest_pitch_to_the_lowest():
    chord = piece((60, 0, 2), (67, 1, 2), (64, 0, 2))
    assert POLYPHONY.encode(chord, 3).ids.tolist() == [
        START,
        *(new(64), new(60), STEP_END),
        *(new(67), held(64), held(60), STEP_END),
        STEP_END,
    ]


def test_voices_in_any_order_give_one_spelling():
    notes = [(60, 0, 8), (64, 0, 4), (55, 2, 9)]
    spellings = {tuple(POLYPHONY.encode(piece(*order), 9).ids) for order in (notes, notes[::-1])}
    assert len(spellings) == 1


@given(chorales(), st.integers(0, 12))
def test_music_comes_back_as_it_was(notes, silence):
    end = max(end for _, _, end in notes) + silence
    events = POLYPHONY.encode(piece(*notes), end)
    decoded = POLYPHONY.decode(events, qpm=120)
    assert played(decoded) == notes
    assert decoded.total_time_s == pytest.approx(end * 0.125)
    assert POLYPHONY.num_steps(events.ids) == end - events.start_step
    assert not POLYPHONY.is_silent(events)


def test_a_unison_of_two_voices_is_one_note():
    events = POLYPHONY.encode(piece((60, 0, 4), (60, 0, 8)), 8)
    assert played(POLYPHONY.decode(events, qpm=120)) == [(60, 0, 8)]


def test_a_pitch_that_goes_on_out_of_nothing_begins_there():
    events = sequence(held(60), STEP_END, STEP_END, held(60), STEP_END, held(60), STEP_END)
    assert played(POLYPHONY.decode(events, qpm=120)) == [(60, 0, 1), (60, 2, 4)]


def test_a_step_that_does_not_end_is_not_played():
    events = sequence(START, new(60), STEP_END, new(64))
    assert POLYPHONY.num_steps(events.ids) == 1
    assert played(POLYPHONY.decode(events, qpm=120)) == [(60, 0, 1)]


def test_decoding_takes_the_transposition_off_and_starts_at_its_step():
    events = sequence(new(60), STEP_END, start_step=12, steps_per_bar=12, transposition=3)
    decoded = POLYPHONY.decode(events, qpm=120)
    assert played(decoded) == [(57, 12, 13)]
    assert decoded.meters[["numerator", "denominator"]].tolist() == [(3, 4)]
    assert decoded.tempos["qpm"].tolist() == [120.0]


def test_a_tempo_must_be_above_0():
    with pytest.raises(GenerationError, match="qpm=0: a tempo must be above 0"):
        POLYPHONY.decode(sequence(START), qpm=0)


# --- primers


def test_a_primer_begins_at_the_bar_of_its_first_note_and_ends_where_told():
    events = POLYPHONY.encode(piece((60, 20, 24), (72, 50, 60)), 22)
    assert (events.start_step, events.steps_per_bar) == (16, 16)
    assert POLYPHONY.num_steps(events.ids) == 6
    assert played(POLYPHONY.decode(events, qpm=120)) == [(60, 20, 22)]


def test_a_primer_that_begins_before_the_first_bar_line_begins_with_the_piece():
    meters = [(0, 4, 4), (0.5, 3, 4)]  # 3/4 from step 4 on
    events = POLYPHONY.encode(piece((60, 2, 8), meters=meters), 16)
    assert events.start_step == 0
    assert played(POLYPHONY.decode(events, qpm=120)) == [(60, 2, 8)]


@pytest.mark.parametrize("end_step", [0, 5])
def test_a_primer_without_notes_is_silent(end_step):
    events = POLYPHONY.encode(piece((60, 8, 9)), end_step)
    assert events.ids.tolist() == [START] + [STEP_END] * end_step
    assert POLYPHONY.is_silent(events)
    assert events.start_step == 0


def test_a_primer_cannot_end_before_the_piece():
    with pytest.raises(GenerationError, match="end_step=-1: a primer cannot end before step 0"):
        POLYPHONY.encode(piece(), -1)


def test_a_primer_in_bars_that_are_no_whole_number_of_steps_is_refused():
    with pytest.raises(QuantizationError, match="use steps_per_quarter=8"):
        POLYPHONY.encode(piece((60, 0, 4), meters=[(0, 5, 32)]), 8)


def test_where_nothing_leads_up_to_a_section_the_piece_starts_there():
    opening = POLYPHONY.opening(32, 12)
    assert (opening.ids.tolist(), opening.start_step, opening.steps_per_bar) == ([START], 32, 12)
    assert POLYPHONY.default_primer().ids.tolist() == [START]


def test_it_cannot_be_told_what_to_be_like():
    past = POLYPHONY.default_primer()
    assert POLYPHONY.with_context(past, piece(), UNCONDITIONED, 16) is past
    with pytest.raises(ConditionError, match="polyphony model cannot be told notes_per_second"):
        POLYPHONY.with_context(past, piece(), Conditions(notes_per_second=(1.0,)), 16)


# --- examples


def test_an_example_has_the_start_and_the_end_of_its_piece():
    (example,) = POLYPHONY.extract(piece((60, 16, 96), (48, 20, 98)), {}).sequences
    assert (example.ids[0], example.ids[-1], example.start_step) == (START, END, 16)
    assert POLYPHONY.num_steps(example.ids) == 82
    assert played(POLYPHONY.decode(example, qpm=120)) == [(48, 20, 98), (60, 16, 96)]


def test_parts_of_a_long_piece_make_the_whole():
    notes = piece((60, 0, 300), (64, 10, 590), (67, 300, 600))
    parts = POLYPHONY.extract(notes, {"max_steps": 256}).sequences
    assert [part.start_step for part in parts] == [0, 208, 416]
    assert [part.ids[0] for part in parts] == [START, held(64), held(67)]
    assert [part.ids[-1] for part in parts] == [STEP_END, STEP_END, END]
    whole = np.concatenate([part.ids for part in parts])
    np.testing.assert_array_equal(whole[:-1], POLYPHONY.encode(notes, 600).ids)


def test_what_is_dropped_is_told():
    found = POLYPHONY.extract(piece((60, 0, 20)), {"min_steps": 21})
    assert found.sequences == ()
    assert [tuple(drop) for drop in found.drops] == [("too_short", "20 steps", "min_steps=20")]


@settings(max_examples=20)
@given(chorales(), st.integers(0, 2**32 - 1))
def test_an_augmented_example_is_the_same_music_at_another_pitch(notes, seed):
    events = POLYPHONY.encode(piece(*notes), 99)
    rng = np.random.default_rng(seed)
    varied = POLYPHONY.augment(events, {"transpose_semitones": [-4, 4]}, rng)
    assert POLYPHONY.decode(varied, 120) == POLYPHONY.decode(events, 120)
    as_written = EventSequence(varied.ids, varied.start_step)
    moved = played(POLYPHONY.decode(as_written, 120))
    semitones = varied.transposition
    assert moved == [(pitch + semitones, *span) for pitch, *span in notes]
    assert -4 <= semitones <= 4
