"""Performances to events and back."""

import dataclasses
import json
import tomllib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.errors import ConditionError, GenerationError, RecipeError
from solferino.notes.quantization import SecondsGrid
from solferino.notes.sequence import Instrument, NoteSequence
from solferino.representations.conditions import Conditions
from solferino.representations.performance import Performance
from solferino.representations.registry import build_representation
from solferino.representations.representation import EventSequence
from tests.representations.performances import (
    PERFORMANCE,
    as_piece,
    events,
    performances,
    piece,
    played,
    spelled,
)

SIZES = {
    "performance": (356, 356),
    "performance_with_dynamics": (388, 388),
    "performance_with_dynamics_compact": (388, 388),
    "performance_with_dynamics_and_modulo_encoding": (16, 388),
    "density_conditioned_performance_with_dynamics": (396, 388),
    "pitch_conditioned_performance_with_dynamics": (400, 388),
    "multiconditioned_performance_with_dynamics": (408, 388),
    "optional_multiconditioned_performance_with_dynamics": (409, 388),
}


def recipe(name):
    return tomllib.loads((files("solferino.recipes") / f"{name}.toml").read_text("utf-8"))


# --- what it is


@pytest.mark.parametrize("name", SIZES)
def test_the_recipes_have_the_sizes_of_the_published_models(name):
    found = recipe(name)
    performance = build_representation("performance", found["representation"]["options"])
    assert (performance.input_size, performance.num_classes) == SIZES[name]
    assert found["model"]["config"]["rnn_layer_sizes"] == [512, 512, 512]
    performance.extract(NoteSequence(), found["rules"])
    tune = EventSequence(events("+100 on60 +5 off60", performance.vocabulary))
    performance.augment(tune, found["augmentation"], np.random.default_rng(0))


def test_it_is_built_again_from_its_options():
    told = Performance("modulo", 16, 50, 60, note_density=True, optional_conditions=True)
    options = json.loads(json.dumps(dict(told.options)))
    assert build_representation(told.name, options) == told
    assert told.grid == SecondsGrid(50)
    assert told.context_size == 0
    assert (told.num_events, told.default_event) == (256 + 60 + 16, 256 + 59)
    with pytest.raises(dataclasses.FrozenInstanceError, match="encoding"):
        told.encoding = "one_hot"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "two_hot"}, "encoding='two_hot': it is one of one_hot, modulo"),
        ({"num_velocity_bins": 128}, "num_velocity_bins=128: it must be a whole number from 0 to"),
        ({"steps_per_second": 0}, "steps_per_second=0: it must be a whole number from 1"),
        ({"max_shift_steps": 1001}, "max_shift_steps=1001: it must be a whole number from 1 to"),
        ({"note_density": 8}, "note_density=8: it must be true or false"),
        ({"optional_conditions": True}, "optional_conditions=true: there is nothing to leave out"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        Performance(**options)


def test_events_that_are_alike_are_near_each_other_on_circles():
    tracker = Performance(encoding="modulo").tracker([EventSequence([])])

    def seen(word):
        return tracker.feed(events(word))[0]

    assert seen("on36").tolist() == pytest.approx([1, 0, 1, 1, 0, *[0] * 11], abs=1e-6)
    assert seen("off39").tolist()[5:10] == pytest.approx(
        [1, np.cos(39 * np.pi / 72), np.sin(39 * np.pi / 72), 0, 1], abs=1e-6
    )
    assert seen("+26").tolist() == pytest.approx([*[0] * 10, 1, 0, 1, 0, 0, 0], abs=1e-6)
    assert seen("v17").tolist() == pytest.approx([*[0] * 13, 1, -1, 0], abs=1e-6)
    assert Performance("modulo", 0).input_size == 13


# --- encoding and decoding


def test_a_primer_begins_with_silence_and_ends_where_it_shall():
    encoded = PERFORMANCE.encode(piece((60, 20, 70, 64), (64, 20, 30, 64)), 200)
    assert spelled(encoded.ids) == "+100 v16 on60 on64 +10 off64 +40 off60 +100 +30"
    assert (encoded.start_step, PERFORMANCE.num_steps(encoded.ids)) == (-80, 280)


def test_what_sounds_at_the_end_of_a_primer_ends_there():
    pedal = [(0.1, 64, 127, 0)]
    encoded = PERFORMANCE.encode(piece((60, 0, 20, 64), (62, 0, 90, 64), control_changes=pedal), 50)
    assert spelled(encoded.ids) == "+100 v16 on60 on62 +50 off60 off62"


def test_a_silent_primer_is_silence_from_the_start():
    drums = piece((38, 0, 10, 90), instruments=(Instrument(is_drum=True),))
    for notes in (NoteSequence(), drums, piece((60, 120, 130, 64))):
        encoded = PERFORMANCE.encode(notes, 120)
        assert spelled(encoded.ids) == "+100 +20"
        assert encoded.start_step == 0
        assert PERFORMANCE.is_silent(encoded)
    assert len(PERFORMANCE.encode(NoteSequence(), 0)) == 0


def test_bars_are_those_of_the_last_meter_and_tempo():
    notes = NoteSequence(tempos=[(0, 60), (3, 90)], meters=[(0, 4, 4), (2, 3, 4)])
    assert PERFORMANCE.encode(notes, 10).steps_per_bar == 200
    assert PERFORMANCE.encode(NoteSequence(), 10).steps_per_bar == 200
    (sequence,), _ = PERFORMANCE.extract(
        piece((60, 0, 50, 64), tempos=[(0, 60)]), {"min_events": 0}
    )
    assert sequence.steps_per_bar == 400


def test_a_primer_cannot_end_before_it_begins():
    with pytest.raises(GenerationError, match="end_step=-1: a primer cannot end before step 0"):
        PERFORMANCE.encode(NoteSequence(), -1)


def test_decoding_writes_the_notes_where_they_stand():
    sequence = EventSequence(events("+100 v16 on60 +10 v31 on64 +40 off60 +5"), start_step=50)
    notes = PERFORMANCE.decode(sequence, 90)
    assert played(notes) == [(60, 150, 200, 63), (64, 160, 205, 123)]
    assert notes.tempos["qpm"].tolist() == [90]
    assert notes.total_time_s == pytest.approx(2.05)
    assert notes.instruments == (Instrument(),)


def test_the_tempo_moves_no_note():
    sequence = EventSequence(events("v16 on60 +10 off60"))
    assert played(PERFORMANCE.decode(sequence, 30)) == played(PERFORMANCE.decode(sequence, 240))


def test_transposition_is_taken_off_and_pitches_beyond_the_range_are_left_out():
    sequence = EventSequence(events("v16 on1 on60 +10 off1 off60"), transposition=3)
    assert [pitch for pitch, *_ in played(PERFORMANCE.decode(sequence, 120))] == [57]


def test_a_note_that_begins_at_the_very_end_has_no_length_and_is_left_out():
    assert len(PERFORMANCE.decode(EventSequence(events("+10 v16 on60")), 120)) == 0


@pytest.mark.parametrize(
    ("start_step", "qpm", "message"),
    [
        (0, 0, "qpm=0: a tempo must be above 0 quarter notes a minute"),
        (-3, 120, "a note begins at step -3, before the piece does: give the events a later"),
    ],
)
def test_events_that_cannot_be_decoded_are_refused(start_step, qpm, message):
    with pytest.raises(GenerationError, match=message):
        PERFORMANCE.decode(EventSequence(events("v3 on60 +5"), start_step), qpm)


@settings(max_examples=50)
@given(performances(), st.integers(0, 200), st.sampled_from([0, 1, 10, 32]))
def test_a_quantised_performance_comes_back_exactly(notes, rest_steps, num_bins):
    performance = Performance(num_velocity_bins=num_bins)
    notes = notes._replace(bins=np.minimum(notes.bins, max(num_bins, 1)))
    music = as_piece(notes, performance.vocabulary)
    end_step = int(notes.ends_steps.max()) + rest_steps
    encoded = performance.encode(music, end_step)
    again = performance.decode(encoded, 120)
    assert played(again) == played(music)
    assert again.total_time_s == pytest.approx(end_step / 100)
    assert performance.encode(again, end_step).ids.tolist() == encoded.ids.tolist()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0.02, 3)), min_size=1, max_size=20))
