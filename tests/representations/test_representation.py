"""Values that all representations share."""

import pickle

import numpy as np
import pytest

from solferino.representations.representation import EventSequence


def test_events_cannot_be_written_and_are_a_copy():
    mine = np.array([1, 2, 3])
    events = EventSequence(mine)
    mine[0] = 9
    assert events.ids.tolist() == [1, 2, 3]
    assert events.ids.dtype == np.int16
    assert len(events) == 3
    with pytest.raises(ValueError, match="read-only"):
        events.ids[0] = 5


def test_events_are_the_same_in_another_process():
    events = EventSequence(np.array([3, 0]), start_step=16, steps_per_bar=12, transposition=-2)
    again = pickle.loads(pickle.dumps(events))  # noqa: S301
    assert again.ids.tolist() == [3, 0]
    assert not again.ids.flags.writeable
    assert (again.start_step, again.steps_per_bar, again.transposition) == (16, 12, -2)
