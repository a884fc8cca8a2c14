"""What a model sees that is told something."""

from dataclasses import replace

import numpy as np
import pytest

from solferino.representations.conditions import Conditions
from solferino.representations.performance import Performance
from solferino.representations.representation import EventSequence
from tests.representations.performances import events

TOLD = Performance(note_density=True, pitch_histogram=True)
FIRST = EventSequence(events("+100 v9 on60 +50 off60 v3 on64 +100 +30 off64"))
SECOND = EventSequence(events("+100 v2 on40 on52 +100 +100 v3 on57 +20"))


def seen(tracker, *sequences):
    """Feed sequences side by side; shape (time, batch, input_size)."""
    length = min(len(sequence) for sequence in sequences)
    ids = np.stack([sequence.ids[:length] for sequence in sequences], axis=1)
    return np.stack([tracker.feed(column) for column in ids])


def test_the_model_sees_what_is_told_of_the_next_event_before_the_last_event():
    inputs = seen(TOLD.tracker([FIRST]), FIRST)[:, 0]
    assert inputs.shape == (10, 20 + 388)
    assert (inputs[:, 20:].argmax(axis=1) == FIRST.ids).all()
    densities = inputs[:, :8].argmax(axis=1)
    # of 2 notes in 1.8 s, then of 1 in 1.3 s, then of none
    assert densities.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert inputs[0, 8:20].argmax() == 4


def test_given_context_counts_by_steps():
    past = EventSequence(FIRST.ids[:1])
    wishes = Conditions(notes_per_second=(3, 50))
    told = TOLD.with_context(past, None, wishes, end_step=300)
    inputs = seen(TOLD.tracker([told]), FIRST)[:, 0]
    densities = inputs[:, :8].argmax(axis=1)
    assert densities.tolist() == [2, 2, 2, 2, 2, 2, 2, 6, 6, 6]


def test_one_row_of_context_counts_for_all():
    told = replace(FIRST, context=TOLD.default_primer().context)
    inputs = seen(TOLD.tracker([told]), FIRST)[:, 0]
    assert (inputs[:, :20] == told.context).all()


def test_a_batch_sees_what_each_row_sees_alone():
    given = TOLD.with_context(EventSequence(SECOND.ids[:1]), None, Conditions(), end_step=200)
    rows = [FIRST, SECOND, given]
    fed = [FIRST, SECOND, SECOND]
    together = seen(TOLD.tracker(rows), *fed)
    for k, (row, sequence) in enumerate(zip(rows, fed, strict=True)):
        alone = seen(TOLD.tracker([row]), sequence)
        np.testing.assert_array_equal(together[:, k], alone[: len(together), 0])


def test_selected_rows_continue_and_the_original_does_not_notice():
    tracker = TOLD.tracker([FIRST, SECOND])
    seen(tracker, EventSequence(FIRST.ids[:3]), EventSequence(SECOND.ids[:3]))
    chosen = tracker.select(np.array([1, 1, 0]))
    after = EventSequence(SECOND.ids[3:]), EventSequence(SECOND.ids[3:])
    ahead = seen(chosen, *after, EventSequence(FIRST.ids[3:]))
    now = seen(tracker, EventSequence(FIRST.ids[3:]), after[0])
    np.testing.assert_array_equal(ahead[:, 2], now[: len(ahead), 0])
    np.testing.assert_array_equal(ahead[:, 0], now[: len(ahead), 1])


@pytest.mark.parametrize("performance", [Performance(), TOLD])
def test_a_class_means_the_event_of_the_same_number(performance):
    tracker = performance.tracker([FIRST, SECOND])
    assert (tracker.class_events() == np.arange(388)).all()
    assert tracker.class_events().shape == (2, 388)
    assert tracker.labels(np.array([7, 300], np.int16)).tolist() == [7, 300]
