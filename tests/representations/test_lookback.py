"""The lookback encoding: 38 events, repeats of 1 and 2 bars, five counters."""

import numpy as np
import pytest

from solferino.representations.lookback import BarMemory, LookbackTracker, counter_table
from solferino.representations.melody import Melody
from solferino.representations.representation import EventSequence

C, D, E = 14, 16, 18  # event ids of middle C, D and E in [48, 84)
REPEAT_1, REPEAT_2 = 38, 39
MELODY = Melody(encoding="lookback")


def walk(ids, steps_per_bar=16):
    """Inputs after each event, labels of each event, class events before each event."""
    tracker = MELODY.tracker([EventSequence([], steps_per_bar=steps_per_bar)])
    inputs, labels, meanings = [], [], []
    for event in ids:
        row = np.array([event], np.int16)
        labels.append(int(tracker.labels(row)[0]))
        meanings.append(tracker.class_events()[0])
        inputs.append(tracker.feed(row)[0])
    return np.array(inputs), labels, meanings


def bar(*notes, steps_per_bar=16):
    """A bar of events from (step, event) pairs."""
    ids = [0] * steps_per_bar
    for step, event in notes:
        ids[step] = event
    return ids


def test_the_melody_encoding_has_121_inputs_and_40_classes():
    assert (MELODY.input_size, MELODY.num_classes) == (121, 40)
    inputs, _, meanings = walk([C])
    assert inputs.shape == (1, 121)
    assert meanings[0].shape == (40,)


def test_the_first_38_inputs_are_the_event_that_just_happened():
    inputs, _, _ = walk([C, 0, 1])
    assert inputs[:, :38].argmax(axis=1).tolist() == [C, 0, 1]
    assert inputs[:, :38].sum(axis=1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("steps_per_bar", [16, 12, 14], ids=["4/4", "3/4 or 6/8", "7/8"])
def test_the_next_inputs_are_what_follows_if_a_bar_repeats(steps_per_bar):
    first = bar((0, C), (4, D), steps_per_bar=steps_per_bar)
    second = bar((0, E), steps_per_bar=steps_per_bar)
    inputs, _, _ = walk([*first, *second], steps_per_bar)
    one_back, two_back = inputs[:, 38:76].argmax(axis=1), inputs[:, 76:114].argmax(axis=1)
    last_of_first = steps_per_bar - 1
    assert one_back[last_of_first] == C  # a bar before the first step of the second bar
    assert one_back[last_of_first + 4] == D
    assert two_back[last_of_first] == 0  # two bars before: nothing yet, so no event
    assert one_back[2 * steps_per_bar - 1] == E
    assert two_back[2 * steps_per_bar - 1] == C


def test_counters_tell_the_step_to_come():
    inputs, _, _ = walk([0] * 40)
    clock = inputs[:, 114:119]
    assert clock[0].tolist() == [1, -1, -1, -1, -1]  # step 1 comes next
    assert clock[1].tolist() == [-1, 1, -1, -1, -1]
    assert clock[15].tolist() == [-1, -1, -1, -1, 1]  # step 16
    assert clock[31].tolist() == [-1, -1, -1, -1, -1]  # step 32
    assert clock[32].tolist() == clock[0].tolist()


def test_flags_tell_that_the_event_repeats_one_or_two_bars():
    inputs, _, _ = walk([*bar((0, C)), *bar((0, D)), *bar((0, C)), *bar((0, C))])
    flags = inputs[:, 119:]
    assert flags[0].tolist() == [0, 0]
    assert flags[1].tolist() == [0, 0]  # there is no history to repeat
    assert flags[16].tolist() == [0, 0]  # D is not C
    assert flags[17].tolist() == [1, 0]
    assert flags[32].tolist() == [0, 1]
    assert flags[48].tolist() == [1, 0]


def test_the_more_distant_repeat_wins_and_a_repeat_wins_over_the_event():
    _, labels, _ = walk([*bar((0, C), (4, D)), *bar((0, C), (4, E)), *bar((0, C), (4, E))])
    assert labels[0] == C
    assert labels[16] == REPEAT_1
    assert labels[20] == E
    assert labels[32] == REPEAT_2  # C stands one and two bars ago
    assert labels[36] == REPEAT_1


def test_before_two_bars_a_no_event_repeats_two_bars():
    _, labels, _ = walk([0, C, 0, *bar((0, D))])
    assert labels[:4] == [REPEAT_2, C, REPEAT_2, D]


def test_a_repeat_class_means_the_event_a_bar_ago():
    _, _, meanings = walk([*bar((0, C)), *bar((0, D)), *bar()])
    assert meanings[0][[REPEAT_1, REPEAT_2]].tolist() == [0, 0]
    assert meanings[16][[REPEAT_1, REPEAT_2]].tolist() == [C, 0]
    assert meanings[32][[REPEAT_1, REPEAT_2]].tolist() == [D, C]
    assert meanings[32][:38].tolist() == list(range(38))


def test_each_sequence_of_a_batch_has_its_own_bars():
    tracker = MELODY.tracker([EventSequence([], steps_per_bar=n) for n in (12, 16)])
    for step in range(12):
        tracker.feed(np.array([C, C] if step == 0 else [0, 0], np.int16))
    assert tracker.class_events()[:, REPEAT_1].tolist() == [C, 0]


def test_around_a_drum_vocabulary_it_is_an_event_and_a_clock():
    tracker = LookbackTracker(512, 0, np.empty((2, 0), np.int64), num_counters=6)
    inputs = tracker.feed(np.array([511, 3], np.int16))
    assert inputs.shape == (2, 518)
    assert inputs[:, :512].argmax(axis=1).tolist() == [511, 3]
    assert inputs[0, 512:].tolist() == [1, -1, -1, -1, -1, -1]
    assert tracker.class_events().shape == (2, 512)
    assert tracker.labels(np.array([4, 5], np.int16)).tolist() == [4, 5]
    again = tracker.select(np.array([1])).feed(np.array([0], np.int16))
    assert again[0, 512:].tolist() == [-1, 1, -1, -1, -1, -1]


def test_memory_is_as_long_as_the_music():
    played = np.arange(3000, dtype=np.int16)
    memory = BarMemory(np.array([[16, 32]]), default_event=0)
    for event in played:
        memory.push(np.array([event]))
    assert memory.ago.tolist() == [[3000 - 16, 3000 - 32]]
    assert memory.position == 3000


def test_the_event_is_no_repeat_of_the_history_there_never_was():
    memory = BarMemory(np.array([[2, 4]]), default_event=0)
    repeats = [memory.push(np.array([0]))[0].tolist() for _ in range(5)]
    assert repeats == [[False, False]] * 2 + [[True, False]] * 2 + [[True, True]]


def test_the_clock_cannot_be_written():
    assert counter_table(2).tolist() == [[-1, -1], [1, -1], [-1, 1], [1, 1]]
    with pytest.raises(ValueError, match="read-only"):
        counter_table(2)[0] = 0
