"""Lines of notes, and the events that write them down."""

import numpy as np

from solferino.representations.melody_events import (
    Line,
    fold_by_octaves,
    highest_line,
    read_line,
    write_line,
)


def test_the_highest_of_the_notes_that_begin_together():
    line = highest_line(np.array([4, 0, 0, 4]), np.array([6, 9, 2, 5]), np.array([60, 50, 55, 59]))
    assert line.onsets_steps.tolist() == [0, 4]
    assert line.pitches.tolist() == [55, 60]
    assert line.ends_steps.tolist() == [2, 6]


def test_a_line_is_written_and_read():
    line = Line(np.array([5, 8, 9]), np.array([6, 9, 12]), np.array([48, 50, 52]))
    ids = write_line(line, start_step=4, end_step=12, lowest_pitch=48)
    assert ids.tolist() == [0, 2, 1, 0, 4, 6, 0, 0]
    again = read_line(ids, start_step=4, lowest_pitch=48)
    assert [column.tolist() for column in again] == [[5, 8, 9], [6, 9, 12], [48, 50, 52]]


def test_pitches_outside_the_range_move_by_as_few_octaves_as_will_do():
    pitches = np.array([0, 47, 48, 71, 72, 127])
    assert fold_by_octaves(pitches, 48, 72).tolist() == [48, 59, 48, 71, 60, 67]
