"""Notes as piano rolls."""

import numpy as np
from hypothesis import given

from solferino.notes.quantization import quantize
from solferino.notes.sequence import Instrument
from solferino.representations.rolls import RollNotes, notes_of, pitched_notes, roll_of
from tests.representations.polyphonic import chorales, piece


def roll_notes(*notes):
    """Pitch, onset, end as RollNotes."""
    rows = np.array(notes, np.int64).reshape(-1, 3)
    return RollNotes(rows[:, 1], rows[:, 2], rows[:, 0])


def rows_of(notes):
    return sorted(zip(*(notes[k].tolist() for k in (2, 0, 1)), strict=True))


@given(chorales())
def test_a_roll_tells_all_notes(notes):
    end = max(end for _, _, end in notes)
    assert rows_of(notes_of(roll_of(roll_notes(*notes), 0, end), 0)) == notes


def test_a_note_that_is_struck_again_begins_again():
    roll = roll_of(roll_notes((60, 0, 2), (60, 2, 3)), 0, 4)
    assert roll.sounding[:, 60].tolist() == [True, True, True, False]
    assert roll.begins[:, 60].tolist() == [True, False, True, False]


def test_of_two_overlapping_notes_of_a_pitch_the_later_sounds_to_the_last_end():
    assert rows_of(notes_of(roll_of(roll_notes((60, 0, 8), (60, 2, 4)), 0, 9), 0)) == [
        (60, 0, 2),
        (60, 2, 8),
    ]


def test_a_roll_of_a_part_holds_what_began_before_and_leaves_out_what_comes_after():
    roll = roll_of(roll_notes((60, 0, 6), (64, 4, 20), (67, 8, 9), (72, 0, 4)), 4, 8)
    assert roll.sounding.sum(axis=0).nonzero()[0].tolist() == [60, 64]
    assert (roll.begins[:, 60].any(), roll.begins[0, 64]) == (False, True)
    assert rows_of(notes_of(roll, 4)) == [(60, 4, 6), (64, 4, 8)]


def test_drums_and_notes_of_no_velocity_are_not_shown():
    drummed = piece(
        (60, 0, 4),
        (36, 0, 4),
        (64, 0, 4),
        velocity=[80, 80, 0],
        instrument=[0, 1, 0],
        instruments=[Instrument(), Instrument(is_drum=True)],
    )
    assert rows_of(pitched_notes(quantize(drummed))) == [(60, 0, 4)]
