"""Pitches that constraints allow."""

import numpy as np
import pytest

from solferino.errors import ConstraintError
from solferino.representations.constraints import Constraints, allowed_pitches

OCTAVE = np.arange(60, 73)


def test_without_constraints_every_midi_pitch_may_sound():
    assert allowed_pitches(Constraints(), OCTAVE).all()
    assert allowed_pitches(Constraints(), np.array([-1, 0, 127, 128])).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_pitch_classes_and_range_hold_together():
    constraints = Constraints(frozenset({0, 4}), min_pitch=61, max_pitch=72)
    assert OCTAVE[allowed_pitches(constraints, OCTAVE)].tolist() == [64, 72]


def test_an_empty_set_of_pitch_classes_asks_for_silence():
    assert not allowed_pitches(Constraints(frozenset()), OCTAVE).any()


def test_no_pitch_left_is_an_error():
    with pytest.raises(ConstraintError, match=r"no pitch from 80 to 90 is in .* range, 60 to 72"):
        allowed_pitches(Constraints(min_pitch=80, max_pitch=90), OCTAVE)
    with pytest.raises(ConstraintError, match=r"no pitch of the pitch classes \[1\] from 62 to"):
        allowed_pitches(Constraints(frozenset({1}), min_pitch=62), OCTAVE)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ConstraintError, match="pitch class 12: they run from 0"):
        Constraints(frozenset({12}))
    with pytest.raises(ConstraintError, match="pitches from 70 to 60: the lowest must not be"):
        Constraints(min_pitch=70, max_pitch=60)
    with pytest.raises(ConstraintError, match=r"pitches from 0 to 128: .* both lie in 0..127"):
        Constraints(max_pitch=128)


def test_drums_are_midi_pitches_and_only_for_drums():
    with pytest.raises(ConstraintError, match=r"drum 128: drums are MIDI pitches, .* 0..127"):
        Constraints(drums=frozenset({128}))
    with pytest.raises(ConstraintError, match="this model plays no drums: leave out which drums"):
        allowed_pitches(Constraints(drums=frozenset({36})), OCTAVE)
