"""Performances note by note to events and back."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConditionError, GenerationError, RecipeError
from solferino.generation.json_values import events_from_json, events_to_json
from solferino.notes.quantization import SecondsGrid
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.note_tuple_events import num_events_of, read_tuples, write_tuples
from solferino.representations.note_tuples import NoteTuples
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from solferino.training.recipe import read_recipe
from tests.representations.note_tuples import (
    FIRST,
    NOTE_TUPLES,
    START,
    ids_of,
    note,
    shift,
    wide_performances,
)
from tests.representations.performances import VOCABULARY, as_piece, piece, played

# --- what it is


def test_the_recipe_has_the_sizes_of_the_published_model():
    recipe = read_recipe("performance_with_dynamics_and_note_encoding")
    found = build_representation(**recipe.representation)
    assert found == NOTE_TUPLES
    assert (found.num_events, found.num_classes) == (315, 315)
    assert np.diff(FIRST).tolist() == [13, 77, 128, 32, 25, 40]
    assert recipe.model["config"]["rnn_layer_sizes"] == [512, 512, 512]
    assert (recipe.rules["min_events"], recipe.rules["max_events"]) == (1 + 32 * 6, 1 + 512 * 6)
    found.augment(
        EventSequence(ids_of((0, 60, 9, 5))), recipe.augmentation, np.random.default_rng()
    )


def test_it_is_built_again_from_its_options():
    coarse = NoteTuples(num_velocity_bins=8, steps_per_second=50)
    options = json.loads(json.dumps(dict(coarse.options)))
    assert build_representation(coarse.name, options) == coarse
    assert coarse.grid == SecondsGrid(50)
    assert (coarse.num_events, coarse.context_size, coarse.default_event) == (291, 0, 0)
    with pytest.raises(dataclasses.FrozenInstanceError, match="steps_per_second"):
        coarse.steps_per_second = 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_velocity_bins": 0}, "num_velocity_bins=0: it must be a whole number from 1 to 127"),
        ({"steps_per_second": 0}, "steps_per_second=0: it must be a whole number from 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        NoteTuples(**options)


# --- events


def test_a_note_is_six_events():
    encoded = NOTE_TUPLES.encode(piece((60, 20, 70, 64), (64, 100, 141, 1)), 150)
    expected = [START, 0, 13, 150, 233, 251, 284, 1, 16, 154, 218, 251, 275]
    assert encoded.ids.tolist() == expected
    assert encoded.ids.tolist() == ids_of((0, 60, 16, 50), (80, 64, 1, 41)).tolist()


@pytest.mark.parametrize(
    ("gap", "shifts"),
    [(0, [0]), (1, [1]), (1000, [1000]), (1001, [1000, 1]), (2000, [1000, 1000])],
)
def test_a_silence_is_as_few_shifts_as_possible(gap, shifts):
    notes = piece((60, 0, 5, 64), (62, gap, gap + 5, 64))
    ids = NOTE_TUPLES.encode(notes, gap + 5).ids.tolist()
    assert ids[7:-4] == [event for steps in shifts for event in shift(steps)]
    assert NOTE_TUPLES.num_steps(ids[7:-4]) == gap
    assert num_events_of(np.array([gap])).tolist() == [len(ids) - 7]


def test_incomplete_notes_fill_the_time_that_they_say():
    ids = ids_of((0, 60, 9, 5), (100, 62, 9, 5))
    steps = [NOTE_TUPLES.num_steps(ids[:n]) for n in range(7, 14)]
    assert steps == [0, 77, 100, 100, 100, 100, 100]
    for n in range(7, 13):
        assert played(NOTE_TUPLES.decode(EventSequence(ids[:n]), 120)) == [(60, 0, 5, 35)]


@settings(max_examples=50)
@given(wide_performances(), st.integers(0, 5000))
def test_events_are_the_notes_and_the_notes_are_the_events(notes, start):
    later = notes._replace(
        onsets_steps=notes.onsets_steps + start, ends_steps=notes.ends_steps + start
    )
    ids = write_tuples(later, FIRST, 0)
    again = read_tuples(ids, FIRST)
    for column, expected in zip(again, later, strict=True):
        assert column.tolist() == expected.tolist()
    gaps = np.diff(later.onsets_steps, prepend=0)
    oracle = [
        event
        for row in zip(
            gaps, later.pitches, later.bins, later.ends_steps - later.onsets_steps, strict=True
        )
        for event in note(*map(int, row))
    ]
    assert ids.tolist() == oracle
    assert NOTE_TUPLES.num_steps(ids) == later.onsets_steps[-1]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 314), max_size=60))
def test_any_events_can_be_read(ids):
    notes = read_tuples(np.array(ids, np.int16), FIRST)
    assert (notes.ends_steps > notes.onsets_steps).all()
    assert (notes.bins >= 1).all()


def test_a_pitch_that_is_struck_while_it_sounds_ends_first():
    decoded = NOTE_TUPLES.decode(EventSequence(ids_of((0, 60, 9, 50), (20, 60, 9, 5))), 120)
    assert played(decoded) == [(60, 0, 20, 35), (60, 20, 25, 35)]


# --- encoding and decoding


def test_a_primer_says_how_long_before_its_end_the_last_note_begins():
    encoded = NOTE_TUPLES.encode(piece((60, 20, 70, 64), (64, 50, 60, 64)), 200)
    assert encoded.context.tolist() == [[150]]
    assert encoded.start_step + NOTE_TUPLES.num_steps(encoded.ids) == 200
    again = events_from_json(json.loads(json.dumps(events_to_json(encoded))))
    assert played(NOTE_TUPLES.decode(again, 120)) == [(60, 20, 70, 63), (64, 50, 60, 63)]


def test_what_follows_a_primer_stands_where_its_shifts_say():
    past = NOTE_TUPLES.encode(piece((60, 20, 70, 64)), 200)
    ids = np.array(note(185, 62, 9, 30), np.int16)
    future = dataclasses.replace(past, ids=ids, start_step=200)
    assert played(NOTE_TUPLES.decode(future, 120)) == [(62, 205, 235, 35)]
    whole = dataclasses.replace(past, ids=np.concatenate([past.ids, ids]))
    assert [onset for _, onset, *_ in played(NOTE_TUPLES.decode(whole, 120))] == [20, 205]


def test_what_sounds_at_the_end_of_a_primer_ends_there():
    pedal = [(0.1, 64, 127, 0)]
    held = piece((60, 0, 20, 64), (62, 5, 90, 64), control_changes=pedal)
    encoded = NOTE_TUPLES.encode(held, 50)
    assert encoded.ids.tolist() == ids_of((0, 60, 16, 50), (5, 62, 16, 45)).tolist()


def test_a_note_lasts_ten_seconds_at_most():
    encoded = NOTE_TUPLES.encode(piece((60, 0, 1500, 64)), 1500)
    assert played(NOTE_TUPLES.decode(encoded, 120)) == [(60, 0, 1000, 63)]


def test_a_silent_primer_has_no_notes():
    drums = piece((38, 0, 10, 90), instruments=(Instrument(is_drum=True),))
    for notes in (NoteSequence(), drums, piece((60, 120, 130, 64))):
        encoded = NOTE_TUPLES.encode(notes, 120)
        assert encoded.ids.tolist() == [START]
        assert encoded.start_step == 120
        assert NOTE_TUPLES.is_silent(encoded)
    assert not NOTE_TUPLES.is_silent(NOTE_TUPLES.encode(piece((60, 1, 2, 64)), 120))


def test_bars_are_those_of_the_last_meter_and_tempo():
    notes = NoteSequence(tempos=[(0, 60), (3, 90)], meters=[(0, 4, 4), (2, 3, 4)])
    assert NOTE_TUPLES.encode(notes, 10).steps_per_bar == 200


def test_a_primer_cannot_end_before_it_begins():
    with pytest.raises(GenerationError, match="end_step=-1: a primer cannot end before step 0"):
        NOTE_TUPLES.encode(NoteSequence(), -1)


def test_transposition_is_taken_off_and_pitches_beyond_the_range_are_left_out():
    sequence = EventSequence(ids_of((0, 1, 9, 5), (0, 60, 9, 5)), transposition=3)
    assert [pitch for pitch, *_ in played(NOTE_TUPLES.decode(sequence, 120))] == [57]


def test_the_tempo_is_written_down_and_moves_no_note():
    sequence = EventSequence(ids_of((7, 60, 9, 50)))
    slow, fast = NOTE_TUPLES.decode(sequence, 30), NOTE_TUPLES.decode(sequence, 240)
    assert played(slow) == played(fast) == [(60, 7, 57, 35)]
    assert fast.tempos["qpm"].tolist() == [240]
    assert fast.total_time_s == pytest.approx(0.57)


@pytest.mark.parametrize(
    ("start_step", "qpm", "message"),
    [
        (0, 0, "qpm=0: a tempo must be above 0 quarter notes a minute"),
        (-3, 120, "a note begins at step -3, before the piece does: give the events a later"),
    ],
)
def test_events_that_cannot_be_decoded_are_refused(start_step, qpm, message):
    with pytest.raises(GenerationError, match=message):
        NOTE_TUPLES.decode(EventSequence(ids_of((0, 60, 9, 5)), start_step), qpm)


@settings(max_examples=50)
@given(wide_performances(), st.integers(0, 3000))
def test_a_quantised_performance_comes_back_exactly(notes, rest_steps):
    music = as_piece(notes, VOCABULARY)
    end_step = int(notes.ends_steps.max()) + rest_steps
    encoded = NOTE_TUPLES.encode(music, end_step)
    again = NOTE_TUPLES.decode(encoded, 120)
    assert played(again) == played(music)
    assert again.total_time_s == pytest.approx(end_step / 100)
    assert encoded.start_step + NOTE_TUPLES.num_steps(encoded.ids) == end_step
    assert NOTE_TUPLES.encode(again, end_step).ids.tolist() == encoded.ids.tolist()


# --- what leads up to a section


def test_a_generation_without_a_primer_begins_with_nothing_but_the_start():
    primer = NOTE_TUPLES.default_primer()
    assert (primer.ids.tolist(), primer.start_step) == ([START], 0)
    assert len(NOTE_TUPLES.decode(primer, 120)) == 0
    opening = NOTE_TUPLES.opening(30, 170)
    assert (opening.ids.tolist(), opening.start_step, opening.steps_per_bar) == ([START], 30, 170)


def test_a_model_that_is_told_nothing_refuses_wishes():
    past = NOTE_TUPLES.opening(0, 200)
    assert NOTE_TUPLES.with_context(past, NoteSequence(), Conditions(), 100) is past
    wishes = Conditions(notes_per_second=(3.0,))
    with pytest.raises(ConditionError, match="this note_tuples model cannot be told notes_per"):
        NOTE_TUPLES.with_context(past, NoteSequence(), wishes, 100)


# --- examples


def scale(count, gap=10):
    return piece(*((40 + k % 40, gap * k, gap * k + 9, 64) for k in range(count)))


def test_a_piece_is_divided_before_the_moment_that_is_too_much():
    chords = piece(*((60 + k % 3, 50 * (k // 3), 50 * (k // 3) + 30, 64) for k in range(9)))
    found, drops = NOTE_TUPLES.extract(chords, {"min_events": 0, "max_events": 1 + 6 * 4})
    assert [len(events) for events in found] == [19, 19, 19]
    assert [events.start_step for events in found] == [0, 50, 100]
    assert all(events.ids[1:3].tolist() == shift(0) for events in found)
    assert drops == ()
    (whole,), _ = NOTE_TUPLES.extract(chords, {"min_events": 0})
    assert len(whole) == 1 + 6 * 9


def test_a_moment_is_divided_if_it_is_too_much_by_itself():
    chord = piece(*((60 + k, 5, 30, 64) for k in range(5)))
    found, _ = NOTE_TUPLES.extract(chord, {"min_events": 0, "max_events": 13})
    assert [len(events) for events in found] == [13, 13, 7]


@settings(max_examples=30)
@given(wide_performances(), st.integers(7, 60))
def test_the_parts_of_a_piece_are_the_piece(notes, max_events):
    music = as_piece(notes, VOCABULARY)
    rules = {"min_events": 0, "max_events": max_events}
    found, _ = NOTE_TUPLES.extract(music, rules)
    assert max(len(events) for events in found) <= max_events
    parts = [row for events in found for row in played(NOTE_TUPLES.decode(events, 120))]
    assert parts == played(music)


def test_what_is_left_out_is_explained():
    short, drops = NOTE_TUPLES.extract(scale(10), {})
    assert (short, drops) == ((), (("too_short", "61 events", "min_events=61"),))
    found, drops = NOTE_TUPLES.extract(piece((60, 0, 1200, 64), (62, 5, 9, 64)), {"min_events": 0})
    assert drops == (("notes_shortened", "1 notes of more than 1000 steps, which end there", ""),)
    assert played(NOTE_TUPLES.decode(found[0], 120))[0] == (60, 0, 1000, 63)
    assert NOTE_TUPLES.extract(NoteSequence(), {}).drops[0].rule == "no_notes"
    duo = piece(
        (60, 0, 5, 64),
        (62, 0, 5, 64),
        instruments=(Instrument(program=0), Instrument(program=5)),
        instrument=[0, 1],
    )
    (drop,) = NOTE_TUPLES.extract(duo, {}).drops
    assert drop == ("more_than_one_program", "the programs 0, 5", "several_programs=true")
    assert len(NOTE_TUPLES.extract(duo, {"several_programs": True, "min_events": 0}).sequences) == 1


def test_an_example_has_room_for_a_note():
    with pytest.raises(RecipeError, match="max_events=6: it must be a whole number from 7 to"):
        NOTE_TUPLES.extract(scale(3), {"max_events": 6})


# --- augmentation


def test_examples_are_stretched_and_transposed():
    example = EventSequence(ids_of((0, 60, 9, 100), (200, 64, 9, 100), (900, 65, 9, 990)))
    amounts = {"transpose_semitones": [3, 3], "stretch": [1.2]}
    varied = NOTE_TUPLES.augment(example, amounts, np.random.default_rng(0))
    expected = ids_of((0, 63, 9, 120), (240, 67, 9, 120), (1080, 68, 9, 1000))
    assert varied.ids.tolist() == expected.tolist()
    assert varied.transposition == 3
    same = NOTE_TUPLES.augment(example, {}, np.random.default_rng(0))
    assert same.ids.tolist() == example.ids.tolist()
    start = NOTE_TUPLES.opening(0, 200)
    assert NOTE_TUPLES.augment(start, amounts, np.random.default_rng(0)) is start


def test_nothing_can_be_left_untold():
    example = EventSequence(ids_of((0, 60, 9, 100)))
    with pytest.raises(RecipeError, match=r"disable_conditioning=0\.5: this model is told nothing"):
        NOTE_TUPLES.augment(example, {"disable_conditioning": 0.5}, np.random.default_rng(0))


# --- the tracker


def test_a_model_sees_the_note_so_far_and_the_rest_of_the_note_before():
    tracker = NOTE_TUPLES.tracker([EventSequence([])])
    seen = [
        tracker.feed(np.array([event], np.int16))[0]
        for event in ids_of((5, 60, 9, 50), (80, 67, 3, 1))
    ]
    assert seen[0].shape == (NOTE_TUPLES.input_size,) == (315 + 6 + 12,)
    part, pitch_class = 315, 315 + 6
    columns = [np.flatnonzero(row).tolist() for row in seen]
    assert columns[0] == [START, part + 5]
    assert columns[6] == [0, 18, 150, 226, 251, 284, part + 5, pitch_class + 0]
    assert columns[9] == [1, 16, 157, 226, 251, 284, part + 2, pitch_class + 7]


def test_selected_rows_continue_and_the_original_does_not_notice():
    rng = np.random.default_rng(0)
    events = rng.integers(0, 315, (30, 3)).astype(np.int16)
    tracker, untouched = (
        NOTE_TUPLES.tracker([EventSequence([])] * 3),
        NOTE_TUPLES.tracker([EventSequence([])] * 3),
    )
    for ids in events[:20]:
        tracker.feed(ids)
        untouched.feed(ids)
    rows = np.array([2, 0, 0, 1])
    chosen = tracker.select(rows)
    assert chosen.class_events().tolist() == np.tile(np.arange(315), (4, 1)).tolist()
    for ids in events[20:]:
        assert chosen.labels(ids[rows]).tolist() == ids[rows].tolist()
        tracker.feed(ids[::-1])
        np.testing.assert_array_equal(chosen.feed(ids[rows]), untouched.feed(ids)[rows])