def test_no_onset_moves_by_more_than_half_a_step(spans):
    onset_s, length_s = np.array(spans).T
    pitches = np.arange(len(spans)) + 40
    music = NoteSequence.from_columns(pitches, onset_s, onset_s + length_s)
    again = PERFORMANCE.decode(PERFORMANCE.encode(music, 1300), 120)
    found = again.notes["onset_s"][np.argsort(again.notes["pitch"])]
    assert np.abs(found - onset_s).max() <= 0.005 + 1e-6


# --- what leads up to a section


def test_a_generation_without_a_primer_begins_after_a_second_of_silence():
    primer = PERFORMANCE.default_primer()
    assert (spelled(primer.ids), primer.start_step) == ("+100", -100)
    assert len(PERFORMANCE.decode(primer, 120)) == 0
    opening = PERFORMANCE.opening(30, 170)
    assert (spelled(opening.ids), opening.start_step, opening.steps_per_bar) == ("+100", -70, 170)


def test_the_past_is_told_as_far_as_the_section_reaches():
    told = Performance(note_density=True)
    music = piece((60, 0, 50, 64))
    past = told.encode(music, 50)
    found = told.with_context(past, music, Conditions(notes_per_second=(40.0,)), 80)
    assert found.context.shape == (100 + 80, 8)
    assert found.ids.tolist() == past.ids.tolist()
    assert (found.context[150:].argmax(axis=1) == 6).all()


def test_a_model_that_is_told_nothing_refuses_wishes():
    past = PERFORMANCE.opening(0, 200)
    same = PERFORMANCE.with_context(past, NoteSequence(), Conditions(), 100)
    assert same is past
    wishes = Conditions(notes_per_second=(3.0,))
    with pytest.raises(ConditionError, match="this performance model cannot be told notes_per"):
        PERFORMANCE.with_context(past, NoteSequence(), wishes, 100)
    told = Performance(pitch_histogram=True)
    with pytest.raises(ConditionError, match="cannot be told notes_per_second, only pitch_class"):
        told.with_context(told.opening(0, 200), NoteSequence(), wishes, 100)
