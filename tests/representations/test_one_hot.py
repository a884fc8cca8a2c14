"""The one-hot tracker."""

import numpy as np

from solferino.representations.one_hot import OneHotTracker


def test_each_event_lights_its_own_input():
    inputs = OneHotTracker(4, batch_size=2).feed(np.array([3, 0], np.int16))
    assert inputs.dtype == np.float32
    assert inputs.tolist() == [[0, 0, 0, 1], [1, 0, 0, 0]]


def test_a_class_means_the_event_of_the_same_number():
    tracker = OneHotTracker(3, batch_size=2)
    assert tracker.class_events().tolist() == [[0, 1, 2], [0, 1, 2]]
    assert tracker.labels(np.array([2, 1], np.int16)).tolist() == [2, 1]


def test_inputs_belong_to_the_caller():
    tracker = OneHotTracker(3, batch_size=1)
    tracker.feed(np.array([1], np.int16))[:] = 7
    assert tracker.feed(np.array([1], np.int16)).tolist() == [[0, 1, 0]]


def test_selecting_rows_changes_the_batch():
    chosen = OneHotTracker(3, batch_size=1).select(np.array([0, 0, 0]))
    assert chosen.class_events().shape == (3, 3)


def test_rows_of_a_table_may_stand_for_events():
    rows = np.array([[0.5, 1], [0, 2], [3, 3]], np.float32)
    tracker = OneHotTracker(3, 1, rows).select(np.array([0, 0]))
    assert tracker.feed(np.array([2, 0], np.int16)).tolist() == [[3, 3], [0.5, 1]]
    assert tracker.class_events().tolist() == [[0, 1, 2], [0, 1, 2]]
