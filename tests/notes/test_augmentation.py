import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solferino.notes.augmentation import augment
from solferino.notes.editing import stretch, transpose
from solferino.notes.sequence import Instrument, NoteSequence
from tests.notes.strategies import note_sequences

THREE_NOTES = NoteSequence.from_columns([60, 62, 64], [0, 1, 2], [1, 2, 4])


def test_a_range_of_one_leaves_nothing_to_chance():
    varied = augment(THREE_NOTES, (2, 2), (3, 3), seed=0)
    assert varied == transpose(stretch(THREE_NOTES, 2), 3)


def test_the_same_seed_gives_the_same_variation():
    assert augment(THREE_NOTES, seed=7) == augment(THREE_NOTES, seed=7)
    random = np.random.default_rng(7)
    assert augment(THREE_NOTES, seed=random) == augment(THREE_NOTES, seed=7)
    assert augment(THREE_NOTES, seed=random) != augment(THREE_NOTES, seed=7)


def test_every_transposition_that_fits_comes_up():
    lowest = {
        int(augment(THREE_NOTES, (1, 1), (-12, 12), 58, 66, seed=seed).notes["pitch"][0])
        for seed in range(60)
    }
    assert lowest == {58, 59, 60, 61, 62}


def test_drums_do_not_narrow_the_choice():
    beat = NoteSequence.from_columns(36, 0, 1, instruments=(Instrument(0, True),))
    assert augment(beat, (1, 1), (5, 5), 60, 72, seed=0).notes["pitch"].tolist() == [36]


@pytest.mark.parametrize("stretch_range", [(0, 1), (2, 1), (1, float("inf")), (-1, 1)])
def test_factors_are_above_0_and_in_order(stretch_range):
    with pytest.raises(ValueError, match="stretch_range must be two factors above 0 in order"):
        augment(THREE_NOTES, stretch_range, seed=0)


def test_transpositions_are_in_order():
    with pytest.raises(ValueError, match="transpose_range must be two numbers in order"):
        augment(THREE_NOTES, transpose_range=(1, 0), seed=0)


@pytest.mark.parametrize("limits", [(-1, 60), (60, 59), (0, 128)])
def test_limits_are_midi_numbers(limits):
    with pytest.raises(ValueError, match=r"min_pitch and max_pitch must be in 0\.\.127"):
        augment(THREE_NOTES, (1, 1), (0, 0), *limits, seed=0)


@pytest.mark.parametrize("limits", [(70, 80), (61, 63)])
def test_limits_that_no_transposition_keeps_are_refused(limits):
    with pytest.raises(ValueError, match=r"no transposition in \(-5, 5\) brings pitches 60..64"):
        augment(THREE_NOTES, (1, 1), (-5, 5), *limits, seed=0)


@given(note_sequences(), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_variation_is_a_stretched_transposition_and_loses_nothing(piece, seed):
    varied = augment(piece, (0.5, 2), (-12, 12), seed=seed)
    assert len(varied) == len(piece)
    up = varied.notes["pitch"].astype(int) - piece.notes["pitch"]
    assert len(set(up[~piece.is_drum].tolist())) <= 1
    assert (np.abs(up) <= 12).all()
    assert not up[piece.is_drum].any()
    longest_s = piece.total_time_s
    assert longest_s / 2 <= varied.total_time_s <= longest_s * 2
