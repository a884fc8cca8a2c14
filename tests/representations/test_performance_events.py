"""Performance events: their meaning, their order, and notes that come back from them."""

import numpy as np
import pytest
from hypothesis import given, settings

from solferino.representations.performance_events import (
    SOUNDS_ON,
    PlayedNotes,
    Vocabulary,
    one_at_a_time,
    read_events,
    write_events,
)
from tests.representations.performances import VOCABULARY, events, performances, spelled


def notes_of(*rows):
    """Notes of (onset, end, pitch, bin)."""
    return PlayedNotes(*np.array(rows, np.int64).reshape(-1, 4).T)


def rows_of(notes):
    return [tuple(row) for row in np.stack(notes, axis=1).tolist()]


def test_the_ranges_of_events_follow_each_other():
    assert VOCABULARY.size == 388
    assert Vocabulary(0, 100).size == 356
    assert spelled([0, 127, 128, 255, 256, 355, 356, 387]) == "on0 on127 off0 off127 +1 +100 v1 v32"
    assert VOCABULARY.longest_shift == 355


def test_only_shifts_let_time_pass():
    steps = VOCABULARY.shifts_steps(np.array([0, 255, 256, 355, 356, 387], np.int16))
    assert steps.tolist() == [0, 0, 1, 100, 0, 0]


def test_four_velocities_are_one_of_32_bins():
    velocities = np.array([0, 1, 4, 5, 124, 125, 127], np.uint8)
    assert VOCABULARY.bins(velocities).tolist() == [1, 1, 1, 2, 31, 32, 32]
    assert VOCABULARY.velocities(np.array([1, 2, 32])).tolist() == [3, 7, 127]


def test_a_velocity_that_was_read_and_written_stays():
    for num_bins in (1, 2, 10, 32, 127):
        vocabulary = Vocabulary(num_bins, 100)
        bins = vocabulary.bins(np.arange(1, 128, dtype=np.uint8))
        assert bins.max() <= num_bins
        assert (vocabulary.bins(vocabulary.velocities(bins).astype(np.uint8)) == bins).all()


def test_an_unknown_velocity_is_80():
    assert VOCABULARY.velocities(np.array([0])).tolist() == [80]
    assert Vocabulary(0, 100).velocities(np.array([1, 1])).tolist() == [80, 80]


def test_within_a_moment_ends_come_before_beginnings_and_low_before_high():
    notes = notes_of((0, 10, 67, 5), (0, 10, 48, 5), (10, 20, 67, 5), (10, 20, 36, 6))
    ids = write_events(VOCABULARY, one_at_a_time(notes), 0)
    assert spelled(ids) == "v5 on48 on67 +10 off48 off67 v6 on36 v5 on67 +10 off36 off67"


def test_time_passes_in_as_few_shifts_as_possible():
    for gap, words in ((1, "+1"), (100, "+100"), (101, "+100 +1"), (300, "+100 +100 +100")):
        ids = write_events(VOCABULARY, notes_of((gap, gap + 1, 60, 1)), 0)
        assert spelled(ids) == f"{words} v1 on60 +1 off60"


def test_without_velocity_bins_there_are_no_velocities():
    vocabulary = Vocabulary(0, 100)
    ids = write_events(vocabulary, notes_of((0, 5, 60, 9), (5, 8, 62, 3)), 0)
    assert spelled(ids, vocabulary) == "on60 +5 off60 on62 +3 off62"


def test_events_end_where_they_shall():
    notes = notes_of((0, 50, 60, 1), (0, SOUNDS_ON, 62, 1))
    assert spelled(write_events(VOCABULARY, notes, 0, 50)) == "v1 on60 on62 +50 off60"
    assert spelled(write_events(VOCABULARY, notes, 0, 49)) == "v1 on60 on62 +49"
    assert spelled(write_events(VOCABULARY, notes, 0, 170)) == "v1 on60 on62 +50 off60 +100 +20"


def test_silence_is_shifts_alone():
    nothing = notes_of()
    assert spelled(write_events(VOCABULARY, nothing, 0, 130)) == "+100 +30"
    assert write_events(VOCABULARY, nothing, 7, 7).tolist() == []
    assert write_events(VOCABULARY, nothing, 0).tolist() == []


def test_a_pitch_that_is_struck_again_ends_first():
    notes = one_at_a_time(notes_of((0, 50, 60, 3), (20, 30, 60, 4), (10, 90, 62, 1)))
    assert rows_of(notes) == [(0, 20, 60, 3), (10, 90, 62, 1), (20, 30, 60, 4)]


def test_of_two_strikes_at_once_the_longest_and_hardest_is_left():
    notes = one_at_a_time(notes_of((5, 9, 60, 7), (5, 20, 60, 2), (5, 6, 61, 1)))
    assert rows_of(notes) == [(5, 20, 60, 7), (5, 6, 61, 1)]
    assert rows_of(one_at_a_time(notes_of())) == []


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("off60 +5 off61", []),
        ("v3 on60 +5", [(0, SOUNDS_ON, 60, 3)]),
        ("on60 +5 on60 +5 off60 off60", [(0, 5, 60, 0), (5, 10, 60, 0)]),
        ("on60 off60 +5 v2 on61 on61 +3 off61", [(5, 8, 61, 2)]),
        ("", []),
    ],
)
def test_events_that_no_encoder_wrote_can_be_read(words, rows):
    assert rows_of(read_events(VOCABULARY, events(words))) == rows


@settings(max_examples=50)
@given(performances())
def test_notes_come_back_from_their_events(notes):
    ids = write_events(VOCABULARY, notes, 0)
    again = read_events(VOCABULARY, ids)
    assert rows_of(again) == rows_of(notes)
    assert VOCABULARY.shifts_steps(ids).sum() == notes.ends_steps.max()
    assert (write_events(VOCABULARY, again, 0) == ids).all()
