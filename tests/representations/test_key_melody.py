"""The key-melody encoding: 74 inputs and 40 classes for [48, 84)."""

import numpy as np
import pytest

from solferino.representations.melody import Melody
from solferino.representations.representation import EventSequence

SOUNDS, SILENT, ATTACK, DIRECTION = 36, 37, 38, 39
REPEATS, COUNTERS, BAR = slice(40, 42), slice(42, 49), 49
KEYS, RECENT_KEYS = slice(50, 62), slice(62, 74)
NO_EVENT, NOTE_OFF, REPEAT_1, REPEAT_2 = 36, 37, 38, 39


def inputs_of(events, steps_per_bar=16, **options):
    """Inputs after each event; events are -2 (none), -1 (note-off) and MIDI pitches."""
    melody = Melody(**{"encoding": "key", **options})
    tracker = melody.tracker([EventSequence([], steps_per_bar=steps_per_bar)])
    ids = melody.from_melody_events(events).ids
    return np.array([tracker.feed(ids[k : k + 1])[0] for k in range(len(ids))])


def labels_of(events, steps_per_bar=16):
    melody = Melody(encoding="key")
    tracker = melody.tracker([EventSequence([], steps_per_bar=steps_per_bar)])
    labels = []
    for event in melody.from_melody_events(events).ids:
        row = np.array([event])
        labels.append(int(tracker.labels(row)[0]))
        tracker.feed(row)
    return labels


def keys(row):
    return np.flatnonzero(row).tolist()


def test_the_input_has_74_numbers_and_grows_with_the_range():
    assert Melody(encoding="key").input_size == 74
    assert Melody(encoding="key").num_classes == 40
    assert inputs_of([60]).shape == (1, 74)
    assert Melody(encoding="key", min_note=0, max_note=128).input_size == 128 + 38
    assert inputs_of([60], min_note=0, max_note=128).shape == (1, 166)


def test_a_note_sounds_until_its_note_off():
    inputs = inputs_of([60, -2, -1, -2, 48, 83])
    assert keys(inputs[0, :38]) == [12, SOUNDS]
    assert keys(inputs[1, :38]) == [12, SOUNDS]
    assert keys(inputs[2, :38]) == [SILENT]
    assert keys(inputs[3, :38]) == [SILENT]
    assert keys(inputs[4, :38]) == [0, SOUNDS]
    assert keys(inputs[5, :38]) == [35, SOUNDS]


def test_silence_sounds_before_the_first_note():
    assert keys(inputs_of([-2])[0, :38]) == [SILENT]


def test_pitch_0_is_a_note():
    inputs = inputs_of([0, -2], min_note=0, max_note=128)
    assert keys(inputs[0, :130]) == [0, 128]
    assert keys(inputs[1, :130]) == [0, 128]


def test_attack_is_only_on_the_step_where_a_note_begins():
    assert inputs_of([60, -2, 60, -1, -2])[:, ATTACK].tolist() == [1, 0, 1, 0, 0]


def test_for_models_of_magenta_the_attack_lasts_through_note_offs():
    events = [60, -1, -1, -2, -1, 60, -2, -1]
    inputs = inputs_of(events, encoding="magenta_key")
    assert inputs[:, ATTACK].tolist() == [1, 1, 1, 0, 0, 1, 0, 0]
    others = np.delete(inputs, ATTACK, axis=1)
    np.testing.assert_array_equal(others, np.delete(inputs_of(events), ATTACK, axis=1))


def test_an_attack_that_lasts_does_so_in_the_row_that_was_chosen():
    melody = Melody(encoding="magenta_key")
    tracker = melody.tracker([EventSequence([])] * 2)
    tracker.feed(np.array([5, 0], np.int16))
    chosen = tracker.select(np.array([1, 0, 0]))
    assert chosen.feed(np.array([1, 1, 0], np.int16))[:, ATTACK].tolist() == [0, 1, 0]


def test_direction_compares_the_last_two_different_notes():
    events = [60, 64, -2, 64, -1, 62, 62, 65]
    assert inputs_of(events)[:, DIRECTION].tolist() == [0, 1, 1, 1, 1, -1, -1, 1]


