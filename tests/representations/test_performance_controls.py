"""What a performance model is told."""

import numpy as np
import pytest

from solferino.errors import ConditionError
from solferino.representations.conditions import Conditions
from solferino.representations.performance_controls import (
    Controls,
    note_densities,
    pitch_histograms,
)
from tests.representations.performances import VOCABULARY, events

BOTH = Controls(note_density=True, pitch_histogram=True, optional=False)
OPTIONAL = Controls(note_density=True, pitch_histogram=True, optional=True)
DENSITY = Controls(note_density=True, pitch_histogram=False, optional=False)


def test_the_density_counts_the_notes_of_the_next_three_seconds():
    ids = events("on60 on64 +100 on67 +100 +100 on72 +100 off72 +100 +100 off60")
    densities = note_densities(VOCABULARY, ids, 100)
    at_each_second = [1, 2 / 3, 1 / 3, 1 / 3, 0, 0, 0]
    assert densities[[0, 3, 5, 6, 8, 10, 11]] == pytest.approx(at_each_second)


def test_the_density_is_the_same_all_through_a_moment():
    ids = events("+10 v3 on60 v4 on64 +50 off60 on62 +100")
    densities = note_densities(VOCABULARY, ids, 100)
    assert densities[1:6] == pytest.approx([3 / 1.5] * 5)
    assert densities[6:] == pytest.approx([1.0] * 3)


def test_near_the_end_the_density_is_that_of_the_time_that_is_left():
    ids = events("on60 +50 on62 +50")
    assert note_densities(VOCABULARY, ids, 100) == pytest.approx([2, 2, 2, 2])
    assert note_densities(VOCABULARY, events("on60 on62"), 100).tolist() == [0, 0]


def test_the_histogram_tells_how_long_each_pitch_class_sounds():
    ids = events("on60 +100 on72 on67 +50 off60 off72 +100 off67 +100")
    histograms = pitch_histograms(VOCABULARY, ids, 100)
    assert histograms[0, [0, 7, 1]] == pytest.approx([2.01, 1.51, 0.01])
    assert histograms[2, [0, 7]] == pytest.approx([1.01, 1.51])
    assert histograms[5, [0, 7]] == pytest.approx([0.01, 1.01])


def test_the_histogram_reaches_to_the_end_of_the_shift_in_which_five_seconds_end():
    ids = events("on60 " + "+99 " * 7)
    assert pitch_histograms(VOCABULARY, ids, 100)[:3, 0] == pytest.approx([5.95, 5.95, 5.95])


def test_a_row_is_a_class_of_density_and_shares_of_pitch_classes():
    densities = np.array([0, 0.99, 1, 3.9, 4, 63, 64, 1000])
    rows = DENSITY.rows(densities, np.ones((8, 12)), np.zeros(8, np.bool_))
    assert rows.argmax(axis=1).tolist() == [0, 0, 1, 2, 3, 6, 7, 7]
    assert rows.sum() == 8
    weights = np.arange(12.0)[None]
    row = BOTH.rows(np.array([5.0]), weights, np.array([False]))[0]
    assert row[8:] == pytest.approx(weights[0] / 66)
    assert [c.width for c in (DENSITY, BOTH, OPTIONAL)] == [8, 20, 21]


def test_what_is_not_told_is_zeros_after_a_one():
    rows = OPTIONAL.rows(np.array([5.0, 5.0]), np.ones((2, 12)), np.array([True, False]))
    assert rows[0].tolist() == [1.0] + [0.0] * 20
    assert rows[1, 0] == 0
    assert rows[1].sum() == pytest.approx(2)


def test_wishes_divide_a_section_into_equal_parts():
    wishes = Conditions(notes_per_second=(1, 9, 40), disable_conditioning=(False, True))
    rows = OPTIONAL.of_conditions(wishes, 12)
    assert rows[:, 0].tolist() == [0] * 6 + [1] * 6
    assert rows[:6, 1:9].argmax(axis=1).tolist() == [1] * 4 + [4] * 2
    assert not rows[6:, 1:].any()


def test_without_wishes_there_are_15_notes_a_second_of_all_pitch_classes():
    row = BOTH.of_conditions(Conditions(), 1)[0]
    assert row[:8].argmax() == 4
    assert row[8:] == pytest.approx([1 / 12] * 12)


def test_the_past_is_told_as_it_was_and_the_section_as_it_is_wished():
    past = events("+100 v3 on60 +20 off60 on64 +80")
    rows = BOTH.up_to(
        VOCABULARY, past, Conditions(notes_per_second=(40,)), num_steps=300, steps_per_second=100
    )
    of_events = BOTH.of_events(VOCABULARY, past, 100)
    assert len(rows) == 300
    assert (rows[:100] == of_events[0]).all()
    assert (rows[100:120] == of_events[1]).all()
    assert (rows[120:200] == of_events[4]).all()
    assert (rows[200:, :8].argmax(axis=1) == 6).all()


def test_where_the_section_begins_untold_so_does_the_past():
    wishes = Conditions(disable_conditioning=(True, False))
    rows = OPTIONAL.up_to(
        VOCABULARY, events("on60 +50"), wishes, num_steps=150, steps_per_second=100
    )
    assert rows[:, 0].tolist() == [1] * 100 + [0] * 50


def test_nothing_comes_before_the_first_section():
    none = np.empty(0, np.int16)
    rows = BOTH.up_to(VOCABULARY, none, Conditions(), num_steps=0, steps_per_second=100)
    assert rows.shape == (1, 20)


@pytest.mark.parametrize(
    ("controls", "wishes", "message"),
    [
        (DENSITY, {"pitch_class_histogram": ((1,) * 12,)}, "pitch_class_histogram, only notes_per"),
        (BOTH, {"disable_conditioning": (True,)}, "disable_conditioning, only notes_per_second, p"),
    ],
)
def test_wishes_that_a_model_is_not_told_are_refused(controls, wishes, message):
    with pytest.raises(ConditionError, match=f"cannot be told {message}"):
        controls.check(Conditions(**wishes))
    OPTIONAL.check(Conditions(**wishes))
