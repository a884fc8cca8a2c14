"""What every tracker of melodies owes to training and to generation."""

import numpy as np
import pytest

from solferino.representations.melody import ENCODINGS, Melody
from solferino.representations.representation import EventSequence

METERS = [EventSequence([], steps_per_bar=n) for n in (16, 12, 14, 6)]  # 4/4, 3/4, 7/8, 3/8


def random_events(n_steps, batch, num_events, seed=0):
    """Music-like noise: many no-events, and bars that come back."""
    rng = np.random.default_rng(seed)
    events = rng.integers(0, num_events, (n_steps, batch))
    events[rng.random(events.shape) < 0.5] = 0
    for step in range(16, n_steps):
        again = rng.random(batch) < 0.5
        events[step, again] = events[step - 12, again]
    return events.astype(np.int16)


@pytest.fixture(params=ENCODINGS)
def melody(request):
    return Melody(encoding=request.param)


def test_the_class_of_an_event_means_that_event(melody):
    tracker = melody.tracker(METERS)
    for ids in random_events(100, 4, melody.num_events):
        labels = tracker.labels(ids)
        meanings = tracker.class_events()
        assert (meanings[np.arange(4), labels] == ids).all()
        assert meanings.min() >= 0
        assert meanings.max() < melody.num_events
        tracker.feed(ids)


def test_a_batch_sees_what_each_row_sees_alone(melody):
    batch = melody.tracker(METERS)
    alone = [melody.tracker(METERS[row : row + 1]) for row in range(4)]
    for ids in random_events(100, 4, melody.num_events):
        rows = [tracker.feed(ids[k : k + 1]) for k, tracker in enumerate(alone)]
        np.testing.assert_array_equal(batch.feed(ids), np.concatenate(rows))


def test_selected_rows_continue_and_the_original_does_not_notice(melody):
    events = random_events(60, 4, melody.num_events)
    tracker, untouched = melody.tracker(METERS), melody.tracker(METERS)
    for ids in events[:40]:
        tracker.feed(ids)
        untouched.feed(ids)
    rows = np.array([3, 1, 1, 0, 3])
    chosen = tracker.select(rows)
    chosen_twin = tracker.select(rows)
    noise = random_events(20, 5, melody.num_events, seed=1)
    for ids, other in zip(events[40:], noise, strict=True):
        chosen_twin.feed(other)
        np.testing.assert_array_equal(chosen.class_events(), tracker.class_events()[rows])
        np.testing.assert_array_equal(chosen.feed(ids[rows]), tracker.feed(ids)[rows])
    for ids in events[40:]:
        untouched.feed(ids)
    np.testing.assert_array_equal(untouched.class_events(), tracker.class_events())


def test_sizes_are_those_the_representation_promises(melody):
    tracker = melody.tracker(METERS)
    inputs = tracker.feed(np.zeros(4, np.int16))
    assert inputs.shape == (4, melody.input_size)
    assert inputs.dtype == np.float32
    assert tracker.class_events().shape == (4, melody.num_classes)
    assert tracker.class_events().dtype == np.int16
    assert tracker.labels(np.zeros(4, np.int16)).dtype == np.int16


def test_a_tracker_follows_long_music(melody):
    """The history is moved inside its array every few hundred steps."""
    events = random_events(700, 2, melody.num_events)
    tracker = melody.tracker(METERS[:2])
    for step, ids in enumerate(events):
        meanings = tracker.class_events()
        if melody.encoding != "one_hot" and step >= 32:
            assert meanings[0, -2:].tolist() == [events[step - 16, 0], events[step - 32, 0]]
            assert meanings[1, -2:].tolist() == [events[step - 12, 1], events[step - 24, 1]]
        tracker.feed(ids)