def test_flags_tell_that_the_event_repeats_one_or_two_bars():
    events = [60, *[-2] * 11, 62, *[-2] * 11, 60, *[-2] * 11]
    inputs = inputs_of(events, steps_per_bar=12)
    assert inputs[1, REPEATS].tolist() == [0, 0]
    assert inputs[12, REPEATS].tolist() == [0, 0]
    assert inputs[13, REPEATS].tolist() == [1, 0]
    assert inputs[24, REPEATS].tolist() == [0, 1]
    assert inputs[25, REPEATS].tolist() == [1, 1]


def test_seven_counters_tell_the_step_to_come():
    inputs = inputs_of([-2] * 70)
    assert inputs[0, COUNTERS].tolist() == [1, -1, -1, -1, -1, -1, -1]
    assert inputs[63, COUNTERS].tolist() == [-1, -1, -1, -1, -1, -1, 1]


@pytest.mark.parametrize("steps_per_bar", [16, 12, 14, 20], ids=["4/4", "3/4 or 6/8", "7/8", "5/4"])
def test_the_bar_flag_follows_the_meter(steps_per_bar):
    starts = np.flatnonzero(inputs_of([-2] * 60, steps_per_bar)[:, BAR]) + 1
    assert starts.tolist() == list(range(steps_per_bar, 61, steps_per_bar))


def test_all_keys_tie_before_the_first_note():
    inputs = inputs_of([-2])[0]
    assert keys(inputs[KEYS]) == list(range(12))
    assert keys(inputs[RECENT_KEYS]) == list(range(12))


def test_the_likely_keys_are_those_that_hold_the_most_notes():
    inputs = inputs_of([60, 64, 67, 66])
    # C is in C, Db, Eb, F, G, Ab and Bb major; with E in C, F and G; F# speaks for G alone.
    assert keys(inputs[0, KEYS]) == [0, 1, 3, 5, 7, 8, 10]
    assert keys(inputs[1, KEYS]) == [0, 5, 7]
    assert keys(inputs[2, KEYS]) == [0, 5, 7]
    assert keys(inputs[3, KEYS]) == [7]


def test_held_notes_and_note_offs_do_not_vote_for_a_key():
    inputs = inputs_of([60, -2, -1, -2])
    assert (inputs[:, 50:] == inputs[0, 50:]).all()


def test_the_recent_keys_are_those_of_the_last_three_different_notes():
    # F#, C#, G# and then C, E, F: only the newest three count.
    inputs = inputs_of([66, 61, 68, 60, 64, 65])
    assert keys(inputs[5, RECENT_KEYS]) == [0, 5]
    # A note that returns is the newest again: F# is forgotten, not C.
    inputs = inputs_of([60, 66, 62, 60, 64])
    assert keys(inputs[4, RECENT_KEYS]) == [0, 5, 7]
    # Repeating the newest forgets nothing.
    inputs = inputs_of([66, 62, 60, 60, 60])
    assert keys(inputs[4, RECENT_KEYS]) == keys(inputs[2, RECENT_KEYS])


def test_the_same_pitch_class_in_another_octave_is_another_note():
    inputs = inputs_of([66, 60, 72, 62])
    assert keys(inputs[3, RECENT_KEYS]) == [0, 3, 5, 7, 10]  # C, C and D


def test_labels_are_pitches_no_event_note_off_and_repeats():
    labels = labels_of([48, -1, -2, 83, *[-2] * 12, 60, -1, 83])
    assert labels[:4] == [0, NOTE_OFF, REPEAT_2, 35]
    assert labels[16:19] == [12, REPEAT_1, 35]
    labels = labels_of([60, 60, *[-2] * 15, 60, *[-2] * 14, -2, -2])
    assert labels[17] == REPEAT_1
    assert labels[32] == REPEAT_1  # no event: a bar ago too, two bars ago a note
    labels = labels_of([60] * 32 + [-2])
    assert labels[32] == NO_EVENT


def test_classes_mean_pitches_no_event_note_off_and_repeats():
    tracker = Melody(encoding="key").tracker([EventSequence([], steps_per_bar=2)])
    tracker.feed(np.array([5], np.int16))
    tracker.feed(np.array([1], np.int16))
    events = tracker.class_events()[0].tolist()
    assert events[:36] == list(range(2, 38))
    assert events[36:] == [0, 1, 5, 0]


def test_inputs_belong_to_the_caller():
    tracker = Melody(encoding="key").tracker([EventSequence([], steps_per_bar=16)])
    first = tracker.feed(np.array([14], np.int16))
    before = first.copy()
    tracker.feed(np.array([20], np.int16))
    assert (first == before).all()
